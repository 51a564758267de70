// What the policies of administrators have in common, whatever their version: a subject, and
// ordered rules with an action.
// source: kubernetes-sigs/network-policy-api apis/v1alpha1 and apis/v1alpha2 (validation markers)

import type { ManifestProblem } from '../../values/manifest-problem';
import type { AdminPeer, AdminSubject } from './admin-network-policy';
import { error, noneOf } from './define';
import type { FieldTable } from './fields';
import { validateRange } from './network-policy-validation';
import { SELECTOR_FIELDS, validateSelector } from './selector-validation';

/** How many rules and peers there may be, and what a rule may do. */
export interface AdminRuleLimits {
  readonly rules: number;
  readonly peers: number;
  readonly actions: readonly string[];
  /** The action that domain names may stand beside. */
  readonly accept: string;
}

interface Rule {
  readonly action: string;
  readonly from?: readonly AdminPeer[];
  readonly to?: readonly AdminPeer[];
}

interface Spec {
  readonly subject: AdminSubject;
  readonly ingress?: readonly Rule[];
  readonly egress?: readonly Rule[];
}

/** The fields of a subject and of the peers of the two directions. */
export function adminPeerFields(): {
  readonly subject: FieldTable;
  readonly from: readonly [FieldTable];
  readonly to: readonly [FieldTable];
} {
  const pods = { namespaceSelector: SELECTOR_FIELDS, podSelector: SELECTOR_FIELDS };
  const subject = { namespaces: SELECTOR_FIELDS, pods };
  return {
    subject,
    from: [subject],
    to: [{ ...subject, nodes: SELECTOR_FIELDS, networks: true, domainNames: true }],
  };
}

export function validatePriority(priority: unknown): ManifestProblem[] {
  const isValid = Number.isInteger(priority) && Number(priority) >= 0 && Number(priority) <= 1_000;
  return isValid ? [] : [error('/spec/priority', 'must be a whole number from 0 to 1000')];
}

/** What is wrong with subject and rules; `ofPorts` judges what differs between the versions. */
export function validateAdminRules(
  spec: Spec | undefined,
  limits: AdminRuleLimits,
  ofPorts: (rule: Rule, path: string) => ManifestProblem[],
): ManifestProblem[] {
  if (spec?.subject === undefined) return [error('/spec', 'a subject is required')];
  const problems = validateSubject(spec.subject, '/spec/subject');
  for (const direction of ['ingress', 'egress'] as const) {
    const rules = spec[direction] ?? [];
    if (rules.length > limits.rules) {
      problems.push(error(`/spec/${direction}`, `more than ${limits.rules} rules`));
    }
    rules.forEach((rule, index) => {
      const path = `/spec/${direction}/${index}`;
      problems.push(...validateRule(rule, path, direction, limits), ...ofPorts(rule, path));
    });
  }
  return problems;
}

function validateRule(
  rule: Rule,
  path: string,
  direction: 'ingress' | 'egress',
  limits: AdminRuleLimits,
): ManifestProblem[] {
  const { action } = rule;
  const side = direction === 'ingress' ? 'from' : 'to';
  const peers = rule[side] ?? [];
  const problems: ManifestProblem[] = [];
  if (!limits.actions.includes(action)) {
    problems.push(error(`${path}/action`, noneOf(action, limits.actions)));
  }
  if (peers.length === 0) problems.push(error(path, `${side} needs at least one peer`));
  if (peers.length > limits.peers) {
    problems.push(error(`${path}/${side}`, `more than ${limits.peers} peers`));
  }
  peers.forEach((peer, index) => {
    const place = `${path}/${side}/${index}`;
    problems.push(...validatePeer(peer, place));
    if (peer.domainNames !== undefined && action !== limits.accept) {
      problems.push(error(place, `domainNames may stand only in a rule with ${limits.accept}`));
    }
  });
  return problems;
}

function validateSubject(subject: AdminSubject, path: string): ManifestProblem[] {
  if (Object.keys(subject).length !== 1) {
    return [error(path, 'must be exactly one of namespaces, pods')];
  }
  return validatePods(subject, path);
}

function validatePods({ namespaces, pods }: AdminSubject, path: string): ManifestProblem[] {
  if (namespaces !== undefined) return validateSelector(namespaces, `${path}/namespaces`);
  if (pods === undefined) return [];
  const place = `${path}/pods`;
  const { namespaceSelector, podSelector } = pods as Partial<typeof pods>;
  if (namespaceSelector === undefined || podSelector === undefined) {
    return [error(place, 'needs both namespaceSelector and podSelector; {} means all')];
  }
  return [
    ...validateSelector(namespaceSelector, `${place}/namespaceSelector`),
    ...validateSelector(podSelector, `${place}/podSelector`),
  ];
}

function validatePeer(peer: AdminPeer, path: string): ManifestProblem[] {
  if (Object.keys(peer).length !== 1) return [error(path, 'must be exactly one peer')];
  const { nodes, networks } = peer;
  if (nodes !== undefined) return validateSelector(nodes, `${path}/nodes`);
  if (networks !== undefined) {
    return networks.flatMap((range, index) => validateRange(range, `${path}/networks/${index}`));
  }
  return validatePods(peer, path);
}
