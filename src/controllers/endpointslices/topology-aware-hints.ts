// Hints by the share of CPU that each zone has (`service.kubernetes.io/topology-mode: Auto`).
// source: staging/src/k8s.io/endpointslice/topologycache/{topologycache,sliceinfo,utils}.go

import type { Node } from '../../apiserver/kinds/node';
import { zoneOf } from '../../apiserver/kinds/node';
import { conditionOf } from '../../apiserver/kinds/pod';
import { millicores } from '../../values/millicores';
import { compareText } from '../../values/order';
import type { SliceDraft, SlicePlan } from './slice-draft';
import { isReady, withHints } from './traffic-distribution';

/** By how much a zone may get more traffic than its share. */
const OVERLOAD = 0.2;

/** Why a Service gets no hints. source: topologycache/event.go */
const DISABLED = {
  nodes: 'allocatable CPU or zone not specified on one or more nodes',
  oneZone: 'nodes only ready in one zone',
  endpoints: 'insufficient number of endpoints',
  overload: 'not enough endpoints for each zone without exceeding the overload threshold',
  zone: 'one or more endpoints do not have a zone specified',
  none: 'no hints allocated for zones',
} as const;

export type HintsDisabled = (typeof DISABLED)[keyof typeof DISABLED];

interface Allocation {
  readonly minimum: number;
  readonly desired: number;
  maximum: number;
}

/** The share of CPU by zone, or undefined where it cannot be told. Sorted by zone. */
export function cpuShares(nodes: Iterable<Node>): ReadonlyMap<string, number> | undefined {
  const cpuByZone = new Map<string, number>();
  let total = 0;
  for (const node of nodes) {
    if (isExcluded(node)) continue;
    const cpu = millicores(node.status?.allocatable?.['cpu']);
    const zone = zoneOf(node);
    if (!zone || cpu === 0) return undefined;
    cpuByZone.set(zone, (cpuByZone.get(zone) ?? 0) + cpu);
    total += cpu;
  }
  const zones = [...cpuByZone.keys()].sort(compareText);
  return new Map(zones.map((zone) => [zone, cpuByZone.get(zone)! / total]));
}

/** Sets zone hints in proportion. Returns why it does not, after taking all hints away. */
export function hintByCpu(
  plan: SlicePlan,
  shares: ReadonlyMap<string, number> | undefined,
): HintsDisabled | undefined {
  const allocations = allocate(shares, countReady(plan));
  if (typeof allocations === 'string') return allocations;
  const counts = countKept(plan, allocations);
  const drafts = [...plan.create, ...plan.update];
  for (const draft of drafts) {
    draft.endpoints = draft.endpoints.map((endpoint) => {
      if (!isReady(endpoint)) return withHints(endpoint, undefined);
      const zone = endpoint.zone ?? '';
      counts.set(zone, (counts.get(zone) ?? 0) + 1);
      return withHints(endpoint, { forZones: [{ name: zone }] });
    });
  }
  if (counts.has('')) return DISABLED.zone;
  if (counts.size === 0) return DISABLED.none;
  redistribute(drafts, allocations, counts);
  return undefined;
}

/** Control plane nodes and nodes that are not ready do not count. */
function isExcluded({ metadata, status }: Node): boolean {
  const labels = metadata.labels ?? {};
  if ('node-role.kubernetes.io/control-plane' in labels) return true;
  if ('node-role.kubernetes.io/master' in labels) return true;
  return conditionOf(status?.conditions, 'Ready')?.status !== 'True';
}

function countReady({ create, update, unchanged }: SlicePlan): number {
  return [...create, ...update, ...unchanged].flatMap(({ endpoints }) => endpoints).filter(isReady)
    .length;
}

