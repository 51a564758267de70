// AdminNetworkPolicy and BaselineAdminNetworkPolicy: what an administrator says before and after
// the policies of the namespaces. Rules are read in their order; the first that matches decides.
// source: kubernetes-sigs/network-policy-api apis/v1alpha1/adminnetworkpolicy_types.go,
// baselineadminnetworkpolicy_types.go, shared_types.go

import type { Protocol } from '../../values/flow';
import type { KubeObject } from '../../values/kube-object';
import type { LabelSelector } from '../../values/labels';
import type { ManifestProblem } from '../../values/manifest-problem';
import { adminPeerFields, validateAdminRules, validatePriority } from './admin-policy-validation';
import type { AdminRuleLimits } from './admin-policy-validation';
import { defineKind, error, quote } from './define';
import type { KindDefinition } from './define';
import type { FieldTable } from './fields';
import { isPortName, validateMetadata } from './names';
import { validatePortNumber, validateProtocol } from './network-policy-validation';

export interface AdminNetworkPolicy extends KubeObject {
  readonly kind: 'AdminNetworkPolicy' | 'BaselineAdminNetworkPolicy';
  readonly spec: {
    readonly priority?: number;
    readonly subject: AdminSubject;
    readonly ingress?: readonly AdminRule[];
    readonly egress?: readonly AdminRule[];
  };
}

/** One of the two. */
export interface AdminSubject {
  readonly namespaces?: LabelSelector;
  readonly pods?: NamespacedPods;
}

/** Both selectors are given, and both must match. */
export interface NamespacedPods {
  readonly namespaceSelector: LabelSelector;
  readonly podSelector: LabelSelector;
}

/** Exactly one of them; a policy's reader fails closed on a peer that it does not know. */
export interface AdminPeer extends AdminSubject {
  readonly nodes?: LabelSelector;
  readonly networks?: readonly string[];
  readonly domainNames?: readonly string[];
}

export interface AdminRule {
  readonly name?: string;
  readonly action: string;
  readonly from?: readonly AdminPeer[];
  readonly to?: readonly AdminPeer[];
  readonly ports?: readonly AdminPort[];
}

/** Exactly one of them. */
export interface AdminPort {
  readonly portNumber?: { readonly protocol?: Protocol; readonly port: number };
  readonly portRange?: {
    readonly protocol?: Protocol;
    readonly start: number;
    readonly end: number;
  };
  readonly namedPort?: string;
}

const PORTS: readonly [FieldTable] = [
  {
    portNumber: { protocol: true, port: true },
    portRange: { protocol: true, start: true, end: true },
    namedPort: true,
  },
];

const { subject, from, to } = adminPeerFields();

const RULES: FieldTable = {
  subject,
  ingress: [{ name: true, action: true, from, ports: PORTS }],
  egress: [{ name: true, action: true, to, ports: PORTS }],
};

function validatePort(port: AdminPort, path: string): ManifestProblem[] {
  const { portNumber, portRange, namedPort } = port;
  if (Object.keys(port).length !== 1) {
    return [error(path, 'must be exactly one of portNumber, portRange, namedPort')];
  }
  if (namedPort !== undefined) {
    return isPortName(namedPort) ? [] : [error(path, `${quote(namedPort)} is no port name`)];
  }
  const { protocol = 'TCP' } = portNumber ?? portRange ?? {};
  const problems = validateProtocol(protocol, `${path}/protocol`);
  if (portNumber !== undefined) {
    return [...problems, ...validatePortNumber(portNumber.port, `${path}/portNumber/port`)];
  }
  const { start, end } = portRange ?? { start: 0, end: 0 };
  problems.push(...validatePortNumber(start, `${path}/portRange/start`));
  problems.push(...validatePortNumber(end, `${path}/portRange/end`));
  if (start > end) problems.push(error(`${path}/portRange`, `${start} is above ${end}`));
  return problems;
}

function validate(object: KubeObject, limits: AdminRuleLimits): ManifestProblem[] {
  const { spec } = object as AdminNetworkPolicy;
  return [
    ...validateMetadata(object),
    ...validateAdminRules(spec, limits, (rule, path) =>
      ((rule as AdminRule).ports ?? []).flatMap((port, index) =>
        validatePort(port, `${path}/ports/${index}`),
      ),
    ),
  ];
}

const LIMITS = { rules: 100, peers: 100 } as const;
const API = 'policy.networking.k8s.io/v1alpha1';

export const adminNetworkPolicy: KindDefinition = defineKind({
  apiVersions: [API],
  kind: 'AdminNetworkPolicy',
  plural: 'adminnetworkpolicies',
  shortNames: ['anp'],
  namespaced: false,
  fields: { spec: { priority: true, ...RULES } },
  defaults: (object) => object,
  validate(object) {
    const { priority } = (object as AdminNetworkPolicy).spec ?? {};
    const limits = { ...LIMITS, actions: ['Allow', 'Deny', 'Pass'], accept: 'Allow' };
    return [...validate(object, limits), ...validatePriority(priority)];
  },
});

export const baselineAdminNetworkPolicy: KindDefinition = defineKind({
  apiVersions: [API],
  kind: 'BaselineAdminNetworkPolicy',
  plural: 'baselineadminnetworkpolicies',
  shortNames: ['banp'],
  namespaced: false,
  fields: { spec: RULES },
  defaults: (object) => object,
  validate(object) {
    const problems = validate(object, { ...LIMITS, actions: ['Allow', 'Deny'], accept: 'Allow' });
    if (object.metadata.name !== 'default') {
      problems.push(error('/metadata/name', 'there is one BaselineAdminNetworkPolicy: "default"'));
    }
    return problems;
  },
});
