// Virtual servers of IPVS and how they choose among their real servers. Everything that can happen
// next comes back with its share; which of them is next depends on what happened before.
// source: net/netfilter/ipvs/ip_vs_{rr,wrr,lc,wlc,sed,nq,sh,dh}.c

import type { FiveTuple, Protocol } from '../../values/flow';
import { formatEndpoint, ipToNumber } from '../../values/ip';
import type { IP } from '../../values/ip';
import { CERTAIN, ratio } from '../../values/ratio';
import type { Ratio } from '../../values/ratio';

export const SCHEDULERS = ['rr', 'wrr', 'lc', 'wlc', 'sed', 'nq', 'sh', 'dh'] as const;
export type Scheduler = (typeof SCHEDULERS)[number];

export interface RealServer {
  readonly address: IP;
  readonly port: number;
  /** Zero while it is drained: it keeps its connections and gets no new one. */
  readonly weight: number;
}

export interface VirtualServer {
  readonly protocol: Protocol;
  readonly address: IP;
  readonly port: number;
  readonly scheduler: Scheduler;
  /** Seconds for which a client stays with its real server; undefined without persistence. */
  readonly persistence?: number;
  /** In the order in which they print. */
  readonly servers: readonly RealServer[];
  /** Who asked for it, as the comment of a rule would say. */
  readonly comment: string;
}

/** What stands behind a NodePort, on whatever address of the node. */
export type NodePortServer = Omit<VirtualServer, 'address'>;

/** The IPVS of one host and family. */
export interface VirtualServerTable {
  /** By `virtualServerKey`. */
  readonly servers: ReadonlyMap<string, VirtualServer>;
  /** By `TCP *:30080`: each is a virtual server on each of the addresses that serve NodePorts. */
  readonly nodePorts: ReadonlyMap<string, NodePortServer>;
  readonly nodePortAddresses: readonly IP[];
  /** The addresses on the device kube-ipvs0: they are local to the host. */
  readonly addresses: ReadonlySet<IP>;
}

/** `TCP 10.96.0.20:80`. */
export function virtualServerKey(protocol: Protocol, address: IP, port: number | 'any'): string {
  return `${protocol} ${formatEndpoint(address, port)}`;
}

/** `TCP *:30080`: a NodePort, on whatever address. */
export function nodePortKey(protocol: Protocol, port: number | 'any'): string {
  return `${protocol} *:${port}`;
}

/** The virtual server that is dialled so; undefined where there is none. */
export function virtualServerAt(
  { servers, nodePorts, nodePortAddresses }: VirtualServerTable,
  protocol: Protocol,
  address: IP,
  port: number | 'any',
): VirtualServer | undefined {
  const own = servers.get(virtualServerKey(protocol, address, port));
  if (own !== undefined || !nodePortAddresses.includes(address)) return own;
  const server = nodePorts.get(nodePortKey(protocol, port));
  return server && { ...server, address };
}

/** All virtual servers, those of NodePorts last. */
export function* virtualServersOf(table: VirtualServerTable): Iterable<VirtualServer> {
  const { servers, nodePorts, nodePortAddresses } = table;
  yield* servers.values();
  for (const server of nodePorts.values()) {
    for (const address of nodePortAddresses) {
      const isOwn = servers.has(virtualServerKey(server.protocol, address, server.port));
      if (!isOwn) yield { ...server, address };
    }
  }
}

/** The connections of a real server, as IPVS counts them. */
export interface ConnectionCount {
  readonly active: number;
  readonly inactive: number;
}

export interface Choice {
  readonly server: RealServer;
  readonly share: Ratio;
}

/**
 * The real servers that a new connection can get, with their shares; none where no server takes
 * connections. `countOf` is asked by the schedulers that count.
 *
 * Round robin takes the servers in turn, so over a cycle each has its share; where the counting
 * schedulers find several equal, each of these is possible. The hashing ones name one server:
 * upstream adds servers in no fixed order, here they stand in the order of their texts.
 */
export function schedule(
  { scheduler, servers }: VirtualServer,
  tuple: FiveTuple,
  countOf: (server: RealServer) => ConnectionCount,
): readonly Choice[] {
  const open = servers.filter(({ weight }) => weight > 0);
  if (open.length === 0) return [];
  switch (scheduler) {
    case 'rr':
      return equally(open);
    case 'wrr': {
      const total = open.reduce((sum, { weight }) => sum + weight, 0);
      return open.map((server) => ({ server, share: ratio(server.weight, total) }));
    }
    case 'lc':
      return equally(least(open, (server) => overhead(countOf(server))));
    case 'wlc':
      return equally(least(open, (server) => overhead(countOf(server)) / server.weight));
    case 'sed':
      return equally(least(open, (server) => expectedDelay(server, countOf(server))));
    case 'nq': {
      const idle = open.filter((server) => countOf(server).active === 0);
      if (idle.length > 0) return equally(idle);
      return equally(least(open, (server) => expectedDelay(server, countOf(server))));
    }
    case 'sh':
      return [{ server: byHash(open, tuple.src), share: CERTAIN }];
    case 'dh':
      return [{ server: byHash(open, tuple.dst), share: CERTAIN }];
  }
}

function equally(servers: readonly RealServer[]): Choice[] {
  return servers.map((server) => ({ server, share: ratio(1, servers.length) }));
}

function least(servers: readonly RealServer[], loadOf: (server: RealServer) => number) {
  const loads = servers.map(loadOf);
  const smallest = Math.min(...loads);
  return servers.filter((_, index) => loads[index] === smallest);
}

/** An active connection costs as much as 256 inactive ones (ip_vs_dest_conn_overhead). */
function overhead({ active, inactive }: ConnectionCount): number {
  return active * 256 + inactive;
}

function expectedDelay({ weight }: RealServer, { active }: ConnectionCount): number {
  return (active + 1) / weight;
}

/** The table of the hashing schedulers has 256 buckets, dealt out in turn. */
const BUCKET_BITS = 8;

/** source: include/linux/hash.h GOLDEN_RATIO_32 */
const GOLDEN_RATIO = 0x61c8_8647;

function byHash(servers: readonly RealServer[], address: IP): RealServer {
  const number = ipToNumber(address);
  let folded = 0;
  // IPv6 addresses are folded to 32 bits.
  for (let rest = number; rest > 0n; rest >>= 32n) folded ^= Number(rest & 0xffff_ffffn);
  const bucket = Math.imul(folded, GOLDEN_RATIO) >>> (32 - BUCKET_BITS);
  return servers[bucket % servers.length]!;
}
