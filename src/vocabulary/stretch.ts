// A stretch of time as a claim is told of it that is not about an instant.

import { START } from '../values/time';
import type { Duration, Instant } from '../values/time';
import type { History, Sample } from './history';

export interface Stretch {
  readonly from: Instant;
  /** The first instant that belongs to it no more; undefined where only the run ended. */
  readonly to?: Instant;
  /** The last instant of the run: the state of then stays as it is where `to` is absent. */
  readonly seen: Instant;
  /** What was the case at `from`, and every change until `to`. */
  readonly samples: readonly Sample[];
  /** What was the case just before it, where that was seen. */
  readonly before?: Sample;
  /** `by`: how long each thing may take. */
  readonly by?: Duration;
}

export interface StretchVerdict {
  readonly passed: boolean;
  readonly actual: string;
  /** The instant that is worth an explanation. */
  readonly at?: Instant;
  /** When what began at `at` was over; absent where it was not. */
  readonly over?: Instant;
  /** How long what the claim is about took; absent where it has no end. */
  readonly took?: Duration;
  readonly why?: readonly string[];
  /** Why there was nothing to judge. */
  readonly vacuous?: string;
}

/** The stretch [from, to) of a history; without `to`, all that was seen from there on. */
export function stretchOf(
  history: History,
  { from, to }: { readonly from: Instant; readonly to?: Instant },
  by?: Duration,
): Stretch {
  const last = to === undefined ? history.seen : ((to - 1) as Instant);
  const before = from > START ? history.at((from - 1) as Instant) : undefined;
  return {
    from,
    ...(to !== undefined && { to }),
    seen: history.seen,
    samples: history.during({ from, to: last }),
    ...(before !== undefined && { before }),
    ...(by !== undefined && { by }),
  };
}
