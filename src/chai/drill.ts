// A cluster under a clock that the spec moves: the fixture for assertions in code.

import type { Cluster } from '../cluster/cluster';
import { didYouMean } from '../language/did-you-mean';
import { duration, instant as readInstant } from '../language/duration';
import type { Plan, PlannedStep } from '../language/plan';
import { Execution, layOut } from '../runner/execution';
import { formatDuration, later } from '../values/time';
import type { Duration, Instant } from '../values/time';
import { actionNamed, claimNamed, faultNamed, LANGUAGE } from '../vocabulary/index';
import type { ActionArgs, FaultArgs, FaultName } from './arguments';
import { callerRange } from './caller';
import { checkArguments, checkValue } from './check-arguments';
import { demandText } from './options';
import { KeptConnection, ReturningClient, Sender, ServiceSubject } from './subject';
import type { Subject } from './subject';

/** What a selector of pods or nodes looks like in code; the same as in a scenario. */
export type Selector =
  | { readonly pods: { readonly namespace?: string; readonly labels?: Record<string, string> } }
  | {
      readonly nodes: 'all' | { readonly labels?: Record<string, string>; readonly zone?: string };
    };

/** How long a fault lasts: `30s`; for ever where it is not said. */
interface Lasting {
  readonly for?: string;
}

export class Drill implements Subject {
  readonly cluster: Cluster;
  readonly seed: number;
  /** A drill is itself the subject of claims about the state of the whole cluster. */
  readonly drill: Drill = this;
  readonly args = {};
  private readonly execution: Execution;
  private injected = 0;

  /** Use `buildCluster` or `loadScenario`. */
  constructor(plan: Plan, cluster: Cluster, seed: number) {
    this.cluster = cluster;
    this.seed = seed;
    // The spec says how far time goes, not the scenario's `end`.
    const { end: _, ...endless } = plan;
    this.execution = new Execution({ ...endless, expectations: [] }, cluster);
  }

  /** The instant of virtual time, in microseconds. */
  get now(): Instant {
    return this.cluster.kernel.now;
  }

  /** The instant as people write it: `12.6s`. */
  get clock(): string {
    return formatDuration(this.now as number as Duration);
  }

  /**
   * Runs to an instant, counted from the start of the drill: `runUntil('10s')`. All that happens
   * at that instant has happened afterwards. Throws where it lies in the past, and where a step
   * of the scenario hit nothing.
   */
  runUntil(instant: string): this {
    demandText('runUntil', instant, '10s');
    const to = readInstant(instant);
    if (to < this.now) {
      throw new RangeError(`it is already ${this.clock}: a drill cannot go back to ${instant}`);
    }
    this.advance(to);
    return this;
  }

  /** Runs for a span from now: `runFor('500ms')`. */
  runFor(span: string): this {
    demandText('runFor', span, '500ms');
    this.advance(later(this.now, duration(span)));
    return this;
  }

  /**
   * Injects the fault `cut` now, with the arguments of the language; `for` lets it recover. Like
   * every fault it throws where it hits nothing.
   */
  cut(args: FaultArgs<'cut'>, options: Lasting = {}): this {
    return this.inject('cut', args, options);
  }

  /** Injects the fault `degrade` now. */
  degrade(args: FaultArgs<'degrade'>, options: Lasting = {}): this {
    return this.inject('degrade', args, options);
  }

  /** Injects the fault `exhaust` now. */
  exhaust(args: FaultArgs<'exhaust'>, options: Lasting = {}): this {
    return this.inject('exhaust', args, options);
  }

  /** Injects the fault `fail` now. */
  fail(args: FaultArgs<'fail'>, options: Lasting = {}): this {
    return this.inject('fail', args, options);
  }

  /** Injects the fault `kill` now. */
  kill(args: FaultArgs<'kill'>, options: Lasting = {}): this {
    return this.inject('kill', args, options);
  }

  /** Injects the fault `pause` now. */
  pause(args: FaultArgs<'pause'>, options: Lasting = {}): this {
    return this.inject('pause', args, options);
  }

  /** Injects the fault `skew` now. */
  skew(args: FaultArgs<'skew'>, options: Lasting = {}): this {
    return this.inject('skew', args, options);
  }

  /** Injects the fault `slow` now. */
  slow(args: FaultArgs<'slow'>, options: Lasting = {}): this {
    return this.inject('slow', args, options);
  }

  /** Injects the fault `stale` now. */
  stale(args: FaultArgs<'stale'>, options: Lasting = {}): this {
    return this.inject('stale', args, options);
  }

  /** Injects the fault `wipe` now. */
  wipe(args: FaultArgs<'wipe'>): this {
    return this.inject('wipe', args, {});
  }

