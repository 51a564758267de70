// The sentence behind a verdict: which policy decided, which rule came nearest, and which rule
// would have been needed.

import { splitKey } from '../../values/kube-object';
import type { Labels, LabelSelector } from '../../values/labels';
import { sortedKeys } from '../../values/order';
import type { Decision } from './evaluate';
import { matchesPeers, matchesPorts } from './match';
import { UPSTREAM } from './policy';
import { PolicyPlaces } from './policy-places';
import type {
  Direction,
  Party,
  Peer,
  Policy,
  PolicyFlow,
  PolicyRule,
  PortRule,
  Semantics,
} from './policy';

/** How people call a pod by its key. */
export type NameOfPod = (podKey: string) => string;

const NOWHERE = new PolicyPlaces();

/** One sentence, for a denial. `places` says where the manifests have what it speaks of. */
export function explainDenial(
  { by, direction, passed }: Decision,
  flow: PolicyFlow,
  nameOf: NameOfPod,
  semantics: Semantics = UPSTREAM,
  places: PolicyPlaces = NOWHERE,
): string {
  const [own, other] =
    direction === 'egress' ? [flow.source, flow.destination] : [flow.destination, flow.source];
  const subject = nameParty(own, nameOf);
  const what = `${nameParty(other, nameOf)} on ${flow.protocol} ${flow.port}`;
  const sent = direction === 'egress' ? `${subject} from ${what}` : `${what} of ${subject}`;
  const before = passed === undefined ? '' : ` (passed on by ${passed.path} of the admin tier)`;
  if (by.is === 'rule') {
    const { policy, rule } = by;
    const spot = placeText(places.ofRule(policy, rule) ?? places.ofPolicy(policy));
    return `${policy.key} denies it by ${rule.path}${spot}: ${describeRule(rule)}${before}`;
  }
  if (by.is !== 'isolation') return `${sent} is denied`;
  const names = by.policies.map((it) => `${it.key}${placeText(places.ofPolicy(it))}`);
  const isolated = `${listed(names)} ${names.length > 1 ? 'isolate' : 'isolates'} ${subject}`;
  const verb = direction === 'egress' ? `no egress rule allows ${what}` : `no ingress rule admits`;
  const sentence = direction === 'egress' ? verb : `${verb} ${what}`;
  const near = nearestRule({ ...by, direction, places }, flow, semantics);
  const needed = neededRule(flow, direction);
  return `${isolated}, and ${sentence}${near}${before}; needed: ${needed}`;
}

/** Keys of the policies that decided. */
export function blamesOf({ by }: Decision): readonly string[] {
  if (by.is === 'rule') return [by.policy.key];
  return by.is === 'isolation' ? by.policies.map(({ key }) => key) : [];
}

/** The rule that a policy about this pod would need, as an author writes it. */
export function neededRule(flow: PolicyFlow, direction: Direction): string {
  const other = direction === 'egress' ? flow.destination : flow.source;
  const own = direction === 'egress' ? flow.source : flow.destination;
  const side = direction === 'egress' ? 'to' : 'from';
  const ports =
    flow.protocol === 'ICMP' ? '' : `, ports: [{protocol: ${flow.protocol}, port: ${flow.port}}]`;
  return `${direction}: [{${side}: [${peerFor(other, own)}]${ports}}]`;
}

function peerFor(other: Party, own: Party): string {
  const { pod, address } = other;
  if (pod === undefined) return `{ipBlock: {cidr: ${address}/${address.includes(':') ? 128 : 32}}}`;
  const selector = `podSelector: ${labelsText(pod.labels)}`;
  if (pod.namespace === own.pod?.namespace) return `{${selector}}`;
  const name = `kubernetes.io/metadata.name: ${pod.namespace}`;
  return `{namespaceSelector: {matchLabels: {${name}}}, ${selector}}`;
}

/** Labels that a controller gives to each revision are no good in a rule. */
const REVISION_LABELS = new Set([
  'apps.kubernetes.io/pod-index',
  'controller-revision-hash',
  'pod-template-generation',
  'pod-template-hash',
  'statefulset.kubernetes.io/pod-name',
]);

function labelsText(labels: Labels): string {
  const keys = sortedKeys(labels).filter((key) => !REVISION_LABELS.has(key));
  if (keys.length === 0) return '{}';
  return `{matchLabels: {${keys.map((key) => `${key}: ${labels[key]}`).join(', ')}}}`;
}

