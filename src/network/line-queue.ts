// What waits in front of a limited line: a bucket of tokens that lets a burst pass, and a queue of
// so many bytes whose tail is dropped. What others send over the line is a fluid: it empties the
// bucket, fills the queue at the rate by which it is too much, and then takes its share of it.
// source: net/sched/sch_tbf.c tbf_enqueue, tbf_dequeue; net/sched/sch_fifo.c bfifo_enqueue

import { CERTAIN, ratio } from '../values/ratio';
import type { Ratio } from '../values/ratio';
import { START, ZERO } from '../values/time';
import type { Duration, Instant } from '../values/time';

/** A line that takes so many bits in a second, and what it does with more than that. */
export interface LimitedLine {
  readonly rate?: number;
  /** How many bytes wait at most; absent where nothing waits for anything else. */
  readonly limit?: number;
  /** How many bytes pass at once after a pause, and so the largest packet that ever passes. */
  readonly buffer?: number;
  /** Bits that others send over it in a second. */
  readonly load?: number;
  /** Since when it is like that: its bucket was full then, and its queue empty. */
  readonly since?: Instant;
}

/** What is put on the line: a packet of `frame` bytes, or one of them at every `interval`. */
export interface Offer {
  readonly frame: number;
  readonly interval?: Duration | undefined;
}

/** What a packet finds that comes to the line. */
export interface Queueing {
  /** How long those take that are ahead of it. */
  readonly wait: Duration;
  /** How likely there is room for it. */
  readonly accepted: Ratio;
  /** How many bits pass at once. */
  readonly tokens: number;
  /** How many more bits find room there at this instant, those that pass at once included. */
  readonly room: number;
}

const BITS = 8;
const SECOND = 1_000_000;

/** How often whoever watches looks again while a queue grows. */
const LOOKS = 10;

/**
 * The queue of the line as a packet finds it at `now`; undefined where the line has none. A stream
 * that is itself what is too much for the line finds the queue that it comes to in the end: a full
 * one.
 */
export function queueAhead(
  line: LimitedLine,
  { frame, interval }: Offer,
  now: Instant,
): Queueing | undefined {
  const { rate, limit, load = 0, buffer = 0, since = START } = line;
  if (rate === undefined || limit === undefined) return undefined;
  const own = interval === undefined ? 0 : Math.round((frame * BITS * SECOND) / interval);
  const demand = load + own;
  const whole = limit * BITS;
  if (demand <= rate) {
    const tokens = buffer * BITS;
    return { wait: ZERO, accepted: CERTAIN, tokens, room: whole + tokens };
  }
  // What finds room is the last that did, so the rest of the queue is ahead of it.
  const most = Math.max(0, limit - frame) * BITS;
  if (load <= rate || now - since >= filledAfter(line)) {
    const accepted = ratio(rate, demand);
    return { wait: timeOf(most, rate), accepted, tokens: 0, room: whole - most };
  }
  const level = Math.floor(((load - rate) * (now - since)) / SECOND) - buffer * BITS;
  const ahead = Math.min(Math.max(0, level), most);
  const tokens = Math.max(0, -level);
  return { wait: timeOf(ahead, rate), accepted: CERTAIN, tokens, room: whole - ahead + tokens };
}

/**
 * When to look at the line again, because a packet fares otherwise there by then: as soon as the
 * bucket is empty, a few times while the queue grows, and when it is full. Undefined where it stays
 * as it is at `now`.
 */
export function nextLook(line: LimitedLine, now: Instant): Instant | undefined {
  const { rate, limit, load = 0, since = START } = line;
  if (rate === undefined || limit === undefined || load <= rate) return undefined;
  const [emptied, filled] = [emptiedAfter(line), filledAfter(line)];
  for (let look = 0; look <= LOOKS; look++) {
    const at = since + Math.ceil(emptied + ((filled - emptied) * look) / LOOKS);
    if (at > now) return at as Instant;
  }
  return undefined;
}

function emptiedAfter(line: LimitedLine): number {
  return surplusTime(line, line.buffer ?? 0);
}

function filledAfter(line: LimitedLine): number {
  return surplusTime(line, (line.buffer ?? 0) + (line.limit ?? 0));
}

/** How long it takes until that many bytes have come that the line could not send, in us. */
function surplusTime({ rate = 0, load = 0 }: LimitedLine, bytes: number): number {
  return Math.ceil((bytes * BITS * SECOND) / (load - rate));
}

function timeOf(bits: number, rate: number): Duration {
  return Math.ceil((bits * SECOND) / rate) as Duration;
}
