// One lookup of one process: what it asks whom, when, and from which socket. The resolvers of the
// C libraries are written against this, as if nothing were uncertain.

import type { IP } from '../values/ip';
import { add, complement, multiply, ratio } from '../values/ratio';
import type { Ratio } from '../values/ratio';
import { ZERO } from '../values/time';
import type { Duration } from '../values/time';
import type { Trace } from '../values/trace';
import type { Choose, Weighted } from './courses';
import { merged } from './courses';
import type { Counts } from './dns-failures';
import type { DnsReply, DnsTransport, Question } from './dns-message';
import type { ResolvConf } from './resolv-conf';

/** What comes of one question on one path. */
export type Reaction =
  | { readonly kind: 'reply'; readonly reply: DnsReply }
  | {
      readonly kind: 'lost' | 'unreachable' | 'not-modelled';
      readonly reason: string;
      /** As a reply has it: a question can be counted and get no answer. */
      readonly counted?: readonly string[];
    };

/** One way from a socket to a nameserver. Everything that is sent on the socket takes it. */
export interface NameserverPath {
  /** Undefined where no packet is needed: a nameserver outside of the modelled network. */
  readonly trace: Trace | undefined;
  /** `counted`: questions of this lookup that faults have counted before. */
  ask(question: Question, udpSize: number, counted: Counts): readonly Weighted<Reaction>[];
}

/** Every way from a new socket to a nameserver; `undefined` is the one of the node. */
export type OpenPaths = (
  server: IP | undefined,
  transport: DnsTransport,
) => readonly Weighted<NameserverPath>[];

export interface LookupRequest {
  /** As the application says it, perhaps with a trailing dot. */
  readonly name: string;
  /** Both for an application that takes either family. */
  readonly types: readonly string[];
  readonly conf: ResolvConf;
  readonly hosts: ReadonlyMap<string, readonly IP[]>;
  readonly libc: string;
  readonly open: OpenPaths;
  /** How long the C library waits unless resolv.conf says otherwise. */
  readonly timeout: Duration;
  /** How long a system tries to open a TCP connection before it gives up. */
  readonly connectTimeout: Duration;
  /**
   * How likely the second of two questions that leave a socket at once is lost, because both want
   * to make the same conntrack entry.
   */
  readonly race: Ratio;
  /** Told what faults have counted in the courses of the lookup, the most of each. */
  readonly made?: (counted: Counts) => void;
}

/** A query as it left. */
export interface SentQuery {
  readonly at: Duration;
  readonly server: IP | undefined;
  readonly transport: DnsTransport;
  /** Equal numbers share a source port. */
  readonly socket: number;
  readonly question: Question;
  /** The size that it offers for answers over UDP; 0 without EDNS. */
  readonly udpSize: number;
}

/** What a socket gets back, and when. */
export interface Arrival {
  readonly at: Duration;
  readonly server: IP | undefined;
  readonly question: Question;
  readonly reaction: Reaction;
}

/** A source port, with the ways that are still possible from it to each server. */
interface Socket {
  readonly number: number;
  readonly transport: DnsTransport;
  readonly paths: Map<IP | undefined, readonly Weighted<NameserverPath>[]>;
}

export type { Socket };

/** The clock and the sockets of one course of a lookup. */
export class Course {
  readonly sent: SentQuery[] = [];
  /** Questions that faults have counted so far. */
  readonly counted = new Map<string, number>();
  now: Duration;
  private readonly request: LookupRequest;
  private readonly choose: Choose;
  private sockets: number;

  constructor(request: LookupRequest, choose: Choose, begin: { now: Duration; sockets: number }) {
    this.request = request;
    this.choose = choose;
    this.now = begin.now;
    this.sockets = begin.sockets;
  }

  /** How many sockets have been opened so far. */
  get socketCount(): number {
    return this.sockets;
  }

  socket(transport: DnsTransport): Socket {
    return { number: ++this.sockets, transport, paths: new Map() };
  }

