// One pass through a plan: from the built cluster to the histories of all claims. It decides
// nothing; judge.ts does.

import type { Cluster } from '../cluster/cluster';
import type { Plan, PlannedStep } from '../language/plan';
import { START } from '../values/time';
import type { Duration, Instant } from '../values/time';
import { faultNamed } from '../vocabulary/index';
import { Watch } from './observe';
import { settledBy } from './settle';
import { Steps } from './steps';
import { Timeline } from './timeline';
import type { Firing } from './timeline';
import { Triggers } from './triggers';

export class Execution {
  readonly plan: Plan;
  readonly cluster: Cluster;
  readonly timeline: Timeline;
  readonly steps: Steps;
  readonly triggers: Triggers;
  readonly watches: readonly Watch[];
  /** Instants at which something is looked at in any case, in order. */
  private marks: Instant[] = [];
  private ends: Instant = START;

  /** `explainAt`: for expectations by position, the instant whose observation is explained. */
  constructor(plan: Plan, cluster: Cluster, explainAt: ReadonlyMap<number, Instant> = new Map()) {
    this.plan = plan;
    this.cluster = cluster;
    this.timeline = layOut(plan.timeline, cluster);
    this.watches = plan.expectations.map(
      (expectation, position) => new Watch(expectation, this.timeline, explainAt.get(position)),
    );
    this.steps = new Steps(cluster, this.timeline, plan.end);
    this.triggers = new Triggers(cluster, this.timeline, (firings) => this.takeOn(firings));
    this.layOut(START);
  }

  /** The last instant that the scenario names, as far as it is known. */
  get end(): Instant {
    return this.ends;
  }

  /**
   * Runs to the end that the scenario names, and on until the cluster has settled; or to `until`
   * and no further.
   */
  run(until?: Instant): void {
    const { kernel } = this.cluster;
    let seen = -1;
    for (let next = this.nextInstant(); next !== undefined; next = this.nextInstant()) {
      if (until !== undefined && next > until) break;
      kernel.runUntil(next);
      let marked = false;
      while (this.marks[0] !== undefined && this.marks[0] <= next) {
        this.marks.shift();
        marked = true;
      }
      if (!marked && this.cluster.generation === seen) continue;
      this.letFaultsFollow(next);
      for (const watch of this.watches) watch.prepare(this.cluster);
      for (const watch of this.watches) watch.look(this.cluster);
      seen = this.cluster.generation;
    }
    const end = until ?? this.end;
    if (kernel.now < end) kernel.runUntil(end);
  }

  /** An event has come: what waited for it happens, and is looked at when it does. */
  private takeOn(firings: readonly Firing[]): void {
    for (const firing of firings) this.steps.add(firing);
    for (const watch of this.watches) watch.follow(this.timeline);
    this.layOut(this.cluster.kernel.now);
  }

  /** What is yet to be looked at from `now` on. */
  private layOut(now: Instant): void {
    const { plan, timeline, watches } = this;
    this.ends = plan.end ?? lastNamed(timeline, watches);
    const all = [START, this.ends, ...watches.flatMap(({ marks }) => marks)];
    const ahead = all.filter((mark) => mark >= now && mark <= this.ends);
    this.marks = [...new Set(ahead)].sort((a, b) => a - b);
  }

  /** The next instant of the model or of a mark; undefined when the run is over. */
  private nextInstant(): Instant | undefined {
    const { kernel } = this.cluster;
    const [mark] = this.marks;
    const event = kernel.nextAt;
    if (mark !== undefined && (event === undefined || mark <= event)) return mark;
    if (event === undefined || event > settledBy(this.end)) return undefined;
    return event > this.end && kernel.idle ? undefined : event;
  }

  /** Faults with live members hit what has come to match, before anybody looks. */
  letFaultsFollow(instant: Instant): void {
    let generation: number;
    do {
      generation = this.cluster.generation;
      if (!this.steps.lookForMembers()) return;
      this.cluster.kernel.runUntil(instant);
    } while (this.cluster.generation !== generation);
  }
}

/** When each step happens in this cluster: windows are drawn from its seed. */
export function layOut(steps: readonly PlannedStep[], { kernel }: Cluster): Timeline {
  return new Timeline(steps, {
    draw: (step, limit) => kernel.random.stream(`timeline/${step}`).upTo(limit),
    lasts({ verb, args }) {
      if (verb.kind === 'action') return undefined;
      return faultNamed(verb.name).lasts?.(args) as Duration | undefined;
    },
  });
}

function lastNamed(timeline: Timeline, watches: readonly Watch[]): Instant {
  const named = [...timeline.edges, ...watches.map((watch) => watch.lastNamed)];
  return named.reduce((a, b) => (a > b ? a : b), START);
}
