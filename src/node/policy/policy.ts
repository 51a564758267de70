// A policy of any kind in one form: whom it is about, and ordered rules with an action.

import type { Protocol } from '../../values/flow';
import type { IP } from '../../values/ip';
import type { Labels, LabelSelector } from '../../values/labels';
import { compareText } from '../../values/order';

export type Direction = 'ingress' | 'egress';
export type Action = 'allow' | 'deny' | 'pass';

/** The tiers in the order in which they are asked. */
const TIERS = ['admin', 'namespace', 'baseline'] as const;
export type Tier = (typeof TIERS)[number];

/** Pods by the labels of their namespace, or by its name, and by their own labels. */
export interface PodsPeer {
  readonly is: 'pods';
  readonly namespaces: LabelSelector | { readonly named: string };
  readonly pods: LabelSelector;
}

/** A range of addresses without its exceptions. */
export interface BlockPeer {
  readonly is: 'block';
  readonly cidr: string;
  readonly except: readonly string[];
}

/** What a rule may be about. `unknown`: a peer of a kind that this reader does not know. */
export type Peer =
  | PodsPeer
  | BlockPeer
  | { readonly is: 'nodes'; readonly labels: LabelSelector }
  | { readonly is: 'domains'; readonly names: readonly string[] }
  | { readonly is: 'unknown' };

/** A port of the destination. Without a protocol: of any of TCP, UDP and SCTP. */
export interface PortRule {
  readonly protocol?: Protocol;
  /** Looked up in the destination pod, for the protocol of the packet. */
  readonly name?: string;
  /** Both ends included; both absent for every port. */
  readonly first?: number;
  readonly last?: number;
}

export interface PolicyRule {
  /** Where it stands in the manifest: `spec.ingress[0]`. */
  readonly path: string;
  readonly action: Action;
  /** Undefined: everybody. */
  readonly peers: readonly Peer[] | undefined;
  /** Undefined: every port of every protocol. */
  readonly ports: readonly PortRule[] | undefined;
}

export interface Policy {
  /** `NetworkPolicy/shop/db`. */
  readonly key: string;
  readonly tier: Tier;
  /** Lower ones are asked first. */
  readonly priority: number;
  readonly subject: PodsPeer;
  /** Undefined where the policy says nothing of that direction. */
  readonly ingress: readonly PolicyRule[] | undefined;
  readonly egress: readonly PolicyRule[] | undefined;
}

/** A pod as policies see it. */
export interface PolicyPod {
  /** `namespace/name`. */
  readonly key: string;
  readonly namespace: string;
  readonly namespaceLabels: Labels;
  readonly labels: Labels;
  readonly addresses: readonly IP[];
  readonly node: string;
  /** The names of its container ports. */
  readonly ports: readonly NamedPort[];
}

export interface NamedPort {
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: number;
}

/** One end of a flow. A pod of the host network is no pod here but its node's address. */
export interface Party {
  /** The address that the packet carries. */
  readonly address: IP;
  readonly pod?: PolicyPod;
  /** The node that has the address itself. */
  readonly node?: { readonly name: string; readonly labels: Labels };
  /** The DNS names that lead to the address. */
  readonly domains?: readonly string[];
}

/** The first packet of a connection as the data plane sees it: after DNAT. */
export interface PolicyFlow {
  readonly source: Party;
  readonly destination: Party;
  readonly protocol: Protocol;
  /** The destination port. */
  readonly port: number;
}

/** What plug-ins that enforce policies understand differently. */
export interface Semantics {
  /** Whether a range of addresses covers the pods and nodes in it, or only what is outside. */
  readonly blocksMatchPods: boolean;
}

/** What the upstream end-to-end tests demand of every plug-in. */
export const UPSTREAM: Semantics = { blocksMatchPods: true };

/** The order in which policies are asked. Which of equal priorities goes first is undefined. */
export function comparePolicies(a: Policy, b: Policy): number {
  const tiers = TIERS.indexOf(a.tier) - TIERS.indexOf(b.tier);
  return tiers || a.priority - b.priority || compareText(a.key, b.key);
}
