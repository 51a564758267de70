// When the cause of a change of endpoints happened: the start of the network programming latency.
// source: staging/src/k8s.io/endpointslice/util/trigger_time_tracker.go

import { conditionOf } from '../../apiserver/kinds/pod';
import type { Pod } from '../../apiserver/kinds/pod';
import type { Service } from '../../apiserver/kinds/service';
import { keyOf } from '../../values/kube-object';
import type { ObjectKey } from '../../values/kube-object';

interface Seen {
  service: number;
  readonly pods: Map<ObjectKey, number>;
}

export class TriggerTimes {
  private readonly services = new Map<ObjectKey, Seen>();

  /**
   * The earliest change since the last call for this Service, in microseconds: its creation, or the
   * instant at which a pod became ready or ceased to be. A pod's deletion leaves no time behind.
   */
  earliestChange(service: Service, pods: readonly Pod[]): number | undefined {
    const key = keyOf(service);
    const seen = this.services.get(key) ?? { service: Number.NEGATIVE_INFINITY, pods: new Map() };
    const now = new Map<ObjectKey, number>();
    let earliest: number | undefined;
    const consider = (time: number, before: number): void => {
      if (time > before && (earliest === undefined || time < earliest)) earliest = time;
    };
    for (const pod of pods) {
      const time = conditionOf(pod.status?.conditions, 'Ready')?.lastTransitionTime;
      if (time === undefined) continue;
      now.set(keyOf(pod), time);
      consider(time, seen.pods.get(keyOf(pod)) ?? Number.NEGATIVE_INFINITY);
    }
    const created = service.metadata.creationTimestamp;
    if (created !== undefined) consider(created, seen.service);
    this.services.set(key, { service: created ?? seen.service, pods: now });
    return earliest;
  }

  forget(service: ObjectKey): void {
    this.services.delete(service);
  }

  clear(): void {
    this.services.clear();
  }
}
