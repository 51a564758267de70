// What watchers come to know at once, found out once for all of them.

import type { Change } from './informer';
import { endOfRun, PodRun } from './pod-run';

/** What comes to be known on the way from one revision to another one. Frozen: forks share it. */
export class News {
  readonly from: number;
  readonly to: number;
  /** One change for each object. */
  readonly changes: readonly Change[];
  // Private to the language, so that it can be filled in when all the rest is frozen.
  #gathered: readonly Change[] | undefined;

  constructor(from: number, to: number, changes: readonly Change[]) {
    this.from = from;
    this.to = to;
    this.changes = changes;
    Object.freeze(this);
  }

  /** The changes with pods of one series that came one after the other as one: a PodRun. */
  get gathered(): readonly Change[] {
    return (this.#gathered ??= gather(this.changes));
  }
}

function gather(changes: readonly Change[]): readonly Change[] {
  // Most news is of one object, and of no pod.
  if (!changes.some(isOfSeries)) return changes;
  const gathered: Change[] = [];
  for (let index = 0; index < changes.length; index++) {
    const end = endOfRun(changes, index);
    gathered.push(end === undefined ? changes[index]! : new PodRun(changes, index, end));
    if (end !== undefined) index = end - 1;
  }
  return gathered;
}

function isOfSeries({ late }: Change): boolean {
  return late !== undefined;
}
