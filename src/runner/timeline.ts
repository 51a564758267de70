// When everything happens in one run. Windows are drawn from the seed, "after" adds up, and what
// waits for an event takes its place when the event has come.

import type { PlannedStep, StepEdge } from '../language/plan';
import { later } from '../values/time';
import type { Duration, Instant } from '../values/time';
import { FOREVER } from '../vocabulary/operator';
import type { Instants } from '../vocabulary/operator';

/** One performance of a step: repetitions are firings of their own. */
export interface Firing {
  readonly step: PlannedStep;
  /** 1-based. */
  readonly repetition: number;
  /** `crash`, `crash#2`. */
  readonly name: string;
  readonly at: Instant;
  /** When its effects end; absent means never. */
  readonly recovers?: Instant;
}

/** What the timeline has to ask of others. */
export interface TimelineSources {
  /** A number from 0 up to and including `limit`, drawn for the step of that name. */
  draw(step: string, limit: Duration): Duration;
  /** The numbers from 0 up to `count` in an order that is drawn for the step of that name. */
  shuffle(step: string, count: number): readonly number[];
  /** How long a fault lasts by its own parameters. */
  lasts(step: PlannedStep): Duration | undefined;
}

/** A timeline that refers to a step that it does not have, or to itself in a circle. */
export class TimelineError extends Error {
  readonly code = 'TIMELINE';
}

export class Timeline implements Instants {
  private steps: readonly PlannedStep[];
  private readonly layout: Layout;
  private readonly byName = new Map<string, Firing>();
  private known: readonly Firing[] = [];
  private instants: readonly Instant[] = [];

  constructor(steps: readonly PlannedStep[], sources: TimelineSources) {
    this.steps = steps;
    this.layout = new Layout(steps, sources);
    this.layOut();
  }

  /** What is known to happen, in order of time; at one instant in the order of writing. */
  get firings(): readonly Firing[] {
    return this.known;
  }

  /** Every instant at which the timeline is known to do anything, in order, each once. */
  get edges(): readonly Instant[] {
    return this.instants;
  }

  /** Steps that wait for an event which has not come yet. */
  get waiting(): readonly PlannedStep[] {
    return this.steps.filter(({ id, when }) => 'on' in when && !this.byName.has(id));
  }

  /**
   * The event of a step has come: it happens `plus` later. Returns what is known to happen by
   * that, the step's own repetitions and the steps after it included.
   */
  fire(step: string, now: Instant): readonly Firing[] {
    this.layout.came(step, now);
    return this.layOut();
  }

  /** Takes on further steps. Returns what is known to happen by that. */
  add(steps: readonly PlannedStep[]): readonly Firing[] {
    const known = new Set(this.steps.map(({ id }) => id));
    const twice = steps.find(({ id }) => known.has(id));
    if (twice !== undefined) throw new RangeError(`there is a step "${twice.id}" already`);
    this.steps = [...this.steps, ...steps];
    this.layout.add(steps);
    return this.layOut();
  }

  /** Steps, by name, are not to happen, nor what follows on them. Returns all of those. */
  drop(names: readonly string[], now: Instant): ReadonlySet<string> {
    const dropped = new Set<string>();
    // Whatever follows on a step stands below it or above it: looked for until no more is found.
    for (let before = -1; before < dropped.size;) {
      before = dropped.size;
      for (const { id, when } of this.steps) {
        const follows = 'after' in when && dropped.has(when.after.step);
        const isAhead = (this.byName.get(id)?.at ?? FOREVER) > now;
        if (isAhead && (follows || names.includes(id))) dropped.add(id);
      }
    }
    this.steps = this.steps.filter(({ id }) => !dropped.has(id));
    for (const [name, { step }] of this.byName) if (dropped.has(step.id)) this.byName.delete(name);
    this.layout.drop(dropped);
    this.layOut();
    return dropped;
  }

  /** Takes in what has become known since the last time. */
  private layOut(): readonly Firing[] {
    const all: Firing[] = [];
    const fresh: Firing[] = [];
    const edges = new Set<Instant>();
    for (const step of this.steps) {
      for (const firing of this.layout.firingsOf(step)) {
        const { name, at, recovers } = firing;
        all.push(firing);
        edges.add(at);
        if (recovers !== undefined) edges.add(recovers);
        if (this.byName.has(name)) continue;
        this.byName.set(name, firing);
        fresh.push(firing);
      }
    }
    this.known = all.sort((a, b) => a.at - b.at);
    this.instants = [...edges].sort((a, b) => a - b);
    return fresh;
  }

