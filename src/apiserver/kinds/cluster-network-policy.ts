// ClusterNetworkPolicy: the administrators' policies in one kind with a tier.
// source: kubernetes-sigs/network-policy-api apis/v1alpha2/clusternetworkpolicy_types.go

import type { KubeObject } from '../../values/kube-object';
import type { ManifestProblem } from '../../values/manifest-problem';
import type { AdminPeer, AdminSubject } from './admin-network-policy';
import { adminPeerFields, validateAdminRules, validatePriority } from './admin-policy-validation';
import { defineKind, error, quote } from './define';
import { isPortName, validateMetadata } from './names';
import { validatePortNumber } from './network-policy-validation';

export interface ClusterNetworkPolicy extends KubeObject {
  readonly kind: 'ClusterNetworkPolicy';
  readonly spec: {
    readonly tier: 'Admin' | 'Baseline';
    readonly priority: number;
    readonly subject: AdminSubject;
    readonly ingress?: readonly ClusterRule[];
    readonly egress?: readonly ClusterRule[];
  };
}

export interface ClusterRule {
  readonly name?: string;
  readonly action: string;
  readonly from?: readonly AdminPeer[];
  readonly to?: readonly AdminPeer[];
  readonly protocols?: readonly ClusterProtocol[];
}

/** Exactly one of them. */
export interface ClusterProtocol {
  readonly tcp?: TransportPort;
  readonly udp?: TransportPort;
  readonly sctp?: TransportPort;
  readonly destinationNamedPort?: string;
}

/** Without a port: every port of the protocol. */
export interface TransportPort {
  readonly destinationPort?: {
    readonly number?: number;
    readonly range?: { readonly start: number; readonly end: number };
  };
}

const LIMITS = {
  rules: 25,
  peers: 25,
  actions: ['Accept', 'Deny', 'Pass'],
  accept: 'Accept',
} as const;

const TRANSPORT = { destinationPort: { number: true, range: { start: true, end: true } } } as const;

const PROTOCOLS = [
  { tcp: TRANSPORT, udp: TRANSPORT, sctp: TRANSPORT, destinationNamedPort: true },
] as const;

const { subject, from, to } = adminPeerFields();

function validateProtocols(rule: ClusterRule, path: string): ManifestProblem[] {
  const { protocols = [] } = rule;
  const isAddressed = (rule.to ?? []).some(
    (peer) =>
      peer.networks !== undefined || peer.nodes !== undefined || peer.domainNames !== undefined,
  );
  return protocols.flatMap((protocol, index) => {
    const place = `${path}/protocols/${index}`;
    if (Object.keys(protocol).length !== 1) {
      return [error(place, 'must be exactly one of tcp, udp, sctp, destinationNamedPort')];
    }
    const { destinationNamedPort: name } = protocol;
    if (name === undefined) return validateTransport(protocol, place);
    if (isAddressed) {
      return [error(place, 'a named port cannot stand beside networks, nodes or domainNames')];
    }
    return isPortName(name) ? [] : [error(place, `${quote(name)} is no port name`)];
  });
}

function validateTransport({ tcp, udp, sctp }: ClusterProtocol, path: string): ManifestProblem[] {
  const port = (tcp ?? udp ?? sctp)?.destinationPort;
  if (port === undefined) return [];
  const { number, range } = port;
  if ((number === undefined) === (range === undefined)) {
    return [error(path, 'destinationPort must be exactly one of number, range')];
  }
  if (range === undefined) return validatePortNumber(number, `${path}/number`);
  const problems = [range.start, range.end].flatMap((it) => validatePortNumber(it, path));
  if (range.start > range.end) problems.push(error(path, `${range.start} is above ${range.end}`));
  return problems;
}

export const clusterNetworkPolicy = defineKind({
  apiVersions: ['policy.networking.k8s.io/v1alpha2'],
  kind: 'ClusterNetworkPolicy',
  plural: 'clusternetworkpolicies',
  shortNames: ['cnp'],
  namespaced: false,
  fields: {
    spec: {
      tier: true,
      priority: true,
      subject,
      ingress: [{ name: true, action: true, from, protocols: PROTOCOLS }],
      egress: [{ name: true, action: true, to, protocols: PROTOCOLS }],
    },
  },
  defaults: (object) => object,
  validate(object) {
    const spec = object.spec as Partial<ClusterNetworkPolicy['spec']> | undefined;
    const problems = [
      ...validateMetadata(object),
      ...validateAdminRules(spec as ClusterNetworkPolicy['spec'], LIMITS, validateProtocols),
      ...validatePriority(spec?.priority),
    ];
    if (spec?.tier !== 'Admin' && spec?.tier !== 'Baseline') {
      problems.push(error('/spec/tier', 'must be Admin or Baseline'));
    }
    return problems;
  },
});
