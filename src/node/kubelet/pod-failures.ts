// What pods do wrongly while they run: what their probes find, what they answer over HTTP, and
// what they refuse. The failures belong to the pod, so a new process of it fails as the last one
// did.

import type { ObjectKey } from '../../values/kube-object';
import type { Refusal } from '../pod-sandbox';
import type { ProbeType } from './probes';

/** How a pod fails. It is plain data. */
export interface PodFailure extends Refusal {
  /** Probes of these types find a failure, whatever the process does. */
  readonly probes?: readonly ProbeType[];
  /** The status of every answer over HTTP. */
  readonly http?: number;
  /** The kubelet counts none of its containers as ready, from this instant on. */
  readonly unready?: true;
  /** Its memory is full: the kernel kills every process of it as it starts. */
  readonly outOfMemory?: true;
}

/** The failures of one pod, by token. */
export type FailuresOfPod = ReadonlyMap<string, PodFailure>;

export class PodFailures {
  private readonly byPod = new Map<ObjectKey, Map<string, PodFailure>>();

  /** The failures of a pod as they are at any later time. */
  of(pod: ObjectKey): FailuresOfPod {
    return this.mutable(pod);
  }

  /** Whether the pod fails in any way now. */
  fails(pod: ObjectKey): boolean {
    const failures = this.byPod.get(pod);
    return failures !== undefined && failures.size > 0;
  }

  /** Nobody looks at the failures of the pod any more; without any, nothing is kept of it. */
  forget(pod: ObjectKey): void {
    if (this.byPod.get(pod)?.size === 0) this.byPod.delete(pod);
  }

  set(pod: ObjectKey, token: string, failure: PodFailure): void {
    this.mutable(pod).set(token, failure);
  }

  clear(pod: ObjectKey, token: string): void {
    this.mutable(pod).delete(token);
  }

  private mutable(pod: ObjectKey): Map<string, PodFailure> {
    let failures = this.byPod.get(pod);
    if (failures === undefined) {
      failures = new Map();
      this.byPod.set(pod, failures);
    }
    return failures;
  }
}

export function failsProbe(failures: FailuresOfPod, type: ProbeType): boolean {
  return some(failures, ({ probes }) => probes?.includes(type) === true);
}

/** The status that stands in the place of what the process says; the first fault decides. */
export function httpStatusOf(failures: FailuresOfPod): number | undefined {
  for (const { http } of failures.values()) if (http !== undefined) return http;
  return undefined;
}

export function isHeldUnready(failures: FailuresOfPod): boolean {
  return some(failures, ({ unready }) => unready === true);
}

export function isOutOfMemory(failures: FailuresOfPod): boolean {
  return some(failures, ({ outOfMemory }) => outOfMemory === true);
}

function some(failures: FailuresOfPod, test: (failure: PodFailure) => boolean): boolean {
  if (failures.size === 0) return false;
  for (const failure of failures.values()) if (test(failure)) return true;
  return false;
}