  /** When an edge takes place; undefined where it never does. */
  of({ step, edge, repetition }: StepEdge): Instant | undefined {
    const firing = this.byName.get(nameOf(step, repetition));
    return edge === 'start' ? firing?.at : firing?.recovers;
  }

  nextAfter(at: Instant): Instant | undefined {
    return this.edges.find((edge) => edge > at);
  }
}

class Layout {
  private readonly steps: Map<string, PlannedStep>;
  private readonly sources: TimelineSources;
  private readonly done = new Map<string, readonly Firing[]>();
  private readonly open = new Set<string>();
  /** When the events came that steps waited for. */
  private readonly events = new Map<string, Instant>();

  constructor(steps: readonly PlannedStep[], sources: TimelineSources) {
    this.steps = new Map(steps.map((step) => [step.id, step]));
    this.sources = sources;
  }

  add(steps: readonly PlannedStep[]): void {
    for (const step of steps) this.steps.set(step.id, step);
  }

  drop(names: Iterable<string>): void {
    for (const name of names) {
      this.steps.delete(name);
      this.done.delete(name);
    }
  }

  came(step: string, at: Instant): void {
    this.events.set(step, at);
  }

  /** Empty while the step waits for an event, by itself or through another one. */
  firingsOf(step: PlannedStep): readonly Firing[] {
    const known = this.done.get(step.id);
    if (known !== undefined) return known;
    if (this.open.has(step.id)) throw new TimelineError(`step "${step.id}" waits for itself`);
    this.open.add(step.id);
    const firings = this.layOut(step);
    this.open.delete(step.id);
    if (firings.length > 0) this.done.set(step.id, firings);
    return firings;
  }

  private layOut(step: PlannedStep): readonly Firing[] {
    const start = this.startOf(step);
    if (start === undefined) return [];
    const { every, times } = step.repeat ?? { every: 0 as Duration, times: 1 };
    const instants: Instant[] = [];
    for (let count = 0; count < times; count++) {
      instants.push(later(start, (every * count) as Duration));
    }
    const order = step.shuffled === true ? this.sources.shuffle(step.id, times) : undefined;
    return instants.map((at, index) => {
      const recovers = this.recoveryOf(step, at, instants[order?.[index] ?? index]!);
      const repetition = index + 1;
      const name = nameOf(step.id, repetition);
      if (recovers === undefined) return { step, repetition, name, at };
      return { step, repetition, name, at, recovers };
    });
  }

  private startOf({ id, when }: PlannedStep): Instant | undefined {
    if ('at' in when) return when.at;
    if ('from' in when) {
      return later(when.from, this.sources.draw(id, (when.to - when.from) as Duration));
    }
    if ('on' in when) {
      const came = this.events.get(id);
      return came === undefined ? undefined : later(came, when.plus);
    }
    const { step, edge, repetition } = when.after;
    const earlier = this.steps.get(step);
    if (earlier === undefined) throw new TimelineError(`there is no step "${step}"`);
    const firing = this.firingsOf(earlier)[repetition - 1];
    const instant = edge === 'start' ? firing?.at : firing?.recovers;
    return instant === undefined ? undefined : later(instant, when.plus);
  }

  /** The earliest end that the step or its fault gives; `for` counts from `turn`. */
  private recoveryOf(step: PlannedStep, at: Instant, turn: Instant): Instant | undefined {
    const { recovery } = step;
    const own = this.sources.lasts(step);
    const ends = own === undefined ? [] : [later(at, own)];
    if (recovery !== undefined) {
      const until = 'until' in recovery ? recovery.until : later(turn, recovery.for);
      ends.push(until > at ? until : at);
    }
    return ends.length === 0 ? undefined : ends.reduce((a, b) => (a < b ? a : b));
  }
}

function nameOf(step: string, repetition: number): string {
  return repetition === 1 ? step : `${step}#${repetition}`;
}
