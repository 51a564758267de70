// Which provider serves Services of type LoadBalancer in a cluster, with its defaults filled in.

import { addressAt, cidr, sizeOf } from '../../values/cidr';
import type { ClusterSpec } from '../../values/cluster-spec';
import type { CloudSpec, MetalLbSpec } from '../../values/load-balancer-spec';
import { AddressPool } from './address-pool';

/** How packets come from the balancer to a node. */
export type Delivery = NonNullable<CloudSpec['kind']>;

export interface Provider {
  readonly name: 'cloud' | 'metallb-layer2' | 'metallb-bgp';
  readonly delivery: Delivery;
  /** The loadBalancerClass that it serves; undefined for Services without one. */
  readonly loadBalancerClass: string | undefined;
  readonly pools: readonly AddressPool[];
}

/** For documentation (RFC 5737, RFC 3849): no cluster has them as its own. */
const CLOUD_ADDRESSES: readonly string[] = [
  '198.51.100.1-198.51.100.254',
  '2001:db8:1b::1-2001:db8:1b::ff',
];

/** The provider of a cluster; undefined where nobody serves such Services. */
export function providerOf(spec: ClusterSpec): Provider | undefined {
  const { loadBalancer } = spec;
  if (loadBalancer === 'none') return undefined;
  if (loadBalancer === 'cloud') return cloud({});
  return 'cloud' in loadBalancer ? cloud(loadBalancer.cloud) : metallb(loadBalancer.metallb, spec);
}

function cloud({ kind = 'node-port', addresses = CLOUD_ADDRESSES }: CloudSpec): Provider {
  const pools = [new AddressPool('cloud', addresses, true)];
  return { name: 'cloud', delivery: kind, loadBalancerClass: undefined, pools };
}

function metallb(settings: MetalLbSpec, { nodeCIDRs }: ClusterSpec): Provider {
  const { mode = 'layer2', loadBalancerClass } = settings;
  const pools = settings.pools ?? [{ name: 'default', addresses: nodeCIDRs.map(lastAddresses) }];
  return {
    name: mode === 'bgp' ? 'metallb-bgp' : 'metallb-layer2',
    delivery: 'pass-through',
    loadBalancerClass,
    pools: pools.map((it) => new AddressPool(it.name, it.addresses, it.autoAssign ?? true)),
  };
}

/** From the 16th to the 6th address before the end; of a small network, its upper half. */
function lastAddresses(text: string): string {
  const range = cidr(text);
  const size = sizeOf(range);
  const [first, last] = size > 32n ? [size - 16n, size - 6n] : [size / 2n, size - 2n];
  return `${addressAt(range, first)}-${addressAt(range, last)}`;
}
