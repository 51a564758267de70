// One lookup of one process: what it asks whom, when, and from which socket. The resolvers of the
// C libraries are written against this, as if nothing were uncertain.

import type { IP } from '../values/ip';
import { complement, ratio } from '../values/ratio';
import type { Ratio } from '../values/ratio';
import { ZERO } from '../values/time';
import type { Duration } from '../values/time';
import type { Trace } from '../values/trace';
import type { Choose, Join, Weighted } from './courses';
import type { Counts } from './dns-failures';
import type { DnsReply, DnsTransport, Question } from './dns-message';
import { toldBy } from './lookup-result';
import type { NameResult } from './lookup-result';
import { reactionsOn } from './reactions';
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

/** What the courses of one lookup have in common. */
export interface Shared {
  readonly join: Join;
  readonly reactionsOn: typeof reactionsOn;
  /** Tells objects apart by numbers, which are the same in each course. */
  numberOf(it: object): number;
}

/** The clock and the sockets of one course of a lookup. */
export class Course {
  readonly sent: SentQuery[] = [];
  /** Questions that faults have counted so far. */
  readonly counted = new Map<string, number>();
  now: Duration;
  private readonly request: LookupRequest;
  private readonly choose: Choose;
  private readonly shared: Shared | undefined;
  private sockets: number;
  /** Where it stood before the present name, and how many queries had left by then. */
  private place = 0;
  private sentBefore = 0;

  /** Without anything shared it goes on by itself. */
  constructor(
    request: LookupRequest,
    choose: Choose,
    begin: { readonly now: Duration; readonly sockets: number },
    shared?: Shared,
  ) {
    this.request = request;
    this.choose = choose;
    this.shared = shared;
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
    const find = this.shared?.reactionsOn ?? reactionsOn;
    const { reaction, ways } = this.choose(find(paths, question, udpSize, this.counted));
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

  /** The queries by the time at which they left. */
  get sentInOrder(): readonly SentQuery[] {
    return [...this.sent].sort((a, b) => a.at - b.at);
  }

  /**
   * Before the next name: no socket is open and nothing is on its way. `more` is what the resolver
   * knows beside the answer that it will give if no other is better. Courses come together that
   * have asked the same servers for the same, and stand at the same instant: when each question
   * left, and from which port, makes no difference any more.
   */
  beforeName(answer: NameResult | undefined, ...more: readonly unknown[]): void {
    if (this.shared === undefined) return;
    this.place = 0;
    this.sentBefore = 0;
    this.place = this.shared.join(() =>
      this.standing([answer === undefined ? [] : this.told(answer), ...more]),
    );
    this.sentBefore = this.sent.length;
  }

  /** Before another try for the same name: the sockets that stay open, and what else is known. */
  beforeTry(known: () => { readonly open: Iterable<Socket>; readonly more: unknown }): void {
    this.shared?.join(() => {
      const { open, more } = known();
      return this.standing([[...open].map((it) => this.waysOn(it)), more]);
    });
  }

  private waysOn({ transport, paths }: Socket): readonly unknown[] {
    const ways = [...paths].map(([server, left]) => {
      return [server, ...left.map((it) => [this.numberOf(it.value), it.probability])];
    });
    return [transport, ways];
  }

  /** A result as far as it matters to the application, for the comparison of courses. */
  told(result: NameResult): readonly unknown[] {
    const walks = result.traces.map((it) => this.numberOf(it));
    return [...toldBy(result, this.request.types), walks];
  }

  private standing(more: readonly unknown[]): string {
    const asked = this.sentInOrder.slice(this.sentBefore).map(({ server, transport, question }) => {
      return [server, transport, question.name, question.type];
    });
    return JSON.stringify([this.place, this.now, asked, [...this.counted], more]);
  }

  private numberOf(it: object): number {
    return this.shared?.numberOf(it) ?? 0;
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
