// What admission adds to every pod.
// source: plugin/pkg/admission/defaulttolerationseconds/admission.go

import { tolerates } from './kinds/node';
import type { Pod, PodSpec, Toleration } from './kinds/pod';

export const NOT_READY_TAINT = 'node.kubernetes.io/not-ready';
export const UNREACHABLE_TAINT = 'node.kubernetes.io/unreachable';

/** For how many seconds a pod stays on a node with each of the two taints that a node may get. */
export interface DefaultPatience {
  readonly notReady: number;
  readonly unreachable: number;
}

/** Specs with their tolerations, by what was given: the pods of a template share one. */
type Completed = WeakMap<PodSpec, { readonly spec: PodSpec; readonly patience: DefaultPatience }>;

export class PodAdmission {
  private readonly completed: Completed = new WeakMap();

  /** Whether a pod with this very spec was admitted before: then the spec is known to be right. */
  knows(spec: unknown): boolean {
    return typeof spec === 'object' && spec !== null && this.completed.has(spec as PodSpec);
  }

  /** Lets the pod stay for so long, unless it says itself how long. */
  admit(pod: Pod, patience: DefaultPatience): Pod {
    const known = this.completed.get(pod.spec);
    if (known !== undefined && isSame(known.patience, patience)) {
      return { ...pod, spec: known.spec };
    }
    const admitted = addDefaultTolerations(pod, patience);
    // What may still change is no key.
    if (Object.isFrozen(pod.spec)) this.completed.set(pod.spec, { spec: admitted.spec, patience });
    return admitted;
  }
}

function isSame(one: DefaultPatience, two: DefaultPatience): boolean {
  return one.notReady === two.notReady && one.unreachable === two.unreachable;
}

function addDefaultTolerations(pod: Pod, { notReady, unreachable }: DefaultPatience): Pod {
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
    tolerationSeconds: key === NOT_READY_TAINT ? notReady : unreachable,
  }));
  return { ...pod, spec: { ...pod.spec, tolerations: [...given, ...added] } };
}
