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

export class Execution {
  readonly plan: Plan;
  readonly cluster: Cluster;
  readonly timeline: Timeline;
  readonly steps: Steps;
  readonly watches: readonly Watch[];
  /** The last instant that the scenario names. */
  readonly end: Instant;

  /** `explainAt`: for expectations by position, the instant whose observation is explained. */
  constructor(plan: Plan, cluster: Cluster, explainAt: ReadonlyMap<number, Instant> = new Map()) {
    this.plan = plan;
    this.cluster = cluster;
    this.timeline = layOut(plan.timeline, cluster);
    this.watches = plan.expectations.map(
      (expectation, position) => new Watch(expectation, this.timeline, explainAt.get(position)),
    );
    this.end = plan.end ?? lastNamed(this.timeline, this.watches);
    this.steps = new Steps(cluster, this.timeline, plan.end);
  }

  /**
   * Runs to the end that the scenario names, and on until the cluster has settled; or to `until`
   * and no further.
   */
  run(until?: Instant): void {
    const { kernel } = this.cluster;
    const marks = this.marks();
    let seen = -1;
    for (let next = this.nextInstant(marks); next !== undefined; next = this.nextInstant(marks)) {
      if (until !== undefined && next > until) break;
      kernel.runUntil(next);
      let marked = false;
      while (marks[0] !== undefined && marks[0] <= next) {
        marks.shift();
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

  /** Instants at which something is looked at in any case, in order. */
  private marks(): Instant[] {
    const all = [START, this.end, ...this.watches.flatMap(({ marks }) => marks)];
    return [...new Set(all.filter((mark) => mark <= this.end))].sort((a, b) => a - b);
  }

  /** The next instant of the model or of a mark; undefined when the run is over. */
  private nextInstant(marks: readonly Instant[]): Instant | undefined {
    const { kernel } = this.cluster;
    const [mark] = marks;
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
