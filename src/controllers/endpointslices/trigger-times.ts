// When the cause of a change of endpoints happened: the start of the network programming latency.
// source: staging/src/k8s.io/endpointslice/util/trigger_time_tracker.go

import { conditionOf } from '../../apiserver/kinds/pod';
import type { Condition, Pod } from '../../apiserver/kinds/pod';
import type { Service } from '../../apiserver/kinds/service';
import { patternOf } from '../../apiserver/late-pod';
import type { PodMaker } from '../../apiserver/late-pod';
import type { Version } from '../../apiserver/store';
import type { ObjectKey } from '../../values/kube-object';

/** What the last look saw. Frozen, so that forks share it. */
interface Seen {
  /** When the Service was created. */
  readonly created: number;
  readonly pods: readonly Version[];
}

const NOTHING: Seen = Object.freeze({ created: Number.NEGATIVE_INFINITY, pods: Object.freeze([]) });

export class TriggerTimes {
  private readonly services = new Map<ObjectKey, Seen>();

  /**
   * The earliest change since the last call for this Service, in microseconds: its creation, or the
   * instant at which a pod became ready or ceased to be. A pod's deletion leaves no time behind.
   * `pods` are versions of them, in a frozen list.
   */
  earliestChange(key: ObjectKey, service: Service, pods: readonly Version[]): number | undefined {
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

function conditionsOf(pod: Version): readonly Condition[] | undefined {
  return (patternOf(pod) as Pod).status?.conditions;
}

function readyTimeIn(conditions: readonly Condition[] | undefined): number | undefined {
  return conditionOf(conditions, 'Ready')?.lastTransitionTime;
}

/** The earliest time at which one of the pods became ready, or ceased to be, since `before`. */
function earliestReady(pods: readonly Version[], before: readonly Version[]): number {
  let earliest = Number.POSITIVE_INFINITY;
  if (pods === before) return earliest;
  let shared: readonly Condition[] | undefined;
  let maker: PodMaker | undefined;
  let time: number | undefined;
  let byKey: ReadonlyMap<ObjectKey, Version> | undefined;
  for (let index = 0; index < pods.length; index++) {
    const pod = pods[index]!;
    let known = before[index];
    if (pod === known) continue;
    // Pods that came up together may share their conditions, and those of a series do.
    if (pod.late === undefined || pod.late.maker !== maker) {
      maker = pod.late?.maker;
      const conditions = conditionsOf(pod);
      if (conditions !== shared) time = readyTimeIn(conditions);
      shared = conditions;
    }
    if (time === undefined || time >= earliest) continue;
    // Most pods stand where they stood before.
    if (before.length > 0 && known?.key !== pod.key) {
      byKey ??= new Map(before.map((one) => [one.key, one]));
      known = byKey.get(pod.key);
    }
    const last = known && readyTimeIn(conditionsOf(known));
    if (last === undefined || time > last) earliest = time;
  }
  return earliest;
}
