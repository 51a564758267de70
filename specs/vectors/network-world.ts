// The world of a vector question as packets meet it: the nodes with the rules of their proxies,
// the pods with the addresses that their statuses give, and the machines outside. Nothing is
// reconciled: objects are taken as they are.

import { Kernel } from '../../src/kernel/kernel';
import { createNetwork } from '../../src/network/index';
import type { Network } from '../../src/network/index';
import type { Pod } from '../../src/apiserver/kinds/pod';
import type { Machine } from '../../src/node/machine';
import type { Ruleset } from '../../src/node/netfilter/ruleset';
import { PodSandbox } from '../../src/node/pod-sandbox';
import { proxyMode } from '../../src/node/proxy/index';
import { cidr } from '../../src/values/cidr';
import type { ClusterSpec, ListenSpec, NodeSpec } from '../../src/values/cluster-spec';
import { familyOf, ip } from '../../src/values/ip';
import { keyOf } from '../../src/values/kube-object';
import type { KubeVersion } from '../../src/values/kube-version';
import { START } from '../../src/values/time';
import { proxyInput, proxyNode } from './proxy-world';
import type { Question, VectorNode } from './vector-file';

/** How the CNIs of the format are set up with the model's own. */
const CNIS: Readonly<Record<string, ClusterSpec['cni']>> = {
  bridge: { name: 'bridge', options: { hairpinMode: true } },
  'bridge+masq': { name: 'bridge', options: { hairpinMode: true } },
  ptp: { name: 'bridge', options: { hairpinMode: true } },
  vxlan: { name: 'flannel', options: { mode: 'vxlan' } },
};

/** Ports of a pod that a Service may lead to without the pod declaring them. */
type Wanted = ReadonlyMap<string, readonly ListenSpec[]>;

/** The network of a question. Throws where the format has no such CNI or mode. */
export function networkOf(question: Question): Network {
  const { cni = 'bridge', proxy = 'iptables' } = question.cluster;
  const plugin = CNIS[String(cni)];
  if (plugin === undefined) {
    throw new Error(`cni ${String(cni)} is none of ${Object.keys(CNIS).join(', ')}`);
  }
  const mode = proxyMode(proxy);
  if (mode === undefined) throw new Error(`there is no mode ${proxy} of kube-proxy`);
  const spec = specOf(question, plugin);
  const network = createNetwork(spec, new Kernel(1));
  for (const machine of network.machines.values()) {
    plugCni(network, machine);
    for (const family of spec.ipFamilies) {
      const node = proxyNode(question, machine.name, family);
      machine.proxyRules.set(family, mode.compile(proxyInput(question, family), node));
    }
    // The format's tunnel is a network alone: only `bridge+masq` masquerades beside kube-proxy.
    if (cni === 'vxlan') machine.cniRules.clear();
    if (cni === 'bridge+masq') masquerade(question, machine);
  }
  const wanted = slicePorts(question);
  for (const object of question.objects) {
    if (object.kind === 'Pod') plugPod(network, object as Pod, wanted, cni === 'ptp');
  }
  return network;
}

function specOf({ cluster }: Question, cni: ClusterSpec['cni']): ClusterSpec {
  const nodes = cluster.nodes ?? [];
  const podCIDRs = rangesOf(cluster['podCIDR'], '10.244.0.0/16');
  const externals = Object.entries((cluster['externals'] ?? {}) as Record<string, string>);
  return {
    kubernetes: cluster.kubernetes as KubeVersion,
    domain: 'cluster.local',
    nodes: nodes.map(nodeOf),
    controlPlane: ip('198.18.0.1'),
    ipFamilies: podCIDRs.map((range) => cidr(range).family),
    podCIDRs,
    serviceCIDRs: rangesOf(cluster['serviceCIDR'], '10.96.0.0/16'),
    nodeCIDRs: nodeRanges(nodes),
    cni,
    proxy: { mode: cluster.proxy ?? 'iptables', options: {} },
    dns: { replicas: 0 },
    externals: externals.map(([name, text]) => {
      return { name, address: ip(text), listen: [], names: [] };
    }),
    loadBalancer: 'none',
    timing: { profile: 'instant', overrides: {} },
    featureGates: {},
    start: 'settled',
    behaviours: [],
    manifests: [],
  };
}

function nodeOf({ name, ips, podCIDRs = [], zone = '' }: VectorNode): NodeSpec {
  const addresses = ips.map((text) => ip(text));
  const plain = { labels: {}, taints: [], role: 'worker', maxPods: 110 } as const;
  return { name, addresses, zone, podCIDRs, ...plain };
}

