// What admission adds to every pod.
// source: plugin/pkg/admission/defaulttolerationseconds/admission.go

import { tolerates } from './kinds/node';
import type { Pod, Toleration } from './kinds/pod';

export const NOT_READY_TAINT = 'node.kubernetes.io/not-ready';
export const UNREACHABLE_TAINT = 'node.kubernetes.io/unreachable';

/** Lets the pod stay on a silent node for `seconds`, unless it says itself how long. */
export function addDefaultTolerations(pod: Pod, seconds: number): Pod {
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
