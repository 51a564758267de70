// The closed grammar of filters in JSONPath queries. Filters come from files that others wrote, so
// they are parsed and walked here and never become code: there are no calls, no identifiers beside
// `@`, and only own properties are read.
//
//   filter  = or
//   or      = and { '||' and }
//   and     = not { '&&' not }
//   not     = '!' not | '(' or ')' | operand [ ('==' | '!=' | '<' | '<=' | '>' | '>=') operand ]
//   operand = '@' { '.' name | '[' text or number ']' } | text | number | true | false | null

/** What a filter is, after parsing: plain data. */
export type Filter =
  | { readonly is: 'or' | 'and'; readonly parts: readonly Filter[] }
  | { readonly is: 'not'; readonly part: Filter }
  | { readonly is: 'compare'; readonly sign: Sign; readonly left: Operand; readonly right: Operand }
  | { readonly is: 'present'; readonly operand: Operand };

export type Operand =
  | { readonly is: 'literal'; readonly value: string | number | boolean | null }
  | { readonly is: 'field'; readonly path: readonly (string | number)[] };

const SIGNS = ['==', '!=', '<=', '>=', '<', '>'] as const;
export type Sign = (typeof SIGNS)[number];

/** A text that is no filter; `position` counts characters from 0. */
export class FilterSyntaxError extends Error {
  readonly position: number;

  constructor(message: string, position: number) {
    super(message);
    this.position = position;
  }
}

/** Deeper nesting than this is an attack, not a question. */
const DEPTH_MAX = 32;

/** Sign, number, member, word, text in single quotes, text in double quotes. */
const TOKENS = [
  String.raw`(@|&&|\|\||==|!=|<=|>=|[<>!()[\]])`,
  String.raw`(-?\d+(?:\.\d+)?)`,
  String.raw`(\.\s*[A-Za-z_$][\w$-]*)`,
  String.raw`([A-Za-z_$][\w$]*)`,
  String.raw`'((?:[^'\\]|\\['\\])*)'`,
  String.raw`"((?:[^"\\]|\\["\\])*)"`,
];
const TOKEN = new RegExp(String.raw`\s*(?:${TOKENS.join('|')})`, 'y');

interface Token {
  readonly kind: 'sign' | 'number' | 'member' | 'word' | 'text' | 'end';
  readonly text: string;
  readonly position: number;
}

/** Reads a filter. Throws FilterSyntaxError for anything outside of the grammar. */
export function parseFilter(text: string): Filter {
  const reader = new Reader(tokensOf(text));
  const filter = reader.or(0);
  const rest = reader.peek();
  if (rest.kind !== 'end') reader.refuse(rest);
  return filter;
}

/** Whether a value passes the filter. */
export function passes(filter: Filter, value: unknown): boolean {
  switch (filter.is) {
    case 'or':
      return filter.parts.some((part) => passes(part, value));
    case 'and':
      return filter.parts.every((part) => passes(part, value));
    case 'not':
      return !passes(filter.part, value);
    case 'present':
      return isTruthy(read(filter.operand, value));
    case 'compare':
      return compare(read(filter.left, value), filter.sign, read(filter.right, value));
  }
}

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let position = 0;
  while (position < text.length && text.slice(position).trim() !== '') {
    TOKEN.lastIndex = position;
    const match = TOKEN.exec(text);
    if (match === null) {
      const at = position + (/^\s*/.exec(text.slice(position))?.[0].length ?? 0);
      throw new FilterSyntaxError(`"${text[at]}" is not part of a filter`, at);
    }
    tokens.push(tokenOf(match));
    position = TOKEN.lastIndex;
  }
  tokens.push({ kind: 'end', text: 'the end', position: text.length });
  return tokens;
}

function tokenOf(match: RegExpExecArray): Token {
  const [all, sign, number, member, word, single, double] = match;
  const position = match.index + (all.length - all.trimStart().length);
  if (sign !== undefined) return { kind: 'sign', text: sign, position };
  if (number !== undefined) return { kind: 'number', text: number, position };
  if (member !== undefined) return { kind: 'member', text: member.slice(1).trim(), position };
  if (word !== undefined) return { kind: 'word', text: word, position };
  return { kind: 'text', text: (single ?? double ?? '').replace(/\\(.)/g, '$1'), position };
}

