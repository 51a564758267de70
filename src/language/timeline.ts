// `timeline` → steps with instants and edges.

import { formatDuration, later, ZERO } from '../values/time';
import type { Duration, Instant } from '../values/time';
import type { Lexicon, Word } from './lexicon';
import type { PlannedStep, PlannedTrigger, StepEdge, StepWhen } from './plan';
import { readDuration, readInstant, readWindow } from './read-time';
import type { Report } from './report';
import { rangeOf, writtenAt } from './source-text';
import { checkEdge, parseEdge } from './step-edge';
import type { KnownStep } from './step-edge';
import { child, textOf, treeRange } from './tree';
import type { Tree } from './tree';

/** A step with the trees that its checks still need. */
export interface TimelineStep extends KnownStep {
  readonly tree: Tree;
  readonly word: Word;
  /** The value of the verb's key; of `do`, the whole mapping. */
  readonly args: Tree;
  /** What it waits for, where it waits for an event. */
  readonly trigger?: { readonly word: Word; readonly args: Tree };
}

export interface Timeline {
  readonly steps: readonly TimelineStep[];
  /** Ids that the scenario's author gave, over all rows. */
  readonly ids: ReadonlySet<string>;
}

/**
 * Reads the steps that happen in a row. `items` are all of the scenario's, `here` those of the row.
 */
export function readTimeline(
  items: readonly Tree[],
  here: ReadonlySet<Tree>,
  lexicon: Lexicon,
  report: Report,
): Timeline {
  const ids = uniqueIds(items, report);
  const steps = items
    .map((tree, index) => ({ tree, id: idOf(tree) ?? `step-${index + 1}` }))
    .filter(({ tree }) => here.has(tree))
    .map(({ tree, id }) => readStep(tree, id, lexicon, report));
  const byId = new Map(steps.map((one) => [one.step.id, one]));
  for (const { step, tree } of steps) {
    if (!('after' in step.when)) continue;
    checkEdge(step.when.after, child(tree, 'after')!.place, byId, ids, report);
  }
  const inCircles = new Set<string>();
  for (const one of steps) reportCircle(one, byId, inCircles, report);
  return { steps, ids };
}

/**
 * The earliest instant at which a step can begin; undefined where it waits for something whose
 * instant is not written down.
 */
export function earliestStart(
  { step }: KnownStep,
  steps: ReadonlyMap<string, KnownStep>,
  depth = 0,
): Instant | undefined {
  const { when } = step;
  if ('at' in when) return when.at;
  if ('from' in when) return when.from;
  if ('on' in when) return undefined;
  const edge = earliestEdge(when.after, steps, depth);
  return edge === undefined ? undefined : later(edge, when.plus);
}

/** The same of what a step's id names: its start, its recovery, a repetition of it. */
export function earliestEdge(
  { step, edge, repetition }: StepEdge,
  steps: ReadonlyMap<string, KnownStep>,
  depth = 0,
): Instant | undefined {
  const base = steps.get(step);
  // Circles are reported elsewhere; here they only must not hang.
  const start = base && depth < steps.size ? earliestStart(base, steps, depth + 1) : undefined;
  if (start === undefined || base === undefined) return undefined;
  const { recovery, repeat } = base.step;
  const every = repeat?.every ?? ZERO;
  const begun = later(start, (every * (repetition - 1)) as typeof every);
  if (edge === 'start') return begun;
  if (recovery === undefined) return undefined;
  if ('until' in recovery) return recovery.until;
  // Whichever repetition recovers first does so when the first one could.
  return later(base.step.shuffled === true ? start : begun, recovery.for);
}

function idOf(tree: Tree): string | undefined {
  return textOf(child(tree, 'id'));
}

function uniqueIds(items: readonly Tree[], report: Report): ReadonlySet<string> {
  const first = new Map<string, Tree>();
  for (const item of items) {
    const id = child(item, 'id');
    if (id === undefined) continue;
    const name = String(id.value);
    const twin = first.get(name);
    if (twin === undefined) first.set(name, id);
    else {
      const { file, line } = rangeOf(twin.place);
      report.error(
        'KD1501',
        id.place,
        `two steps have the id "${name}"`,
        `first at ${file}:${line}`,
      );
    }
  }
  return new Set(first.keys());
}

