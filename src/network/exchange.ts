// How likely a short exchange over bad lines is over in time: a handshake, and what is asked over
// it. Whoever has lost a segment sends it again.

import { arrivalsOver, attempts, certainty, consecutive, later } from '../values/arrivals';
import type { Arrival, Line } from '../values/arrivals';
import type { PodCall } from '../node/kubelet/kubelet-ground';
import type { Ratio } from '../values/ratio';
import { ZERO } from '../values/time';
import type { Duration } from '../values/time';
import type { Stretch } from '../values/trace';
import { handshake, roundTrips, segment } from './repetition';

/** What a call meets on these lines, apart from the time that the process itself takes. */
export function callOver(stretch: Stretch, answered: boolean): PodCall {
  const { lines = [], work = ZERO } = stretch;
  const network = { ...stretch, delay: (stretch.delay - work) as Duration };
  const isCertain = lines.every(({ fates }) => fates.length === 1);
  if (isCertain) return { answered, roundTrip: network.delay };
  const odds = (trips: number, within: Duration) => oddsOf(network, lines, trips, within);
  return { answered, roundTrip: network.delay, odds };
}

function oddsOf(stretch: Stretch, lines: readonly Line[], trips: number, within: Duration): Ratio {
  const { sends } = handshake(within);
  const opened = attempts(roundTrips(stretch), sends, within).arrivals;
  const inTime = opened.filter(({ after }) => after < within);
  if (trips === 1) return certainty(inTime);
  const waits = segment(stretch.delay).sends.filter((at) => at < within);
  const repeatedly = (leg: Line['leg']): readonly Arrival[] =>
    attempts(oneWay(stretch, lines, leg), waits, within).arrivals;
  const asked = consecutive(inTime, repeatedly('request'), within);
  return certainty(consecutive(asked, repeatedly('answer'), within));
}

function oneWay(
  { delay, there }: Stretch,
  lines: readonly Line[],
  leg: Line['leg'],
): readonly Arrival[] {
  const own = lines.filter((line) => line.leg === leg);
  const all = leg === 'request' ? there : delay - there;
  const ofLines = own.reduce((sum, line) => sum + line.delay, 0);
  return later(arrivalsOver(own), (all - ofLines) as Duration);
}
