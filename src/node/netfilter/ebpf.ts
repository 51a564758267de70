// Load balancing by eBPF programs: in the sockets of the host and its pods, before a packet
// exists, and at the network devices for what comes from outside. Sockets always draw their
// backend; only at the devices may a table of Maglev name it.
// source: cilium bpf/bpf_sock.c __sock4_xlate_fwd, bpf/lib/nodeport.h nodeport_lb4,
// bpf/lib/lb.h lb4_local

import { ANY_PORT } from '../../values/flow';
import type { FiveTuple, Protocol } from '../../values/flow';
import { cidr, contains } from '../../values/cidr';
import type { IP } from '../../values/ip';
import type { Packet, ServiceOption } from '../../values/packet';
import { CERTAIN, multiply, ratio } from '../../values/ratio';
import type { Ratio } from '../../values/ratio';
import type { Branch } from './evaluate';
import { MAGLEV_WEIGHT, maglevSlot, maglevTable } from './maglev';
import type { MaglevSettings } from './maglev';
import type { HookContext } from './match';
import type { RuleReference, Ruleset, TranslationTarget } from './ruleset';
import { nodePortKey, virtualServerKey } from './virtual-server';

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

/** How packets from outside get to a backend on another node, and their answers home. */
export interface Forwarding {
  /** `hybrid`: TCP as with `dsr`, all else as with `snat`. */
  readonly mode: 'snat' | 'dsr' | 'hybrid';
  /** How the other node learns of the Service address from which it has to answer. */
  readonly dispatch: ServiceOption['by'];
  /** Undefined where backends are drawn. */
  readonly maglev: MaglevSettings | undefined;
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
  readonly forwarding: Forwarding;
  /** The addresses of all nodes, on which NodePorts are found. */
  readonly nodes: ReadonlySet<IP>;
  /** The name of this host. */
  readonly host: string;
  /** The source of what goes on to another node. */
  readonly address: IP | undefined;
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
  const ways = waysTo(way, key, front, context, table.forwarding.maglev);
  return ways.map((branch) => {
    const taken = backends[branch.turn!]!;
    return taken.host === table.host ? branch : elsewhere(branch, table, way.packet);
  });
}

/**
 * Whoever stays with a backend goes there. All others go to each with an equal share, or with
 * `maglev` to the one in the slot of their connection.
 */
function waysTo(
  way: Branch,
  key: string,
  front: Frontend,
  context: Pick<HookContext, 'recent' | 'isAnyPort'>,
  maglev?: MaglevSettings,
): Branch[] {
  const { backends, affinity } = front;
  const { src } = way.packet.tuple;
  const sticky = backends.findIndex((backend) => {
    return affinity !== undefined && context.recent(listOf(front, backend), src, affinity);
  });
  return choicesOf(way.packet, front, sticky, context.isAnyPort === true, maglev).map(
    ({ index, share }) => {
      const backend = backends[index]!;
      const { address, port } = backend;
      const { packet } = way;
      const setting = { list: listOf(front, backend), address: src, capacity: CLIENTS_MAX };
      return {
        ...way,
        turn: index,
        probability: multiply(way.probability, share),
        packet: { ...packet, tuple: { ...packet.tuple, dst: address, dport: port } },
        rules: [...way.rules, referenceTo(key, front, backend)],
        recentSets: affinity === undefined ? way.recentSets : [...way.recentSets, setting],
      };
    },
  );
}

/** A backend by its place in the list, and how likely it is taken. */
interface Choice {
  readonly index: number;
  readonly share: Ratio;
}

/** Where the client's port is open, every slot of the table is as likely as any other. */
function choicesOf(
  { tuple, kind }: Packet,
  front: Frontend,
  sticky: number,
  isAnyPort: boolean,
  maglev: MaglevSettings | undefined,
): readonly Choice[] {
  const { backends, affinity } = front;
  if (sticky >= 0) return [{ index: sticky, share: CERTAIN }];
  if (maglev === undefined) {
    const share = ratio(1, backends.length);
    return backends.map((_, index) => ({ index, share }));
  }
  const table = tableOf(front, tuple.protocol, maglev);
  const asked: FiveTuple = isAnyPort && kind === 'syn' ? { ...tuple, sport: ANY_PORT } : tuple;
  const slot = maglevSlot(asked, affinity !== undefined, maglev);
  if (slot !== undefined) return [{ index: table[slot]!, share: CERTAIN }];
  const counts = backends.map(() => 0);
  for (const index of table) counts[index]!++;
  return counts.flatMap((count, index) => {
    return count === 0 ? [] : [{ index, share: ratio(count, table.length) }];
  });
}

const tables = new WeakMap<readonly Backend[], readonly number[]>();

/** Computed when the first packet comes; the same for all addresses of a Service port. */
function tableOf(
  { backends }: Frontend,
  protocol: Protocol,
  maglev: MaglevSettings,
): readonly number[] {
  let table = tables.get(backends);
  if (table === undefined) {
    const weighted = backends.map((backend) => ({ ...backend, weight: MAGLEV_WEIGHT }));
    tables.set(backends, (table = maglevTable(weighted, protocol, maglev)));
  }
  return table;
}

/** The affinity map has room for as many clients as there are (lb-affinity-map-max). */
const CLIENTS_MAX = Number.MAX_SAFE_INTEGER;

/**
 * On to a backend of another node: with the Service address on board, so that the answer comes
 * straight from there, or from an address of this node, so that it comes back.
 * source: cilium bpf/lib/nodeport.h nodeport_uses_dsr4, tail_nodeport_ipv4_dsr,
 * tail_nodeport_nat_egress_ipv4
 */
function elsewhere(branch: Branch, { forwarding, address }: EbpfTable, sent: Packet): Branch {
  const { packet } = branch;
  const { protocol, dst, dport } = sent.tuple;
  if (isAnsweredDirectly(forwarding, protocol)) {
    const service = { address: dst, port: dport, by: forwarding.dispatch };
    return { ...branch, packet: { ...packet, service } };
  }
  if (address === undefined) return branch;
  return {
    ...branch,
    packet: { ...packet, tuple: { ...packet.tuple, src: address, sport: ANY_PORT } },
  };
}

/** source: cilium pkg/loadbalancer/loadbalancer.go ToSVCForwardingMode */
function isAnsweredDirectly({ mode }: Forwarding, protocol: Protocol): boolean {
  return mode === 'dsr' || (mode === 'hybrid' && protocol === 'TCP');
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
