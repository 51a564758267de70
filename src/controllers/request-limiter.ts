// How fast one controller may write. Each has a client of its own with a bucket of tokens.
// source: staging/src/k8s.io/client-go/util/flowcontrol/throttle.go;
// pkg/controller/apis/config/v1alpha1/defaults.go (20 requests a second, burst 30)

import type { TimerName } from '../timing';
import { between, later, ZERO } from '../values/time';
import type { Duration, Instant } from '../values/time';

/** Where a client is not that of any controller. */
export interface RequestRate {
  /** How long its tokens take to come back, where it is no client of the controller manager. */
  readonly timer?: TimerName;
  /** How many times as fast as that its tokens come back. */
  readonly factor: number;
  /** How many there are. */
  readonly burst: number;
}

const USUAL: RequestRate = { factor: 1, burst: 30 };

export class RequestLimiter {
  /** How long a token takes to come back; zero for no limit. */
  private readonly interval: Duration;
  private readonly burst: number;
  /** When the bucket would be full again. */
  private fullAt = Number.NEGATIVE_INFINITY as Instant;

  /** `interval`: of a client that is no faster than others. */
  constructor(interval: Duration, { factor, burst }: Omit<RequestRate, 'timer'> = USUAL) {
    this.interval = Math.round(interval / factor) as Duration;
    this.burst = burst;
  }

  /** Whether nobody ever waits for a token. */
  get isFree(): boolean {
    return this.interval === 0;
  }

  /** Takes a token and returns how long to wait for it. */
  reserve(now: Instant): Duration {
    if (this.interval === 0) return ZERO;
    const fullAt = later(this.fullAt > now ? this.fullAt : now, this.interval);
    this.fullAt = fullAt;
    const wait = between(now, fullAt) - this.burst * this.interval;
    return wait > 0 ? (wait as Duration) : ZERO;
  }
}
