// How long one packet waits on a link whose delay varies. The draw belongs to the link and the
// instant, so that asking twice gives one answer and asking changes nothing.

import { hashText, Stream } from '../kernel/random';
import { ZERO } from '../values/time';
import type { Duration, Instant } from '../values/time';
import type { Degradation } from './impairments';

/** Uniform numbers that add up to a normal one: twelve of them have the variance 1. */
const SUMMANDS = 12;

/**
 * The wait of a packet that passes at `now`. `uniform`: anywhere from `delay − jitter` to
 * `delay + jitter`; `normal`: `jitter` is the standard deviation. Never below zero.
 * source: net/sched/sch_netem.c tabledist
 */
export function drawDelay(
  { token, delay = ZERO, jitter = ZERO, distribution = 'uniform' }: Degradation,
  seed: number,
  now: Instant,
): Duration {
  if (jitter === 0) return delay;
  const stream = new Stream(hashText(`${seed}/network/jitter/${token}/${now}`));
  const offset = distribution === 'uniform' ? uniform(stream, jitter) : normal(stream, jitter);
  return Math.max(0, delay + offset) as Duration;
}

function uniform(stream: Stream, jitter: Duration): number {
  return stream.below(2 * jitter + 1) - jitter;
}

function normal(stream: Stream, deviation: Duration): number {
  let sum = 0;
  for (let summand = 0; summand < SUMMANDS; summand++) sum += stream.below(deviation + 1);
  return sum - (SUMMANDS / 2) * deviation;
}
