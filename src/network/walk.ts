// One question put to the network: which ways can this packet take? It holds what all ways have
// in common and collects how each of them ends.

import { noteFleeting } from '../kernel/readings';
import type { Machine } from '../node/machine';
import type { PodSandbox } from '../node/pod-sandbox';
import type { Disposition } from '../values/disposition';
import { reversed } from '../values/flow';
import type { FiveTuple } from '../values/flow';
import type { IP } from '../values/ip';
import { between, seconds } from '../values/time';
import type { Duration, Instant } from '../values/time';
import type { Trace } from '../values/trace';
import type { End } from './connection-ends';
import type { ExternalHost, Fabric } from './fabric';
import type { Flight, Outcome, RecentSet } from './flight';
import { PERFECT } from './impairments';
import type { Degradation } from './impairments';
import type { Offer, Queueing } from './line-queue';
import type { LoadBalancers } from './load-balancer';
import type { PolicyEnforcer } from './policy-enforcer';

/** What a walk reads of the network. */
export interface Ground {
  readonly fabric: Fabric;
  readonly machines: ReadonlyMap<string, Machine>;
  readonly policy: PolicyEnforcer | undefined;
  /** Addresses that no host has, and the nodes that take their packets. */
  readonly balancers: LoadBalancers;
  /** The port of the plug-in's VXLAN tunnels. */
  readonly vxlanPort: number;
  /** How people call a pod: `shop/backend#1`. */
  nameOfPod(podKey: string): string;
  /** How long a packet waits on a bad link now. */
  drawDelay(rule: Degradation): Duration;
  /** What waits in front of a limited line now; undefined where it has no queue. */
  queueAhead(rule: Degradation, offer: Offer): Queueing | undefined;
}

/** Who sent the packet: its answer must come back to exactly there. */
export type Sender =
  | { readonly sandbox: PodSandbox }
  | { readonly machine: Machine }
  | { readonly external: ExternalHost };

/** What the two ends of an open connection remember of it. */
export interface Session {
  /** The tuple as the server's socket holds it. */
  readonly serverTuple: FiveTuple;
  /** The process that accepted the connection. */
  readonly server: End;
}

/** One way that a connection could have gone, had it been opened, and what it would have left. */
export interface Visit {
  readonly at: Instant;
  readonly trace: Trace;
  /** The address lists of the hosts on its way into which it would have been written. */
  readonly notes: readonly RecentSet[];
}

export interface Ending {
  readonly trace: Trace;
  /** As it ended; where the rest of its way was known from before, as it was where ways parted. */
  readonly flight: Flight;
  /** Which way was taken wherever ways parted; orders the endings. */
  readonly turns: readonly number[];
}

export class Walk {
  readonly ground: Ground;
  /** The instant: tables note by themselves whether it matters to what they are asked. */
  readonly now: Instant;
  readonly sender: Sender;
  readonly sent: FiveTuple;
  /** The connection that the packet belongs to; undefined for the first packet of a new one. */
  readonly session: Session | undefined;
  /** The node to which packets from outside are routed that no host has the address of. */
  readonly via: string | undefined;
  /** A connection of the same client, of which the hosts on its way have noted the address. */
  readonly since: Visit | undefined;
  /** Whether the packet stands for those of all source ports that its sender could have. */
  readonly isAnyPort: boolean;
  /** Whether it stands for a connection that is held open for long (the API server's). */
  readonly isKept: boolean;
  /** How often the sender sends one like it; undefined for a single packet. */
  readonly interval: Duration | undefined;
  /** Whether hops are written down. */
  readonly isRecorded: boolean;
  readonly endings: Ending[] = [];

  constructor(options: {
    ground: Ground;
    now: Instant;
    sender: Sender;
    sent: FiveTuple;
    session: Session | undefined;
    via?: string | undefined;
    since?: Visit | undefined;
    isAnyPort?: boolean | undefined;
    isKept?: boolean | undefined;
    interval?: Duration | undefined;
    isRecorded: boolean;
  }) {
    this.ground = options.ground;
    this.now = options.now;
    this.sender = options.sender;
    this.sent = options.sent;
    this.session = options.session;
    this.via = options.via;
    this.since = options.since;
    this.isAnyPort = options.isAnyPort === true;
    this.isKept = options.isKept === true;
    this.interval = options.interval;
    this.isRecorded = options.isRecorded;
  }

  /** The way ends here in silence. An answer that gets no further counts as lost. */
  lose(
    flight: Flight,
    disposition: Disposition,
    reason: string,
    blames: readonly string[] = [],
  ): readonly Flight[] {
    const { outcome } = flight;
    if (flight.leg === 'request' || outcome === undefined) {
      return this.end(flight, { disposition, otherwise: disposition, reason, blames });
    }
    const lost = disposition === 'answer-untranslated' ? disposition : outcome.otherwise;
    const all = `${outcome.reason}, but on the way back ${reason}`;
    return this.end(flight, { ...outcome, disposition: lost, reason: all, blames });
  }

  /** The way ends with this outcome. */
  end(flight: Flight, outcome: Outcome): readonly Flight[] {
    flight.log?.leave(flight.packet.tuple);
    const { log, responder, stretch } = flight;
    const trace: Trace = {
      disposition: outcome.disposition,
      probability: flight.probability,
      sent: this.sent,
      hops: log?.hops ?? [],
      answerHops: log?.answerHops ?? [],
      translations: flight.entries.map(({ machine, entry }) => ({
        node: machine.name,
        original: entry.original,
        reply: entry.reply,
        unreplied: entry.unreplied,
      })),
      reason: outcome.reason,
      blames: outcome.blames,
      ...(responder && { responder }),
      ...(stretch !== PERFECT && { stretch }),
    };
    this.endings.push({ trace, flight, turns: flight.turns });
    return [];
  }

  /** Turns the packet into its answer, which goes back from `place`. */
  answer(
    flight: Flight,
    kind: 'answer' | 'reset' | 'icmp-error',
    tuple: FiveTuple,
    outcome: Outcome,
  ): void {
    flight.log?.turn(flight.packet.tuple);
    flight.leg = 'answer';
    flight.outcome = outcome;
    flight.packet = { tuple, kind, mark: 0 };
  }

  /** Whether the earlier connection has put the address into a list, at most `span` seconds ago. */
  remembers(machine: Machine, list: string, address: IP, span: number): boolean {
    if (this.since === undefined) return false;
    noteFleeting();
    const { at, notes } = this.since;
    if (between(at, this.now) > seconds(span)) return false;
    return notes.some((it) => it.machine === machine && it.list === list && it.address === address);
  }

  /** Whether the tuple is the answer that the sender's socket waits for. */
  isExpected({ socket, packet: { tuple } }: Flight): boolean {
    const expected = reversed(socket);
    return (
      tuple.src === expected.src &&
      tuple.dst === expected.dst &&
      tuple.sport === expected.sport &&
      tuple.dport === expected.dport
    );
  }
}
