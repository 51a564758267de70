// What keeps compiling cheap: rules are built once for equal input and shared by every node and by
// every later ruleset that needs the same. Five thousand nodes hold pointers to a few rulesets.

import { cidr, contains } from '../../values/cidr';
import type { Ruleset } from '../netfilter/ruleset';
import { categorizeEndpoints, endpointText, usesLocalEndpoints } from './categorize-endpoints';
import type { Endpoint, ProxyInput, ProxyNode, ServicePort } from './proxy-mode';

/** What a mode adds to a ruleset for one Service port, by all that it depends on. */
export class ServiceParts<Part> {
  private readonly built = new WeakMap<
    ServicePort,
    WeakMap<readonly Endpoint[], Map<string, Part>>
  >();

  /** `variant` is equal for nodes and configurations for which `build` gives the same. */
  of(
    service: ServicePort,
    endpoints: readonly Endpoint[],
    variant: string,
    build: () => Part,
  ): Part {
    let byEndpoints = this.built.get(service);
    if (byEndpoints === undefined) this.built.set(service, (byEndpoints = new WeakMap()));
    let variants = byEndpoints.get(endpoints);
    if (variants === undefined) byEndpoints.set(endpoints, (variants = new Map()));
    let part = variants.get(variant);
    if (part === undefined) variants.set(variant, (part = build()));
    return part;
  }
}

/** The rulesets of one mode: one object for all nodes that differ in nothing a rule depends on. */
export class Rulesets {
  private readonly built = new WeakMap<ProxyInput, Map<string, Ruleset>>();

  /** `configuration` names what rules depend on besides Services and endpoints. */
  of(
    input: ProxyInput,
    node: ProxyNode,
    configuration: readonly unknown[],
    assemble: () => Ruleset,
  ): Ruleset {
    let rulesets = this.built.get(input);
    if (rulesets === undefined) this.built.set(input, (rulesets = new Map()));
    const keys = dependentPorts(input).map(([service, endpoints]) => {
      return nodeKey(service, endpoints, node);
    });
    const key = [node.family, ...configuration, ...keys].join('|');
    let ruleset = rulesets.get(key);
    if (ruleset === undefined) rulesets.set(key, (ruleset = assemble()));
    return ruleset;
  }
}

/**
 * Rulesets that are one object for many nodes but for a small part of each node's own. They stay
 * the same object for one node as long as the shared one does.
 */
export class OwnRulesets {
  private readonly derived = new WeakMap<Ruleset, Map<string, Ruleset>>();

  of(shared: Ruleset, node: ProxyNode, derive: () => Ruleset): Ruleset {
    let byNode = this.derived.get(shared);
    if (byNode === undefined) this.derived.set(shared, (byNode = new Map()));
    const key = [node.name, ...node.addresses].join(' ');
    let own = byNode.get(key);
    if (own === undefined) byNode.set(key, (own = derive()));
    return own;
  }
}

type PortWithEndpoints = readonly [ServicePort, readonly Endpoint[]];
const dependents = new WeakMap<ProxyInput, readonly PortWithEndpoints[]>();

/** The Service ports in whose rules nodes may differ. */
function dependentPorts(input: ProxyInput): readonly PortWithEndpoints[] {
  let known = dependents.get(input);
  if (known === undefined) {
    const all = [...input.servicePorts].map(([key, service]): PortWithEndpoints => {
      return [service, input.endpoints.get(key) ?? []];
    });
    known = all.filter(([service, endpoints]) => dependsOnNode(service, endpoints));
    dependents.set(input, known);
  }
  return known;
}

/** Whether nodes differ in the rules of this Service port. */
export function dependsOnNode(service: ServicePort, endpoints: readonly Endpoint[]): boolean {
  return (
    usesLocalEndpoints(service) ||
    service.loadBalancerSourceRanges.length > 0 ||
    endpoints.some((it) => it.zoneHints.length > 0 || it.nodeHints.length > 0)
  );
}

/** A text that is equal for nodes with equal rules of this Service port. */
export function nodeKey(
  service: ServicePort,
  endpoints: readonly Endpoint[],
  node: ProxyNode,
): string {
  if (!dependsOnNode(service, endpoints)) return '';
  const { cluster, local } = categorizeEndpoints(endpoints, service, node);
  const lists = [cluster, local].map((list) => list.map(endpointText).join(' '));
  return [...lists, allowsNode(service, node)].join(';');
}

/**
 * Whether the source ranges let this node in. Its own packets to a load balancer address that is
 * local to it carry that address as their source.
 */
export function allowsNode(service: ServicePort, node: ProxyNode): boolean {
  const primary = node.addresses[0];
  if (primary === undefined) return false;
  return service.loadBalancerSourceRanges.some((range) => contains(cidr(range), primary));
}
