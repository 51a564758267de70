// The table of delays as one run sees it: Kubernetes version, profile and overrides applied.

import type { Random } from './kernel/random';
import { fixed, TIMERS } from './timers';
import type { Delay, Effect, TimerName, TimerRow } from './timers';
import { Clocks } from './timers/clocks';
import { Slowdowns } from './timers/slowdowns';
import { programmingCost } from './timers/rule-programming';
import type { SyncExtent } from './timers/rule-programming';
import { isAtLeast } from './values/kube-version';
import type { KubeVersion } from './values/kube-version';
import { ZERO } from './values/time';
import type { Duration } from './values/time';

export { TIMERS } from './timers';
export type { Delay, Effect, TimerName, TimerRow } from './timers';
export type { SyncExtent } from './timers/rule-programming';
export { EVERYBODY, WORK } from './timers/slowdowns';
export type { Skew } from './timers/clocks';
export type { Slowdown, Work } from './timers/slowdowns';

export const PROFILES = ['default', 'tutorial', 'instant', 'best', 'worst'] as const;
export type Profile = (typeof PROFILES)[number];

export interface TimingOptions {
  readonly kubernetes: KubeVersion;
  readonly profile: Profile;
  /** Rows replaced by name; the scenario's `cluster.timing`. */
  readonly overrides?: Readonly<Record<string, Duration>>;
}

/** The table as one run sees it: version, profile and overrides applied. */
export class Timing {
  /** Who works slower than the table says. */
  readonly slowdowns = new Slowdowns();
  /** Whose clock differs from the time of the run. */
  readonly clocks = new Clocks();
  private options: TimingOptions;
  private readonly random: Random;

  constructor(options: TimingOptions, random: Random) {
    this.options = options;
    this.random = random;
  }

  /** Goes on under another profile: a cluster settles in no time, then lives by its own. */
  switchTo(profile: Profile): void {
    this.options = { ...this.options, profile };
  }

  /** Whether the table has a timer of that name; what a manifest sets (a period) is none. */
  knows(name: string): name is TimerName {
    return Object.hasOwn(TIMERS, name);
  }

  /** What the table says of a timer beside its delay: its knob, its source. */
  row(name: TimerName): TimerRow {
    return TIMERS[name];
  }

  /** The delay of a timer as the run's version, profile and overrides make it. */
  delay(name: TimerName, effect: Effect = 'gain'): Delay {
    const row: TimerRow = TIMERS[name];
    const override = this.options.overrides?.[name];
    if (override !== undefined) return fixed(override);
    switch (this.options.profile) {
      case 'default':
        return this.versioned(row);
      case 'tutorial':
        return tutorialDelay(row, effect) ?? this.versioned(row);
      case 'instant':
        return row.kind === 'wait' ? this.versioned(row) : fixed(ZERO);
      case 'best':
        return fixed(row.kind === 'quantiser' ? ZERO : this.versioned(row).least);
      case 'worst': {
        const { least, extra } = this.versioned(row);
        return fixed((least + extra) as Duration);
      }
    }
  }

  /** One draw of a timer for one actor, from the stream of that timer and actor. */
  draw(name: TimerName, actor: string, effect?: Effect): Duration {
    const { least, extra } = this.delay(name, effect);
    const drawn = extra === 0 ? 0 : this.random.stream(`${name}/${actor}`).upTo(extra);
    return this.slowed(name, actor, (least + drawn) as Duration);
  }

  /**
   * What takes others `delay`, as long as it takes the actor: work takes longer where it is slow,
   * and waits are as long as its own clock makes them.
   */
  slowed(name: TimerName, actor: string, delay: Duration): Duration {
    const row: TimerRow = TIMERS[name];
    if (row.kind !== 'latency') return this.clocks.span(actor, delay);
    return this.slowdowns.isEmpty ? delay : this.slowdowns.applied(name, actor, delay);
  }

  /** How long the actor waits for a timer that is the same each time, by its own clock. */
  wait(name: TimerName, actor: string): Duration {
    return this.clocks.span(actor, this.delay(name).least);
  }

  /**
   * What programming the rules of so many Services adds to a sync of kube-proxy. Nothing where the
   * profile takes no time, or has its own timeline, or the scenario says what a restore takes.
   */
  programming(mode: string, extent: SyncExtent, services: number, actor = ''): Duration {
    const { profile, overrides } = this.options;
    const isFree = profile === 'instant' || profile === 'tutorial';
    if (isFree || overrides?.['kube-proxy.restore'] !== undefined) return ZERO;
    return this.slowdowns.scaled(actor, programmingCost(mode, extent, services));
  }

  /**
   * Where in its period an actor's loop stands at time zero: drawn evenly from [0, period), so
   * that its ticks are at phase + n × period. Zero under `best`, `tutorial` and `instant`.
   */
  phase(name: TimerName, actor: string): Duration {
    const { least } = this.delay(name);
    if (this.options.profile !== 'default' || least === 0) return ZERO;
    return this.random.stream(`${name}/phase/${actor}`).below(least) as Duration;
  }

  get kubernetes(): KubeVersion {
    return this.options.kubernetes;
  }

  get profile(): Profile {
    return this.options.profile;
  }

  private versioned(row: TimerRow): Delay {
    const older = row.older?.find(({ below }) => !isAtLeast(this.options.kubernetes, below));
    return older?.value ?? row.value;
  }
}

function tutorialDelay(row: TimerRow, effect: Effect): Delay | undefined {
  if (row.tutorial === undefined) return undefined;
  return 'least' in row.tutorial ? row.tutorial : row.tutorial[effect];
}
