// Patterns of `matches`: the regular expressions that every engine knows, matched in time that is
// linear in the text. The platform's own engine backtracks, so that a short pattern in a scenario
// could hold a run for hours; this one follows all alternatives at once (Thompson's construction).
//
// Known: literals, `.`, `\d \w \s` and their opposites, `[a-z]`, `( )`, `(?: )`, `|`, `* + ?`,
// `{n,m}`, `^`, `$`. Not known, and refused: back-references, look-around, named groups, flags.

/** A text that is no pattern; `position` counts characters from 0. */
export class PatternSyntaxError extends Error {
  readonly position: number;

  constructor(message: string, position: number) {
    super(message);
    this.position = position;
  }
}

type Test = (character: string) => boolean;

/** One state of the machine. `next` and `other` are indexes of states. */
type State =
  | { readonly is: 'take'; readonly test: Test; next: number }
  | { readonly is: 'split'; next: number; other: number }
  | { readonly is: 'start' | 'end'; next: number }
  | { readonly is: 'match' };

type Node =
  | { readonly is: 'character'; readonly test: Test }
  | { readonly is: 'anchor'; readonly at: 'start' | 'end' }
  | { readonly is: 'sequence'; readonly parts: readonly Node[] }
  | { readonly is: 'choice'; readonly parts: readonly Node[] }
  | { readonly is: 'repeat'; readonly part: Node; readonly least: number; readonly most: number };

/** More states than this are refused: `{n,m}` multiplies what it repeats. */
const STATES_MAX = 2_000;
const DEPTH_MAX = 64;

/** A pattern, ready to be matched. */
export class Pattern {
  private readonly states: State[] = [];
  private readonly first: number;

  /** Throws PatternSyntaxError for anything outside of the grammar. */
  constructor(text: string) {
    const node = new PatternReader(text).read();
    const match = this.add({ is: 'match' });
    this.first = this.build(node, match);
  }

  /** Whether any part of the text matches. Its cost is at most states × characters. */
  test(text: string): boolean {
    const characters = Array.from(text);
    let current = new Set<number>();
    for (let index = 0; index <= characters.length; index++) {
      const atStart = index === 0;
      const atEnd = index === characters.length;
      const reached = new Set<number>();
      for (const state of current) this.follow(state, atStart, atEnd, reached);
      this.follow(this.first, atStart, atEnd, reached);
      if ([...reached].some((state) => this.states[state]!.is === 'match')) return true;
      if (atEnd) return false;
      current = this.step(reached, characters[index]!);
    }
    return false;
  }

  private step(reached: ReadonlySet<number>, character: string): Set<number> {
    const taken = new Set<number>();
    for (const index of reached) {
      const state = this.states[index]!;
      if (state.is === 'take' && state.test(character)) taken.add(state.next);
    }
    return taken;
  }

  /** Adds a state and all that is reached from it without taking a character. */
  private follow(start: number, atStart: boolean, atEnd: boolean, reached: Set<number>): void {
    const todo = [start];
    for (let index = todo.pop(); index !== undefined; index = todo.pop()) {
      if (reached.has(index)) continue;
      reached.add(index);
      const state = this.states[index]!;
      if (state.is === 'split') todo.push(state.next, state.other);
      if (state.is === 'start' && atStart) todo.push(state.next);
      if (state.is === 'end' && atEnd) todo.push(state.next);
    }
  }

  private add(state: State): number {
    if (this.states.length >= STATES_MAX) throw new PatternSyntaxError('the pattern is too big', 0);
    return this.states.push(state) - 1;
  }

  /** Builds the states of a node that lead to `next`, and returns the first of them. */
  private build(node: Node, next: number): number {
    switch (node.is) {
      case 'character':
        return this.add({ is: 'take', test: node.test, next });
      case 'anchor':
        return this.add({ is: node.at, next });
      case 'sequence':
        return node.parts.reduceRight((after, part) => this.build(part, after), next);
      case 'choice':
        return node.parts
          .map((part) => this.build(part, next))
          .reduce((one, other) => this.add({ is: 'split', next: one, other }));
      case 'repeat':
        return this.buildRepeat(node.part, node.least, node.most, next);
    }
  }

  private buildRepeat(part: Node, least: number, most: number, next: number): number {
    let after = next;
    if (most === Infinity) {
      const split: State = { is: 'split', next: -1, other: next };
      after = this.add(split);
      split.next = this.build(part, after);
    } else {
      for (let count = least; count < most; count++) {
        after = this.add({ is: 'split', next: this.build(part, after), other: next });
      }
    }
    for (let count = 0; count < least; count++) after = this.build(part, after);
    return after;
  }
}

