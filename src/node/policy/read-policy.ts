// Policies of every kind as `Policy`. Reads completed objects, as the API server stores them.

import type {
  AdminNetworkPolicy,
  AdminPeer,
  AdminPort,
  AdminSubject,
} from '../../apiserver/kinds/admin-network-policy';
import type {
  ClusterNetworkPolicy,
  ClusterProtocol,
} from '../../apiserver/kinds/cluster-network-policy';
import type {
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
} from '../../apiserver/kinds/network-policy';
import type { KubeObject } from '../../values/kube-object';
import { nameOf } from '../../values/kube-object';
import type { Action, Direction, Peer, PodsPeer, Policy, PolicyRule, PortRule } from './policy';

/** The kinds that speak of who may talk to whom, sorted. */
export const POLICY_KINDS = [
  'AdminNetworkPolicy',
  'BaselineAdminNetworkPolicy',
  'ClusterNetworkPolicy',
  'NetworkPolicy',
] as const;

export type PolicyKind = (typeof POLICY_KINDS)[number];

const ACTIONS: Readonly<Record<string, Action>> = {
  Accept: 'allow',
  Allow: 'allow',
  Deny: 'deny',
  Pass: 'pass',
};

/** Throws RangeError for an object that is no policy. */
export function readPolicy(object: KubeObject): Policy {
  switch (object.kind) {
    case 'NetworkPolicy':
      return readNetworkPolicy(object as NetworkPolicy);
    case 'AdminNetworkPolicy':
    case 'BaselineAdminNetworkPolicy':
      return readAdminPolicy(object as AdminNetworkPolicy);
    case 'ClusterNetworkPolicy':
      return readClusterPolicy(object as ClusterNetworkPolicy);
    default:
      throw new RangeError(`${object.kind} is no policy`);
  }
}

function readNetworkPolicy(object: NetworkPolicy): Policy {
  const { podSelector = {}, policyTypes = [], ingress = [], egress = [] } = object.spec;
  const namespace = object.metadata.namespace ?? 'default';
  const rule = (
    direction: Direction,
    index: number,
    peers: readonly NetworkPolicyPeer[] | undefined,
    ports: readonly NetworkPolicyPort[] | undefined,
  ): PolicyRule => ({
    path: `spec.${direction}[${index}]`,
    action: 'allow',
    peers: filled(peers)?.map((peer) => readPeer(peer, namespace)),
    ports: filled(ports)?.map(readPort),
  });
  return {
    key: nameOf(object),
    tier: 'namespace',
    priority: 0,
    subject: { is: 'pods', namespaces: { named: namespace }, pods: podSelector },
    ingress: policyTypes.includes('Ingress')
      ? ingress.map(({ from, ports }, index) => rule('ingress', index, from, ports))
      : undefined,
    egress: policyTypes.includes('Egress')
      ? egress.map(({ to, ports }, index) => rule('egress', index, to, ports))
      : undefined,
  };
}

/** An empty list restricts nothing, as an absent one. */
function filled<T>(list: readonly T[] | undefined): readonly T[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list;
}

function readPeer(peer: NetworkPolicyPeer, namespace: string): Peer {
  const { podSelector = {}, namespaceSelector, ipBlock } = peer;
  if (ipBlock !== undefined) {
    return { is: 'block', cidr: ipBlock.cidr, except: ipBlock.except ?? [] };
  }
  return { is: 'pods', namespaces: namespaceSelector ?? { named: namespace }, pods: podSelector };
}

function readPort({ protocol = 'TCP', port, endPort }: NetworkPolicyPort): PortRule {
  if (port === undefined) return { protocol };
  if (typeof port === 'string') return { protocol, name: port };
  return { protocol, first: port, last: endPort ?? port };
}

