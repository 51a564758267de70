// The table of delays as one run sees it: Kubernetes version, profile and overrides applied.

import type { Random } from './kernel/random';
import { fixed, TIMERS } from './timers';
import type { Delay, Effect, TimerName, TimerRow } from './timers';
import { Clocks } from './timers/clocks';
import { DECLARED_WAITS, isDeclared } from './timers/declared';
import { PRESETS, presetOf } from './timers/presets';
import type { Preset, PresetName } from './timers/presets';
import { Slowdowns } from './timers/slowdowns';
import { programmingCost } from './timers/rule-programming';
import type { SyncExtent } from './timers/rule-programming';
import { Versions } from './timers/versions';
import { isAtLeast } from './values/kube-version';
import type { KubeVersion } from './values/kube-version';
import { ZERO } from './values/time';
import type { Duration } from './values/time';

export { boundsText, followsText, isWithin, sinceText, TIMERS } from './timers';
export { Loop, tickAfter, tickAt, tickBefore } from './timers/loop';
export type { Ticks } from './timers/loop';
export type { DeclaredWait } from './timers/declared';
export { PRESETS, presetOf } from './timers/presets';
export type { Preset } from './timers/presets';
export { NOT_MODELLED } from './timers/not-modelled';
export type { MissingTimer } from './timers/not-modelled';
export type { Bounds, Delay, Effect, KnobSince, TimerName, TimerRow } from './timers';
export type { SyncExtent } from './timers/rule-programming';
export { EVERYBODY, WORK } from './timers/slowdowns';
export type { Skew } from './timers/clocks';
export type { Slowdown, Work } from './timers/slowdowns';

/** How the table is read. */
const READINGS = ['default', 'tutorial', 'instant', 'best', 'worst'] as const;
export type Reading = (typeof READINGS)[number];

export type Profile = Reading | PresetName;
export const PROFILES: readonly Profile[] = [...READINGS, ...namesOf(PRESETS)];

export interface TimingOptions {
  /** What every process runs at the beginning. */
  readonly kubernetes: KubeVersion;
  /** What single processes run in place of that, by their names in the journal. */
  readonly versions?: ReadonlyMap<string, KubeVersion>;
  readonly profile: Profile;
  /** Rows replaced by name; the scenario's `cluster.timing`. */
  readonly overrides?: Readonly<Record<string, Duration>>;
  /** The same for single processes, by their names in the journal: `kubelet@worker-1`. */
  readonly ofActors?: ReadonlyMap<string, Readonly<Record<string, Duration>>>;
}

/** The table as one run sees it: versions, profile and overrides applied. */
export class Timing {
  /** Who works slower than the table says. */
  readonly slowdowns = new Slowdowns();
  /** Whose clock differs from the time of the run. */
  readonly clocks = new Clocks();
  /** Who runs which version of Kubernetes. */
  readonly versions: Versions;
  private table: Table;
  private readonly random: Random;

  constructor(options: TimingOptions, random: Random) {
    this.table = new Table(options);
    this.versions = new Versions(options.kubernetes, options.versions);
    this.random = random;
  }

  /** Goes on under another profile: a cluster settles in no time, then lives by its own. */
  switchTo(profile: Profile): void {
    this.table = new Table({ ...this.options, profile });
  }

  /** Whether the table has a timer of that name; what a manifest sets (a period) is none. */
  knows(name: string): name is TimerName {
    return Object.hasOwn(TIMERS, name);
  }

  /** Who says how long a wait is that a manifest can set; undefined for any other name. */
  declared(name: string): string | undefined {
    return isDeclared(name) ? DECLARED_WAITS[name] : undefined;
  }

  /** What the table says of a timer beside its delay: its knob, its source. */
  row(name: TimerName): TimerRow {
    return TIMERS[name];
  }

  /**
   * The delay of a timer as the version of its process, profile and overrides make it. `actor`:
   * which of several like processes, where they may differ.
   */
  delay(name: TimerName, effect: Effect = 'gain', actor?: string): Delay {
    const known = this.table.known.get(name);
    if (known !== undefined) return known;
    const row: TimerRow = TIMERS[name];
    const delay = this.read(name, row, effect, actor);
    const dependsOnEffect = row.tutorial !== undefined && this.profile === 'tutorial';
    const differs = row.older !== undefined || this.table.differing.has(name);
    if (!differs && !dependsOnEffect) this.table.known.set(name, delay);
    return delay;
  }

