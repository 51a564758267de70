// What a scenario says of a kubelet by the names of KubeletConfiguration: at which shortages it
// ends pods, and how; and how long it waits for what.
// source: pkg/kubelet/apis/config/v1beta1 (KubeletConfiguration); pkg/kubelet/eviction/api

import type { Duration } from './time';
import { seconds, ZERO } from './time';

/** What a kubelet looks at, in the order in which shortages are seen to. */
export const SIGNALS = [
  'memory.available',
  'imagefs.available',
  'nodefs.available',
  'pid.available',
] as const;
export type Signal = (typeof SIGNALS)[number];

/** A number (of bytes, of processes), or a share of what the node has. */
export type Quantity = { readonly amount: number } | { readonly share: number };

/** Below `least` the node is short. */
export interface EvictionThreshold {
  readonly signal: Signal;
  readonly least: Quantity;
  /** How long the shortage may last before a pod has to go; zero where that is at once (hard). */
  readonly grace: Duration;
  /** How much more than `least` has to be available until no further pod has to go. */
  readonly reclaim?: Quantity;
}

export interface KubeletSettings {
  /** In the order of their signals, hard ones first; a signal without any is not looked at. */
  readonly thresholds: readonly EvictionThreshold[];
  /** What pods get at the most to end after a soft threshold. */
  readonly maxPodGrace: Duration;
  /** Its own delays, by the names of the timers that are the same for all others. */
  readonly timers: Readonly<Record<string, Duration>>;
}

/**
 * evictionHard where nobody says it. Processes are not among them. The file system of images and
 * that of the node are one disk here, so that the higher one counts.
 * source: pkg/kubelet/eviction/defaults_linux.go DefaultEvictionHard
 */
const DEFAULT_HARD: readonly (readonly [Signal, Quantity])[] = [
  ['memory.available', { amount: 100 * 1_024 * 1_024 }],
  ['imagefs.available', { share: 0.15 }],
  ['nodefs.available', { share: 0.1 }],
];

export const DEFAULT_THRESHOLDS: readonly EvictionThreshold[] = DEFAULT_HARD.map(
  ([signal, least]) => ({ signal, least, grace: ZERO }),
);

/** source: pkg/kubelet/apis/config/v1beta1/types.go evictionMaxPodGracePeriod (Default: 0) */
export const DEFAULT_KUBELET: KubeletSettings = {
  thresholds: DEFAULT_THRESHOLDS,
  maxPodGrace: seconds(0),
  timers: {},
};
