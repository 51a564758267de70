// When the cause of a change of endpoints happened: the start of the network programming latency.
// source: staging/src/k8s.io/endpointslice/util/trigger_time_tracker.go

import { conditionOf } from '../../apiserver/kinds/pod';
import type { Pod } from '../../apiserver/kinds/pod';
import type { Service } from '../../apiserver/kinds/service';
import { keyOf } from '../../values/kube-object';
import type { ObjectKey } from '../../values/kube-object';

interface Seen {
  service: number;
  /** By the names of the pods, which are in the namespace of the Service. */
  pods: Map<string, number>;
}

export class TriggerTimes {
  private readonly services = new Map<ObjectKey, Seen>();

  /**
   * The earliest change since the last call for this Service, in microseconds: its creation, or the
   * instant at which a pod became ready or ceased to be. A pod's deletion leaves no time behind.
   */
  earliestChange(service: Service, pods: readonly Pod[]): number | undefined {
    const key = keyOf(service);
    let seen = this.services.get(key);
    if (seen === undefined) {
      seen = { service: Number.NEGATIVE_INFINITY, pods: new Map() };
      this.services.set(key, seen);
    }
    let earliest = Number.POSITIVE_INFINITY;
    let count = 0;
    for (const pod of pods) {
      const time = readyTimeOf(pod);
      if (time === undefined) continue;
      const { name } = pod.metadata;
      const before = seen.pods.get(name);
      count++;
      if (time === before) continue;
      seen.pods.set(name, time);
      if (before === undefined || time > before) earliest = Math.min(earliest, time);
    }
    // Most passes find the pods of the one before; those that are gone are forgotten.
    if (count < seen.pods.size) seen.pods = readyTimesOf(pods);
    const created = service.metadata.creationTimestamp;
    if (created !== undefined && created > seen.service) earliest = Math.min(earliest, created);
    seen.service = created ?? seen.service;
    return earliest === Number.POSITIVE_INFINITY ? undefined : earliest;
  }

  forget(service: ObjectKey): void {
    this.services.delete(service);
  }

  clear(): void {
    this.services.clear();
  }
}

function readyTimeOf({ status }: Pod): number | undefined {
  return conditionOf(status?.conditions, 'Ready')?.lastTransitionTime;
}

function readyTimesOf(pods: readonly Pod[]): Map<string, number> {
  const times = new Map<string, number>();
  for (const pod of pods) {
    const time = readyTimeOf(pod);
    if (time !== undefined) times.set(pod.metadata.name, time);
  }
  return times;
}
