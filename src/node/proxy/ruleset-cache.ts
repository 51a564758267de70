// What keeps compiling cheap: rules are built once for equal input and shared by every node and by
// every later ruleset that needs the same. Five thousand nodes hold pointers to a few rulesets.

import { cidr, contains } from '../../values/cidr';
import { compareText } from '../../values/order';
import { OverlayMap } from '../../values/overlay-map';
import type { Ruleset } from '../netfilter/ruleset';
import { categorizeEndpoints, endpointText, usesLocalEndpoints } from './categorize-endpoints';
import { areSameEndpoints } from './endpoints-map';
import type { Endpoint, ProxyInput, ProxyNode, ServicePort } from './proxy-mode';

/** What a mode adds to a ruleset for one Service port, by all that it depends on. */
export class ServiceParts<Part> {
  /** By the endpoints, or by the Service port where it has none: one look for each port. */
  private readonly built = new WeakMap<object, BuiltParts<Part>>();
  /** Those of the last lists of a Service port, which is one object in all forks of a cluster. */
  private readonly kept = new WeakMap<ServicePort, BuiltParts<Part>[]>();

  /** `variant` is equal for nodes and configurations for which `build` gives the same. */
  of(
    service: ServicePort,
    endpoints: readonly Endpoint[],
    variant: string,
    build: () => Part,
  ): Part {
    const owner = endpoints.length === 0 ? service : endpoints;
    let known = this.built.get(owner);
    // A list belongs to one Service port; what was built for an older version of it is let go.
    if (known === undefined || known.service !== service) {
      known = this.fromEqual(service, endpoints);
      if (known === undefined) {
        known = { service, endpoints, variant, part: build(), others: undefined };
        this.keep(known);
      }
      this.built.set(owner, known);
    }
    if (known.variant === variant) return known.part;
    known.others ??= new Map();
    let part = known.others.get(variant);
    if (part === undefined) known.others.set(variant, (part = build()));
    return part;
  }

  /** What was built for another list that says the same: a pod that comes back, or another run. */
  private fromEqual(
    service: ServicePort,
    endpoints: readonly Endpoint[],
  ): BuiltParts<Part> | undefined {
    if (endpoints.length > KEPT_ENDPOINTS_MAX) return undefined;
    const kept = this.kept.get(service);
    return kept?.find((it) => areSameEndpoints(it.endpoints, endpoints));
  }

  private keep(built: BuiltParts<Part>): void {
    const { service, endpoints } = built;
    if (endpoints.length > KEPT_ENDPOINTS_MAX) return;
    const kept = this.kept.get(service);
    if (kept === undefined) this.kept.set(service, [built]);
    else if (kept.unshift(built) > KEPT_MAX) kept.pop();
  }
}

/** Of a few pods that crash in turn every list comes back; long ones are made of many changes. */
const KEPT_MAX = 32;
const KEPT_ENDPOINTS_MAX = 64;

/** Few Service ports differ from node to node, so the first variant stands for itself. */
interface BuiltParts<Part> {
  readonly service: ServicePort;
  readonly endpoints: readonly Endpoint[];
  readonly variant: string;
  readonly part: Part;
  others: Map<string, Part> | undefined;
}

/** The rulesets of one mode: one object for all nodes that differ in nothing a rule depends on. */
export class Rulesets {
  private readonly built = new WeakMap<ProxyInput, Map<string, Ruleset>>();

