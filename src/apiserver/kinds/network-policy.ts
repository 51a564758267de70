// NetworkPolicy: which pods may talk to the pods that it selects. Policies only add: whoever is
// selected is closed in that direction, and every rule opens something.

import type { Protocol } from '../../values/flow';
import type { KubeObject } from '../../values/kube-object';
import type { LabelSelector } from '../../values/labels';
import { complete, defineKind } from './define';
import type { FieldTable } from './fields';
import { validateNetworkPolicy } from './network-policy-validation';
import { SELECTOR_FIELDS } from './selector-validation';

export interface NetworkPolicy extends KubeObject {
  readonly kind: 'NetworkPolicy';
  readonly spec: NetworkPolicySpec;
}

export type PolicyType = 'Ingress' | 'Egress';

export interface NetworkPolicySpec {
  readonly podSelector?: LabelSelector;
  readonly policyTypes?: readonly PolicyType[];
  readonly ingress?: readonly IngressRule[];
  readonly egress?: readonly EgressRule[];
}

/** An absent or empty list matches everything. */
export interface IngressRule {
  readonly from?: readonly NetworkPolicyPeer[];
  readonly ports?: readonly NetworkPolicyPort[];
}

export interface EgressRule {
  readonly to?: readonly NetworkPolicyPeer[];
  readonly ports?: readonly NetworkPolicyPort[];
}

export interface NetworkPolicyPeer {
  readonly podSelector?: LabelSelector;
  readonly namespaceSelector?: LabelSelector;
  readonly ipBlock?: IpBlock;
}

export interface IpBlock {
  readonly cidr: string;
  readonly except?: readonly string[];
}

export interface NetworkPolicyPort {
  readonly protocol?: Protocol;
  /** A number, or the name of a port that the destination pod declares. */
  readonly port?: number | string;
  readonly endPort?: number;
}

const PEER: FieldTable = {
  podSelector: SELECTOR_FIELDS,
  namespaceSelector: SELECTOR_FIELDS,
  ipBlock: { cidr: true, except: true },
};

const PORT: FieldTable = { protocol: true, port: true, endPort: true };

/**
 * The types that an author left out: Ingress always, Egress where there is an egress rule. An
 * empty list of egress rules adds nothing.
 * source: pkg/apis/networking/v1/defaults.go SetDefaults_NetworkPolicy
 */
function typesOf({ policyTypes = [], egress = [] }: NetworkPolicySpec): readonly PolicyType[] {
  if (policyTypes.length > 0) return policyTypes;
  return egress.length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
}

function withProtocols<Rule extends IngressRule | EgressRule>(rules: readonly Rule[]): Rule[] {
  return rules.map((rule) =>
    rule.ports === undefined
      ? rule
      : { ...rule, ports: rule.ports.map((port) => complete(port, { protocol: 'TCP' })) },
  );
}

export const networkPolicy = defineKind({
  apiVersions: ['networking.k8s.io/v1'],
  removedVersions: { 'extensions/v1beta1': '1.16' },
  kind: 'NetworkPolicy',
  plural: 'networkpolicies',
  shortNames: ['netpol'],
  namespaced: true,
  fields: {
    spec: {
      podSelector: SELECTOR_FIELDS,
      policyTypes: true,
      ingress: [{ from: [PEER], ports: [PORT] }],
      egress: [{ to: [PEER], ports: [PORT] }],
    },
  },
  defaults(object) {
    const spec = (object.spec ?? {}) as NetworkPolicySpec;
    const { ingress, egress } = spec;
    return {
      ...object,
      spec: {
        ...spec,
        podSelector: spec.podSelector ?? {},
        policyTypes: typesOf(spec),
        ...(ingress !== undefined && { ingress: withProtocols(ingress) }),
        ...(egress !== undefined && { egress: withProtocols(egress) }),
      },
    };
  },
  validate: validateNetworkPolicy,
});
