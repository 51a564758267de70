// What admission adds to every pod.
// source: plugin/pkg/admission/defaulttolerationseconds/admission.go

import { copyWith, deepFreeze } from '../values/kube-object';
import { tolerates } from './kinds/node';
import type { Pod, PodSpec, Toleration } from './kinds/pod';
import { isFlawless } from './kinds/pod-validation';

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
  /** What pods are given that say nothing themselves. */
  private usual:
    { readonly patience: DefaultPatience; readonly tolerations: readonly Toleration[] } | undefined;

  /** What a spec comes to that was given, and found right, before; undefined for any other. */
  known(given: unknown, patience: DefaultPatience): PodSpec | undefined {
    if (typeof given !== 'object' || given === null) return undefined;
    const known = this.completed.get(given as PodSpec);
    return known !== undefined && isSame(known.patience, patience) ? known.spec : undefined;
  }

  /**
   * What a spec comes to that was completed, and found right, as it is: with the template that the
   * pod was made from. Undefined for any other.
   */
  ofTemplate(spec: PodSpec, patience: DefaultPatience): PodSpec | undefined {
    if (!Object.isFrozen(spec) || !isFlawless(spec)) return undefined;
    return Object.freeze(this.completedSpec(spec, patience));
  }

  /** Keeps in mind that what was given is right, and what it comes to. */
  learn(given: unknown, spec: PodSpec, patience: DefaultPatience): void {
    // What may still change is no key.
    if (!Object.isFrozen(given)) return;
    this.completed.set(given as PodSpec, { spec: deepFreeze(spec), patience });
  }

  /** Lets the pod stay for so long, unless it says itself how long. */
  admit(pod: Pod, patience: DefaultPatience): Pod {
    const spec = this.completedSpec(pod.spec, patience);
    return spec === pod.spec ? pod : copyWith(pod, { spec });
  }

  private completedSpec(spec: PodSpec, patience: DefaultPatience): PodSpec {
    const { tolerations: given = NO_TOLERATIONS } = spec;
    // Nearly no pod says anything.
    const all = given.length === 0 ? this.usualFor(patience) : tolerationsFor(given, patience);
    return all === given ? spec : copyWith(spec, { tolerations: all });
  }

  private usualFor(patience: DefaultPatience): readonly Toleration[] {
    if (this.usual === undefined || !isSame(this.usual.patience, patience)) {
      const tolerations = tolerationsFor(NO_TOLERATIONS, patience);
      this.usual = Object.freeze({ patience, tolerations });
    }
    return this.usual.tolerations;
  }
}

const NO_TOLERATIONS: readonly Toleration[] = [];

/** Those that are given, with those of the two that they leave out; themselves, if they do not. */
function tolerationsFor(
  given: readonly Toleration[],
  { notReady, unreachable }: DefaultPatience,
): readonly Toleration[] {
  const missing = [NOT_READY_TAINT, UNREACHABLE_TAINT].filter(
    (key) =>
      !given.some((it) => tolerates(it, { key, effect: 'NoExecute', value: it.value ?? '' })),
  );
  if (missing.length === 0) return given;
  const added = missing.map((key): Toleration => ({
    key,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: key === NOT_READY_TAINT ? notReady : unreachable,
  }));
  return deepFreeze([...given, ...added]);
}

function isSame(one: DefaultPatience, two: DefaultPatience): boolean {
  return one.notReady === two.notReady && one.unreachable === two.unreachable;
}
