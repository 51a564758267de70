// What a claim was over time: piecewise constant, one sample for each change. Exact, since a
// sample is taken at every instant at which anything moved.

import { later, START } from '../values/time';
import type { Duration, Instant } from '../values/time';
import type { Observation } from './define';

/** The claim from `at` until the next sample. */
export interface Sample {
  readonly at: Instant;
  readonly observation: Observation;
}

/** A stretch of time; both ends belong to it. */
export interface Span {
  readonly from: Instant;
  readonly to: Instant;
}

export class History {
  private readonly list: Sample[] = [];
  private last = START;

  /** The last instant at which anybody looked. */
  get seen(): Instant {
    return this.last;
  }

  /** The samples in order; the first one is where the observation began. */
  get samples(): readonly Sample[] {
    return this.list;
  }

  /** Adds what is the case from `at` on. An observation equal to the last one changes nothing. */
  add(at: Instant, observation: Observation): void {
    this.last = at;
    if (this.list.at(-1)?.observation.key === observation.key) return;
    this.list.push(Object.freeze({ at, observation }));
  }

  /** What was the case at that instant; undefined before the first sample. */
  at(instant: Instant): Sample | undefined {
    let found: Sample | undefined;
    for (const sample of this.list) {
      if (sample.at > instant) break;
      found = sample;
    }
    return found;
  }

  /** What was the case at the start of the span, and every change inside of it. */
  during(span: Span): readonly Sample[] {
    const first = this.at(span.from);
    const inside = this.list.filter(({ at }) => at > span.from && at <= span.to);
    return first === undefined ? inside : [{ ...first, at: span.from }, ...inside];
  }

  /** The instant before which a sample no longer held: the next change, if there was one. */
  endOf(sample: Sample): Instant | undefined {
    return this.list.find(({ at }) => at > sample.at)?.at;
  }

  /** When the claim, true at `instant`, first was something else; undefined: never again. */
  firstAfter(instant: Instant, broken: (observation: Observation) => boolean): Sample | undefined {
    return this.list.find(({ at, observation }) => at > instant && broken(observation));
  }
}

/** The instant `by` after `instant`. */
export function deadline(instant: Instant, by: Duration | undefined): Instant {
  return by === undefined ? instant : later(instant, by);
}
