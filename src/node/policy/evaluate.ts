// The verdict on one flow, with its reason: which tier and which rule decided at which end.

import { matchesPeers, matchesPorts, selects } from './match';
import { comparePolicies, UPSTREAM } from './policy';
import type {
  Direction,
  Party,
  Policy,
  PolicyFlow,
  PolicyPod,
  PolicyRule,
  Semantics,
} from './policy';

/** What one end of a flow says of it. */
export interface Decision {
  readonly allowed: boolean;
  readonly direction: Direction;
  /** Why no policy was asked, or what was decided by which one. */
  readonly by:
    | { readonly is: 'no-policy' | 'own-address' | 'own-node' }
    /** A rule of this policy spoke. */
    | { readonly is: 'rule'; readonly policy: Policy; readonly rule: PolicyRule }
    /** These isolate the pod, and none of their rules admits the flow. */
    | { readonly is: 'isolation'; readonly policies: readonly Policy[] };
  /** The rules of the admin tier that sent the flow on. */
  readonly passed?: PolicyRule;
}

/** The policies that are about a pod and this direction, in the order in which they are asked. */
export function policiesOf(
  policies: Iterable<Policy>,
  pod: PolicyPod,
  direction: Direction,
): Policy[] {
  const found: Policy[] = [];
  for (const policy of policies) {
    if (policy[direction] !== undefined && selects(policy.subject, pod)) found.push(policy);
  }
  return found.sort(comparePolicies);
}

/**
 * The verdict of both ends of a flow: the sender's egress, then the receiver's ingress. Ends that
 * are no pods say nothing.
 */
export function decide(
  policies: readonly Policy[],
  flow: PolicyFlow,
  semantics: Semantics = UPSTREAM,
): readonly Decision[] {
  const decisions: Decision[] = [];
  for (const direction of ['egress', 'ingress'] as const) {
    const pod = subjectOf(flow, direction);
    if (pod === undefined) continue;
    const about = policiesOf(policies, pod, direction);
    decisions.push(decideAt(about, flow, direction, semantics));
  }
  return decisions;
}

/** The pod whose policies speak for this direction. */
export function subjectOf(flow: PolicyFlow, direction: Direction): PolicyPod | undefined {
  return (direction === 'egress' ? flow.source : flow.destination).pod;
}

/**
 * The verdict of one end. `policies` are those about its pod, in order.
 * source: kubernetes-sigs/network-policy-api (tiers); staging/src/k8s.io/api/networking/v1/types.go
 */
export function decideAt(
  policies: readonly Policy[],
  flow: PolicyFlow,
  direction: Direction,
  semantics: Semantics = UPSTREAM,
): Decision {
  const exempt = exemptionOf(flow, direction);
  if (exempt !== undefined) return { allowed: true, direction, by: { is: exempt } };
  const admin = firstMatch(policies, 'admin', flow, direction, semantics);
  if (admin !== undefined && admin.rule.action !== 'pass') return byRule(admin, direction);
  const passed = admin && { passed: admin.rule };
  const isolating = policies.filter(({ tier }) => tier === 'namespace');
  if (isolating.length > 0) {
    const open = firstMatch(isolating, 'namespace', flow, direction, semantics);
    if (open !== undefined) return { ...byRule(open, direction), ...passed };
    const by = { is: 'isolation', policies: isolating } as const;
    return { allowed: false, direction, by, ...passed };
  }
  const baseline = firstMatch(policies, 'baseline', flow, direction, semantics);
  if (baseline !== undefined && baseline.rule.action !== 'pass') {
    return { ...byRule(baseline, direction), ...passed };
  }
  return { allowed: true, direction, by: { is: 'no-policy' }, ...passed };
}

/**
 * A pod always reaches itself, and its own node always reaches it: the kubelet's probes go on
 * whatever a policy says. The way from a pod to its own node is as open here.
 */
function exemptionOf(
  { source, destination }: PolicyFlow,
  direction: Direction,
): 'own-address' | 'own-node' | undefined {
  if (source.pod !== undefined && source.pod.key === destination.pod?.key) return 'own-address';
  const [own, other]: readonly [Party, Party] =
    direction === 'egress' ? [source, destination] : [destination, source];
  return other.node !== undefined && other.node.name === own.pod?.node ? 'own-node' : undefined;
}

interface Match {
  readonly policy: Policy;
  readonly rule: PolicyRule;
}

function firstMatch(
  policies: readonly Policy[],
  tier: Policy['tier'],
  flow: PolicyFlow,
  direction: Direction,
  semantics: Semantics,
): Match | undefined {
  const other = direction === 'egress' ? flow.destination : flow.source;
  for (const policy of policies) {
    if (policy.tier !== tier) continue;
    for (const rule of policy[direction] ?? []) {
      if (matchesPorts(rule, flow) && matchesPeers(rule, other, semantics)) {
        return { policy, rule };
      }
    }
  }
  return undefined;
}

function byRule({ policy, rule }: Match, direction: Direction): Decision {
  return { allowed: rule.action === 'allow', direction, by: { is: 'rule', policy, rule } };
}
