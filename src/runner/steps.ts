// Carries out the timeline: injects faults, performs actions, and ends each fault's own effects.
// An effect that two faults share lasts until the last of them has recovered.

import type { Cluster } from '../cluster/cluster';
import type { EventKind } from '../kernel/event-queue';
import { Phase } from '../kernel/phase';
import type { Diagnostic } from '../values/diagnostic';
import type { Instant } from '../values/time';
import type { Injection } from '../vocabulary/define';
import { actionNamed, faultNamed } from '../vocabulary/index';
import { FOREVER } from '../vocabulary/operator';
import { tellMiss } from '../vocabulary/misses';
import { shortPicks } from '../vocabulary/short-picks';
import type { Firing, Timeline } from './timeline';

/** What went wrong with a step: it hit nothing, named nothing, or was refused. */
export interface StepProblem {
  readonly firing: Firing;
  readonly code: 'vacuous' | 'refused';
  readonly message: string;
}

export class Steps {
  /** Steps that had no effect, in order. */
  readonly problems: StepProblem[] = [];
  /** What is odd about steps that had an effect. */
  readonly warnings: Diagnostic[] = [];
  /** How many firings have taken place. */
  fired = 0;
  /** How many of the cluster's failed commands have been looked at. */
  private judged = 0;
  /** Firings that failed as their step says that they must. */
  private readonly failedAsTold = new Set<Firing>();
  private readonly cluster: Cluster;
  private readonly firings: Firing[] = [];
  /** Effects that last, each with the positions of the firings that hold it. */
  private readonly held = new Map<string, Set<number>>();
  /** Positions of the faults whose members are live. */
  private readonly live = new Set<number>();
  /** Positions of firings that are not to happen after all. */
  private readonly dropped = new Set<number>();
  private readonly end: Instant;
  private readonly startEvent: EventKind;
  private readonly recoverEvent: EventKind;
  private readonly extendEvent: EventKind;

  /** `end`: steps and recoveries of the timeline after it do not happen. */
  constructor(cluster: Cluster, timeline: Timeline, end: Instant = FOREVER) {
    this.cluster = cluster;
    this.end = end;
    const { kernel } = cluster;
    // What is scheduled here has no cause in the model, whatever the cluster did last.
    kernel.because(-1);
    this.startEvent = kernel.declare('timeline.step', (position) => this.start(Number(position)));
    this.recoverEvent = kernel.declare('timeline.recovery', (position) =>
      this.recover(Number(position)),
    );
    this.extendEvent = kernel.declare('timeline.extend', (position) =>
      this.extend(Number(position)),
    );
    for (const firing of timeline.firings) this.add(firing);
  }

  /** Takes on a firing, of the timeline or one that comes up while the run is under way. */
  add(firing: Firing): void {
    const { kernel } = this.cluster;
    const position = this.firings.push(firing) - 1;
    const { at, recovers } = firing;
    const schedule = (instant: Instant, event: EventKind, wait: string): void => {
      // Only what follows on an event of the model has waited since then.
      const timer = kernel.cause < 0 ? '' : wait;
      if (instant <= this.end) kernel.schedule(instant, Phase.fault, event, position, 0, timer);
    };
    schedule(at, this.startEvent, 'step.plus');
    if (recovers !== undefined) schedule(recovers, this.recoverEvent, 'step.for');
  }

  /**
   * Lets the faults with live members look for new ones at this same instant. True where anything
   * was scheduled.
   */
  lookForMembers(): boolean {
    if (this.live.size === 0) return false;
    for (const position of this.live) {
      this.cluster.kernel.schedule(
        this.cluster.kernel.now,
        Phase.fault,
        this.extendEvent,
        position,
      );
    }
    return true;
  }

  /** Firings of these steps that have not begun do not happen. */
  drop(steps: ReadonlySet<string>): void {
    this.firings.forEach(({ step }, position) => {
      if (steps.has(step.id)) this.dropped.add(position);
    });
  }

