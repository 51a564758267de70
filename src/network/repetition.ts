// What a client does about bad links: it waits, and sends again what may have been lost. Each way
// that this can go is a trace of its own, with its exact probability.

import { arrivalsOver, attempts, later } from '../values/arrivals';
import type { Arrival } from '../values/arrivals';
import { multiply } from '../values/ratio';
import { outcomeOf } from '../values/disposition';
import { formatDuration, milliseconds, seconds, ZERO } from '../values/time';
import type { Duration } from '../values/time';
import type { Stretch, Trace } from '../values/trace';

/** When the packets of one attempt leave, counted from the first; and when the client gives up. */
export interface Patience {
  readonly sends: readonly Duration[];
  readonly gaveUp: Duration;
}

/** source: net/ipv4/tcp_timer.c (TCP_TIMEOUT_INIT, doubled each time) */
const FIRST_SYN = seconds(1);

/** source: include/net/tcp.h TCP_RTO_MIN, TCP_RTO_MAX; net.ipv4.tcp_retries2 */
const FIRST_DATA = milliseconds(200);
const DATA_MAX = seconds(120);
const DATA_REPETITIONS = 15;

/**
 * A handshake: the SYN leaves at 0, 1, 3, 7, 15, 31 and 63 s, for as long as the client or its
 * system is patient.
 */
export function handshake(gaveUp: Duration): Patience {
  const sends: Duration[] = [];
  for (let at = 0, wait: number = FIRST_SYN; at < gaveUp; at += wait, wait *= 2) {
    sends.push(at as Duration);
  }
  return { sends, gaveUp };
}

/**
 * The next segment of a connection that stands; where the round trip is known it is part of the
 * first wait. `within`: when the system gives up, where that is not after fifteen repetitions.
 * source: net/ipv4/tcp_input.c tcp_rtt_estimator; net/ipv4/tcp_timer.c retransmits_timed_out
 */
export function segment(roundTrip: Duration = ZERO, within?: Duration): Patience {
  const sends: Duration[] = [];
  let at = 0;
  let wait: number = FIRST_DATA + roundTrip;
  while (within === undefined ? sends.length <= DATA_REPETITIONS : at < within) {
    sends.push(at as Duration);
    at += wait;
    wait = Math.min(2 * wait, DATA_MAX);
  }
  return { sends, gaveUp: within ?? (at as Duration) };
}

/** A datagram: nobody sends it again but the application. */
export function datagram(gaveUp: Duration): Patience {
  return { sends: [ZERO], gaveUp };
}

/**
 * The traces that one trace over bad links stands for: the answer to the first packet, to the
 * second one, …, and none at all.
 */
export function repeated(trace: Trace, { sends, gaveUp }: Patience): readonly Trace[] {
  const { stretch, disposition } = trace;
  if (stretch === undefined || isSilent(trace) || disposition === 'not-modelled') return [trace];
  const { arrivals, silence } = attempts(roundTrips(stretch), sends, gaveUp);
  const all = arrivals.map(({ after: took, probability, sent }): Trace => {
    const reason = late(trace.reason, sent, sends[sent]!);
    return { ...trace, probability: multiply(trace.probability, probability), took, reason };
  });
  if (silence.numerator === 0) return all;
  const probability = multiply(trace.probability, silence);
  const tries = new Set(arrivals.map(({ sent }) => sent)).size;
  const packets = tries === 1 ? 'the packet or its' : `all ${tries} packets or their`;
  const takes = formatDuration(stretch.delay);
  const why =
    all.length === 0
      ? `the answer takes ${takes}, and the client waits ${formatDuration(gaveUp)}`
      : `bad links lost ${packets} answer`;
  const { responder: _nobody, ...unanswered } = trace;
  return [
    ...all,
    { ...unanswered, disposition: 'link-loss', probability, reason: why, took: gaveUp },
  ];
}

/** When an answer is back, counted from its packet. What no line is the cause of always comes. */
export function roundTrips({ lines, delay, arrives }: Stretch): readonly Arrival[] {
  if (lines === undefined) return [{ after: delay, probability: arrives }];
  const ofLines = lines.reduce((sum, line) => sum + line.delay, 0);
  return later(arrivalsOver(lines), (delay - ofLines) as Duration);
}

function isSilent({ disposition }: Trace): boolean {
  return outcomeOf(disposition) === 'timeout';
}

function late(reason: string, lost: number, at: Duration): string {
  if (lost === 0) return reason;
  const what = lost === 1 ? 'the first packet was' : `the first ${lost} packets were`;
  return `${reason}, after ${what} lost; the next one left at ${formatDuration(at)}`;
}