  /**
   * Sends a question now. `racing` is said of a question that leaves right behind another one from
   * the same new socket.
   */
  ask(
    socket: Socket,
    server: IP | undefined,
    question: Question,
    options: { readonly udpSize?: number; readonly racing?: boolean; readonly at?: Duration } = {},
  ): Arrival {
    const { udpSize = 0, racing = false, at = this.now } = options;
    const { transport, number } = socket;
    this.sent.push({ at, server, transport, socket: number, question, udpSize });
    const isFirst = !socket.paths.has(server);
    const paths = socket.paths.get(server) ?? this.request.open(server, transport);
    const reactions = reactionsOn(paths, question, udpSize, this.counted);
    const { reaction, ways } = this.choose(reactions);
    this.count(reaction);
    socket.paths.set(server, ways);
    const delay = reaction.kind === 'reply' ? reaction.reply.delay : ZERO;
    const arrival = { at: (at + delay) as Duration, server, question, reaction };
    const isLoser = racing && !isFirst && this.losesRace(ways);
    return isLoser ? { ...arrival, reaction: RACE_LOST } : arrival;
  }

  private count(reaction: Reaction): void {
    const { counted = [] } = reaction.kind === 'reply' ? reaction.reply : reaction;
    for (const token of counted) this.counted.set(token, (this.counted.get(token) ?? 0) + 1);
  }

  /** One of the numbers below `count`, each as likely as the others. */
  draw(count: number): number {
    const share = ratio(1, count);
    return this.choose(
      Array.from({ length: count }, (_, value) => ({ probability: share, value })),
    );
  }

  /** The walks that are still possible on a socket. */
  tracesOf(socket: Socket, server: IP | undefined): readonly Trace[] {
    return (socket.paths.get(server) ?? []).flatMap(({ value }) => value.trace ?? []);
  }

  /** Only a packet that is translated can meet another one that wants the same translation. */
  private losesRace(ways: readonly Weighted<NameserverPath>[]): boolean {
    const { race } = this.request;
    if (race.numerator === 0) return false;
    const isTranslated = ways.some(({ value }) => (value.trace?.translations.length ?? 0) > 0);
    if (!isTranslated) return false;
    if (race.numerator === race.denominator) return true;
    return this.choose([
      { probability: complement(race), value: false },
      { probability: race, value: true },
    ]);
  }
}

const RACE_LOST: Reaction = {
  kind: 'lost',
  reason:
    'two questions left the same socket at once and both wanted to make the same conntrack ' +
    'entry: the later one was dropped (insert_failed)',
};

interface Way {
  readonly reaction: Reaction;
  /** The paths on which it happens, each with its share. */
  readonly ways: readonly Weighted<NameserverPath>[];
}

/** What can come back, equal reactions merged. */
function reactionsOn(
  paths: readonly Weighted<NameserverPath>[],
  question: Question,
  udpSize: number,
  counted: Counts,
): readonly Weighted<Way>[] {
  const all = paths.flatMap((path) =>
    path.value.ask(question, udpSize, counted).map(({ probability, value: reaction }) => {
      const share = multiply(path.probability, probability);
      const value: Way = { reaction, ways: [{ probability: share, value: path.value }] };
      return { probability: share, value };
    }),
  );
  const options = merged(all, keyOf, (known, other) => ({
    ...known,
    ways: [...known.ways, ...other.ways],
  }));
  return options.map(({ probability, value }) => ({
    probability,
    value: { ...value, ways: normalized(value.ways) },
  }));
}

function keyOf({ reaction }: Way): string {
  if (reaction.kind !== 'reply') return [reaction.kind, ...(reaction.counted ?? [])].join(' ');
  return JSON.stringify(reaction.reply);
}

/** The same shares, scaled so that they add up to 1. */
function normalized<T>(ways: readonly Weighted<T>[]): readonly Weighted<T>[] {
  const [first, ...rest] = ways.map(({ probability }) => probability);
  const sum = rest.reduce(add, first!);
  const inverse: Ratio = { numerator: sum.denominator, denominator: sum.numerator };
  return ways.map(({ probability, value }) => {
    return { probability: multiply(probability, inverse), value };
  });
}
