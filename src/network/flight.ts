// One packet on one of its possible ways: what it looks like now, where it is, and what it has
// written into the connection tables of the hosts that it passed.

import type { Machine } from '../node/machine';
import type { ConntrackEntry, ConntrackHit, ConntrackOverlay } from '../node/netfilter/conntrack';
import type { ConnectionState } from '../node/netfilter/ruleset';
import type { PodSandbox } from '../node/pod-sandbox';
import type { Disposition } from '../values/disposition';
import type { FiveTuple } from '../values/flow';
import type { IP } from '../values/ip';
import type { Packet } from '../values/packet';
import { CERTAIN, multiply } from '../values/ratio';
import type { Ratio } from '../values/ratio';
import type { Responder } from '../values/trace';
import type { ExternalHost } from './fabric';
import type { HopLog } from './hop-log';
import { PERFECT } from './impairments';
import type { Stretch } from './impairments';
import type { Balanced } from './load-balancer';

/** Where a packet is about to be handled. */
export type Place =
  /** It comes in at a device of a host; `from` is the pod on that host which sent it. */
  | {
      readonly at: 'host-in';
      readonly machine: Machine;
      readonly device: string;
      readonly from?: PodSandbox;
    }
  /** The host has chosen its destination, by rules that part its ways, and routes it now. */
  | {
      readonly at: 'chosen-in';
      readonly machine: Machine;
      readonly device: string;
      readonly from?: PodSandbox;
    }
  /** The same for what a process of the host sends, by what device as it was dialled. */
  | { readonly at: 'chosen-out'; readonly machine: Machine; readonly device: string }
  /** A process of the host sends it. */
  | { readonly at: 'host-out'; readonly machine: Machine }
  /** The host's kernel sends it as the ICMP error about a packet that it could not pass on. */
  | { readonly at: 'error-out'; readonly machine: Machine }
  /** It reached the sockets of the host. */
  | { readonly at: 'host'; readonly machine: Machine }
  /** A container of the pod sends it. */
  | { readonly at: 'pod-out'; readonly sandbox: PodSandbox }
  /** It reached the pod's network namespace; `looped`: it never left it. */
  | { readonly at: 'pod'; readonly sandbox: PodSandbox; readonly looped: boolean }
  | { readonly at: 'external-out'; readonly external: ExternalHost }
  | { readonly at: 'external'; readonly external: ExternalHost };

/** What the host that the packet is on knows of its connection. */
export interface Track {
  readonly state: ConnectionState;
  /** The packet's tuple as it came in, before any translation here. */
  readonly arrival: FiveTuple;
  /** The entry that it follows; undefined for the first packet of a flow. */
  readonly hit: ConntrackHit | undefined;
  /** It came with the dialled address on board, from the node that chose the backend. */
  readonly isDirect?: boolean;
  /** The entry of an INVALID packet that IPVS translates all the same. */
  readonly virtual?: ConntrackHit;
}

/** An entry that the packet made or changed. */
export interface TrackedEntry {
  readonly machine: Machine;
  readonly entry: ConntrackEntry;
}

/** An address that a rule wrote into a `recent` list. */
export interface RecentSet {
  readonly machine: Machine;
  readonly list: string;
  readonly address: IP;
  readonly capacity?: number;
}

/** What the sender will learn if the answer that is under way gets home. */
export interface Outcome {
  readonly disposition: Disposition;
  /** What it comes to if the answer gets lost. */
  readonly otherwise: Disposition;
  readonly reason: string;
  readonly blames: readonly string[];
}

/** Routers a packet may pass before it is given up (net.ipv4.ip_default_ttl). */
const HOPS_MAX = 64;

