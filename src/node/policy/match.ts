// Whether a peer of a rule means an end of a flow, and whether a port of it means the flow's.
// source: staging/src/k8s.io/api/networking/v1/types.go (NetworkPolicyPeer, NetworkPolicyPort)

import { cidr, contains } from '../../values/cidr';
import type { IP } from '../../values/ip';
import { matchesSelector } from '../../values/labels';
import type {
  BlockPeer,
  Party,
  Peer,
  PodsPeer,
  PolicyFlow,
  PolicyPod,
  PolicyRule,
  PortRule,
  Semantics,
} from './policy';

export function matchesPeers({ peers }: PolicyRule, party: Party, semantics: Semantics): boolean {
  return peers === undefined || peers.some((peer) => matchesPeer(peer, party, semantics));
}

export function matchesPorts({ ports }: PolicyRule, flow: PolicyFlow): boolean {
  return ports === undefined || ports.some((port) => matchesPort(port, flow));
}

function matchesPeer(peer: Peer, party: Party, { blocksMatchPods }: Semantics): boolean {
  switch (peer.is) {
    case 'pods':
      return party.pod !== undefined && selects(peer, party.pod);
    case 'block':
      if (!blocksMatchPods && (party.pod ?? party.node) !== undefined) return false;
      return holds(peer, party.address);
    case 'nodes':
      return party.node !== undefined && matchesSelector(party.node.labels, peer.labels);
    case 'domains':
      return (party.domains ?? []).some((name) => peer.names.some((it) => isNamed(name, it)));
    case 'unknown':
      return false;
  }
}

/** Whether the pod is one of those. */
export function selects({ namespaces, pods }: PodsPeer, pod: PolicyPod): boolean {
  const isThere =
    'named' in namespaces
      ? pod.namespace === namespaces.named
      : matchesSelector(pod.namespaceLabels, namespaces);
  return isThere && matchesSelector(pod.labels, pods);
}

/** Whether the range holds the address; `except` narrows this very range only. */
export function holds({ cidr: range, except }: BlockPeer, address: IP): boolean {
  if (!contains(cidr(range), address)) return false;
  return !except.some((part) => contains(cidr(part), address));
}

/** `*.example.com` stands for every name below, not for `example.com` itself. */
function isNamed(name: string, pattern: string): boolean {
  const [dotless, wanted] = [name, pattern].map((it) => it.replace(/\.$/, '').toLowerCase());
  if (wanted!.startsWith('*.')) return dotless!.endsWith(wanted!.slice(1));
  return dotless === wanted;
}

function matchesPort(rule: PortRule, { protocol, port, destination }: PolicyFlow): boolean {
  if (rule.protocol === undefined ? protocol === 'ICMP' : rule.protocol !== protocol) return false;
  if (rule.name !== undefined) return isPortOf(destination.pod, rule.name, { protocol, port });
  return rule.first === undefined || (port >= rule.first && port <= (rule.last ?? rule.first));
}

/** Whether the pod declares the port under that name for that protocol. */
function isPortOf(
  pod: PolicyPod | undefined,
  name: string,
  { protocol, port }: Pick<PolicyFlow, 'protocol' | 'port'>,
): boolean {
  return (pod?.ports ?? []).some(
    (it) => it.name === name && it.protocol === protocol && it.port === port,
  );
}
