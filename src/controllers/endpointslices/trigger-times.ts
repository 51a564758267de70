// When the cause of a change of endpoints happened: the start of the network programming latency.
// source: staging/src/k8s.io/endpointslice/util/trigger_time_tracker.go

import { conditionOf } from '../../apiserver/kinds/pod';
import type { Condition, Pod, PodStatus } from '../../apiserver/kinds/pod';
import type { Service } from '../../apiserver/kinds/service';
import type { ObjectKey } from '../../values/kube-object';

const NO_STATUS: PodStatus = Object.freeze({});

/** What the last look saw. Frozen, so that forks share it. */
interface Seen {
  /** When the Service was created. */
  readonly created: number;
  readonly pods: readonly Pod[];
}

const NOTHING: Seen = Object.freeze({ created: Number.NEGATIVE_INFINITY, pods: Object.freeze([]) });

export class TriggerTimes {
  private readonly services = new Map<ObjectKey, Seen>();

  /**
   * The earliest change since the last call for this Service, in microseconds: its creation, or the
   * instant at which a pod became ready or ceased to be. A pod's deletion leaves no time behind.
   * `pods` is frozen.
   */
  earliestChange(key: ObjectKey, service: Service, pods: readonly Pod[]): number | undefined {
    const seen = this.services.get(key) ?? NOTHING;
    const created = service.metadata.creationTimestamp ?? seen.created;
    this.services.set(key, Object.freeze({ created, pods }));
    const earliest = Math.min(
      earliestReady(pods, seen.pods),
      created > seen.created ? created : Number.POSITIVE_INFINITY,
    );
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

/** The earliest time at which one of the pods became ready, or ceased to be, since `before`. */
function earliestReady(pods: readonly Pod[], before: readonly Pod[]): number {
  let earliest = Number.POSITIVE_INFINITY;
  if (pods === before) return earliest;
  let shared: readonly Condition[] | undefined;
  let time: number | undefined;
  let byName: ReadonlyMap<string, Pod> | undefined;
  for (let index = 0; index < pods.length; index++) {
    const pod = pods[index]!;
    let known = before[index];
    if (pod === known) continue;
    // Pods that came up together may share their conditions.
    const { conditions } = pod.status ?? NO_STATUS;
    if (conditions !== shared) {
      shared = conditions;
      time = conditionOf(conditions, 'Ready')?.lastTransitionTime;
    }
    if (time === undefined || time >= earliest) continue;
    const { name } = pod.metadata;
    // Most pods stand where they stood before.
    if (before.length > 0 && known?.metadata.name !== name) {
      byName ??= new Map(before.map((one) => [one.metadata.name, one]));
      known = byName.get(name);
    }
    const last = known && readyTimeOf(known);
    if (last === undefined || time > last) earliest = time;
  }
  return earliest;
}