  private read(name: TimerName, row: TimerRow, effect: Effect, actor: string | undefined): Delay {
    const override = this.given(name, actor);
    if (override !== undefined) return fixed(override);
    switch (this.profile) {
      case 'default':
        return this.versioned(name, actor);
      case 'tutorial':
        return tutorialDelay(row, effect) ?? this.versioned(name, actor);
      case 'instant':
        return row.kind === 'wait' ? this.versioned(name, actor) : fixed(ZERO);
      case 'best':
        return fixed(row.kind === 'quantiser' ? ZERO : this.versioned(name, actor).least);
      case 'worst': {
        const { least, extra } = this.versioned(name, actor);
        return fixed((least + extra) as Duration);
      }
    }
  }

  /** What the scenario says of a timer by its name; undefined where it says nothing. */
  override(name: TimerName): Duration | undefined {
    return this.options.overrides?.[name];
  }

  /** The least that a timer is drawn from, also under a profile that takes the most of it. */
  base(name: TimerName, actor?: string): Duration {
    return this.given(name, actor) ?? this.versioned(name, actor).least;
  }

  /** What a timer is drawn from, whatever it is drawn for. */
  range(name: TimerName): { readonly least: Duration; readonly most: Duration } {
    const delays = (['gain', 'loss'] as const).map((effect) => this.delay(name, effect));
    const least = Math.min(...delays.map((it) => it.least));
    const most = Math.max(...delays.map((it) => it.least + it.extra));
    return { least: least as Duration, most: most as Duration };
  }

  /** One draw of a timer for one actor, from the stream of that timer and actor. */
  draw(name: TimerName, actor: string, effect?: Effect): Duration {
    const { least, extra } = this.delay(name, effect, actor);
    const drawn = extra === 0 ? 0 : this.random.stream(`${name}/${actor}`).upTo(extra);
    return this.slowed(name, actor, (least + drawn) as Duration);
  }

  /** What a latency is for everybody alike; undefined where it is drawn, or somebody is slow. */
  uniform(name: TimerName, effect?: Effect): Duration | undefined {
    const row: TimerRow = TIMERS[name];
    const differs = row.older !== undefined || this.table.differing.has(name);
    if (row.kind !== 'latency' || differs || !this.slowdowns.isEmpty) return undefined;
    const { least, extra } = this.delay(name, effect);
    return extra === 0 ? least : undefined;
  }

  /** Whether none of these takes anybody any time: asked of a table once, by the same list. */
  areFree(names: readonly TimerName[]): boolean {
    if (!this.slowdowns.isEmpty) return false;
    const { free } = this.table;
    let areFree = free.get(names);
    if (areFree === undefined) {
      areFree = names.every((name) => this.uniform(name) === ZERO);
      free.set(names, areFree);
    }
    return areFree;
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
    return this.clocks.span(actor, this.delay(name, 'gain', actor).least);
  }

  /**
   * What programming the rules of so many Services adds to a sync of kube-proxy. Nothing where the
   * profile takes no time, or has its own timeline, or the scenario says what a restore takes.
   */
  programming(mode: string, extent: SyncExtent, services: number, actor = ''): Duration {
    const { profile, preset } = this;
    const { overrides } = this.options;
    const isFree = profile === 'instant' || profile === 'tutorial';
    if (isFree || overrides?.['kube-proxy.restore'] !== undefined) return ZERO;
    const counted = Math.max(services, preset?.services ?? 0);
    return this.slowdowns.scaled(actor, programmingCost(mode, extent, counted));
  }

  /**
   * Where in its period an actor's loop stands at time zero: drawn evenly from [0, period), so
   * that its ticks are at phase + n × period. Zero under `best`, `tutorial` and `instant`.
   */
  phase(name: TimerName, actor: string): Duration {
    const { least } = this.delay(name, 'gain', actor);
    if (this.profile !== 'default' || least === 0) return ZERO;
    return this.random.stream(`${name}/phase/${actor}`).below(least) as Duration;
  }

