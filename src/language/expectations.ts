// `expect` → expectations: one operator, one claim, and the bounds that belong to the operator.

import type { Duration } from '../values/time';
import { ZERO } from '../values/time';
import type { Lexicon, Word } from './lexicon';
import type { Operator, PlannedExpectation } from './plan';
import { readDuration, readInstant, readWindow } from './read-time';
import type { Report } from './report';
import { ADJACENT_OPERATORS, ENCLOSING_OPERATORS, STRETCH_OPERATOR } from './scenario-schema';
import { checkEdge, parseEdge } from './step-edge';
import type { KnownStep } from './step-edge';
import { child, textOf, treeRange } from './tree';
import type { Tree } from './tree';

/** An expectation with the trees that its checks still need. */
export interface ReadExpectation {
  readonly planned: PlannedExpectation;
  readonly tree: Tree;
  readonly word: Word;
  readonly args: Tree;
}

export interface ExpectationContext {
  readonly lexicon: Lexicon;
  readonly steps: ReadonlyMap<string, KnownStep>;
  /** Ids of the steps of all rows. */
  readonly ids: ReadonlySet<string>;
  readonly report: Report;
}

/** Which bounds mean something beside which operator. */
const BOUNDS: Readonly<Record<string, readonly Operator[]>> = {
  by: ['after', 'eventually', 'during'],
  hold: ['after'],
  takes: ['after'],
  during: ['always', 'never', 'eventually', 'sometimes', 'during'],
};

/** Reads one expectation; undefined where it has no claim to judge, which is reported. */
export function readExpectation(
  tree: Tree,
  index: number,
  context: ExpectationContext,
): ReadExpectation | undefined {
  const operator = operatorOf(tree);
  const found = claimOf(tree, operator, context);
  if (found === undefined) return undefined;
  checkBounds(tree, operator, context.report);
  checkStretch(tree, operator, found, context.report);
  const title = textOf(child(tree, 'title'));
  const seed = child(tree, 'seed')?.value as number | undefined;
  const planned: PlannedExpectation = {
    index,
    ...(title !== undefined && { title }),
    ...(seed !== undefined && { seed }),
    operator,
    ...readBounds(tree, context),
    claim: found.word.name,
    args: found.args.value,
    range: treeRange(tree),
  };
  return { planned, tree, ...found };
}

function operatorOf(tree: Tree): Operator {
  const all: readonly Operator[] = [
    ...ADJACENT_OPERATORS,
    ...ENCLOSING_OPERATORS,
    STRETCH_OPERATOR,
  ];
  return all.find((name) => tree.entries?.has(name))!;
}

function claimOf(
  tree: Tree,
  operator: Operator,
  { lexicon: { claims }, report }: ExpectationContext,
): { word: Word; args: Tree } | undefined {
  const encloses = (ENCLOSING_OPERATORS as readonly string[]).includes(operator);
  const beside = [...claims.keys()].filter((name) => tree.entries?.has(name));
  if (encloses && beside.length > 0) {
    const [name = ''] = beside;
    report.error(
      'KD1108',
      tree.entries!.get(name)!.key,
      `this claim stands beside \`${operator}\``,
      `write it inside: ${operator}: {${name}: …}`,
    );
    return undefined;
  }
  const owner = encloses ? child(tree, operator)! : tree;
  const names = encloses ? [...owner.entries!.keys()] : beside;
  if (names.length === 0) {
    report.error(
      'KD1108',
      tree.place,
      'this expectation has no claim',
      `write one of ${[...claims.keys()].join(', ')}`,
    );
    return undefined;
  }
  if (names.length > 1) {
    report.error(
      'KD1108',
      owner.entries!.get(names[1]!)!.key,
      `this expectation has more than one claim: ${names.join(' and ')}`,
      'write two, one for each',
    );
    return undefined;
  }
  return { word: claims.get(names[0]!)!, args: child(owner, names[0]!)! };
}

function checkBounds(tree: Tree, operator: Operator, report: Report): void {
  for (const [bound, operators] of Object.entries(BOUNDS)) {
    const entry = tree.entries?.get(bound);
    if (entry === undefined || operators.includes(operator)) continue;
    report.error(
      'KD1112',
      entry.key,
      `\`${bound}\` means nothing beside \`${operator}\``,
      `it belongs to ${operators.map((name) => `\`${name}\``).join(', ')}`,
    );
  }
  const takes = tree.entries?.get('takes');
  const other = tree.entries?.get('by') ?? tree.entries?.get('hold');
  if (takes !== undefined && other !== undefined) {
    report.error(
      'KD1112',
      takes.key,
      '`takes` says exactly how long; `by` and `hold` have no place beside it',
    );
  }
}

/** Claims about a stretch stand beside `after` or `during`; `during` alone is for them. */
function checkStretch(
  tree: Tree,
  operator: Operator,
  { word, args }: { readonly word: Word; readonly args: Tree },
  report: Report,
): void {
  const { name } = word;
  const bound = word.stretch?.(args.value);
  const key = (part: string): Tree['place'] => tree.entries!.get(part)!.key;
  if (bound === undefined) {
    if (operator !== STRETCH_OPERATOR) return;
    const hint = `write when within it: always: {${name}: …}, never, eventually or sometimes`;
    report.error('KD1112', key('during'), `\`${name}\` is about an instant`, hint);
    return;
  }
  if (operator !== 'after' && operator !== STRETCH_OPERATOR) {
    const hint = `write \`after: STEP\` or \`during: A..B\` beside \`${name}\``;
    report.error('KD1112', key(operator), `\`${name}\` is about a stretch of time`, hint);
  }
  for (const part of bound === 'by' ? ['takes'] : ['takes', 'by']) {
    if (!tree.entries!.has(part)) continue;
    const message = `\`${part}\` means nothing to what is about a stretch of time`;
    const hint = bound === 'by' ? 'write `by`' : `its bounds stand within \`${name}\``;
    report.error('KD1112', key(part), message, hint);
  }
}

type Bounds = Pick<PlannedExpectation, 'at' | 'after' | 'by' | 'hold' | 'takes' | 'during'>;

function readBounds(tree: Tree, { steps, ids, report }: ExpectationContext): Bounds {
  const part = (key: string): Tree | undefined => child(tree, key);
  const [at, after, by, hold] = [part('at'), part('after'), part('by'), part('hold')];
  const [takes, during] = [part('takes'), part('during')];
  if (after !== undefined) {
    checkEdge(parseEdge(String(after.value)), after.place, steps, ids, report);
  }
  return {
    ...(at !== undefined && { at: readInstant(at, report) }),
    ...(after !== undefined && { after: parseEdge(String(after.value)) }),
    ...(by !== undefined && { by: readDuration(by, report) }),
    ...(hold !== undefined && { hold: readDuration(hold, report) }),
    ...(takes !== undefined && { takes: readTakes(takes, report) }),
    ...(during !== undefined && { during: readWindow(during, report) }),
  };
}

/** `350ms` is exactly that long; a mapping gives bounds. */
function readTakes(takes: Tree, report: Report): { atLeast: Duration; atMost: Duration } {
  if (takes.entries === undefined) {
    const exactly = readDuration(takes, report);
    return { atLeast: exactly, atMost: exactly };
  }
  const least = child(takes, 'atLeast');
  const atLeast = least === undefined ? ZERO : readDuration(least, report);
  const atMost = readDuration(child(takes, 'atMost')!, report);
  if (atLeast > atMost) {
    report.error('KD1506', takes.place, '`atLeast` is longer than `atMost`');
  }
  return { atLeast, atMost };
}
