// What admission adds to every pod.
// source: plugin/pkg/admission/defaulttolerationseconds/admission.go

import { tolerates } from './kinds/node';
import type { Pod, PodSpec, Toleration } from './kinds/pod';

export const NOT_READY_TAINT = 'node.kubernetes.io/not-ready';
export const UNREACHABLE_TAINT = 'node.kubernetes.io/unreachable';

/** Specs with their tolerations, by what was given: the pods of a template share one. */
type Completed = WeakMap<PodSpec, { readonly spec: PodSpec; readonly seconds: number }>;

export class PodAdmission {
  private readonly completed: Completed = new WeakMap();

  /** Lets the pod stay on a silent node for `seconds`, unless it says itself how long. */
  admit(pod: Pod, seconds: number): Pod {
    const known = this.completed.get(pod.spec);
    if (known?.seconds === seconds) return { ...pod, spec: known.spec };
    const admitted = addDefaultTolerations(pod, seconds);
    // What may still change is no key.
    if (Object.isFrozen(pod.spec)) this.completed.set(pod.spec, { spec: admitted.spec, seconds });
    return admitted;
  }
}

function addDefaultTolerations(pod: Pod, seconds: number): Pod {
  const given = pod.spec.tolerations ?? [];
  const missing = [NOT_READY_TAINT, UNREACHABLE_TAINT].filter(
    (key) =>
      !given.some((it) => tolerates(it, { key, effect: 'NoExecute', value: it.value ?? '' })),
  );
  if (missing.length === 0) return pod;
  const added = missing.map((key): Toleration => ({
    key,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: seconds,
  }));
  return { ...pod, spec: { ...pod.spec, tolerations: [...given, ...added] } };
}