function rangesOf(value: unknown, fallback: string): string[] {
  if (Array.isArray(value)) return value as string[];
  return String(value ?? fallback).split(',');
}

/** The ranges of the nodes' own networks, as their interfaces give them. */
function nodeRanges(nodes: readonly VectorNode[]): string[] {
  const onLink = nodes.flatMap(({ ips, interfaces = {} }) => {
    const texts = Object.values(interfaces).flat();
    return texts.filter((text) => ips.includes(text.split('/')[0]!));
  });
  const ranges = new Set(onLink.map((text) => cidr(text).text));
  return ranges.size > 0 ? [...ranges] : ['192.168.0.0/16'];
}

/** The first pod of a node makes the bridge; the one that made it here is gone again. */
function plugCni(network: Network, { name }: Machine): void {
  if (!network.attachPod(name, 'vectors/first').ok) return;
  network.detachPod(name, 'vectors/first');
}

function plugPod(network: Network, pod: Pod, wanted: Wanted, isPointToPoint: boolean): void {
  const { phase, podIP, podIPs = podIP ? [{ ip: podIP }] : [] } = pod.status ?? {};
  const machine = network.machines.get(pod.spec.nodeName ?? '');
  if (machine === undefined || phase === 'Failed' || phase === 'Succeeded') return;
  const { hostNetwork = false } = pod.spec;
  const addresses = hostNetwork ? machine.addresses : podIPs.map((it) => ip(it.ip));
  const podKey = keyOf(pod);
  const sandbox = new PodSandbox({
    podKey,
    uid: podKey,
    node: machine.name,
    addresses,
    hostNetwork,
  });
  for (const container of pod.spec.containers ?? [{ name: 'main' }]) {
    const declared = (container.ports ?? []).map(({ containerPort, protocol = 'TCP' }) => {
      return { port: containerPort, protocol };
    });
    sandbox.processes.set(container.name, {
      container: container.name,
      state: 'running',
      listen: [...declared, ...(wanted.get(podKey) ?? [])],
      startedAt: START,
      exitCode: 0,
      exitedAt: START,
      stoppedBy: new Set(),
    });
  }
  machine.installSandbox(sandbox);
  if (isPointToPoint && !hostNetwork) plugVeth(machine, sandbox);
}

/** A veth without address and a route for the one pod behind it. */
function plugVeth(machine: Machine, { podKey, addresses }: PodSandbox): void {
  const device = `veth-${podKey}`;
  machine.setDevice({ name: device, kind: 'veth', addresses: [], mtu: 1_500 });
  for (const address of addresses) {
    const bits = familyOf(address) === 'IPv4' ? 32 : 128;
    machine.routing.add({ destination: `${address}/${bits}`, device });
  }
}

/** What pods listen on because an EndpointSlice leads there: a pod that serves, serves its port. */
function slicePorts({ objects }: Question): Wanted {
  const wanted = new Map<string, ListenSpec[]>();
  for (const slice of objects.filter(({ kind }) => kind === 'EndpointSlice')) {
    const ports = (slice['ports'] ?? []) as readonly ListenSpec[];
    const endpoints = (slice['endpoints'] ?? []) as readonly {
      readonly targetRef?: { readonly namespace?: string; readonly name: string };
    }[];
    for (const { targetRef } of endpoints) {
      const key = `${targetRef?.namespace ?? ''}/${targetRef?.name ?? ''}`;
      const listens = ports.map(({ port, protocol = 'TCP' }) => ({ port, protocol }));
      wanted.set(key, [...(wanted.get(key) ?? []), ...listens]);
    }
  }
  return wanted;
}

/** The CNI's own rule: what pods send out of the pod network takes the node's address. */
function masquerade({ cluster }: Question, machine: Machine): void {
  for (const range of rangesOf(cluster['podCIDR'], '10.244.0.0/16')) {
    machine.cniRules.set(cidr(range).family, masqueradeRules(range));
  }
}

function masqueradeRules(podCIDR: string): Ruleset {
  const rule = {
    matches: [
      { on: 'source', cidr: podCIDR },
      { on: 'destination', cidr: podCIDR, not: true },
    ],
    target: { do: 'masquerade', randomFully: false },
  } as const;
  const chain = { name: 'POSTROUTING', policy: 'ACCEPT', rules: [rule] } as const;
  return { tables: new Map([['nat', { name: 'nat', chains: new Map([[chain.name, chain]]) }]]) };
}
