// Settings of whole clusters that people know by a name: timers that differ from the defaults
// together. Everything else is as `default` has it, drawn phases and jitters included.

import { seconds } from '../values/time';
import type { Duration } from '../values/time';

export interface Preset {
  /** What it is for, as a sentence for people. */
  readonly summary: string;
  /** Rows that it replaces, by name. */
  readonly timers: Readonly<Record<string, Duration>>;
  /** Rules are programmed as if there were so many Services at least. */
  readonly services?: number;
  readonly source: string;
}

/** The timeout of renewals follows from the status frequency: `kubelet.leaseRequestTimeout`. */
const OPENSHIFT = 'openshift/api config/v1/types_node.go (WorkerLatencyProfileType)';

/** By the name that `cluster.timing` takes. OpenShift's own profile `Default` is `default` here. */
export const PRESETS = {
  MediumUpdateAverageReaction: {
    summary: 'OpenShift worker latency profile: nodes report every 20 s and may be silent for 2 m',
    timers: {
      'kubelet.nodeStatusUpdateFrequency': seconds(20),
      'controller-manager.nodelifecycle.monitorGracePeriod': seconds(120),
      'apiserver.defaultNotReadyToleration': seconds(60),
      'apiserver.defaultUnreachableToleration': seconds(60),
    },
    source: OPENSHIFT,
  },
  LowUpdateSlowReaction: {
    summary: 'OpenShift worker latency profile: nodes report every 1 m and may be silent for 5 m',
    timers: {
      'kubelet.nodeStatusUpdateFrequency': seconds(60),
      'controller-manager.nodelifecycle.monitorGracePeriod': seconds(300),
      'apiserver.defaultNotReadyToleration': seconds(60),
      'apiserver.defaultUnreachableToleration': seconds(60),
    },
    source: OPENSHIFT,
  },
  'large-5000': {
    summary: 'rules as on 5,000 nodes: written every 10 s at the most, for 10,000 Services',
    timers: { 'kube-proxy.minSyncPeriod': seconds(10) },
    services: 10_000,
    source: 'sig-scalability thresholds; KEP-3453 (kube-proxy --iptables-min-sync-period 10s)',
  },
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof PRESETS;

/** The preset of that name; undefined for a profile of the table itself. */
export function presetOf(name: string): Preset | undefined {
  return Object.hasOwn(PRESETS, name) ? PRESETS[name as PresetName] : undefined;
}
