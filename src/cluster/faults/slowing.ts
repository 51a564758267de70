// Work that takes longer than it should: of components, by the table of delays, and of the
// processes in pods, which answer late.

import type { Kubelets } from '../../node/kubelet/kubelet';
import type { Slowdown, Timing } from '../../timing';
import type { Duration } from '../../values/time';

export interface SlowingContext {
  readonly timing: Timing;
  readonly kubelets: Kubelets;
  readonly touch: () => void;
}

/** Who gets late answers: everybody, or the probes of the kubelet alone. */
export type Asker = 'anybody' | 'probes';

export interface SlowingHandles {
  /** An actor works slower; factors of several tokens multiply, what they add adds up. */
  slowDown(actor: string, token: string, slowdown: Slowdown): void;
  speedUp(actor: string, token: string): void;
  /** The processes of a pod answer later. False for a pod without a sandbox. */
  delayAnswers(pod: string, token: string, by: Duration, asker: Asker): boolean;
  hastenAnswers(pod: string, token: string): void;
}

export function slowingHandles({ timing, kubelets, touch }: SlowingContext): SlowingHandles {
  const { slowdowns } = timing;
  return {
    slowDown(actor, token, slowdown) {
      slowdowns.set(actor, token, slowdown);
    },
    speedUp(actor, token) {
      slowdowns.remove(actor, token);
    },
    delayAnswers(pod, token, by, asker) {
      const sandbox = kubelets.sandboxOf(pod);
      if (sandbox === undefined) return false;
      sandbox.slow(token, by, asker);
      kubelets.refreshProbes(pod);
      touch();
      return true;
    },
    hastenAnswers(pod, token) {
      kubelets.sandboxOf(pod)?.quicken(token);
      kubelets.refreshProbes(pod);
      touch();
    },
  };
}