  /** `configuration` names what rules depend on besides Services and endpoints. */
  of(input: ProxyInput, node: ProxyNode, configuration: string, assemble: () => Ruleset): Ruleset {
    let rulesets = this.built.get(input);
    if (rulesets === undefined) this.built.set(input, (rulesets = new Map()));
    const dependents = dependentPorts(input);
    const key = dependents.size === 0 ? configuration : keyFor(node, configuration, dependents);
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

function keyFor(node: ProxyNode, configuration: string, dependents: Survey['dependents']): string {
  const keys = [...dependents].map(([port, [service, endpoints]]) => {
    return `${port} ${nodeKey(service, endpoints, node)}`;
  });
  // By name, because their order depends on which survey this one was found from.
  return [configuration, ...keys.sort(compareText)].join('|');
}

type PortWithEndpoints = readonly [ServicePort, readonly Endpoint[]];

/** What compiling asks of all Service ports together. */
interface Survey {
  readonly input: ProxyInput;
  readonly endpointCount: number;
  readonly dependents: ReadonlyMap<string, PortWithEndpoints>;
}

/** The last one of the same Services: the next one is found from it. */
const lastSurveys = new WeakMap<ProxyInput['servicePorts'], Survey>();
/** Of every input: those that come back are one object. */
const surveys = new WeakMap<ProxyInput, Survey>();

const texts = new Map<string, string>();

/** The text that stands for all that are equal: two that are one are compared by a look. */
export function oneText(text: string): string {
  const known = texts.get(text);
  if (known === undefined) texts.set(text, text);
  return known ?? text;
}

/** The Service ports in whose rules nodes may differ, by key. */
export function dependentPorts(input: ProxyInput): Survey['dependents'] {
  return surveyOf(input).dependents;
}

/** How many endpoints there are, each Service port's counted for itself. */
export function endpointCount(input: ProxyInput): number {
  return surveyOf(input).endpointCount;
}

/** Found from the survey before where only endpoints changed, without looking at the others. */
function surveyOf(input: ProxyInput): Survey {
  const known = surveys.get(input);
  if (known !== undefined) return known;
  const before = lastSurveys.get(input.servicePorts);
  const touched = touchedSince(before, input);
  const survey =
    touched === undefined
      ? surveyFrom({ input: NOTHING, endpointCount: 0, dependents: new Map() }, input)
      : surveyFrom(before!, input, touched);
  lastSurveys.set(input.servicePorts, survey);
  surveys.set(input, survey);
  return survey;
}

const NOTHING: ProxyInput = { servicePorts: new Map(), endpoints: new Map() };

/** The keys of the endpoints that changed; undefined where that takes a look at all. */
function touchedSince(before: Survey | undefined, { endpoints }: ProxyInput) {
  const was = before?.input.endpoints;
  if (!(endpoints instanceof OverlayMap && was instanceof OverlayMap)) return undefined;
  return (endpoints as OverlayMap<string, readonly Endpoint[]>).changedFrom(was);
}

function surveyFrom(before: Survey, input: ProxyInput, touched?: Iterable<string>): Survey {
  const { servicePorts, endpoints } = input;
  // Copied where one of them changes: most clusters have none.
  let dependents: Map<string, PortWithEndpoints> | undefined;
  let count = before.endpointCount;
  for (const key of touched ?? everyKey(input)) {
    const list = endpoints.get(key) ?? [];
    count += list.length - (before.input.endpoints.get(key)?.length ?? 0);
    const service = servicePorts.get(key);
    const depends = service !== undefined && dependsOnNode(service, list);
    if (!depends && !before.dependents.has(key)) continue;
    dependents ??= new Map(before.dependents);
    if (depends) dependents.set(key, [service, list]);
    else dependents.delete(key);
  }
  return { input, endpointCount: count, dependents: dependents ?? before.dependents };
}

function* everyKey({ servicePorts, endpoints }: ProxyInput): Iterable<string> {
  yield* servicePorts.keys();
  for (const key of endpoints.keys()) if (!servicePorts.has(key)) yield key;
}

/** Whether nodes differ in the rules of this Service port. */
function dependsOnNode(service: ServicePort, endpoints: readonly Endpoint[]): boolean {
  return (
    usesLocalEndpoints(service) ||
    service.loadBalancerSourceRanges.length > 0 ||
    haveHints(endpoints)
  );
}

function haveHints(endpoints: readonly Endpoint[]): boolean {
  for (let index = 0; index < endpoints.length; index++) {
    const { zoneHints, nodeHints } = endpoints[index]!;
    if (zoneHints.length > 0 || nodeHints.length > 0) return true;
  }
  return false;
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