  private start(position: number): void {
    if (this.dropped.has(position)) return;
    const firing = this.firings[position]!;
    const { kind, name } = firing.step.verb;
    this.fired++;
    this.cluster.kernel.note(kind, 'started', `step/${firing.name}`, name);
    try {
      const hits = kind === 'action' ? this.perform(firing) : this.inject(firing, position);
      if (hits.length > 0) return;
      this.problem(firing, 'vacuous', tellMiss(this.cluster, firing.step.args));
    } catch (error) {
      // A reference that means nothing is the scenario's mistake; anything else is ours.
      if ((error as { code?: unknown }).code !== 'UNKNOWN_TARGET') throw error;
      this.problem(firing, 'vacuous', (error as Error).message);
    }
  }

  /** Takes in the commands of steps that have failed since the last time. */
  judgeFailures(): void {
    const { failures } = this.cluster;
    for (const { entry, subject, reason } of failures.slice(this.judged)) {
      const firing = this.firingOf(entry);
      if (firing !== undefined) this.problem(firing, 'refused', `${subject}: ${reason}`);
    }
    this.judged = failures.length;
  }

  /** Firings that were to fail and have not, once nothing more can come of them. */
  unfailed(): readonly Firing[] {
    return this.firings
      .slice(0, this.fired)
      .filter((firing) => failsOf(firing) !== undefined && !this.failedAsTold.has(firing));
  }

  private problem(firing: Firing, code: StepProblem['code'], message: string): void {
    const wanted = failsOf(firing);
    if (wanted !== undefined && message.includes(wanted)) this.failedAsTold.add(firing);
    else this.problems.push({ firing, code, message });
  }

  /** The firing whose step led to a journal entry; undefined for what no step did. */
  private firingOf(entry: number): Firing | undefined {
    const chain = this.cluster.kernel.journal.chain(entry);
    const started = chain.findLast(
      ({ action, subject }) => action === 'started' && subject.startsWith('step/'),
    );
    return this.firings.find(({ name }) => started?.subject === `step/${name}`);
  }

  private perform({ step }: Firing): readonly string[] {
    return actionNamed(step.verb.name).perform(this.cluster, step.args);
  }

  private inject(firing: Firing, position: number): readonly string[] {
    const { step } = firing;
    const fault = faultNamed(step.verb.name);
    for (const message of shortPicks(this.cluster, step.args)) {
      this.warnings.push({ code: 'KD1106', severity: 'warning', message, range: step.range });
    }
    const injection = fault.inject(this.cluster, step.args, contextOf(firing));
    this.hold(injection, position);
    if (fault.extend !== undefined && injection.effects.length > 0) this.live.add(position);
    return this.record(firing, injection);
  }

  private extend(position: number): void {
    const firing = this.firings[position]!;
    const fault = faultNamed(firing.step.verb.name);
    const own = [...this.held].filter(([, holders]) => holders.has(position));
    const held = new Set(own.map(([effect]) => effect));
    const injection = fault.extend!(this.cluster, firing.step.args, contextOf(firing), held);
    this.hold(injection, position);
    this.record(firing, injection);
  }

  private recover(position: number): void {
    if (this.dropped.has(position)) return;
    const firing = this.firings[position]!;
    this.cluster.kernel.note('fault', 'recovered', `step/${firing.name}`, firing.step.verb.name);
    this.live.delete(position);
    for (const [effect, holders] of this.held) {
      if (!holders.delete(position) || holders.size > 0) continue;
      this.held.delete(effect);
      faultNamed(firing.step.verb.name).undo(this.cluster, effect);
    }
  }

  private hold({ effects }: Injection, position: number): void {
    for (const effect of effects) {
      const holders = this.held.get(effect) ?? new Set();
      this.held.set(effect, holders.add(position));
    }
  }

  /** Writes what a fault hit into the journal: choices of `pick` are recorded thereby. */
  private record({ name }: Firing, { hits }: Injection): readonly string[] {
    const { kernel } = this.cluster;
    if (hits.length > 0) kernel.note('fault', 'hit', `step/${name}`, hits.join(', '));
    return hits;
  }
}

/** What an action must fail with, where its step says that it must. */
function failsOf({ step }: Firing): string | undefined {
  return step.verb.kind === 'action' ? (step.args as { fails?: string }).fails : undefined;
}

function contextOf({ name, recovers }: Firing) {
  return { step: name, recovers: recovers !== undefined };
}
