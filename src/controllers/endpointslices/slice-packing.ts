// Which endpoints go into which slice: as few writes as possible, not as few slices.
// source: staging/src/k8s.io/endpointslice/reconciler.go reconcileByPortMapping, finalize

import type { EndpointSlice, SliceEndpoint } from '../../apiserver/kinds/endpointslice';
import type { Service } from '../../apiserver/kinds/service';
import type { Family } from '../../values/ip';
import type { DesiredGroup } from './desired-endpoints';
import { LateEndpoints } from './late-endpoints';
import {
  draftOf,
  hasStaleLabels,
  isOwnedBy,
  LateDraft,
  newDraft,
  NO_ENDPOINTS,
  portsKey,
} from './slice-draft';
import type { SliceDraft, SlicePlan } from './slice-draft';
import { areIdentical, identityOf, isSameEndpoint } from './slice-endpoint';

/** What there is and what there is to be, of one family. */
interface Packing {
  readonly service: Service;
  readonly family: Family;
  readonly desired: readonly DesiredGroup[];
  readonly existing: readonly EndpointSlice[];
  /** Endpoints per slice at most. */
  readonly max: number;
}

/** Packs the desired endpoints, group by group, into new and existing slices. */
export function packSlices(packing: Packing): SlicePlan {
  const { service, family, desired, existing } = packing;
  if (existing.length === 0) return planOfNew(packing);
  const plan = planOf([]);
  if (existing.length === 1 && desired.length === 1 && keepTheOne(plan, packing)) return plan;
  const slicesByPorts = new Map<string, EndpointSlice[]>();
  for (const slice of existing) {
    const key = portsKey(slice.ports ?? []);
    // A slice of another Service that had this name before is not ours to change.
    if (!isOwnedBy(slice, service)) plan.remove.push(slice);
    else if (slicesByPorts.has(key)) slicesByPorts.get(key)!.push(slice);
    else slicesByPorts.set(key, [slice]);
  }
  for (const group of desired) {
    const key = portsKey(group.ports);
    const slices = slicesByPorts.get(key);
    slicesByPorts.delete(key);
    if (slices === undefined) createSlices(plan, packing, group, group.endpoints);
    else packGroup(plan, packing, group, slices);
  }
  for (const slices of slicesByPorts.values()) plan.remove.push(...slices);
  addPlaceholder(plan, service, family, existing.length);
  reuseRemoved(plan, service);
  return plan;
}

function planOf(create: SliceDraft[]): SlicePlan {
  return { create, update: [], remove: [], unchanged: [] };
}

/** Where there are no slices yet. */
function planOfNew(packing: Packing): SlicePlan {
  const { service, family, desired } = packing;
  const [first] = desired;
  if (first === undefined) return planOf([placeholder(service, family)]);
  if (first instanceof LateEndpoints && desired.length === 1 && first.count <= packing.max) {
    return planOf([new LateDraft(service, family, first)]);
  }
  const plan = planOf([]);
  for (const group of desired) createSlices(plan, packing, group, group.endpoints);
  return plan;
}

/** Most passes find every endpoint at its place in the one slice there is. */
function keepTheOne(plan: SlicePlan, { service, desired, existing }: Packing): boolean {
  const slice = existing[0]!;
  const { ports, endpoints } = desired[0]!;
  const isOfPorts = slice.ports === ports || portsKey(slice.ports ?? []) === portsKey(ports);
  if (!isOfPorts || !isOwnedBy(slice, service)) return false;
  const draft = draftOf(slice, service);
  const inOrder = keepInOrder(draft, endpoints);
  if (inOrder === undefined) return false;
  const isUpdate = inOrder === 'changed' || hasStaleLabels(draft);
  (isUpdate ? plan.update : plan.unchanged).push(draft);
  return true;
}

/** New slices for endpoints that no other one can take. */
function createSlices(
  plan: SlicePlan,
  { service, family, max }: Packing,
  { ports }: DesiredGroup,
  endpoints: readonly SliceEndpoint[],
): void {
  for (let left = endpoints; left.length > 0;) {
    const draft = newDraft(service, family, ports);
    left = fill(draft, left, max);
    plan.create.push(draft);
  }
}

function packGroup(
  plan: SlicePlan,
  packing: Packing,
  group: DesiredGroup,
  slices: readonly EndpointSlice[],
): void {
  const { service, family, max } = packing;
  const drafts = slices.map((slice) => draftOf(slice, service));
  const { changed, unchanged, missing } = keepDrafts(plan, drafts, group.endpoints);
  // Slices that are written anyway take what they can, the fullest first.
  if (changed.length > 1) changed.sort((a, b) => b.endpoints.length - a.endpoints.length);
  let left = missing;
  for (const draft of changed) left = fill(draft, left, max);
  while (left.length > 0) {
    const roomy = left.length < max ? closestToFull(unchanged, left.length, max) : undefined;
    const draft = roomy ?? newDraft(service, family, group.ports);
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
  const changed: SliceDraft[] = [];
  const unchanged: SliceDraft[] = [];
  const wanted = new Map(endpoints.map((endpoint) => [identityOf(endpoint), endpoint]));
  for (const draft of drafts) {
    const isChanged = keepWanted(draft, wanted);
    if (draft.endpoints.length === 0 && isChanged) plan.remove.push(draft.base!);
    else if (isChanged || hasStaleLabels(draft)) changed.push(draft);
    else unchanged.push(draft);
  }
  return { changed, unchanged, missing: [...wanted.values()] };
}

/** Renews what has changed where all stand at their places; undefined where they do not. */
function keepInOrder(
  draft: SliceDraft,
  wanted: readonly SliceEndpoint[],
): 'changed' | 'unchanged' | undefined {
  const { endpoints } = draft;
  if (endpoints === wanted) return 'unchanged';
  if (endpoints.length !== wanted.length) return undefined;
  let isChanged = false;
  for (let index = 0; index < wanted.length; index++) {
    const is = endpoints[index]!;
    const next = wanted[index]!;
    if (is === next) continue;
    if (!areIdentical(is, next)) return undefined;
    isChanged ||= !isSameEndpoint(next, is);
  }
  // An unchanged slice keeps its endpoints as they stand, hints included.
  if (!isChanged) return 'unchanged';
  draft.endpoints = wanted;
  return 'changed';
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
  else plan.create.push(placeholder(service, family));
}

function placeholder(service: Service, family: Family): SliceDraft {
  return new LateDraft(service, family, NO_ENDPOINTS);
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