  /** Does what an administrator does, now: `do({scale: 'deployment/shop/web', replicas: 5})`. */
  do(args: ActionArgs): this {
    const name = Object.keys(args ?? {}).find((key) => LANGUAGE.actions.has(key)) ?? '';
    return this.perform('do', { kind: 'action', name }, args, {});
  }

  /** A pod as the sender of an assertion; a workload means every pod of it. */
  pod(reference: string): Sender {
    return new Sender(this, reference);
  }

  /**
   * A node as the sender: what a process on the host sees. Throws RangeError for a node that the
   * cluster does not have.
   */
  node(name: string): Sender {
    demandText('node', name, 'worker-1');
    const known = [...this.cluster.machines.keys()];
    const bare = name.replace(/^nodes?\//, '');
    if (!known.includes(bare)) {
      const hint = didYouMean(bare, known) ?? `the nodes are ${known.slice(0, 8).join(', ')}`;
      throw new RangeError(`there is no node "${bare}"; ${hint}`);
    }
    return new Sender(this, name.includes('/') ? name : `node/${name}`);
  }

  /** A client outside of the cluster. */
  external(name?: string): Sender {
    return new Sender(this, name === undefined ? 'external' : `external/${name}`);
  }

  /** Every pod or node that a selector means: the claim must hold for each. */
  each(selector: Selector): Sender {
    return new Sender(this, selector);
  }

  /** An address with its port as the sender, for `translate`: `10.244.1.3:54321`. */
  address(address: string): Sender {
    return new Sender(this, address);
  }

  service(reference: string): ServiceSubject {
    return new ServiceSubject(this, reference);
  }

  /** Opens connections now, for a later assertion about their next packets. */
  open(sender: Sender, to: string): KeptConnection {
    const args = { from: sender.args.from, to, opened: this.clock };
    checkArguments('expect', { at: '0s', reach: args });
    const prepared = claimNamed('reach').prepare!(this.cluster, args);
    return new KeptConnection(this, args, prepared);
  }

  /** Notes whom a client can meet now, for a later assertion about its return. */
  visit(sender: Sender, to: string): ReturningClient {
    const args = { from: sender.args.from, to, visited: this.clock };
    checkArguments('expect', { at: '0s', affinity: args });
    const prepared = claimNamed('affinity').prepare!(this.cluster, args);
    return new ReturningClient(this, args, prepared);
  }

  /**
   * Moves the clock to `end`, calling `seen` after each instant at which anything changed that a
   * claim can observe; stops there once it returns true.
   */
  advance(end: Instant, seen: () => boolean = () => false): void {
    const { kernel } = this.cluster;
    let { generation } = this.cluster;
    for (let next = kernel.nextAt; next !== undefined && next <= end; next = kernel.nextAt) {
      kernel.runUntil(next);
      if (this.cluster.generation === generation) continue;
      this.execution.letFaultsFollow(next);
      ({ generation } = this.cluster);
      this.demandEffect();
      if (seen()) return;
    }
    kernel.runUntil(end);
    this.demandEffect();
    seen();
  }

  private inject<Name extends FaultName>(name: Name, args: FaultArgs<Name>, lasts: Lasting): this {
    const recovery = lasts.for === undefined ? {} : { recovery: { for: duration(lasts.for) } };
    return this.perform(name, { kind: 'fault', name }, args, recovery);
  }

  private perform(
    key: FaultName | 'do',
    verb: PlannedStep['verb'],
    args: unknown,
    recovery: Pick<PlannedStep, 'recovery'>,
  ): this {
    if (typeof args !== 'object' || args === null) {
      throw new TypeError(`\`${key}\` takes an object, as a step of a scenario does`);
    }
    checkArguments('timeline', { at: '0s', [key]: args });
    checkValue(verb.kind === 'fault' ? faultNamed(verb.name) : actionNamed(verb.name), args);
    this.injected += 1;
    const id = `${verb.name}-${this.injected}`;
    const when = { at: this.now };
    const range = callerRange();
    const step: PlannedStep = { id, named: false, when, verb, args, range, ...recovery };
    for (const firing of layOut([step], this.cluster).firings) this.execution.steps.add(firing);
    this.advance(this.now);
    return this;
  }

  /** A fault that hits nothing would make assertions that pass for the wrong reason. */
  private demandEffect(): void {
    this.execution.steps.judgeFailures();
    const problem = this.execution.steps.problems.shift();
    if (problem === undefined) return;
    const { step, name } = problem.firing;
    throw new Error(`${step.verb.name} (step "${name}"): ${problem.message}`);
  }
}
