// Which endpoints go into which slice: as few writes as possible, not as few slices.
// source: staging/src/k8s.io/endpointslice/reconciler.go reconcileByPortMapping, finalize

import type { EndpointSlice, SliceEndpoint } from '../../apiserver/kinds/endpointslice';
import type { Service } from '../../apiserver/kinds/service';
import type { Family } from '../../values/ip';
import type { DesiredGroup } from './desired-endpoints';
import { draftOf, hasStaleLabels, isOwnedBy, newDraft, portsKey } from './slice-draft';
import type { SliceDraft, SlicePlan } from './slice-draft';
import { areIdentical, identityOf, isSameEndpoint } from './slice-endpoint';

/** Packs the desired endpoints of one family, group by group, into new and existing slices. */
export function packSlices(options: {
  readonly service: Service;
  readonly family: Family;
  readonly desired: readonly DesiredGroup[];
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
  for (const { ports, endpoints } of desired) {
    const key = portsKey(ports);
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
  endpoints: readonly SliceEndpoint[],
  max: number,
  create: () => SliceDraft,
): void {
  const { changed, unchanged, missing } = keepDrafts(plan, drafts, endpoints);
  // Slices that are written anyway take what they can, the fullest first.
  changed.sort((a, b) => b.endpoints.length - a.endpoints.length);
  let left = missing;
  for (const draft of changed) left = fill(draft, left, max);
  while (left.length > 0) {
    const roomy = left.length < max ? closestToFull(unchanged, left.length, max) : undefined;
    const draft = roomy ?? create();
    left = fill(draft, left, max);
    if (roomy === undefined) plan.create.push(draft);
    else changed.push(...unchanged.splice(unchanged.indexOf(roomy), 1));
  }
  plan.update.push(...changed);
  plan.unchanged.push(...unchanged);
}

/** The slices of one list of ports that are there, and the endpoints that none of them holds. */
interface Kept {
  readonly changed: SliceDraft[];
  readonly unchanged: SliceDraft[];
  readonly missing: readonly SliceEndpoint[];
}

const NOTHING: readonly SliceEndpoint[] = Object.freeze([]);

/** Brings the slices that are there in step. One that comes out empty is removed. */
function keepDrafts(
  plan: SlicePlan,
  drafts: readonly SliceDraft[],
  endpoints: readonly SliceEndpoint[],
): Kept {
  const kept = { changed: [] as SliceDraft[], unchanged: [] as SliceDraft[] };
  if (drafts.length === 0) return { ...kept, missing: endpoints };
  const [only] = drafts;
  // Most passes find every endpoint at its place in the one slice there is.
  if (drafts.length === 1 && holdsInOrder(only!, endpoints)) {
    const isChanged = renew(only!, endpoints);
    (isChanged || hasStaleLabels(only!) ? kept.changed : kept.unchanged).push(only!);
    return { ...kept, missing: NOTHING };
  }
  const wanted = new Map(endpoints.map((endpoint) => [identityOf(endpoint), endpoint]));
  for (const draft of drafts) {
    const isChanged = keepWanted(draft, wanted);
    if (draft.endpoints.length === 0 && isChanged) plan.remove.push(draft.base!);
    else if (isChanged || hasStaleLabels(draft)) kept.changed.push(draft);
    else kept.unchanged.push(draft);
  }
  return { ...kept, missing: [...wanted.values()] };
}

function holdsInOrder({ endpoints }: SliceDraft, wanted: readonly SliceEndpoint[]): boolean {
  if (endpoints === wanted) return true;
  if (endpoints.length !== wanted.length) return false;
  return endpoints.every((endpoint, index) => areIdentical(endpoint, wanted[index]!));
}

/** Renews what has changed, where all stand at their places. Returns whether anything has. */
function renew(draft: SliceDraft, wanted: readonly SliceEndpoint[]): boolean {
  const { endpoints } = draft;
  if (endpoints.every((endpoint, index) => isSameEndpoint(wanted[index]!, endpoint))) return false;
  draft.endpoints = wanted;
  return true;
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

/** Puts in as many as there is room for; returns the others. */
function fill(
  draft: SliceDraft,
  missing: readonly SliceEndpoint[],
  max: number,
): readonly SliceEndpoint[] {
  const room = max - draft.endpoints.length;
  if (missing.length === 0 || room <= 0) return missing;
  if (draft.endpoints.length === 0 && missing.length <= room) {
    // A slice that holds all of them holds their list, by which the next pass knows it.
    draft.endpoints = missing;
    return NOTHING;
  }
  draft.endpoints = [...draft.endpoints, ...missing.slice(0, room)];
  return missing.slice(room);
}

/** source: staging/src/k8s.io/endpointslice/utils.go getSliceToFill */
function closestToFull(
  drafts: readonly SliceDraft[],
  count: number,
  max: number,
): SliceDraft | undefined {
  if (drafts.length === 0) return undefined;
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
  if (plan.remove.length === 0) return;
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
