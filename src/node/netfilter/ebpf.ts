// Load balancing by eBPF programs: in the sockets of the host and its pods, before a packet
// exists, and at the network devices for what comes from outside.
// source: cilium bpf/bpf_sock.c __sock4_xlate_fwd, bpf/lib/nodeport.h nodeport_lb4

import { ANY_PORT } from '../../values/flow';
import type { Protocol } from '../../values/flow';
import { cidr, contains } from '../../values/cidr';
import type { IP } from '../../values/ip';
import type { Packet } from '../../values/packet';
import { CERTAIN, multiply, ratio } from '../../values/ratio';
import type { Branch } from './evaluate';
import type { HookContext } from './match';
import type { RuleReference, Ruleset, TranslationTarget } from './ruleset';
import { virtualServerKey } from './virtual-server';

/** One of the places to which a dialled address leads. */
export interface Backend extends TranslationTarget {
  /** The host on which it runs: what comes from outside there keeps its source on the way to it. */
  readonly host: string;
}

/** What clients dial, with the places behind it. */
export interface Frontend {
  readonly backends: readonly Backend[];
  /** What happens to packets from outside where there is no backend. */
  readonly onEmpty: 'reject' | 'drop';
  /** Seconds for which a client stays with its backend. */
  readonly affinity?: number;
  /** The only sources from outside that may come in; undefined for all. */
  readonly sources?: readonly string[];
  /** The Service port, as the comment of a rule would say. */
  readonly comment: string;
}

/** The eBPF maps of one host and family. */
export interface EbpfTable {
  /** What sockets are translated by: `TCP 10.96.0.20:80`, and `TCP *:30080` on any node. */
  readonly sockets: ReadonlyMap<string, Frontend>;
  /** What comes in by the devices is translated by these keys. */
  readonly inbound: ReadonlyMap<string, Frontend>;
  /** Addresses that are dialled from inside only: packets to them from outside are dropped. */
  readonly clusterIPs: ReadonlySet<string>;
  /** The devices to the outside. */
  readonly devices: readonly string[];
  /** The addresses of all nodes, on which NodePorts are found. */
  readonly nodes: ReadonlySet<IP>;
  /** The name of this host. */
  readonly host: string;
  /** The source of what goes on to another node. */
  readonly address: IP | undefined;
}

/** `TCP *:30080`: a NodePort, on whatever node. */
export function nodePortKey(protocol: Protocol, port: number | 'any'): string {
  return `${protocol} *:${port}`;
}

/**
 * Every way of a connection that a socket of this host or of its pods opens; undefined where no
 * program translates its destination. A way that is rejected fails in the call itself.
 */
export function balanceSocket(
  rulesets: readonly Ruleset[],
  packet: Packet,
  context: Pick<HookContext, 'isLocal' | 'recent'>,
): readonly Branch[] | undefined {
  const { protocol, dst, dport } = packet.tuple;
  for (const { ebpf } of rulesets) {
    if (ebpf === undefined) continue;
    const isNode = ebpf.nodes.has(dst) || context.isLocal(dst);
    const key = virtualServerKey(protocol, dst, dport);
    const byPort = isNode ? ebpf.sockets.get(nodePortKey(protocol, dport)) : undefined;
    const front = ebpf.sockets.get(key) ?? byPort;
    if (front === undefined) continue;
    const start: Branch = {
      probability: CERTAIN,
      verdict: 'accept',
      packet,
      rules: [],
      recentSets: [],
    };
    if (front.backends.length === 0) return [refused(start, key, front, 'reject')];
    return waysTo(start, key, front, context);
  }
  return undefined;
}

/** Every way on of a packet that came in by a device to the outside. */
export function balanceInbound(
  table: EbpfTable,
  way: Branch,
  context: HookContext,
): readonly Branch[] {
  const { protocol, src, dst, dport } = way.packet.tuple;
  if (context.state !== 'NEW' || !table.devices.includes(context.inInterface ?? '')) return [way];
  const key = virtualServerKey(protocol, dst, dport);
  const byPort = context.isLocal(dst) ? table.inbound.get(nodePortKey(protocol, dport)) : undefined;
  const front = table.inbound.get(key) ?? byPort;
  if (front === undefined) return table.clusterIPs.has(dst) ? [{ ...way, verdict: 'drop' }] : [way];
  const { sources, backends, onEmpty } = front;
  const isOutsider = sources?.every((range) => !contains(cidr(range), src)) === true;
  if (isOutsider) return [{ ...way, verdict: 'drop' }];
  if (backends.length === 0) return [refused(way, key, front, onEmpty)];
  return waysTo(way, key, front, context).map((branch, index) => {
    const taken = backends.find((it) => isAt(it, branch)) ?? backends[index]!;
    return taken.host === table.host ? branch : fromNode(branch, table);
  });
}

/** Whoever stays with a backend goes there; all others go to each with an equal share. */
function waysTo(
  way: Branch,
  key: string,
  front: Frontend,
  context: Pick<HookContext, 'recent'>,
): Branch[] {
  const { backends, affinity } = front;
  const { src } = way.packet.tuple;
  const sticky = backends.find((backend) => {
    return affinity !== undefined && context.recent(listOf(front, backend), src, affinity);
  });
  const possible = sticky === undefined ? backends : [sticky];
  const share = ratio(1, possible.length);
  return possible.map((backend) => {
    const { address, port } = backend;
    const { packet } = way;
    const setting = { list: listOf(front, backend), address: src, capacity: CLIENTS_MAX };
    return {
      ...way,
      probability: multiply(way.probability, share),
      packet: { ...packet, tuple: { ...packet.tuple, dst: address, dport: port } },
      rules: [...way.rules, referenceTo(key, front, backend)],
      recentSets: affinity === undefined ? way.recentSets : [...way.recentSets, setting],
    };
  });
}

/** The affinity map has room for as many clients as there are (lb-affinity-map-max). */
const CLIENTS_MAX = Number.MAX_SAFE_INTEGER;

/** The answer has to come back to the node that translated. */
function fromNode(branch: Branch, { address }: EbpfTable): Branch {
  if (address === undefined) return branch;
  const { packet } = branch;
  return {
    ...branch,
    packet: { ...packet, tuple: { ...packet.tuple, src: address, sport: ANY_PORT } },
  };
}

function isAt({ address, port }: Backend, { packet: { tuple } }: Branch): boolean {
  return tuple.dst === address && tuple.dport === port;
}

function refused(way: Branch, key: string, front: Frontend, verdict: 'reject' | 'drop'): Branch {
  return { ...way, verdict, rules: [...way.rules, referenceTo(key, front, undefined)] };
}

function referenceTo(
  chain: string,
  { backends, comment }: Frontend,
  backend: Backend | undefined,
): RuleReference {
  const position = backend === undefined ? 0 : backends.indexOf(backend) + 1;
  const rule: RuleReference['rule'] =
    backend === undefined
      ? { matches: [], target: { do: 'reject' }, comment: `${comment} has no endpoints` }
      : {
          matches: [],
          target: { do: 'dnat', address: backend.address, port: backend.port },
          comment,
        };
  return { table: 'cilium', chain, position, rule };
}

function listOf({ comment }: Frontend, { address, port }: Backend): string {
  return `cilium ${comment} ${address} ${port}`;
}