interface Isolation {
  readonly policies: readonly Policy[];
  readonly direction: Direction;
  readonly places: PolicyPlaces;
}

/** The rule that fits in one of its two halves, if there is one. */
function nearestRule(
  { policies, direction, places }: Isolation,
  flow: PolicyFlow,
  semantics: Semantics,
): string {
  const other = direction === 'egress' ? flow.destination : flow.source;
  const rules = policies.flatMap((policy) =>
    (policy[direction] ?? []).map((rule) => ({ policy, rule })),
  );
  const place = ({ policy, rule }: (typeof rules)[number]): string => {
    const owner = policies.length > 1 ? ` of ${splitKey(policy.key).name}` : '';
    const spot = places.ofRule(policy, rule);
    return `${rule.path}${owner}${spot === undefined ? '' : ` at ${spot}`}`;
  };
  const byPeer = rules.find(({ rule }) => matchesPeers(rule, other, semantics));
  if (byPeer !== undefined) {
    return ` (${place(byPeer)} means it, but on ${portsText(byPeer.rule.ports)} only)`;
  }
  const byPort = rules.find(({ rule }) => matchesPorts(rule, flow));
  if (byPort !== undefined) {
    return ` (${place(byPort)} opens that port, but for ${peersText(byPort.rule.peers)} only)`;
  }
  return rules.length === 0 ? ' (there is no rule)' : '';
}

function describeRule({ action, peers, ports }: PolicyRule): string {
  const where = ports === undefined ? '' : ` on ${portsText(ports)}`;
  return `${action} ${peersText(peers)}${where}`;
}

function portsText(ports: readonly PortRule[] | undefined): string {
  return ports === undefined ? 'any port' : listed(ports.map(portText));
}

function portText({ protocol: given, name, first, last }: PortRule): string {
  const protocol = given ?? 'port';
  if (name !== undefined) return `${protocol} "${name}"`;
  if (first === undefined) return `any ${protocol} port`;
  return first === last ? `${protocol} ${first}` : `${protocol} ${first}-${last}`;
}

function peersText(peers: readonly Peer[] | undefined): string {
  return peers === undefined ? 'everybody' : listed(peers.map(peerText));
}

function peerText(peer: Peer): string {
  switch (peer.is) {
    case 'pods': {
      const { namespaces, pods } = peer;
      const where =
        'named' in namespaces
          ? `in ${namespaces.named}`
          : isEmpty(namespaces)
            ? 'of all namespaces'
            : `in namespaces with ${selectorText(namespaces)}`;
      return isEmpty(pods) ? `all pods ${where}` : `pods with ${selectorText(pods)} ${where}`;
    }
    case 'block':
      return peer.except.length === 0 ? peer.cidr : `${peer.cidr} except ${listed(peer.except)}`;
    case 'nodes':
      return isEmpty(peer.labels) ? 'all nodes' : `nodes with ${selectorText(peer.labels)}`;
    case 'domains':
      return listed(peer.names);
    case 'unknown':
      return 'a peer of an unknown kind';
  }
}

function isEmpty({ matchLabels = {}, matchExpressions = [] }: LabelSelector): boolean {
  return Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;
}

function selectorText({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const equals = sortedKeys(matchLabels).map((key) => `${key}=${matchLabels[key]}`);
  const others = matchExpressions.map(({ key, operator, values = [] }) => {
    if (operator === 'Exists') return key;
    if (operator === 'DoesNotExist') return `!${key}`;
    return `${key} ${operator === 'In' ? 'in' : 'notin'} (${values.join(', ')})`;
  });
  return [...equals, ...others].join(',');
}

function nameParty({ pod, node, address }: Party, nameOf: NameOfPod): string {
  if (pod !== undefined) return nameOf(pod.key);
  return node === undefined ? address : `node/${node.name} (${address})`;
}

/** ` (policies.yaml:12:1)`, or nothing where nobody knows. */
function placeText(place: string | undefined): string {
  return place === undefined ? '' : ` (${place})`;
}

function listed(items: readonly string[]): string {
  if (items.length <= 3) return items.join(', ');
  return `${items.slice(0, 3).join(', ')} and ${items.length - 3} more`;
}
