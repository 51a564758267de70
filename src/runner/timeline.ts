// When everything happens in one run. All instants of a timeline are known before it starts:
// windows are drawn from the seed, and "after" adds up.

import type { PlannedStep, StepEdge } from '../language/plan';
import { later } from '../values/time';
import type { Duration, Instant } from '../values/time';
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
  /** How long a fault lasts by its own parameters. */
  lasts(step: PlannedStep): Duration | undefined;
}

/** A timeline that refers to a step that it does not have, or to itself in a circle. */
export class TimelineError extends Error {
  readonly code = 'TIMELINE';
}

export class Timeline implements Instants {
  /** In order of time; at one instant in the order of writing. */
  readonly firings: readonly Firing[];
  /** Every instant at which the timeline does anything, in order, each once. */
  readonly edges: readonly Instant[];
  private readonly byName: ReadonlyMap<string, Firing>;

  constructor(steps: readonly PlannedStep[], sources: TimelineSources) {
    const layout = new Layout(steps, sources);
    const firings = steps.flatMap((step) => layout.firingsOf(step));
    this.byName = new Map(firings.map((firing) => [firing.name, firing]));
    this.firings = firings.toSorted((a, b) => a.at - b.at);
    const all = firings.flatMap(({ at, recovers }) =>
      recovers === undefined ? [at] : [at, recovers],
    );
    this.edges = [...new Set(all)].sort((a, b) => a - b);
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
  private readonly steps: ReadonlyMap<string, PlannedStep>;
  private readonly sources: TimelineSources;
  private readonly done = new Map<string, readonly Firing[]>();
  private readonly open = new Set<string>();

  constructor(steps: readonly PlannedStep[], sources: TimelineSources) {
    this.steps = new Map(steps.map((step) => [step.id, step]));
    this.sources = sources;
  }

  firingsOf(step: PlannedStep): readonly Firing[] {
    const known = this.done.get(step.id);
    if (known !== undefined) return known;
    if (this.open.has(step.id)) throw new TimelineError(`step "${step.id}" waits for itself`);
    this.open.add(step.id);
    const firings = this.layOut(step);
    this.open.delete(step.id);
    this.done.set(step.id, firings);
    return firings;
  }

  private layOut(step: PlannedStep): readonly Firing[] {
    const start = this.startOf(step);
    if (start === undefined) return [];
    const { every, times } = step.repeat ?? { every: 0 as Duration, times: 1 };
    return Array.from({ length: times }, (_, index) => {
      const at = later(start, (every * index) as Duration);
      const recovers = this.recoveryOf(step, at);
      const repetition = index + 1;
      const firing = { step, repetition, name: nameOf(step.id, repetition), at };
      return recovers === undefined ? firing : { ...firing, recovers };
    });
  }

  private startOf({ id, when }: PlannedStep): Instant | undefined {
    if ('at' in when) return when.at;
    if ('from' in when) {
      return later(when.from, this.sources.draw(id, (when.to - when.from) as Duration));
    }
    const { step, edge, repetition } = when.after;
    const earlier = this.steps.get(step);
    if (earlier === undefined) throw new TimelineError(`there is no step "${step}"`);
    const firing = this.firingsOf(earlier)[repetition - 1];
    const instant = edge === 'start' ? firing?.at : firing?.recovers;
    return instant === undefined ? undefined : later(instant, when.plus);
  }

  /** The earliest end that the step or its fault gives. */
  private recoveryOf(step: PlannedStep, at: Instant): Instant | undefined {
    const { recovery } = step;
    const own = this.sources.lasts(step);
    const ends = own === undefined ? [] : [later(at, own)];
    if (recovery !== undefined) {
      const until = 'until' in recovery ? recovery.until : later(at, recovery.for);
      ends.push(until > at ? until : at);
    }
    return ends.length === 0 ? undefined : ends.reduce((a, b) => (a < b ? a : b));
  }
}

function nameOf(step: string, repetition: number): string {
  return repetition === 1 ? step : `${step}#${repetition}`;
}
