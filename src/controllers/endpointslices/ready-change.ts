// What a pass changes in the addresses that a Service may send to: for its line, and for whether
// traffic gains or loses by it.

import type { EndpointSlice, SliceEndpoint } from '../../apiserver/kinds/endpointslice';
import type { Effect } from '../../timing';
import type { SliceDraft, SlicePlan } from './slice-draft';
import { lateSourceOf } from './slice-draft';
import { isReady } from './traffic-distribution';

/** What a write changes in the ready addresses of a Service. */
export interface ReadyChange {
  readonly ready: number;
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** `before`: the slices as they stand. */
export function changeOf(
  before: readonly EndpointSlice[],
  plans: readonly SlicePlan[],
): ReadyChange {
  const had = new Set<string>();
  const has = new Set<string>();
  for (const { endpoints } of before) addReady(endpoints, had);
  for (const { create, update, unchanged } of plans) {
    for (const { endpoints } of create) addReady(endpoints, has);
    for (const { endpoints } of update) addReady(endpoints, has);
    for (const { endpoints } of unchanged) addReady(endpoints, has);
  }
  const added: string[] = [];
  const removed: string[] = [];
  for (const address of has) if (!had.has(address)) added.push(address);
  for (const address of had) if (!has.has(address)) removed.push(address);
  return { ready: has.size, added, removed };
}

/** Whether new slices bring a ready endpoint. */
export function bringsReady({ create }: SlicePlan): boolean {
  return create.some(holdsReady);
}

function holdsReady(draft: SliceDraft): boolean {
  return lateSourceOf(draft)?.hasReady ?? draft.endpoints.some(isReady);
}

function addReady(endpoints: readonly SliceEndpoint[], ready: Set<string>): void {
  for (let index = 0; index < endpoints.length; index++) {
    const { addresses } = endpoints[index]!;
    if (!isReady(endpoints[index]!)) continue;
    for (let at = 0; at < addresses.length; at++) ready.add(addresses[at]!);
  }
}

/** How many addresses a line of the journal names. */
const NAMED = 6;

/** Traffic loses by a change that takes ready endpoints away and brings none. */
export function effectOf({ added, removed }: ReadyChange): Effect | undefined {
  if (added.length > 0) return 'gain';
  return removed.length > 0 ? 'loss' : undefined;
}

/** Names the first addresses only. */
export function summaryOf({ ready, added, removed }: ReadyChange): string {
  const parts = added.slice(0, NAMED).map((it) => `+${it}`);
  for (const address of removed.slice(0, NAMED - parts.length)) parts.push(`-${address}`);
  const change = parts.length === 0 ? '' : ` (${parts.join(' ')})`;
  return `${ready} ready${change}`;
}