  /**
   * What is left of the pause in which an actor's loop is that draws each pause anew, at an instant
   * that has nothing to do with it. Long pauses are met more often than short ones: of the pairs
   * of a pause and an instant in it, each is as likely. Zero under `best`, `tutorial` and
   * `instant`, the longest pause under `worst`.
   */
  remainder(name: TimerName, actor: string): Duration {
    const pause = this.draw(name, actor);
    if (this.profile !== 'default') return this.profile === 'worst' ? pause : ZERO;
    const { least, extra } = this.delay(name, 'gain', actor);
    if (least + extra === 0) return ZERO;
    // The pairs fill a trapezoid; turned by half, it makes a rectangle together with itself.
    const whole = 2 * least + extra;
    const place = this.random.stream(`${name}/remainder/${actor}`).below(whole) as Duration;
    const left = this.slowed(name, actor, place);
    return left < pause ? left : ((this.slowed(name, actor, whole as Duration) - left) as Duration);
  }

  /** How the table is read now; a preset reads it as `default` does. */
  get profile(): Reading {
    return this.table.reading;
  }

  /** Whether the run goes by this profile now. */
  goesBy(profile: string): boolean {
    return this.options.profile === profile;
  }

  private get options(): TimingOptions {
    return this.table.options;
  }

  private get preset(): Preset | undefined {
    return this.table.preset;
  }

  /** What somebody says of a timer, or what follows from what they say of others. */
  private given(name: TimerName, actor: string | undefined): Duration | undefined {
    const said = this.said(name, actor);
    const { follows }: TimerRow = TIMERS[name];
    if (said !== undefined || follows === undefined) return said;
    const others = follows.map(({ times, of }) => {
      const other = of as TimerName;
      const own = this.said(other, actor);
      return { times, isSaid: own !== undefined, least: own ?? this.versioned(other, actor).least };
    });
    if (!others.some(({ isSaid }) => isSaid)) return undefined;
    return Math.min(...others.map(({ times, least }) => times * least)) as Duration;
  }

  /** Of this process before all alike, before the preset. */
  private said(name: TimerName, actor: string | undefined): Duration | undefined {
    const { overrides, ofActors } = this.options;
    const own = ofActors === undefined || actor === undefined ? undefined : ofActors.get(actor);
    return own?.[name] ?? overrides?.[name] ?? this.preset?.timers[name];
  }

  private versioned(name: TimerName, actor: string | undefined): Delay {
    const row: TimerRow = TIMERS[name];
    if (row.older === undefined) return row.value;
    const version = this.versions.ofTimer(name, actor);
    return row.older.find(({ below }) => !isAtLeast(version, below))?.value ?? row.value;
  }
}

/**
 * The table under one profile with its overrides, and what was read of it that depends on nothing
 * else. It is frozen, so that the forks of a cluster read the same one.
 */
class Table {
  readonly options: TimingOptions;
  readonly preset: Preset | undefined;
  readonly reading: Reading;
  /** Delays that are the same for every process, and whether traffic gains or loses by them. */
  readonly known = new Map<TimerName, Delay>();
  /** Lists of timers, and whether all of them are zero for everybody. */
  readonly free = new Map<readonly TimerName[], boolean>();
  /** Timers of which somebody says something for single processes, and those that follow. */
  readonly differing: ReadonlySet<string>;

  constructor(options: TimingOptions) {
    const { profile } = options;
    this.options = options;
    this.preset = presetOf(profile);
    this.reading = readingOf(profile);
    const own = [...(options.ofActors?.values() ?? [])];
    const said = new Set(own.flatMap((timers) => Object.keys(timers)));
    this.differing = said.size === 0 ? said : new Set([...said, ...followersOf(said)]);
    Object.freeze(this);
  }
}

function followersOf(said: ReadonlySet<string>): readonly string[] {
  const rows = Object.entries<TimerRow>(TIMERS);
  return rows.flatMap(([name, { follows = [] }]) =>
    follows.some(({ of }) => said.has(of)) ? [name] : [],
  );
}

function tutorialDelay(row: TimerRow, effect: Effect): Delay | undefined {
  if (row.tutorial === undefined) return undefined;
  return 'least' in row.tutorial ? row.tutorial : row.tutorial[effect];
}

function readingOf(profile: Profile): Reading {
  return READINGS.find((reading) => reading === profile) ?? 'default';
}

function namesOf<Name extends string>(presets: Readonly<Record<Name, Preset>>): readonly Name[] {
  return Object.keys(presets) as Name[];
}
