// Settings that nothing in a cluster reads: timers of parts that it does not have, and settings of
// kube-proxy, of eBPF and of Cilium that others of them switch off.
// source: cmd/kube-proxy/app/server_linux.go getLocalDetectors (reads the range of one mode alone)

import type { IdleSetting, Machinery } from '../language/lexicon';
import { CNI_PLUGINS } from '../node/cni/index';
import { forwardingOf } from '../node/proxy/ebpf-settings';
import { proxyMode } from '../node/proxy/index';
import type { MetalLbSpec } from '../values/load-balancer-spec';
import { whyNoLock } from './upkeep';

/** Who waits for a timer, where not every cluster has it. */
interface Part {
  /** How the names of its timers begin. */
  readonly timers: string;
  /** What a cluster has to say to have it. */
  readonly said: string;
  isIn(cluster: Machinery): boolean;
}

/** The first that fits a name is the one. */
const PARTS: readonly Part[] = [
  {
    timers: 'aws-network-policy-agent.',
    said: 'cni: {name: aws-vpc, networkPolicy: standard}',
    isIn: (cluster) =>
      isPlugin(cluster, 'aws-vpc') && cluster.cni.options['networkPolicy'] !== 'off',
  },
  { timers: 'aws-node.', said: 'cni: aws-vpc', isIn: (it) => isPlugin(it, 'aws-vpc') },
  routesBy('bird.kernelScan', 'cni: {name: calico, mode: ipip}'),
  routesBy('calico-node.routeRefresh', 'cni: {name: calico, mode: vxlan}'),
  { timers: 'calico-', said: 'cni: calico', isIn: (it) => isPlugin(it, 'calico') },
  { timers: 'cilium-agent.', said: 'cni: cilium', isIn: (it) => isPlugin(it, 'cilium') },
  syncsBy('cilium.minSyncPeriod', 'ebpf'),
  { timers: 'cloud-', said: 'loadBalancer: cloud', isIn: isOfCloud },
  routesBy('flannel.routeCheck', 'cni: {name: flannel, mode: host-gw}'),
  { timers: 'kindnet.', said: 'cni: kindnet', isIn: (it) => isPlugin(it, 'kindnet') },
  { timers: 'kube-network-policies.', said: 'cni: kindnet', isIn: (it) => isPlugin(it, 'kindnet') },
  {
    timers: 'kube-proxy.canary',
    said: 'proxy: iptables',
    isIn: ({ proxy }) => proxyMode(proxy.mode)?.upkeep?.watchesCanary === true,
  },
  syncsBy('kube-proxy.ipvs.minSyncPeriod', 'ipvs'),
  {
    timers: 'kube-proxy.lockWait',
    said: 'proxy: iptables',
    isIn: (cluster) => whyNoLock(cluster) === undefined,
  },
  syncsBy('kube-proxy.minSyncPeriod', 'iptables'),
  {
    timers: 'kube-proxy.staleChainAge',
    said: 'proxy: nftables',
    isIn: ({ proxy }) => proxy.mode === 'nftables',
  },
  {
    timers: 'metallb.bgpHoldTime',
    said: 'loadBalancer: {metallb: {mode: bgp}}',
    isIn: (cluster) => metallbOf(cluster)?.mode === 'bgp',
  },
  {
    timers: 'metallb.announce',
    said: 'loadBalancer: {metallb: {}}',
    isIn: (cluster) => metallbOf(cluster) !== undefined,
  },
  {
    timers: 'metallb.',
    said: 'loadBalancer: {metallb: {mode: layer2}}',
    isIn: (cluster) => metallbOf(cluster)?.mode === 'layer2',
  },
  {
    timers: 'node-cache.',
    said: 'dns: {nodelocal: true}, without a corefile of its own',
    isIn: ({ dns: { nodelocal } }) => nodelocal !== undefined && nodelocal.corefile === undefined,
  },
  { timers: 'weave-npc.', said: 'cni: weave', isIn: (it) => isPlugin(it, 'weave') },
];