function readAdminPolicy(object: AdminNetworkPolicy): Policy {
  const { kind, spec } = object;
  const tier = kind === 'AdminNetworkPolicy' ? 'admin' : 'baseline';
  const rules = (direction: Direction): PolicyRule[] =>
    (spec[direction] ?? []).map(({ action, from, to, ports }, index) =>
      adminRule(`spec.${direction}[${index}]`, action, from ?? to ?? [], ports?.map(adminPort)),
    );
  return adminPolicy(object, tier, spec.priority ?? 0, spec.subject, rules);
}

function readClusterPolicy(object: ClusterNetworkPolicy): Policy {
  const { spec } = object;
  const tier = spec.tier === 'Baseline' ? 'baseline' : 'admin';
  const rules = (direction: Direction): PolicyRule[] =>
    (spec[direction] ?? []).map(({ action, from, to, protocols }, index) => {
      const ports = protocols?.map(clusterPort);
      return adminRule(`spec.${direction}[${index}]`, action, from ?? to ?? [], ports);
    });
  return adminPolicy(object, tier, spec.priority, spec.subject, rules);
}

function adminPolicy(
  object: KubeObject,
  tier: 'admin' | 'baseline',
  priority: number,
  subject: AdminSubject,
  rules: (direction: Direction) => PolicyRule[],
): Policy {
  return {
    key: nameOf(object),
    tier,
    priority,
    subject: podsOf(subject),
    ingress: rules('ingress'),
    egress: rules('egress'),
  };
}

/**
 * A peer of an unknown kind fails closed: nobody is allowed by it, and the rule that would deny
 * or pass some denies all.
 * source: kubernetes-sigs/network-policy-api apis/v1alpha2/clusternetworkpolicy_types.go
 */
function adminRule(
  path: string,
  word: string,
  given: readonly AdminPeer[],
  ports: readonly PortRule[] | undefined,
): PolicyRule {
  const action = ACTIONS[word] ?? 'deny';
  const peers = given.flatMap(adminPeers);
  const rule = { path, action, peers, ports: filled(ports) };
  if (action === 'allow' || peers.every(({ is }) => is !== 'unknown')) return rule;
  return { path, action: 'deny', peers: undefined, ports: undefined };
}

function adminPeers(peer: AdminPeer): Peer[] {
  const { nodes, networks, domainNames } = peer;
  if (nodes !== undefined) return [{ is: 'nodes', labels: nodes }];
  if (networks !== undefined) return networks.map((cidr) => ({ is: 'block', cidr, except: [] }));
  if (domainNames !== undefined) return [{ is: 'domains', names: domainNames }];
  if (peer.namespaces === undefined && peer.pods === undefined) return [{ is: 'unknown' }];
  return [podsOf(peer)];
}

function podsOf({ namespaces, pods }: AdminSubject): PodsPeer {
  if (pods === undefined) return { is: 'pods', namespaces: namespaces ?? {}, pods: {} };
  return { is: 'pods', namespaces: pods.namespaceSelector, pods: pods.podSelector };
}

function adminPort({ portNumber, portRange, namedPort }: AdminPort): PortRule {
  if (namedPort !== undefined) return { name: namedPort };
  if (portNumber !== undefined) {
    const { protocol = 'TCP', port } = portNumber;
    return { protocol, first: port, last: port };
  }
  const { protocol = 'TCP', start = 1, end = 65_535 } = portRange ?? {};
  return { protocol, first: start, last: end };
}

function clusterPort({ tcp, udp, sctp, destinationNamedPort }: ClusterProtocol): PortRule {
  if (destinationNamedPort !== undefined) return { name: destinationNamedPort };
  const protocol = tcp !== undefined ? 'TCP' : udp !== undefined ? 'UDP' : 'SCTP';
  const { number, range } = (tcp ?? udp ?? sctp)?.destinationPort ?? {};
  if (number !== undefined) return { protocol, first: number, last: number };
  return range === undefined ? { protocol } : { protocol, first: range.start, last: range.end };
}
