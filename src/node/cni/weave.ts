// Weave Net (archived in 2024): one flat network over all nodes. The peers share the range by
// agreement, each pod is plugged into a bridge, and the bridges are joined by a tunnel.
// source: weaveworks/weave ipam/allocator.go, net/bridge.go, npc/controller.go

import { cidr, sizeOf } from '../../values/cidr';
import { ipFromNumber } from '../../values/ip';
import type { IP } from '../../values/ip';
import type { Machine } from '../machine';
import type { PolicyProfile } from '../policy/profile';
import { defineCni } from './define';
import type { Attachment, CniCluster, CniNetwork } from './define';
import { masqueradeRules } from './masquerade-rules';
import { NodeRoutes } from './node-routes';

const BRIDGE = 'weave';
const TUNNEL = 'vxlan-6784';
const MTU = 1_376;

/** weave-npc accepts ESTABLISHED,RELATED before it looks at a policy, and drops what is left. */
const POLICY: PolicyProfile = {
  agent: 'weave-npc',
  kinds: ['NetworkPolicy'],
  delays: ['weave-npc.apply'],
  established: 'kept',
  newPods: 'isolated',
  blocksMatchPods: true,
};

export const weave = defineCni({
  name: 'weave',
  summary: 'One flat network over all nodes: bridges that are joined by a tunnel (archived).',
  source: 'weaveworks/weave ipam, net/bridge.go, npc',
  options: {},
  policy: () => POLICY,
  create: (cluster) => new Weave(cluster),
});

/** A peer's part of the range; all peers that ever were keep theirs. */
interface Share {
  readonly first: bigint;
  readonly last: bigint;
  readonly taken: Set<IP>;
  readonly byId: Map<string, readonly IP[]>;
  readonly bridge: IP;
}

class Weave implements CniNetwork {
  readonly ownAddresses = true;
  private readonly range: string;
  private readonly routes = new NodeRoutes({
    tunnel: () => ({ device: TUNNEL, kind: 'vxlan', crossSubnetOnly: false }),
  });
  /** In the order in which the peers came; the initial ones share evenly. */
  private readonly shares = new Map<string, Share>();

  private readonly peers: bigint;

  constructor({ podCIDRs, nodes = [] }: CniCluster) {
    // Weave knows IPv4 alone.
    const range = podCIDRs.find((text) => cidr(text).family === 'IPv4');
    if (range === undefined) throw new RangeError('weave has no addresses but IPv4');
    this.range = range;
    this.peers = BigInt(Math.max(1, nodes.length));
  }

  join(machine: Machine): void {
    const share = this.shareOf(machine.name);
    const ranges = [...coveringRanges(share.first, share.last)];
    this.routes.join(machine, ranges);
    machine.setDevice({ name: TUNNEL, kind: 'tunnel', addresses: [], mtu: MTU });
    const { prefix } = cidr(this.range);
    machine.setDevice({
      name: BRIDGE,
      kind: 'bridge',
      addresses: [`${share.bridge}/${prefix}`],
      mtu: MTU,
      hairpin: true,
    });
    for (const destination of ranges) {
      machine.routing.add({ destination, device: BRIDGE, source: share.bridge });
    }
    const rules = masqueradeRules('IPv4', {
      chain: 'WEAVE',
      comment: 'weave',
      sources: [this.range],
      exclude: [this.range, '224.0.0.0/4'],
    });
    if (rules !== undefined) machine.cniRules.set('IPv4', Object.freeze(rules));
  }

  leave(machine: Machine): void {
    this.routes.leave(machine.name);
    this.shares.delete(machine.name);
  }

  attach({ name }: Machine, id: string): Attachment {
    const share = this.shares.get(name);
    if (share === undefined) return { ok: false, error: 'weave is not ready' };
    for (let number = share.first; number <= share.last; number++) {
      const address = ipFromNumber(number, 'IPv4');
      if (share.taken.has(address) || !this.isUsable(number)) continue;
      share.taken.add(address);
      share.byId.set(id, [address]);
      return { ok: true, addresses: [address] };
    }
    return { ok: false, error: `no IP addresses left in the range of peer ${name}` };
  }

  detach({ name }: Machine, id: string): void {
    const share = this.shares.get(name);
    for (const address of share?.byId.get(id) ?? []) share?.taken.delete(address);
    share?.byId.delete(id);
  }

  allocations(node: string): ReadonlyMap<string, readonly IP[]> {
    return this.shares.get(node)?.byId ?? new Map();
  }

  /** The initial peers agree on even shares; what does not divide evenly is the last one's. */
  private shareOf(node: string): Share {
    const known = this.shares.get(node);
    if (known !== undefined) return known;
    const range = cidr(this.range);
    const index = BigInt(this.shares.size);
    const size = sizeOf(range) / this.peers;
    const isLast = index === this.peers - 1n;
    const first = range.first + index * size;
    const last = isLast ? range.first + sizeOf(range) - 1n : first + size - 1n;
    const bridge = ipFromNumber(first + (index === 0n ? 1n : 0n), 'IPv4');
    const share = { first, last, taken: new Set([bridge]), byId: new Map(), bridge };
    this.shares.set(node, share);
    return share;
  }

  /** Network and broadcast address of the whole range are nobody's. */
  private isUsable(number: bigint): boolean {
    const range = cidr(this.range);
    return number !== range.first && number !== range.first + sizeOf(range) - 1n;
  }
}

/** The fewest ranges that together hold the numbers from `first` to `last`. */
function* coveringRanges(first: bigint, last: bigint): Iterable<string> {
  for (let at = first; at <= last;) {
    let size = 1n;
    while (at % (size * 2n) === 0n && at + size * 2n - 1n <= last) size *= 2n;
    yield `${ipFromNumber(at, 'IPv4')}/${33 - size.toString(2).length}`;
    at += size;
  }
}
