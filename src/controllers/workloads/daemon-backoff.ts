// How long a DaemonSet lets a failed daemon lie before it replaces it: a kubelet that rejects its
// pods would otherwise get one after the other. The first goes at once, the next waits 1 s, and
// so on, doubled with each up to 15 min.
// source: pkg/controller/daemon/daemon_controller.go podsShouldBeOnNode (failedPodsBackoff);
//   cmd/kube-controller-manager/app/apps.go; client-go util/flowcontrol/backoff.go

import type { TimerName, Timing } from '../../timing';
import type { ObjectKey } from '../../values/kube-object';
import { between } from '../../values/time';
import type { Duration, Instant } from '../../values/time';

export const BACKOFF: TimerName = 'controller-manager.daemonset.failedPodBackOff';
const BACKOFF_MAX: TimerName = 'controller-manager.daemonset.failedPodBackOffMax';

interface Entry {
  readonly delay: Duration;
  readonly at: Instant;
}

/** The memory of the controller; it is lost with its process. */
export class DaemonBackoff {
  private readonly timing: Timing;
  /** By DaemonSet and node. */
  private readonly entries = new Map<string, Entry>();

  constructor(timing: Timing) {
    this.timing = timing;
  }

  /** How long the set waits until it looks again; undefined where it may replace the daemon now. */
  waits(set: ObjectKey, node: string, now: Instant): Duration | undefined {
    const entry = this.entries.get(`${set} ${node}`);
    return entry !== undefined && between(entry.at, now) < entry.delay ? entry.delay : undefined;
  }

  /** A failed daemon is replaced. */
  replaced(set: ObjectKey, node: string, now: Instant): void {
    const max = this.timing.delay(BACKOFF_MAX).least;
    const known = this.entries.get(`${set} ${node}`);
    const isForgotten = known === undefined || between(known.at, now) > 2 * max;
    const first = this.timing.delay(BACKOFF).least;
    const delay = isForgotten ? first : (Math.min(known.delay * 2, max) as Duration);
    this.entries.set(`${set} ${node}`, { delay, at: now });
  }

  clear(): void {
    this.entries.clear();
  }
}
