// The obvious twin of src/node/policy: reads the manifests themselves, rule by rule, for one flow
// at a time. It shares no code with what it is held against, not even the matching of selectors.

import type { KubeObject } from '../../src/values/kube-object';

type Json = Readonly<Record<string, any>>; // eslint-disable-line typescript/no-explicit-any

/** One end: a pod by its object, or an address. IPv4 only. */
export type End = { readonly pod: KubeObject } | { readonly address: string };

export interface ObviousFlow {
  readonly from: End;
  readonly to: End;
  readonly protocol: string;
  readonly port: number;
}

/** Whether both ends let the flow through. */
export function obviouslyAllowed(objects: readonly KubeObject[], flow: ObviousFlow): boolean {
  const { from, to } = flow;
  if ('pod' in from && 'pod' in to && nameOf(from.pod) === nameOf(to.pod)) return true;
  const sends = !('pod' in from) || allows(objects, from.pod, to, 'egress', flow);
  const takes = !('pod' in to) || allows(objects, to.pod, from, 'ingress', flow);
  return sends && takes;
}

function allows(
  objects: readonly KubeObject[],
  own: KubeObject,
  other: End,
  direction: 'ingress' | 'egress',
  flow: ObviousFlow,
): boolean {
  const admin = adminVerdict(objects, 'Admin', own, other, direction, flow);
  if (admin === 'allow') return true;
  if (admin === 'deny') return false;
  const type = direction === 'ingress' ? 'Ingress' : 'Egress';
  let isolated = false;
  for (const { kind, metadata, spec } of objects) {
    if (kind !== 'NetworkPolicy' || metadata.namespace !== own.metadata.namespace) continue;
    const policy = spec as Json;
    if (!fits(policy['podSelector'], own.metadata.labels) || !policy['policyTypes'].includes(type))
      continue;
    isolated = true;
    for (const rule of policy[direction] ?? []) {
      const peers: Json[] = (direction === 'ingress' ? rule.from : rule.to) ?? [];
      const ports: Json[] = rule.ports ?? [];
      const isPeer =
        peers.length === 0 ||
        peers.some((peer) => isNetworkPeer(objects, peer, other, metadata.namespace!));
      const isPort = ports.length === 0 || ports.some((port) => isNetworkPort(port, flow));
      if (isPeer && isPort) return true;
    }
  }
  if (isolated) return false;
  return adminVerdict(objects, 'Baseline', own, other, direction, flow) !== 'deny';
}

function adminVerdict(
  objects: readonly KubeObject[],
  tier: 'Admin' | 'Baseline',
  own: KubeObject,
  other: End,
  direction: 'ingress' | 'egress',
  flow: ObviousFlow,
): 'allow' | 'deny' | 'pass' | undefined {
  const policies = objects
    .filter(({ kind, spec }) => {
      if (kind === 'AdminNetworkPolicy') return tier === 'Admin';
      if (kind === 'BaselineAdminNetworkPolicy') return tier === 'Baseline';
      return kind === 'ClusterNetworkPolicy' && (spec as Json)['tier'] === tier;
    })
    .sort((a, b) => {
      const [x, y] = [a, b].map(({ spec }) => (spec as Json)['priority'] ?? 0);
      const [m, n] = [a, b].map((it) => `${it.kind}/${it.metadata.name}`);
      return x - y || (m! < n! ? -1 : 1);
    });
  for (const { spec } of policies) {
    const policy = spec as Json;
    if (!isAdminPods(objects, policy['subject'], own)) continue;
    for (const rule of policy[direction] ?? []) {
      const peers: Json[] = rule.from ?? rule.to;
      const ports: Json[] = rule.ports ?? rule.protocols ?? [];
      if (!peers.some((peer) => isAdminPeer(objects, peer, other))) continue;
      if (ports.length > 0 && !ports.some((port) => isAdminPort(port, flow))) continue;
      return rule.action === 'Deny' ? 'deny' : rule.action === 'Pass' ? 'pass' : 'allow';
    }
  }
  return undefined;
}

