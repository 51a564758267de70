// Where the ways of a packet part, each goes on by itself, and most go on as they did when somebody
// asked before: only what something has moved on is walked again. How a way goes on is no matter
// of how likely it is, of how many others there are, or of the steps that led to it.

import { tupleKey } from '../values/flow';
import { multiply } from '../values/ratio';
import type { Trace } from '../values/trace';
import { hostName } from './fabric';
import type { Flight, Place } from './flight';
import { PERFECT } from './impairments';
import { Walk } from './walk';
import type { Ending, Sender } from './walk';

/** Finds something out, unless it is known from before and nothing that it was read from moved. */
export type Remember = <T>(question: string, find: () => T) => T;

/** Follows packets to their ends; where `apart` is given, those that are on their own go there. */
type Follow = (walk: Walk, flights: readonly Flight[], apart?: Flight[]) => readonly Ending[];

/** What becomes of a packet up to where its ways part. */
interface Beginning {
  readonly endings: readonly Ending[];
  readonly ways: readonly Way[];
}

/** One of the ways, with the packet as it takes it. */
interface Way {
  readonly flight: Flight;
  readonly question: string;
}

/** An end of one way, counted from where it parted from the others. */
interface Rest {
  readonly trace: Trace;
  readonly turns: readonly number[];
}

/** All ends of the first packet of a new flow that `walk` is about, as `begin` sends it. */
export function knownEndings(
  walk: Walk,
  begin: (walk: Walk) => readonly Flight[],
  follow: Follow,
  remember: Remember,
): readonly Ending[] {
  const packet = packetText(walk);
  const { endings, ways } = remember(`ways of ${packet}`, (): Beginning => {
    const [first, apart]: [Walk, Flight[]] = [new Walk(walk), []];
    const ends = follow(first, begin(first), apart);
    const parted = apart.map((flight) => ({ flight, question: `${wayText(flight)}, ${packet}` }));
    return { endings: ends, ways: parted };
  });
  if (ways.length === 0) return endings;
  const all = [...endings];
  for (const { flight, question } of ways) {
    const rests = remember(question, () =>
      follow(new Walk(walk), [flight.afresh()]).map(({ trace, turns }): Rest => ({ trace, turns })),
    );
    for (const rest of rests) all.push(joined(flight, rest));
  }
  return all;
}

/**
 * Whether the packet has parted from others and has been nowhere else: all that its way depends on
 * is then in `wayText`, and nothing of that ages.
 */
export function isOnItsOwn(flight: Flight): boolean {
  if (flight.turns.length === 0 || flight.leg === 'answer') return false;
  const isUnheard = flight.balanced === undefined && flight.turnedBackBy === undefined;
  return isUnheard && flight.stretch === PERFECT && flight.entries.length === 0;
}

function joined(flight: Flight, { trace, turns }: Rest): Ending {
  return {
    flight,
    turns: turns.length === 0 ? flight.turns : [...flight.turns, ...turns],
    trace: {
      ...trace,
      probability: multiply(flight.probability, trace.probability),
      hops: flight.log?.continuedBy(trace.hops) ?? [],
    },
  };
}

function packetText(walk: Walk): string {
  const { ground, sender, via = '', isAnyPort, isKept, isRecorded, sent } = walk;
  const options = `${Number(isAnyPort)}${Number(isKept)}${Number(isRecorded)}`;
  // Only queues of bad links tell a stream from a packet.
  const interval = ground.fabric.degradations.isEmpty ? '' : (walk.interval ?? '');
  return `${tupleKey(sent)} of ${senderText(sender)} ${options} ${via} ${interval}`;
}

function senderText(sender: Sender): string {
  if ('sandbox' in sender) return `pod ${sender.sandbox.podKey}`;
  return 'machine' in sender ? `node ${sender.machine.name}` : hostName(sender.external);
}

function wayText({ packet, socket, place, hopsLeft, track }: Flight): string {
  const { tuple, kind, mark, encapsulation, service } = packet;
  const outer = encapsulation && Object.values(encapsulation).join(' ');
  const direct = service && Object.values(service).join(' ');
  const tracked = track && `${track.state} ${track.isDirect} ${tupleKey(track.arrival)}`;
  const own = socket === tuple ? '' : tupleKey(socket);
  const looks = [kind, mark, hopsLeft, outer, direct, tracked, own].join();
  return `${tupleKey(tuple)} at ${placeText(place)}, ${looks}`;
}

function placeText(place: Place): string {
  const { at } = place;
  if ('sandbox' in place) return `${at} ${place.sandbox.podKey}`;
  if ('external' in place) return `${at} ${hostName(place.external)}`;
  const from = 'from' in place ? place.from?.podKey : undefined;
  return [at, place.machine.name, 'device' in place ? place.device : '', from].join(' ');
}
