// kube-proxy: Services and their endpoints become rules in the kernel of each node.
//
// Responsibilities: read Services and EndpointSlices (service-map, endpoints-map), choose the
// endpoints that a node may use (categorize-endpoints), compile them to rules by a mode
// (iptables, ipvs, nftables, ebpf), and do so at the instants at which the real component does
// (kube-proxy, sync-runner). May not: evaluate packets, know pods, or read the store past an
// informer.

import { ebpf } from './ebpf';
import { iptables } from './iptables';
import { ipvs } from './ipvs';
import { nftables } from './nftables';
import type { ProxyMode } from './proxy-mode';

/** Every mode that is modelled, sorted by name. */
export const PROXY_MODES: readonly ProxyMode[] = [ebpf, iptables, ipvs, nftables];

/** The mode of that name; undefined where it is not modelled. */
export function proxyMode(name: string): ProxyMode | undefined {
  return PROXY_MODES.find((mode) => mode.name === name);
}
