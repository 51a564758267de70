// Pods of one series that came one after the other: who is concerned with all of them alike is told
// of them at once.

import type { ObjectKey } from '../values/kube-object';
import type { Change } from './informer';
import type { Pod } from './kinds/pod';
import type { LatePod } from './late-pod';

/**
 * Some of the changes of a delivery, from one position up to another. For who takes it for one
 * change it is the coming of the first pod. Frozen: forks share it.
 */
export class PodRun implements Change {
  private readonly changes: readonly Change[];
  private readonly from: number;
  private readonly to: number;

  constructor(changes: readonly Change[], from: number, to: number) {
    this.changes = changes;
    this.from = from;
    this.to = to;
    Object.freeze(this);
  }

  /** What all of them are like: see LatePod.pattern. */
  get pattern(): Pod {
    return this.changes[this.from]!.late!.pattern;
  }

  get late(): LatePod {
    return this.at(0);
  }

  get key(): ObjectKey {
    return this.late.key;
  }

  get before(): undefined {
    return undefined;
  }

  get after(): Pod {
    return this.late.object;
  }

  get cause(): number {
    return this.late.cause;
  }

  get count(): number {
    return this.to - this.from;
  }

  keyAt(index: number): ObjectKey {
    return this.changes[this.from + index]!.key;
  }

  at(index: number): LatePod {
    return this.changes[this.from + index]!.late!;
  }
}

/** All pods of some runs, as they came. Frozen. */
export function podsIn(runs: readonly PodRun[]): readonly LatePod[] {
  const [first] = runs;
  // Many a template has one pod: a list that has grown keeps room for many more.
  if (runs.length === 1 && first!.count === 1) return Object.freeze([first!.at(0)]);
  const pods: LatePod[] = [];
  for (const run of runs) for (let at = 0; at < run.count; at++) pods.push(run.at(at));
  return Object.freeze(pods);
}

/** The end of the run that begins at a position of a delivery; undefined where none does. */
export function endOfRun(changes: readonly Change[], from: number): number | undefined {
  const maker = changes[from]!.late?.maker;
  if (maker === undefined) return undefined;
  let to = from + 1;
  while (to < changes.length && changes[to]!.late?.maker === maker) to++;
  return to;
}