function readStep(tree: Tree, id: string, lexicon: Lexicon, report: Report): TimelineStep {
  const { word, kind, args } = verbOf(tree, lexicon);
  const repeat = readRepeat(tree, report);
  const recovery = readRecovery(tree, word, kind, args, report);
  const trigger = triggerOf(tree, lexicon);
  const step: PlannedStep = {
    id,
    named: idOf(tree) !== undefined,
    when: readWhen(tree, trigger, report),
    verb: { kind, name: word.name },
    args: args.value,
    ...(recovery !== undefined && { recovery }),
    ...(repeat !== undefined && { repeat }),
    ...(isShuffled(tree) && { shuffled: true }),
    range: treeRange(tree),
  };
  const own = kind === 'fault' ? word.lasts?.(args.value) : undefined;
  const ends = recovery !== undefined || own !== undefined;
  checkUntil(step, tree, report);
  checkShuffled(step, tree, report);
  return { step, tree, word, args, ends, ...(trigger !== undefined && { trigger }) };
}

/** The one key of a step that is a verb; of `do`, the one key that is an action. */
function verbOf(tree: Tree, { faults, actions }: Lexicon) {
  const done = child(tree, 'do');
  if (done !== undefined) {
    const name = [...actions.keys()].find((key) => done.entries?.has(key))!;
    return { word: actions.get(name)!, kind: 'action' as const, args: done };
  }
  const name = [...faults.keys()].find((key) => tree.entries?.has(key))!;
  return { word: faults.get(name)!, kind: 'fault' as const, args: child(tree, name)! };
}

/** The word of `when`: the one key of it that is a trigger. */
function triggerOf(tree: Tree, { triggers }: Lexicon): TimelineStep['trigger'] {
  const args = child(tree, 'when');
  const name = [...triggers.keys()].find((key) => args?.entries?.has(key));
  if (args === undefined || name === undefined) return undefined;
  return { word: triggers.get(name)!, args };
}