export class Flight {
  packet: Packet;
  /**
   * The tuple as the sender's socket holds it. It differs from what was dialled where the socket
   * itself was translated.
   */
  socket: FiveTuple;
  place: Place;
  leg: 'request' | 'answer' = 'request';
  probability: Ratio = CERTAIN;
  hopsLeft = HOPS_MAX;
  track: Track | undefined;
  outcome: Outcome | undefined;
  responder: Responder | undefined;
  /** What answered: a pod, or the host of one of its own processes. Not set for externals. */
  server: PodSandbox | Machine | undefined;
  log: HopLog | undefined;
  /** What a load balancer did to it on its way in. */
  balanced: Balanced | undefined;
  /** A host refused to pass it on and sends an error instead; what is left to do there is void. */
  isTurnedBack = false;
  /** Which way was taken wherever ways parted; orders the endings. */
  turns: readonly number[] = [];
  entries: readonly TrackedEntry[] = [];
  recentSets: readonly RecentSet[] = [];
  /** What the bad links on its way, and on its answer's, have come to so far. */
  stretch: Stretch = PERFECT;
  /** Bad links that it has passed: `request loss#2`. */
  passed: readonly string[] = [];
  /** The cut whose refusal the packet carries home. */
  turnedBackBy: string | undefined;
  private tables = new Map<Machine, ConntrackOverlay>();

  constructor(packet: Packet, place: Place, log: HopLog | undefined) {
    this.packet = packet;
    this.socket = packet.tuple;
    this.place = place;
    this.log = log;
  }

  /**
   * The same packet on another way, taken with `probability` of this one's. `turn` counts the
   * ways that part here, in the order of the rules.
   */
  fork(probability: Ratio, turn: number): Flight {
    const twin = this.twin(this.log?.fork());
    twin.turns = [...this.turns, turn];
    twin.probability = multiply(this.probability, probability);
    return twin;
  }

  /** The same packet as if its way began here: nothing is known of how it came. */
  afresh(): Flight {
    return this.twin(this.log?.onward());
  }

  private twin(log: HopLog | undefined): Flight {
    const twin = new Flight(this.packet, this.place, log);
    twin.socket = this.socket;
    twin.leg = this.leg;
    twin.hopsLeft = this.hopsLeft;
    twin.track = this.track;
    twin.outcome = this.outcome;
    twin.responder = this.responder;
    twin.server = this.server;
    twin.balanced = this.balanced;
    twin.recentSets = this.recentSets;
    twin.stretch = this.stretch;
    twin.passed = this.passed;
    twin.turnedBackBy = this.turnedBackBy;
    for (const { machine, entry } of this.entries) twin.keep(machine, entry);
    return twin;
  }

  /** The connection table of a host as this packet finds it. */
  table(machine: Machine): ConntrackOverlay {
    let table = this.tables.get(machine);
    if (table === undefined) {
      table = machine.conntrack.overlay();
      this.tables.set(machine, table);
    }
    return table;
  }

  /** Writes an entry, or a new state of it, that stands only on this way. */
  keep(machine: Machine, entry: ConntrackEntry): void {
    this.table(machine).put(entry);
    const kept = { machine, entry };
    const index = this.entries.findIndex(
      (it) => it.machine === machine && it.entry.original === entry.original,
    );
    this.entries = index < 0 ? [...this.entries, kept] : this.entries.with(index, kept);
  }

  /** Takes an entry of this way out of the table again. */
  forget(machine: Machine, entry: ConntrackEntry): void {
    this.table(machine).delete(entry);
    this.entries = this.entries.filter(
      (it) => it.machine !== machine || it.entry.original !== entry.original,
    );
  }

  /** Takes back the entry that the packet has just made on a host. */
  unconfirm(machine: Machine): void {
    const made = this.entries.findLast((it) => it.machine === machine);
    if (this.track?.hit === undefined && made !== undefined) this.forget(machine, made.entry);
  }

  /** Moves to the next place. */
  to(place: Place): readonly Flight[] {
    this.place = place;
    return [this];
  }

  retuple(tuple: FiveTuple): void {
    this.packet = { ...this.packet, tuple };
  }
}

/** What took one of the ways wherever ways parted. */
interface Turned {
  readonly turns: readonly number[];
}

/** Orders flights as the rules order the ways that they took. */
export function compareTurns(a: Turned, b: Turned): number {
  for (let parting = 0; parting < a.turns.length; parting++) {
    const [turn, other = -1] = [a.turns[parting]!, b.turns[parting]];
    if (turn !== other) return turn - other;
  }
  return 0;
}

/** Goes on with each flight, except for those that were turned back. */
export function each(
  flights: readonly Flight[],
  next: (flight: Flight) => readonly Flight[],
): readonly Flight[] {
  const onward = (flight: Flight): readonly Flight[] =>
    flight.isTurnedBack ? [flight] : next(flight);
  return flights.length === 1 ? onward(flights[0]!) : flights.flatMap(onward);
}
