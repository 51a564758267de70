// Which expectations are to be looked at at an instant: most of those of a long scenario are about
// a short time of it, and need not be asked again and again whether that has come.

import type { Instant } from '../values/time';
import type { Watch } from './observe';

const NOT_YET = Number.NEGATIVE_INFINITY as Instant;
const NEVER_AGAIN = Number.POSITIVE_INFINITY as Instant;

/** Those that are in their time; instants are asked for in order. */
export class InTime {
  private watches: readonly Watch[] = [];
  /** The first instant at which it may be others. */
  private until: Instant = NOT_YET;

  /** Those of `all`, in their order. */
  at(now: Instant, all: readonly Watch[]): readonly Watch[] {
    if (now < this.until) return this.watches;
    this.until = NEVER_AGAIN;
    this.watches = all.filter((watch) => {
      const { from, to } = watch.time;
      const isNow = from <= now && now <= to;
      const turn = isNow ? ((to + 1) as Instant) : from;
      if (turn > now && turn < this.until) this.until = turn;
      return isNow;
    });
    return this.watches;
  }

  /** Their times are others than before. */
  forget(): void {
    this.until = NOT_YET;
  }
}
