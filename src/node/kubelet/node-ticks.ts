// The loops of a kubelet, without running them: when the next tick comes that matters. A loop
// costs nothing while nothing happens.

import type { Random } from '../../kernel/random';
import { TIMERS } from '../../timing';
import type { Delay, TimerName, Timing } from '../../timing';
import { later, ZERO } from '../../values/time';
import type { Duration, Instant } from '../../values/time';

/** Chance is drawn in millionths, so that it can be kept while the timing changes under it. */
const MILLION = 1_000_000;

export class NodeTicks {
  private readonly timing: Timing;
  private readonly actor: string;
  private readonly random: Random;
  /** Where a loop stands in its period, with the period that it was drawn for. */
  private phases: Map<TimerName, { period: Duration; phase: Duration }> | undefined;
  private shares: Map<TimerName, number> | undefined;

  constructor(timing: Timing, random: Random, actor: string) {
    this.timing = timing;
    this.random = random;
    this.actor = actor;
  }

  /**
   * When the relist that notices what happens now has ended. Each relist begins a period after
   * the last one ended.
   * source: pkg/kubelet/pleg/generic.go workerLoopIteration
   */
  nextRelist(now: Instant): Instant {
    const cost = this.share('kubelet.plegRelistCost');
    const own = this.timing.slowed('kubelet.plegRelistCost', this.actor, cost);
    return this.nextTick('kubelet.plegRelistPeriod', now, own);
  }

  /** When the status manager's next full pass comes. */
  nextStatusSync(now: Instant): Instant {
    return this.nextTick('kubelet.statusSyncPeriod', now, ZERO);
  }

  /**
   * When the kubelet says next how its node is. The jitter of single reports is taken as one draw.
   * source: pkg/kubelet/kubelet.go Run (JitterUntil(syncNodeStatus, …, 0.04, sliding))
   */
  nextStatusReport(now: Instant): Instant {
    const { least } = this.delay('kubelet.nodeStatusUpdateFrequency');
    const extra = this.share('kubelet.nodeStatusUpdateFrequency') - least;
    return this.nextTick('kubelet.nodeStatusUpdateFrequency', now, extra as Duration);
  }

  /** When the kubelet asks its container runtime next how it is. */
  nextRuntimeLook(now: Instant): Instant {
    return this.nextTick('kubelet.runtimeStatusPeriod', now, ZERO);
  }

  /** When it asked that last. The longest time until it misses an answer begins with a look. */
  lastRuntimeLook(now: Instant): Instant {
    const next = this.nextRuntimeLook(now);
    const period = this.timing.delay('kubelet.runtimeStatusPeriod').least;
    if (next === now || this.timing.profile !== 'default') return now;
    return (next - this.span(period)) as Instant;
  }

  /** When the eviction manager looks next, as long as it has evicted nobody. */
  nextEvictionLook(now: Instant): Instant {
    return this.nextTick('kubelet.evictionMonitoringPeriod', now, ZERO);
  }

  /**
   * The last heartbeat at or before `now` of a kubelet that has run since `since`. It renews once
   * when it starts, then in its own rhythm; the jitter of single renewals is taken as one draw.
   * A silent node is noticed soonest if its next renewal was due, latest if it has just renewed.
   * source: component-helpers/apimachinery/lease/controller.go
   */
  lastRenewal(since: Instant, now: Instant): Instant {
    const { profile } = this.timing;
    if (profile === 'best') return Math.max(since, now - this.longestLeaseAge()) as Instant;
    const interval = this.share('kubelet.leaseRenewInterval');
    if (interval === 0 || profile === 'worst') return now;
    const phase = this.phase('kubelet.leaseRenewInterval');
    const counted = this.timing.clocks.counted(this.actor, now);
    const age = (counted - phase) % interval;
    const sinceTick = (age < 0 ? age + interval : age) as Duration;
    return Math.max(since, now - this.span(sinceTick)) as Instant;
  }

  /** When the renewal is due that follows on the one of `last`; not before `now`. */
  nextRenewal(last: Instant, now: Instant): Instant {
    const next = later(last, this.span(this.share('kubelet.leaseRenewInterval')));
    return next > now ? next : now;
  }

  /** How old a lease can be that is renewed in time. `best` itself has no loops, and no period. */
  private longestLeaseAge(): Duration {
    const { least, extra } = this.timing.delay('kubelet.leaseRenewInterval');
    const { value } = TIMERS['kubelet.leaseRenewInterval'];
    return (least + extra > 0 ? least + extra : value.least + value.extra) as Duration;
  }

  /** The first tick at or after `now` of a loop whose period is the timer's plus `extra`. */
  private nextTick(name: TimerName, now: Instant, extra: Duration): Instant {
    const period = (this.delay(name).least + extra) as Duration;
    // The tutorial's figures, and the extremes, count from the event itself.
    if (this.timing.profile !== 'default' || period === 0) return later(now, this.span(period));
    const counted = this.timing.clocks.counted(this.actor, now);
    const age = (counted - this.phase(name)) % period;
    const left = (age > 0 ? period - age : -age) as Duration;
    return later(now, this.span(left));
  }

  /** How long the kubelet's clock takes for a span. */
  private span(counted: Duration): Duration {
    return this.timing.clocks.span(this.actor, counted);
  }

  private delay(name: TimerName): Delay {
    return this.timing.delay(name, 'gain', this.actor);
  }

  private phase(name: TimerName): Duration {
    const period = this.delay(name).least;
    const known = this.phases?.get(name);
    if (known?.period === period) return known.phase;
    const phase = this.timing.phase(name, this.actor);
    this.phases ??= new Map();
    this.phases.set(name, { period, phase });
    return phase;
  }

  /** The length of a timer that varies from actor to actor but not from tick to tick. */
  private share(name: TimerName): Duration {
    const { least, extra } = this.delay(name);
    if (extra === 0) return least;
    let share = this.shares?.get(name);
    if (share === undefined) {
      share = this.random.stream(`${name}/share/${this.actor}`).below(MILLION + 1);
      this.shares ??= new Map();
      this.shares.set(name, share);
    }
    return (least + Math.floor((extra * share) / MILLION)) as Duration;
  }
}
