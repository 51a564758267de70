// How packets from outside find a node for an address that no host has: somebody announces the
// address on behalf of a Service, and takes each new connection to one of a set of nodes.

import type { FiveTuple, Port, Protocol } from '../values/flow';
import { ANY_PORT, reversed, tupleKey } from '../values/flow';
import { formatEndpoint } from '../values/ip';
import type { IP } from '../values/ip';
import { CERTAIN, ratio } from '../values/ratio';
import type { Flight } from './flight';
import type { Walk } from './walk';

/** One address of a Service, as the network outside of the nodes knows it. */
export interface Announcement {
  readonly address: IP;
  /** As traces name whoever answers for it: `MetalLB (layer 2)`. */
  readonly by: string;
  /** The nodes that take its packets now, each with the same share of new connections. */
  readonly nodes: readonly string[];
  /** Why no node takes them; for traces. */
  readonly absence: string;
  /**
   * `pass`: packets reach the node as they were sent. `forward`: their destination becomes the
   * node's own address and the node port. `proxy`: their source becomes the balancer's, too.
   */
  readonly how: 'pass' | 'forward' | 'proxy';
  /** What a balancer that forwards or proxies listens on; of no account for `pass`. */
  readonly ports: readonly BalancedPort[];
  /** Whether a change of the node set moves all connections (ECMP), or those of lost nodes. */
  readonly rehashes: boolean;
  /** Who answers ARP for the address, in layer 2 mode; more than one where they are cut off. */
  readonly announcers?: readonly string[];
  /**
   * Hosts whose packets go to another node than `nodes` says, since they, or the router that they
   * go by, take that for the owner. There in layer 2 mode.
   */
  readonly neighbours?: Readonly<Record<string, string>>;
}

export interface BalancedPort {
  readonly protocol: Protocol;
  readonly port: number;
  readonly nodePort: number | undefined;
}

/** What a balancer has done to a packet on its way in, to be undone on the way back. */
export interface Balanced {
  readonly address: IP;
  readonly by: string;
  readonly node: string;
  /** The packet's tuple before and behind the balancer. */
  readonly outer: FiveTuple;
  readonly inner: FiveTuple;
}

/** Where a connection that was opened has gone, and among which nodes. */
interface KnownFlow {
  readonly node: string;
  readonly nodes: string;
}

/** Everything that is announced, and the connections that go by it. */
export class LoadBalancers {
  private readonly announcements = new Map<IP, Announcement>();
  private readonly flows = new Map<string, KnownFlow>();

  /** Announces the address, or what has changed about it. */
  announce(announcement: Announcement): void {
    this.announcements.set(announcement.address, announcement);
  }

  withdraw(address: IP): void {
    this.announcements.delete(address);
  }

  at(address: IP): Announcement | undefined {
    return this.announcements.get(address);
  }

  /** Everything that is announced now, in the order of its first announcement. */
  list(): readonly Announcement[] {
    return [...this.announcements.values()];
  }

  /** Notes where a connection was taken that has really been opened. */
  remember({ address, node, outer }: Balanced): void {
    const nodes = this.announcements.get(address)?.nodes.join() ?? '';
    this.flows.set(tupleKey(outer), { node, nodes });
  }

  /** The nodes to which a packet of an open connection may go now. */
  nodesFor(
    { rehashes }: Announcement,
    nodes: readonly string[],
    tuple: FiveTuple,
  ): readonly string[] {
    const known = this.flows.get(tupleKey(tuple));
    if (known === undefined) return nodes;
    const isStable = rehashes ? known.nodes === nodes.join() : nodes.includes(known.node);
    return isStable ? [known.node] : nodes;
  }
}

/** A way through a balancer: the node, and the packet as it reaches it. */
export interface BalancedWay {
  readonly node: string;
  readonly flight: Flight;
}

/**
 * Takes a packet of the host `from` to the nodes that stand behind an announced address, one way
 * for each. Where there is none, the walk ends here.
 */
export function balance(
  walk: Walk,
  flight: Flight,
  announcement: Announcement,
  from: string,
): readonly BalancedWay[] {
  const { address, by, absence } = announcement;
  const { tuple } = flight.packet;
  const target = targetOf(announcement, tuple);
  flight.log?.enter(by, 'eth0', tuple);
  const reason = target === undefined ? `has nothing to forward port ${tuple.dport} to` : absence;
  const nodes = target === undefined ? [] : nodesOf(walk, announcement, tuple, from);
  if (nodes.length === 0) {
    walk.lose(flight, 'lost', `${by} got it for ${address}, but ${reason}`);
    return [];
  }
  return nodes.map((node, turn) => {
    const share = nodes.length === 1 ? CERTAIN : ratio(1, nodes.length);
    const way = nodes.length === 1 ? flight : flight.fork(share, turn);
    const inner = innerTuple(walk, announcement, node, tuple, target!);
    way.log?.step('load balancer', 'to', `${node}${shareText(nodes.length)}`);
    way.retuple(inner);
    way.balanced = { address, by, node, outer: tuple, inner };
    return { node, flight: way };
  });
}

/** Undoes on the way back what a balancer did on the way in. False where it did nothing to it. */
export function unbalance(flight: Flight): boolean {
  const { balanced } = flight;
  if (balanced === undefined || flight.leg === 'request') return false;
  const { outer, inner, by } = balanced;
  const isMine = tupleKey(flight.packet.tuple) === tupleKey(reversed(inner));
  if (!isMine || tupleKey(outer) === tupleKey(inner)) return false;
  flight.log?.enter(by, 'eth0', flight.packet.tuple);
  flight.retuple(reversed(outer));
  flight.log?.step('load balancer', 'back', `from ${formatEndpoint(outer.dst, outer.dport)}`);
  return true;
}

function nodesOf(
  walk: Walk,
  announcement: Announcement,
  tuple: FiveTuple,
  from: string,
): readonly string[] {
  const believed = announcement.neighbours?.[from];
  const nodes = believed === undefined ? announcement.nodes : [believed];
  if (walk.session === undefined) return nodes;
  return walk.ground.balancers.nodesFor(announcement, nodes, tuple);
}

/** The port behind the balancer; undefined where it does not listen, or has no node port. */
function targetOf({ how, ports }: Announcement, { protocol, dport }: FiveTuple): Port | undefined {
  if (how === 'pass') return dport;
  return ports.find((it) => it.protocol === protocol && it.port === dport)?.nodePort;
}

function innerTuple(
  walk: Walk,
  { how, address }: Announcement,
  node: string,
  tuple: FiveTuple,
  port: Port,
): FiveTuple {
  if (how === 'pass') return tuple;
  const isV6 = tuple.dst.includes(':');
  const addresses = walk.ground.machines.get(node)?.addresses ?? [];
  const dst = addresses.find((it) => it.includes(':') === isV6) ?? tuple.dst;
  if (how === 'forward') return { ...tuple, dst, dport: port };
  return { ...tuple, src: address, sport: ANY_PORT, dst, dport: port };
}

function shareText(count: number): string {
  return count === 1 ? '' : `, 1 of ${count}`;
}