function plannedTrigger({ word, args }: NonNullable<TimelineStep['trigger']>): PlannedTrigger {
  const seenBy = child(args, 'seenBy');
  const node = textOf(child(seenBy, 'node'))?.replace(/^nodes?\//, '');
  return {
    name: word.name,
    args: args.value,
    ...(seenBy !== undefined && {
      seenBy: {
        component: String(child(seenBy, 'component')?.value),
        ...(node !== undefined && { node }),
      },
    }),
    nth: Number(child(args, 'nth')?.value ?? 1),
  };
}

function readWhen(tree: Tree, trigger: TimelineStep['trigger'], report: Report): StepWhen {
  const at = child(tree, 'at');
  const after = child(tree, 'after');
  const plus = child(tree, 'plus');
  checkWhen(tree, report);
  const delay = plus === undefined ? ZERO : readDuration(plus, report);
  if (after !== undefined) return { after: parseEdge(String(after.value)), plus: delay };
  if (trigger !== undefined) return { on: plannedTrigger(trigger), plus: delay };
  if (at === undefined) return { at: 0 as Instant };
  return String(at.value).includes('..') ? readWindow(at, report) : { at: readInstant(at, report) };
}

/** A step says once when it happens. */
function checkWhen(tree: Tree, report: Report): void {
  const said = ['at', 'after', 'when'].filter((key) => tree.entries?.has(key));
  const plus = tree.entries?.get('plus');
  const [first, second] = said;
  if (second !== undefined) {
    const place = tree.entries!.get(second)!.key;
    const hint = `write \`${second}\` with \`plus\`, or \`${first}\` alone`;
    report.error('KD1112', place, `this step has both \`${first}\` and \`${second}\``, hint);
  } else if (first === undefined) {
    report.error('KD1112', tree.place, 'this step does not say when', 'write at: 10s or after: ID');
  } else if (plus !== undefined && first === 'at') {
    report.error('KD1112', plus.key, '`plus` needs an `after` to count from');
  }
}

function readRecovery(
  tree: Tree,
  { name, momentary }: Word,
  kind: 'fault' | 'action',
  args: Tree,
  report: Report,
): PlannedStep['recovery'] | undefined {
  const span = tree.entries?.get('for');
  const until = tree.entries?.get('until');
  const last = until ?? span;
  if (last === undefined) return undefined;
  if (kind === 'action') {
    report.error(
      'KD1112',
      last.key,
      'what an administrator does is not undone by itself',
      'write a second step that undoes it',
    );
  } else if (momentary?.(args.value) === true) {
    const message = `\`${name}\` happens at one instant: nothing of it ends later`;
    report.error('KD1112', last.key, message, `leave \`${writtenAt(last.key)}\` out`);
  } else if (span !== undefined && until !== undefined) {
    report.error('KD1112', until.key, 'this step has both `for` and `until`');
  }
  if (until !== undefined) return { until: readInstant(until.tree, report) };
  const lasts = readDuration(last.tree, report);
  if (lasts === ZERO && kind === 'fault') {
    const message = 'this step ends at the instant at which it begins: it has no effect';
    report.error('KD1105', last.tree.place, message, 'write how long it lasts, or leave `for` out');
  }
  return { for: lasts };
}

function readRepeat(tree: Tree, report: Report): PlannedStep['repeat'] | undefined {
  const every = tree.entries?.get('every');
  const times = tree.entries?.get('times');
  if (every === undefined && times === undefined) return undefined;
  if (every === undefined || times === undefined) {
    const [present, missing] = every === undefined ? ['times', 'every'] : ['every', 'times'];
    report.error(
      'KD1112',
      (every ?? times)!.key,
      `\`${present}\` needs \`${missing}\``,
      'write for example every: 5s with times: 3',
    );
    return undefined;
  }
  const pause = readDuration(every.tree, report);
  if (pause === ZERO) {
    report.error('KD1105', every.tree.place, 'repetitions need some time between');
  }
  return { every: pause, times: Number(times.tree.value) };
}

function checkUntil({ when, recovery }: PlannedStep, tree: Tree, report: Report): void {
  if (recovery === undefined || !('until' in recovery)) return;
  if ('after' in when || 'on' in when) return;
  const start = 'at' in when ? when.at : when.to;
  if (recovery.until > start) return;
  report.error('KD1506', child(tree, 'until')!.place, 'this step ends before it begins');
}

function isShuffled(tree: Tree): boolean {
  return child(tree, 'recover')?.value === 'shuffled';
}

/** What recovers in another order has to be there as a whole first. */
function checkShuffled({ recovery, repeat }: PlannedStep, tree: Tree, report: Report): void {
  if (!isShuffled(tree)) return;
  const place = tree.entries!.get('recover')!.key;
  if (repeat === undefined || recovery === undefined || 'until' in recovery) {
    const message = '`recover: shuffled` is about repetitions that each last for a time';
    report.error('KD1112', place, message, 'write for example every: 5s, times: 3, for: 30s');
    return;
  }
  const last = (repeat.every * (repeat.times - 1)) as Duration;
  if (recovery.for > last) return;
  const begun = formatDuration(last);
  const message = `the last repetition begins after ${begun}, and \`for\` is no longer`;
  report.error('KD1112', place, message, 'let all of them begin before the first one ends');
}

function reportCircle(
  first: TimelineStep,
  steps: ReadonlyMap<string, TimelineStep>,
  inCircles: Set<string>,
  report: Report,
): void {
  const names: string[] = [];
  let current: TimelineStep | undefined = inCircles.has(first.step.id) ? undefined : first;
  while (current !== undefined && 'after' in current.step.when) {
    names.push(current.step.id);
    current = steps.get(current.step.when.after.step);
    if (current === first) {
      for (const name of names) inCircles.add(name);
      const circle = [...names, first.step.id].map((name) => `"${name}"`).join(' waits for ');
      report.error('KD1504', child(first.tree, 'after')!.place, circle);
      return;
    }
    if (current !== undefined && names.includes(current.step.id)) return;
  }
}
