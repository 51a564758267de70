// From the history of an agreement to the time that each change took to reach enough places.

import { formatDuration, formatInstant } from '../values/time';
import type { Duration, Instant } from '../values/time';
import type { Sample } from './history';
import type { Stretch, StretchVerdict } from './stretch';

/** One change of what all places should live by. */
export interface Change {
  /** When the API says that it happened. */
  readonly at: Instant;
  /** When the truth was first seen so. */
  readonly seen: Instant;
  /** When enough places lived by it, or by a later one; undefined where they never did. */
  readonly done?: Instant;
}

type Enough = (converged: number, total: number) => boolean;

/** Judges the first change of a stretch, or each of them, against `by`. */
export function judgeChanges(stretch: Stretch, each: boolean, enough: Enough): StretchVerdict {
  const all = changesIn(stretch, enough);
  const judged = each ? all : all.slice(0, 1);
  if (judged.length === 0) {
    const truth = stretch.samples[0]?.observation.agreement?.truth ?? '';
    const still = truth === '' ? '' : `: it says ${truth} throughout`;
    return { passed: false, actual: '', vacuous: `nothing changed in the API${still}` };
  }
  const by = stretch.by ?? (0 as Duration);
  const slowest = judged.reduce((a, b) => (tookOf(b) > tookOf(a) ? b : a));
  const late = judged.filter((change) => tookOf(change) > by);
  const { at, seen, done } = slowest;
  const count = judged.length === 1 ? '' : sayCount(late.length, judged.length);
  const took =
    done === undefined
      ? `the change at ${formatInstant(at)} has not converged by ${formatInstant(endOf(stretch))}`
      : `${formatDuration(tookOf(slowest))} after the change at ${formatInstant(at)}`;
  return {
    passed: late.length === 0,
    actual: `${took}${count}`,
    at: seen,
    ...(done !== undefined && { over: done, took: tookOf(slowest) }),
  };
}

/** Every change of the truth in the stretch, in order. */
function changesIn({ samples, before }: Stretch, enough: Enough): readonly Change[] {
  const changes: Change[] = [];
  let last = before?.observation.agreement;
  let isKnown = before !== undefined;
  samples.forEach((sample, index) => {
    const { agreement } = sample.observation;
    // What there was none of before has changed by coming to be.
    const isChange = isKnown && agreement !== undefined && agreement.truth !== last?.truth;
    isKnown = true;
    if (isChange) {
      const previous = changes.at(-1)?.seen ?? samples[0]!.at;
      const { since = sample.at } = agreement;
      // What the API tells is the cause of this change only if it is younger than the last one.
      const isOwn = since <= sample.at && since >= previous;
      const done = doneAt(samples.slice(index), enough);
      const at = isOwn ? since : sample.at;
      changes.push({ at, seen: sample.at, ...(done !== undefined && { done }) });
    }
    last = agreement;
  });
  return changes;
}

/** The first instant at which enough places live by the first truth of these or a later one. */
function doneAt(samples: readonly Sample[], enough: Enough): Instant | undefined {
  const truths = new Set<string>();
  const converged = new Set<string>();
  for (const { at, observation } of samples) {
    const { agreement } = observation;
    if (agreement === undefined) continue;
    truths.add(agreement.truth);
    for (const { place, state } of agreement.views) if (truths.has(state)) converged.add(place);
    const count = agreement.views.filter(({ place }) => converged.has(place)).length;
    if (enough(count, agreement.views.length)) return at;
  }
  return undefined;
}

function tookOf({ at, done }: Change): Duration {
  return (done === undefined ? Infinity : done - at) as Duration;
}

function endOf({ to, seen }: Stretch): Instant {
  return to ?? seen;
}

function sayCount(late: number, all: number): string {
  return late === 0 ? `, the slowest of ${all} changes` : `; ${late} of ${all} changes were late`;
}
