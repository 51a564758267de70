// When kube-proxy may write its rules: soon after a change, but not more often than its minimum
// interval allows. Two generations of the same component differ in what they allow.
//
//   >= 1.34  a run may start `minInterval` after the last one ended.
//   <= 1.33  a token bucket: two runs may start in short succession, further ones when a token
//            has come back (one for each `minInterval`), and not before `minInterval` after the
//            end of the last run.
//
// source: pkg/proxy/runner/bounded_frequency_runner.go (1.34, kubernetes#131615);
// pkg/util/async/bounded_frequency_runner.go (1.33), burstSyncs = 2

import { isAtLeast } from '../../values/kube-version';
import type { KubeVersion } from '../../values/kube-version';
import { later, ZERO } from '../../values/time';
import type { Duration, Instant } from '../../values/time';

/** Runs that the token bucket of old versions lets start in short succession. */
const BURST = 2;

interface RunnerState {
  requested: boolean;
  running: boolean;
  /** When the last run ended; undefined before the first one. */
  lastEnd: Instant | undefined;
  /** When a failed run is to be repeated. */
  retryAt: Instant | undefined;
  /** Old versions: when the bucket will be full again. */
  fullAt: Instant | undefined;
}

export class SyncRunner {
  /** minSyncPeriod. */
  minInterval: Duration;
  private readonly hasBurst: boolean;
  private readonly state: RunnerState;

  constructor(kubernetes: KubeVersion, minInterval: Duration) {
    this.minInterval = minInterval;
    this.hasBurst = !isAtLeast(kubernetes, '1.34');
    this.state = {
      requested: false,
      running: false,
      lastEnd: undefined,
      retryAt: undefined,
      fullAt: undefined,
    };
  }

  /** Asks for a run. Requests that wait already are one. */
  request(): void {
    this.state.requested = true;
  }

  /** When the next run that was asked for, or a retry, starts; undefined where nothing waits. */
  nextStart(now: Instant): Instant | undefined {
    const { requested, running, retryAt } = this.state;
    if (running) return undefined;
    const requestedAt = requested ? this.earliest(now) : undefined;
    if (retryAt === undefined) return requestedAt;
    const retried = this.earliest(latest(now, retryAt));
    return requestedAt === undefined || retried < requestedAt ? retried : requestedAt;
  }

  /** A run starts; requests from now on are for the next one. */
  begin(now: Instant): void {
    const { state } = this;
    state.requested = false;
    state.running = true;
    state.retryAt = undefined;
    state.fullAt = later(latest(now, state.fullAt ?? now), this.minInterval);
  }

  /** The run ended; `retryIn` where it failed. */
  end(now: Instant, retryIn?: Duration): void {
    this.state.running = false;
    this.state.lastEnd = now;
    if (retryIn !== undefined) this.state.retryAt = later(now, retryIn);
  }

  /**
   * A run that was not started from here ended, `retryIn` where it failed. Only old versions ask
   * for its retry: they do so within the run, new ones where it was started.
   */
  besides(now: Instant, retryIn?: Duration): void {
    if (this.hasBurst && retryIn !== undefined) this.state.retryAt = later(now, retryIn);
  }

  private earliest(now: Instant): Instant {
    const { lastEnd } = this.state;
    const cooled = lastEnd === undefined ? now : latest(now, later(lastEnd, this.minInterval));
    if (!this.hasBurst) return cooled;
    const token = this.nextToken(now);
    return token === now ? now : latest(token, cooled);
  }

  /** The bucket misses one token for each interval that it is away from being full. */
  private nextToken(now: Instant): Instant {
    const { fullAt } = this.state;
    if (fullAt === undefined || this.minInterval === ZERO) return now;
    const spare = ((BURST - 1) * this.minInterval) as Duration;
    return latest(now, later(fullAt, -spare as Duration));
  }
}

function latest(a: Instant, b: Instant): Instant {
  return a > b ? a : b;
}
