// What admission adds to every pod.
// source: plugin/pkg/admission/defaulttolerationseconds/admission.go

import { copyWith, deepFreeze } from '../values/kube-object';
import { tolerates } from './kinds/node';
import type { Pod, PodSpec, Toleration } from './kinds/pod';
import type { WorkloadSpec } from './kinds/workload';
import type { Store } from './store';

export const NOT_READY_TAINT = 'node.kubernetes.io/not-ready';
export const UNREACHABLE_TAINT = 'node.kubernetes.io/unreachable';

/** For how many seconds a pod stays on a node with each of the two taints that a node may get. */
export interface DefaultPatience {
  readonly notReady: number;
  readonly unreachable: number;
}

/** What a spec comes to, by what was given: the pods of a template share one. */
type Completed = WeakMap<PodSpec, { readonly spec: PodSpec; readonly patience: DefaultPatience }>;

export class PodAdmission {
  private readonly completed: Completed = new WeakMap();

  /** What a spec comes to that was given, and found right, before; undefined for any other. */
  known(given: unknown, patience: DefaultPatience): PodSpec | undefined {
    if (typeof given !== 'object' || given === null) return undefined;
    const known = this.completed.get(given as PodSpec);
    return known !== undefined && isSame(known.patience, patience) ? known.spec : undefined;
  }

  /**
   * What the spec of a pod comes to where it is the very one of its owner's template: it has its
   * defaults, and was found right with its owner. Undefined for any other.
   */
  ofOwner(pod: Pod, store: Store, patience: DefaultPatience): PodSpec | undefined {
    if (!isOfOwner(pod, store)) return undefined;
    const { spec } = this.admit(pod, patience);
    this.learn(pod.spec, spec, patience);
    return spec;
  }

  /** Keeps in mind that what was given is right, and what it comes to. */
  learn(given: unknown, spec: PodSpec, patience: DefaultPatience): void {
    // What may still change is no key.
    if (!Object.isFrozen(given)) return;
    this.completed.set(given as PodSpec, { spec: deepFreeze(spec), patience });
  }

  /** Lets the pod stay for so long, unless it says itself how long. */
  admit(pod: Pod, { notReady, unreachable }: DefaultPatience): Pod {
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
    const spec = copyWith(pod.spec, { tolerations: [...given, ...added] });
    return copyWith(pod, { spec });
  }
}

function isOfOwner({ metadata, spec }: Pod, store: Store): boolean {
  const owner = metadata.ownerReferences?.[0];
  if (owner === undefined) return false;
  const stored = store.get(owner.kind, `${metadata.namespace}/${owner.name}`);
  return (stored?.spec as Partial<WorkloadSpec> | undefined)?.template?.spec === spec;
}

function isSame(one: DefaultPatience, two: DefaultPatience): boolean {
  return one.notReady === two.notReady && one.unreachable === two.unreachable;
}