function allocate(
  shares: ReadonlyMap<string, number> | undefined,
  count: number,
): Map<string, Allocation> | HintsDisabled {
  if (shares === undefined || shares.size === 0) {
    return DISABLED.nodes;
  }
  if (shares.size < 2) return DISABLED.oneZone;
  if (shares.size > count) return DISABLED.endpoints;
  const allocations = new Map<string, Allocation>();
  let spare = count;
  for (const [zone, share] of shares) {
    const desired = share * count;
    const minimum = Math.ceil(desired / (1 + OVERLOAD));
    allocations.set(zone, { minimum, desired: Math.max(desired, minimum), maximum: 0 });
    spare -= minimum;
    if (spare < 0) return DISABLED.overload;
  }
  for (const allocation of allocations.values()) allocation.maximum = allocation.minimum + spare;
  return allocations;
}

/** Hints of slices that are not written otherwise; a slice whose hints do not fit is written. */
function countKept(
  plan: SlicePlan,
  allocations: ReadonlyMap<string, Allocation>,
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const draft of plan.unchanged.splice(0)) {
    const own = hintsOf(draft, allocations, counts);
    const list = own === undefined ? plan.update : plan.unchanged;
    list.push(draft);
    for (const [zone, count] of own ?? []) counts.set(zone, (counts.get(zone) ?? 0) + count);
  }
  return counts;
}

function hintsOf(
  draft: SliceDraft,
  allocations: ReadonlyMap<string, Allocation>,
  counts: ReadonlyMap<string, number>,
): Map<string, number> | undefined {
  const own = new Map<string, number>();
  for (const endpoint of draft.endpoints) {
    if (!isReady(endpoint)) continue;
    const zone = endpoint.hints?.forZones?.[0]?.name;
    if (zone === undefined || !allocations.has(zone)) return undefined;
    own.set(zone, (own.get(zone) ?? 0) + 1);
  }
  for (const [zone, count] of own) {
    if (count + (counts.get(zone) ?? 0) > allocations.get(zone)!.maximum) return undefined;
  }
  return own;
}

/** Zones that have more than their share give endpoints to zones that have less. */
function redistribute(
  drafts: readonly SliceDraft[],
  allocations: ReadonlyMap<string, Allocation>,
  counts: ReadonlyMap<string, number>,
): void {
  const { giving, receiving } = transfers(allocations, counts);
  for (const draft of drafts) {
    draft.endpoints = draft.endpoints.map((endpoint) => {
      const give = giving.get(endpoint.zone ?? '') ?? 0;
      const [to] = [...receiving].find(([, count]) => count > 0) ?? [];
      if (!isReady(endpoint) || give === 0 || to === undefined) return endpoint;
      giving.set(endpoint.zone!, give - 1);
      receiving.set(to, receiving.get(to)! - 1);
      return withHints(endpoint, { forZones: [{ name: to }] });
    });
  }
}

/** How many endpoints each zone gives or receives, in whole endpoints. */
function transfers(
  allocations: ReadonlyMap<string, Allocation>,
  counts: ReadonlyMap<string, number>,
): { giving: Map<string, number>; receiving: Map<string, number> } {
  const surplus = new Map<string, number>();
  const deficit = new Map<string, number>();
  for (const [zone, { desired }] of allocations) {
    const difference = (counts.get(zone) ?? 0) - desired;
    if (difference > 0) surplus.set(zone, difference);
    else if (difference < 0) deficit.set(zone, -difference);
  }
  const giving = new Map<string, number>();
  const receiving = new Map<string, number>();
  for (;;) {
    const [from, give] = most(surplus);
    const [to, receive] = most(deficit);
    if (from === undefined || to === undefined) break;
    if ((give < 1 && receive < 1) || give < 0.5 || receive < 0.5) break;
    giving.set(from, (giving.get(from) ?? 0) + 1);
    surplus.set(from, give - 1);
    receiving.set(to, (receiving.get(to) ?? 0) + 1);
    deficit.set(to, receive - 1);
  }
  return { giving, receiving };
}

/** The zone with the largest number; of equals the first by name. */
function most(zones: ReadonlyMap<string, number>): [string | undefined, number] {
  let best: [string | undefined, number] = [undefined, 0];
  for (const [zone, count] of zones) if (count > best[1]) best = [zone, count];
  return best;
}
