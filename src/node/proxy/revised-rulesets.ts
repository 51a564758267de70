// How a ruleset is made from the one before: only the Service ports whose endpoints changed, and
// those whose rules differ from node to node, are looked at. In a cluster of ten thousand Services
// a sync after one changed EndpointSlice costs what that Service costs.

import { equalJson } from '../../apiserver/json';
import type { Chain, Ruleset } from '../netfilter/ruleset';
import { OverlayMap } from '../../values/overlay-map';
import type { Endpoint, ProxyInput, ServicePort } from './proxy-mode';
import { dependentPorts } from './ruleset-cache';

/** The rules of one Service port, before and after a change. */
export interface Revised<Part> {
  readonly before: Part;
  readonly after: Part;
}

/** How one mode makes a ruleset of the parts of the Service ports. */
export interface Assembly<Part> {
  part(service: ServicePort, endpoints: readonly Endpoint[] | undefined): Part;
  /** From nothing. `parts` are in the order of the Service ports. */
  assemble(parts: ReadonlyMap<string, Part>): Ruleset;
  /** Equal to `assemble(parts)`, where `before` was made from all but the changed ones. */
  revise(
    before: Ruleset,
    changes: readonly Revised<Part>[],
    parts: ReadonlyMap<string, Part>,
  ): Ruleset;
}

interface Built<Part> {
  readonly endpoints: ProxyInput['endpoints'];
  readonly parts: OverlayMap<string, Part>;
  readonly ruleset: Ruleset;
}

/** The last ruleset of each configuration, for as long as no Service changes. */
export class RevisedRulesets<Part> {
  private readonly last = new WeakMap<ProxyInput['servicePorts'], Map<string, Built<Part>>>();

  /** `configuration` names all that the rules depend on besides what `Assembly.part` reads. */
  of(input: ProxyInput, configuration: string, assembly: Assembly<Part>): Ruleset {
    let byConfiguration = this.last.get(input.servicePorts);
    if (byConfiguration === undefined) {
      this.last.set(input.servicePorts, (byConfiguration = new Map()));
    }
    const before = byConfiguration.get(configuration);
    const built = revised(before, input, assembly) ?? fromNothing(input, assembly);
    byConfiguration.set(configuration, built);
    return built.ruleset;
  }
}

/** The own chains of the Service ports that changed: those to take away, and those to put. */
export function chainChanges(
  changes: readonly Revised<{ readonly chains: readonly Chain[] }>[],
): Map<string, Chain | undefined> {
  const edits = new Map<string, Chain | undefined>();
  for (const { before } of changes)
    for (const { name } of before.chains) edits.set(name, undefined);
  for (const { after } of changes) for (const chain of after.chains) edits.set(chain.name, chain);
  return edits;
}

/**
 * A map that all Services fill, where endpoints change the values alone: a Service's keys stay.
 * Where two claim one key, the later one keeps it.
 */
export function revisedEntries<Part, Value>(
  before: ReadonlyMap<string, Value>,
  changes: readonly Revised<Part>[],
  entriesOf: (part: Part) => readonly (readonly [string, Value])[],
): ReadonlyMap<string, Value> {
  const edits = new Map<string, Value>();
  for (const change of changes) {
    const after = entriesOf(change.after);
    for (const [index, [key, value]] of entriesOf(change.before).entries()) {
      if (before.get(key) === value) edits.set(key, after[index]![1]);
    }
  }
  return edits.size === 0 ? before : OverlayMap.of(before).with(edits);
}

/** The names of all chains in the order in which a table made from nothing has them. */
export function* chainNames(
  shared: readonly string[],
  parts: ReadonlyMap<string, { readonly chains: readonly Chain[] }>,
): Iterable<string> {
  yield* shared;
  for (const { chains } of parts.values()) for (const { name } of chains) yield name;
}

/** Whether a change leaves as it was what is selected of each part. */
export function leaves<Part>(
  changes: readonly Revised<Part>[],
  selected: (part: Part) => unknown,
): boolean {
  return changes.every(({ before, after }) => equalJson(selected(before), selected(after)));
}

function fromNothing<Part>(input: ProxyInput, assembly: Assembly<Part>): Built<Part> {
  const { servicePorts, endpoints } = input;
  const all = new Map<string, Part>();
  for (const [key, service] of servicePorts) {
    all.set(key, assembly.part(service, endpoints.get(key)));
  }
  const parts = OverlayMap.of(all);
  return { endpoints, parts, ruleset: assembly.assemble(parts) };
}

function revised<Part>(
  before: Built<Part> | undefined,
  input: ProxyInput,
  assembly: Assembly<Part>,
): Built<Part> | undefined {
  const { servicePorts, endpoints } = input;
  if (!(endpoints instanceof OverlayMap && before?.endpoints instanceof OverlayMap)) {
    return undefined;
  }
  const edits = new Map<string, Part>();
  const changes: Revised<Part>[] = [];
  const touched: ReadonlySet<string> = endpoints.changedFrom(before.endpoints);
  const dependents = dependentPorts(input);
  for (const key of dependents.size === 0 ? touched : new Set([...touched, ...dependents.keys()])) {
    const service = servicePorts.get(key);
    if (service === undefined) continue;
    const change = {
      before: before.parts.get(key)!,
      after: assembly.part(service, endpoints.get(key)),
    };
    if (change.before === change.after) continue;
    edits.set(key, change.after);
    changes.push(change);
  }
  if (changes.length === 0) return { ...before, endpoints };
  const parts = before.parts.with(edits);
  return { endpoints, parts, ruleset: assembly.revise(before.ruleset, changes, parts) };
}