/** See Lexicon.idleSettings. */
export function idleSettings(cluster: Machinery): readonly IdleSetting[] {
  return [...idleTimers(cluster), ...idleProxySettings(cluster), ...idleTunnels(cluster)];
}

function idleTimers(cluster: Machinery): readonly IdleSetting[] {
  return Object.keys(cluster.timing.overrides).flatMap((name): readonly IdleSetting[] => {
    const part = PARTS.find(({ timers }) => name.startsWith(timers));
    if (part === undefined || part.isIn(cluster)) return [];
    const message = `nothing in this cluster waits for "${name}"`;
    return [{ path: ['timing', name], message, hint: `it is of a cluster with ${part.said}` }];
  });
}

function* idleProxySettings({ proxy: { mode, options } }: Machinery): Iterable<IdleSetting> {
  const isGiven = (key: string): boolean => options[key] !== undefined;
  const idle = (path: readonly string[], message: string, hint: string): IdleSetting => {
    return { path: ['proxy', ...path], message, hint };
  };
  if (mode !== 'ebpf') {
    if (!isGiven('clusterCIDR') || options['detectLocalMode'] !== 'NodeCIDR') return;
    const message = 'clusterCIDR says nothing beside detectLocalMode NodeCIDR';
    yield idle(['clusterCIDR'], message, 'pods are told by it in detectLocalMode ClusterCIDR');
    return;
  }
  for (const key of ['clusterCIDR', 'detectLocalMode', 'masqueradeAll'].filter(isGiven)) {
    const message = `${key} says nothing where eBPF does the work of kube-proxy`;
    yield idle([key], message, 'leave it out, or set another mode: iptables, nftables');
  }
  const { mode: forwarding, maglev } = forwardingOf(options);
  if (forwarding === 'snat') {
    const message = 'dsrDispatch says nothing in loadBalancer mode snat';
    yield idle(['loadBalancer', 'dsrDispatch'], message, 'set mode: dsr, or hybrid');
  }
  if (maglev === undefined) {
    const message = 'no Service chooses its backends by maglev';
    yield idle(['maglev'], message, 'loadBalancer: {algorithm: maglev}');
  }
}

/** Without tunnels, their protocol is that of packets which are dispatched in it, if any are. */
function idleTunnels({ cni, proxy }: Machinery): readonly IdleSetting[] {
  const { name, options } = cni;
  if (name !== 'cilium' || options['mode'] !== 'native') return [];
  const { mode, dispatch } = forwardingOf(proxy.mode === 'ebpf' ? proxy.options : {});
  if (mode !== 'snat' && dispatch === 'geneve') return [];
  const message = 'tunnelProtocol says nothing in mode native: there are no tunnels';
  return [{ path: ['cni', 'tunnelProtocol'], message, hint: 'mode: tunnel' }];
}

/** A pause between syncs that the settings of the mode do not say themselves. */
function syncsBy(timers: string, mode: string): Part {
  return {
    timers,
    said: `proxy: ${mode}, without a minSyncPeriod of its own`,
    isIn({ proxy }) {
      const timer = proxyMode(proxy.mode)?.minSyncPeriod ?? 'kube-proxy.minSyncPeriod';
      return timer === timers && proxy.options['minSyncPeriod'] === undefined;
    },
  };
}

/** The looks of a network plug-in at its routes. */
function routesBy(timers: string, said: string): Part {
  return {
    timers,
    said,
    isIn: ({ cni }) => CNI_PLUGINS.get(cni.name)?.routeUpkeep?.(cni.options) === timers,
  };
}

function isPlugin({ cni }: Machinery, name: string): boolean {
  return cni.name === name;
}

function isOfCloud({ loadBalancer: it }: Machinery): boolean {
  return it === 'cloud' || (typeof it === 'object' && 'cloud' in it);
}

/** MetalLB with its mode; undefined where there is none. */
function metallbOf({
  loadBalancer: it,
}: Machinery): Required<Pick<MetalLbSpec, 'mode'>> | undefined {
  if (typeof it !== 'object' || !('metallb' in it)) return undefined;
  return { mode: it.metallb.mode ?? 'layer2' };
}
