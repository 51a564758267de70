// When a node counts as short of something: the thresholds of its kubelet, and what is available.
// source: pkg/kubelet/eviction/helpers.go thresholdsMet, mergeThresholds, thresholdsMetGracePeriod;
// parsePercentage; pkg/kubelet/eviction/api/types.go GetThresholdQuantity

import type { EvictionThreshold, Quantity, Signal } from '../../values/kubelet-settings';
import { between } from '../../values/time';
import type { Instant } from '../../values/time';
import type { Resource } from './eviction-ranking';

const RESOURCE_OF: Readonly<Record<Signal, Resource>> = {
  'memory.available': 'memory',
  'imagefs.available': 'disk',
  'nodefs.available': 'disk',
  'pid.available': 'pids',
};

/** What a signal is about. */
export function resourceOf({ signal }: EvictionThreshold): Resource {
  return RESOURCE_OF[signal];
}

/** What is there of a resource, and how much of it the node has, which only shares ask for. */
export interface Supply {
  available(resource: Resource): number;
  capacity(resource: Resource): number;
}

/** What the threshold asks for, in bytes or processes. */
export function leastOf(threshold: EvictionThreshold, supply: Supply): number {
  return amountOf(threshold.least, resourceOf(threshold), supply);
}

/** A share is read into 32 bits: a tenth of 100Gi is 160 bytes more than 10Gi. */
function amountOf(quantity: Quantity, resource: Resource, supply: Supply): number {
  if ('amount' in quantity) return quantity.amount;
  const percentage = Math.fround(quantity.share * 100);
  return Math.floor(supply.capacity(resource) * Math.fround(percentage / 100));
}

/** What a kubelet remembers of its thresholds, each by its number. */
export interface Remembered {
  /** Since when those that are met have been so. */
  seen: ReadonlyMap<number, Instant>;
  /** Those by which pods had to go at the last look. */
  driving: ReadonlySet<number>;
}

/**
 * One look: what is met now, and by which of these pods have to go, since their grace is over. A
 * threshold by which pods had to go is met until its minimum of reclaim is there too.
 */
export function look(
  thresholds: readonly EvictionThreshold[],
  before: Remembered,
  supply: Supply,
  now: Instant,
): Remembered {
  const seen = new Map<number, Instant>();
  const driving = new Set<number>();
  for (const [number, threshold] of thresholds.entries()) {
    const { reclaim, grace } = threshold;
    const resource = resourceOf(threshold);
    const isHeld = reclaim !== undefined && before.driving.has(number);
    const more = isHeld ? amountOf(reclaim, resource, supply) : 0;
    if (supply.available(resource) >= leastOf(threshold, supply) + more) continue;
    const since = before.seen.get(number) ?? now;
    seen.set(number, since);
    if (between(since, now) >= grace) driving.add(number);
  }
  return { seen, driving };
}
