// How fast one controller may write. Each has a client of its own with a bucket of tokens.
// source: staging/src/k8s.io/client-go/util/flowcontrol/throttle.go; 20 requests a second, burst 30

import { between, later, ZERO } from '../values/time';
import type { Duration, Instant } from '../values/time';

const BURST = 30;

export class RequestLimiter {
  /** How long a token takes to come back; zero for no limit. */
  private readonly interval: Duration;
  /** When the bucket would be full again. */
  private fullAt = Number.NEGATIVE_INFINITY as Instant;

  constructor(interval: Duration) {
    this.interval = interval;
  }

  /** Takes a token and returns how long to wait for it. */
  reserve(now: Instant): Duration {
    if (this.interval === 0) return ZERO;
    const fullAt = later(this.fullAt > now ? this.fullAt : now, this.interval);
    this.fullAt = fullAt;
    const wait = between(now, fullAt) - BURST * this.interval;
    return wait > 0 ? (wait as Duration) : ZERO;
  }
}
