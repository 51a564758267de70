// One pass through a plan: from the built cluster to the histories of all claims. It decides
// nothing; judge.ts does.

import { NODES } from '../cluster/cluster';
import type { Cluster } from '../cluster/cluster';
import type { Stream } from '../kernel/random';
import { nextRound } from '../kernel/readings';
import type { Plan, PlannedStep } from '../language/plan';
import { START } from '../values/time';
import type { Duration, Instant } from '../values/time';
import { faultNamed } from '../vocabulary/index';
import { InTime } from './in-time';
import { Sights, Watch } from './observe';
import { settledBy } from './settle';
import { Steps } from './steps';
import { Timeline } from './timeline';
import type { Firing } from './timeline';
import { Triggers } from './triggers';

/** How a fork of an execution goes on differently. */
export interface ExecutionForkOptions {
  /** For what is drawn from now on; that of the origin where nothing is said. */
  readonly seed?: number;
  /** Further steps of the timeline. */
  readonly steps?: readonly PlannedStep[];
  /** Steps, by name, that are not to happen; those that have begun go on. */
  readonly without?: readonly string[];
}

export class Execution {
  readonly cluster: Cluster;
  readonly timeline: Timeline;
  readonly steps: Steps;
  readonly triggers: Triggers;
  readonly watches: readonly Watch[];
  private readonly inTime = new InTime();
  /** Instants at which something is looked at in any case, the last one first. */
  private marks: Instant[] = [];
  private ends: Instant = START;
  /** The generation of the cluster that was looked at last. */
  private seen = -1;
  /** How all stood then that moves in turns alone (Readable.movesInTurns). */
  private turn: unknown = undefined;
  private planned: Plan;

  /** `explainAt`: for expectations by position, the instant whose observation is explained. */
  constructor(plan: Plan, cluster: Cluster, explainAt: ReadonlyMap<number, Instant> = new Map()) {
    this.planned = plan;
    this.cluster = cluster;
    this.timeline = layOut(plan.timeline, cluster);
    const sights = new Sights();
    this.watches = plan.expectations.map(
      (expectation, position) =>
        new Watch(expectation, this.timeline, sights, explainAt.get(position)),
    );
    this.steps = new Steps(cluster, this.timeline, plan.end);
    this.triggers = new Triggers(cluster, this.timeline, (firings) => this.takeOn(firings));
    this.layOut(START);
  }

  /** What is carried out; a fork's own where it was told to go on differently. */
  get plan(): Plan {
    return this.planned;
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
    for (let next = this.nextInstant(); next !== undefined; next = this.nextInstant()) {
      if (until !== undefined && next > until) break;
      kernel.runUntil(next);
      const marked = this.nextMark !== undefined && this.nextMark <= next;
      while (this.nextMark !== undefined && this.nextMark <= next) this.marks.pop();
      if (!marked && this.cluster.generation === this.seen) continue;
      this.letFaultsFollow(next);
      this.beginRound();
      const watches = this.inTime.at(next, this.watches);
      for (const watch of watches) watch.prepare(this.cluster);
      for (const watch of watches) watch.look(this.cluster);
      this.seen = this.cluster.generation;
    }
    const end = until ?? this.end;
    if (kernel.now < end) kernel.runUntil(end);
  }

  /**
   * An execution of its own that stands where this one does, in a cluster of its own. Throws
   * RangeError where a further step lies in the past.
   */
  fork({ seed, steps = [], without = [] }: ExecutionForkOptions = {}): Execution {
    const { plan } = this;
    const bare = { ...plan, timeline: [], expectations: [] };
    const made: Execution[] = [];
    this.cluster.fork({
      ...(seed !== undefined && { seed }),
      companion: {
        origin: [plan, this],
        create: (cluster) => [plan, (made[0] = new Execution(bare, cluster))],
      },
    });
    const [fork] = made;
    if (fork === undefined) throw new TypeError('this cluster cannot be forked');
    fork.triggers.rearm();
    if (steps.length > 0 || without.length > 0) fork.change(steps, without);
    return fork;
  }

  private change(steps: readonly PlannedStep[], without: readonly string[]): void {
    const { plan, timeline } = this;
    const dropped = timeline.drop(without, this.cluster.kernel.now);
    this.steps.drop(dropped);
    const kept = plan.timeline.filter(({ id }) => !dropped.has(id));
    this.planned = { ...plan, timeline: [...kept, ...steps] };
    this.takeOn(timeline.add(steps));
    this.triggers.arm(steps);
  }

  /** An event has come: what waited for it happens, and is looked at when it does. */
  private takeOn(firings: readonly Firing[]): void {
    for (const firing of firings) this.steps.add(firing);
    for (const watch of this.watches) watch.follow(this.timeline);
    this.inTime.forget();
    this.layOut(this.cluster.kernel.now);
  }

  /** What is yet to be looked at from `now` on. */
  private layOut(now: Instant): void {
    const { plan, timeline, watches } = this;
    this.ends = plan.end ?? lastNamed(timeline, watches);
    const ahead = new Set<Instant>();
    const add = (mark: Instant): void => {
      if (mark >= now && mark <= this.ends) ahead.add(mark);
    };
    add(START);
    add(this.ends);
    for (const watch of watches) watch.marks.forEach(add);
    // The next one stands last, where it is taken from.
    this.marks = [...ahead].sort((a, b) => b - a);
  }

  private get nextMark(): Instant | undefined {
    return this.marks[this.marks.length - 1];
  }

  /** The next instant of the model or of a mark; undefined when the run is over. */
  private nextInstant(): Instant | undefined {
    const { kernel } = this.cluster;
    const mark = this.nextMark;
    const event = kernel.nextAt;
    if (mark !== undefined && (event === undefined || mark <= event)) return mark;
    if (event === undefined || event > settledBy(this.end)) return undefined;
    return event > this.end && kernel.idle ? undefined : event;
  }

  private beginRound(): void {
    const turn = this.cluster.standing?.(NODES);
    nextRound(turn === undefined || turn !== this.turn);
    this.turn = turn;
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
    shuffle: (step, count) => shuffled(kernel.random.stream(`timeline/${step}/recoveries`), count),
    lasts({ verb, args }) {
      if (verb.kind === 'action') return undefined;
      return faultNamed(verb.name).lasts?.(args) as Duration | undefined;
    },
  });
}

function shuffled(stream: Stream, count: number): readonly number[] {
  const left = Array.from({ length: count }, (_, index) => index);
  return Array.from({ length: count }, () => left.splice(stream.below(left.length), 1)[0]!);
}

function lastNamed(timeline: Timeline, watches: readonly Watch[]): Instant {
  const named = [...timeline.edges, ...watches.map((watch) => watch.lastNamed)];
  return named.reduce((a, b) => (a > b ? a : b), START);
}