class PatternReader {
  private readonly characters: readonly string[];
  private position = 0;

  constructor(text: string) {
    this.characters = Array.from(text);
  }

  read(): Node {
    const node = this.choice(0);
    if (this.position < this.characters.length) this.refuse('")" closes nothing');
    return node;
  }

  private choice(depth: number): Node {
    if (depth > DEPTH_MAX) this.refuse('the pattern is nested too deeply');
    const parts = [this.sequence(depth)];
    while (this.takes('|')) parts.push(this.sequence(depth));
    return parts.length === 1 ? parts[0]! : { is: 'choice', parts };
  }

  private sequence(depth: number): Node {
    const parts: Node[] = [];
    for (let next = this.peek(); next !== undefined && next !== '|' && next !== ')';) {
      parts.push(this.repeated(this.atom(depth)));
      next = this.peek();
    }
    return { is: 'sequence', parts };
  }

  private repeated(part: Node): Node {
    const bounds = this.bounds();
    if (bounds === undefined) return part;
    if (this.takes('?')) this.refuse('lazy repetition is not known here');
    if (this.bounds() !== undefined) this.refuse('nothing to repeat');
    return { is: 'repeat', part, least: bounds[0], most: bounds[1] };
  }

  private bounds(): readonly [number, number] | undefined {
    if (this.takes('*')) return [0, Infinity];
    if (this.takes('+')) return [1, Infinity];
    if (this.takes('?')) return [0, 1];
    const rest = this.characters.slice(this.position, this.position + 12).join('');
    const match = /^\{(\d{1,4})(?:(,)(\d{1,4})?)?\}/.exec(rest);
    if (match === null) return undefined;
    this.position += match[0].length;
    const least = Number(match[1]);
    const most = match[2] === undefined ? least : Number(match[3] ?? Infinity);
    if (most < least) this.refuse('the bounds of the repetition are out of order');
    return [least, most];
  }

  private atom(depth: number): Node {
    const character = this.peek()!;
    this.position++;
    switch (character) {
      case '(':
        return this.group(depth);
      case '[':
        return { is: 'character', test: this.set() };
      case '.':
        return { is: 'character', test: (it) => it !== '\n' };
      case '^':
        return { is: 'anchor', at: 'start' };
      case '$':
        return { is: 'anchor', at: 'end' };
      case '\\':
        return { is: 'character', test: this.escape() };
      case '*':
      case '+':
      case '?':
        this.position--;
        return this.refuse('nothing to repeat');
      default:
        return { is: 'character', test: (it) => it === character };
    }
  }

  private group(depth: number): Node {
    if (this.takes('?') && !this.takes(':'))
      this.refuse('only (?: ) is known of the special groups');
    const inner = this.choice(depth + 1);
    if (!this.takes(')')) this.refuse('the group is not closed');
    return inner;
  }

  private escape(): Test {
    const character = this.peek();
    if (character === undefined) return this.refuse('the pattern ends in a backslash');
    this.position++;
    const known = CLASSES.get(character);
    if (known !== undefined) return known;
    if (/[A-Za-z0-9]/.test(character)) return this.refuse(`"\\${character}" is not known here`);
    return (it) => it === character;
  }

  private set(): Test {
    const denied = this.takes('^');
    const tests: Test[] = [];
    while (!this.takes(']')) {
      const low = this.peek();
      if (low === undefined) return this.refuse('the set is not closed by ]');
      this.position++;
      if (low === '\\') {
        tests.push(this.escape());
      } else if (this.peek() === '-' && (this.characters[this.position + 1] ?? ']') !== ']') {
        const high = this.characters[this.position + 1]!;
        this.position += 2;
        if (high < low) return this.refuse('the range of the set is out of order');
        tests.push((it) => it >= low && it <= high);
      } else {
        tests.push((it) => it === low);
      }
    }
    return (it) => tests.some((test) => test(it)) !== denied;
  }

  private peek(): string | undefined {
    return this.characters[this.position];
  }

  private takes(character: string): boolean {
    if (this.peek() !== character) return false;
    this.position++;
    return true;
  }

  private refuse(message: string): never {
    throw new PatternSyntaxError(message, this.position);
  }
}

const CLASSES: ReadonlyMap<string, Test> = new Map<string, Test>([
  ['d', (it) => it >= '0' && it <= '9'],
  ['D', (it) => it < '0' || it > '9'],
  ['w', (it) => /^\w$/.test(it)],
  ['W', (it) => !/^\w$/.test(it)],
  ['s', (it) => /^\s$/.test(it)],
  ['S', (it) => !/^\s$/.test(it)],
  ['n', (it) => it === '\n'],
  ['t', (it) => it === '\t'],
]);
