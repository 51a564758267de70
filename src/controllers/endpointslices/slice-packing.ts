// Which endpoints go into which slice: as few writes as possible, not as few slices.
// source: staging/src/k8s.io/endpointslice/reconciler.go reconcileByPortMapping, finalize

import type { EndpointSlice, SliceEndpoint, SlicePort } from '../../apiserver/kinds/endpointslice';
import type { Service } from '../../apiserver/kinds/service';
import type { Family } from '../../values/ip';
import { draftOf, hasStaleLabels, isOwnedBy, newDraft, portsKey } from './slice-draft';
import type { SliceDraft, SlicePlan } from './slice-draft';
import { identityOf, isSameEndpoint } from './slice-endpoint';

/** The endpoints that offer one and the same list of ports, by identity. */
export interface DesiredGroup {
  readonly ports: readonly SlicePort[];
  /** Those that have found their slice are taken away. */
  readonly endpoints: Map<string, SliceEndpoint>;
}

/** Packs the desired endpoints of one family, group by group, into new and existing slices. */
export function packSlices(options: {
  readonly service: Service;
  readonly family: Family;
  /** By `portsKey`. */
  readonly desired: ReadonlyMap<string, DesiredGroup>;
  readonly existing: readonly EndpointSlice[];
  /** Endpoints per slice at most. */
  readonly max: number;
}): SlicePlan {
  const { service, family, desired, existing, max } = options;
  const plan: SlicePlan = { create: [], update: [], remove: [], unchanged: [] };
  const slicesByPorts = new Map<string, EndpointSlice[]>();
  for (const slice of existing) {
    const key = portsKey(slice.ports ?? []);
    // A slice of another Service that had this name before is not ours to change.
    if (!isOwnedBy(slice, service)) plan.remove.push(slice);
    else if (slicesByPorts.has(key)) slicesByPorts.get(key)!.push(slice);
    else slicesByPorts.set(key, [slice]);
  }
  for (const [key, { ports, endpoints }] of desired) {
    const drafts = (slicesByPorts.get(key) ?? []).map((slice) => draftOf(slice, service));
    slicesByPorts.delete(key);
    packGroup(plan, drafts, endpoints, max, () => newDraft(service, family, ports));
  }
  for (const slices of slicesByPorts.values()) plan.remove.push(...slices);
  addPlaceholder(plan, service, family, existing.length);
  reuseRemoved(plan, service);
  return plan;
}

function packGroup(
  plan: SlicePlan,
  drafts: readonly SliceDraft[],
  wanted: Map<string, SliceEndpoint>,
  max: number,
  create: () => SliceDraft,
): void {
  const changed: SliceDraft[] = [];
  const unchanged: SliceDraft[] = [];
  for (const draft of drafts) {
    const isChanged = keepWanted(draft, wanted);
    if (draft.endpoints.length === 0 && isChanged) plan.remove.push(draft.base!);
    else if (isChanged || hasStaleLabels(draft)) changed.push(draft);
    else unchanged.push(draft);
  }
  // Slices that are written anyway take what they can, the fullest first.
  changed.sort((a, b) => b.endpoints.length - a.endpoints.length);
  for (const draft of changed) fill(draft, wanted, max);
  while (wanted.size > 0) {
    const roomy = wanted.size < max ? closestToFull(unchanged, wanted.size, max) : undefined;
    const draft = roomy ?? create();
    fill(draft, wanted, max);
    if (roomy === undefined) plan.create.push(draft);
    else changed.push(...unchanged.splice(unchanged.indexOf(roomy), 1));
  }
  plan.update.push(...changed);
  plan.unchanged.push(...unchanged);
}

/** Drops what is gone and renews what has changed; what it holds is no longer wanted elsewhere. */
function keepWanted(draft: SliceDraft, wanted: Map<string, SliceEndpoint>): boolean {
  const kept: SliceEndpoint[] = [];
  let isChanged = false;
  for (const endpoint of draft.endpoints) {
    const identity = identityOf(endpoint);
    const found = wanted.get(identity);
    if (found === undefined) {
      isChanged = true;
      continue;
    }
    isChanged ||= !isSameEndpoint(found, endpoint);
    kept.push(found);
    wanted.delete(identity);
  }
  // An unchanged slice keeps its endpoints as they stand, hints included.
  if (isChanged) draft.endpoints = kept;
  return isChanged;
}

function fill(draft: SliceDraft, wanted: Map<string, SliceEndpoint>, max: number): void {
  if (wanted.size === 0 || draft.endpoints.length >= max) return;
  const endpoints = [...draft.endpoints];
  for (const [identity, endpoint] of wanted) {
    if (endpoints.length >= max) break;
    endpoints.push(endpoint);
    wanted.delete(identity);
  }
  draft.endpoints = endpoints;
}

/** source: staging/src/k8s.io/endpointslice/utils.go getSliceToFill */
function closestToFull(
  drafts: readonly SliceDraft[],
  count: number,
  max: number,
): SliceDraft | undefined {
  const roomy = drafts.filter(({ endpoints }) => endpoints.length + count <= max);
  const size = Math.max(...roomy.map(({ endpoints }) => endpoints.length));
  return roomy.find(({ endpoints }) => endpoints.length === size);
}

/** Without any endpoint one empty slice remains: it says that there are none. */
function addPlaceholder(plan: SlicePlan, service: Service, family: Family, existing: number): void {
  if (existing !== plan.remove.length || plan.create.length > 0) return;
  const [only] = plan.remove;
  const isPlaceholder =
    plan.remove.length === 1 &&
    isOwnedBy(only!, service) &&
    only!.endpoints.length === 0 &&
    (only!.ports ?? []).length === 0 &&
    !hasStaleLabels(draftOf(only!, service));
  if (isPlaceholder) plan.unchanged.push(draftOf(plan.remove.pop()!, service));
  else plan.create.push(newDraft(service, family, []));
}

/** A slice that would be deleted becomes one that would be created: one write instead of two. */
function reuseRemoved(plan: SlicePlan, service: Service): void {
  const kept = plan.remove.filter((slice) => {
    if (!isOwnedBy(slice, service)) return true;
    const at = plan.create.findLastIndex(({ family }) => family === slice.addressType);
    if (at < 0) return true;
    const [draft] = plan.create.splice(at, 1);
    draft!.base = slice;
    plan.update.push(draft!);
    return false;
  });
  plan.remove.splice(0, plan.remove.length, ...kept);
}