function isNetworkPeer(
  objects: readonly KubeObject[],
  peer: Json,
  other: End,
  namespace: string,
): boolean {
  const { ipBlock } = peer;
  if (ipBlock !== undefined) {
    const address = addressOf(other);
    return (
      isInside(address, ipBlock.cidr) &&
      !(ipBlock.except ?? []).some((part: string) => isInside(address, part))
    );
  }
  if (!('pod' in other)) return false;
  const { namespace: its, labels } = other.pod.metadata;
  if (peer['namespaceSelector'] === undefined) {
    if (its !== namespace) return false;
  } else if (!fits(peer['namespaceSelector'], namespaceLabels(objects, its!))) return false;
  return peer['podSelector'] === undefined || fits(peer['podSelector'], labels);
}

function isAdminPeer(objects: readonly KubeObject[], peer: Json, other: End): boolean {
  if (peer['networks'] !== undefined) {
    return peer['networks'].some((range: string) => isInside(addressOf(other), range));
  }
  return 'pod' in other && isAdminPods(objects, peer, other.pod);
}

function isAdminPods(objects: readonly KubeObject[], peer: Json, pod: KubeObject): boolean {
  const ofNamespace = namespaceLabels(objects, pod.metadata.namespace!);
  if (peer['namespaces'] !== undefined) return fits(peer['namespaces'], ofNamespace);
  const { pods } = peer;
  return fits(pods.namespaceSelector, ofNamespace) && fits(pods.podSelector, pod.metadata.labels);
}

function isNetworkPort(rule: Json, flow: ObviousFlow): boolean {
  if ((rule['protocol'] ?? 'TCP') !== flow.protocol) return false;
  const { port, endPort } = rule;
  if (port === undefined) return true;
  if (typeof port === 'string') return isDeclared(flow, port);
  return endPort === undefined ? flow.port === port : flow.port >= port && flow.port <= endPort;
}

function isAdminPort(rule: Json, flow: ObviousFlow): boolean {
  const name = rule['namedPort'] ?? rule['destinationNamedPort'];
  if (name !== undefined) return isDeclared(flow, name);
  const { portNumber, portRange } = rule;
  if (portNumber !== undefined) {
    return portNumber.protocol === flow.protocol && portNumber.port === flow.port;
  }
  if (portRange !== undefined) {
    const { protocol, start, end } = portRange;
    return protocol === flow.protocol && flow.port >= start && flow.port <= end;
  }
  const transport = rule[flow.protocol.toLowerCase()];
  if (transport === undefined) return false;
  const destination = transport.destinationPort;
  if (destination === undefined) return true;
  if (destination.number !== undefined) return destination.number === flow.port;
  return flow.port >= destination.range.start && flow.port <= destination.range.end;
}

/** A name means the number that the destination pod gives it, for the packet's protocol. */
function isDeclared({ to, protocol, port }: ObviousFlow, name: string): boolean {
  if (!('pod' in to)) return false;
  const { containers } = to.pod.spec as { containers: readonly Json[] };
  return containers.some(({ ports = [] }) =>
    ports.some(
      (it: Json) =>
        it['name'] === name && it['containerPort'] === port && it['protocol'] === protocol,
    ),
  );
}

function fits(selector: Json | undefined, given: Readonly<Record<string, string>> | undefined) {
  const labels = new Map(Object.entries(given ?? {}));
  for (const [key, value] of Object.entries(selector?.['matchLabels'] ?? {})) {
    if (labels.get(key) !== value) return false;
  }
  for (const { key, operator, values } of selector?.['matchExpressions'] ?? []) {
    const value = labels.get(key);
    const isListed = value !== undefined && (values ?? []).includes(value);
    if (operator === 'In' && !isListed) return false;
    if (operator === 'NotIn' && isListed) return false;
    if (operator === 'Exists' && value === undefined) return false;
    if (operator === 'DoesNotExist' && value !== undefined) return false;
  }
  return true;
}

function namespaceLabels(objects: readonly KubeObject[], name: string) {
  return objects.find((it) => it.kind === 'Namespace' && it.metadata.name === name)!.metadata
    .labels;
}

function addressOf(end: End): string {
  if ('address' in end) return end.address;
  return (end.pod.status as { podIP: string }).podIP;
}

/** Bits of dotted quads, compared one by one. */
function isInside(address: string, range: string): boolean {
  const [base, length] = range.split('/') as [string, string];
  return bits(address).slice(0, Number(length)) === bits(base).slice(0, Number(length));
}

function bits(address: string): string {
  return address
    .split('.')
    .map((part) => Number(part).toString(2).padStart(8, '0'))
    .join('');
}

function nameOf({ metadata }: KubeObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}