class Reader {
  private readonly tokens: readonly Token[];
  private next = 0;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  peek(): Token {
    return this.tokens[this.next]!;
  }

  or(depth: number): Filter {
    const parts = [this.and(depth)];
    while (this.takes('||')) parts.push(this.and(depth));
    return parts.length === 1 ? parts[0]! : { is: 'or', parts };
  }

  refuse(token: Token): never {
    if (token.kind === 'word') {
      throw new FilterSyntaxError(
        `"${token.text}" is not part of a filter: fields are read from @, texts are quoted`,
        token.position,
      );
    }
    throw new FilterSyntaxError(`"${token.text}" is not expected here in a filter`, token.position);
  }

  private and(depth: number): Filter {
    const parts = [this.not(depth)];
    while (this.takes('&&')) parts.push(this.not(depth));
    return parts.length === 1 ? parts[0]! : { is: 'and', parts };
  }

  private not(depth: number): Filter {
    if (depth > DEPTH_MAX) {
      throw new FilterSyntaxError('the filter is nested too deeply', this.peek().position);
    }
    if (this.takes('!')) return { is: 'not', part: this.not(depth + 1) };
    if (this.takes('(')) {
      const inner = this.or(depth + 1);
      this.demand(')');
      return inner;
    }
    const left = this.operand();
    const sign = SIGNS.find((it) => this.takes(it));
    if (sign !== undefined) return { is: 'compare', sign, left, right: this.operand() };
    return { is: 'present', operand: left };
  }

  private operand(): Operand {
    const token = this.peek();
    this.next++;
    if (token.kind === 'sign' && token.text === '@') return { is: 'field', path: this.path() };
    if (token.kind === 'text') return { is: 'literal', value: token.text };
    if (token.kind === 'number') return { is: 'literal', value: Number(token.text) };
    if (token.kind === 'word') {
      if (token.text === 'true') return { is: 'literal', value: true };
      if (token.text === 'false') return { is: 'literal', value: false };
      if (token.text === 'null') return { is: 'literal', value: null };
    }
    return this.refuse(token);
  }

  private path(): readonly (string | number)[] {
    const path: (string | number)[] = [];
    for (;;) {
      if (this.peek().kind === 'member') {
        path.push(this.peek().text);
        this.next++;
      } else if (this.takes('[')) {
        const key = this.peek();
        if (key.kind !== 'text' && key.kind !== 'number') this.refuse(key);
        path.push(key.kind === 'number' ? Number(key.text) : key.text);
        this.next++;
        this.demand(']');
      } else {
        return path;
      }
    }
  }

  private takes(sign: string): boolean {
    const token = this.peek();
    if (token.kind !== 'sign' || token.text !== sign) return false;
    this.next++;
    return true;
  }

  private demand(sign: string): void {
    if (!this.takes(sign)) this.refuse(this.peek());
  }
}

/** Own properties only: what a prototype offers is not part of the state. */
function read(operand: Operand, value: unknown): unknown {
  if (operand.is === 'literal') return operand.value;
  let current = value;
  for (const key of operand.path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) {
      return undefined;
    }
    current = (current as Record<string | number, unknown>)[key];
  }
  return current;
}

/** Texts compare with texts and numbers with numbers; a missing field differs from everything. */
function compare(left: unknown, sign: Sign, right: unknown): boolean {
  if (sign === '==') return left === right;
  if (sign === '!=') return left !== right;
  const texts = typeof left === 'string' && typeof right === 'string';
  const numbers = typeof left === 'number' && typeof right === 'number';
  if (!texts && !numbers) return false;
  const [a, b] = [left, right] as [number, number];
  return sign === '<' ? a < b : sign === '<=' ? a <= b : sign === '>' ? a > b : a >= b;
}

function isTruthy(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && value !== '' && value !== 0;
}
