// Looks after the probes of every container: what a tick would find now, when that changes by
// itself, and which tick is worth an event.

import type { EventArgument, EventKind } from '../../kernel/event-queue';
import { Phase } from '../../kernel/phase';
import { later, ZERO } from '../../values/time';
import { parseIp } from '../../values/ip';
import { CERTAIN, equalRatio, NEVER } from '../../values/ratio';
import type { Ratio } from '../../values/ratio';
import type { Duration, Instant } from '../../values/time';
import type { KubeletGround } from './kubelet-ground';
import { isAlive, isReady } from './kubelet-state';
import type { ContainerRecord, PodWorker } from './kubelet-state';
import { failsProbe, httpStatusOf, isHeldUnready } from './pod-failures';
import { findingAt, lookNow, nextDue, observe, resetProbe, tick } from './probes';
import type { ProbeLuck, ProbeOutcome, ProbeState } from './probes';

/** Told of verdicts, at the tick that gives them. */
export interface ProbeListener {
  /** The container became ready, or is no longer. */
  readinessChanged(container: ContainerRecord): void;
  /** The startup probe passed: the other probes begin. */
  startupPassed(container: ContainerRecord): void;
  /** Liveness or startup failed for good: the container is to be restarted. */
  unhealthy(container: ContainerRecord, probe: ProbeState): void;
}

interface Finding {
  readonly outcome: ProbeOutcome;
  /** When the finding changes by itself. */
  readonly changesAt?: Instant;
  /** Nobody answers: the probe knows only when its patience is over. */
  readonly isLate?: boolean;
  /** A bad line may lose packets, and so fail a tick that would succeed. */
  readonly luck?: ProbeLuck;
}

const NOTHING: Finding = { outcome: 'none' };

export class Prober {
  private readonly ground: KubeletGround;
  private readonly listener: ProbeListener;
  private readonly probeEvent: EventKind;
  private readonly chanceEvent: EventKind;

  constructor(ground: KubeletGround, listener: ProbeListener) {
    this.ground = ground;
    this.listener = listener;
    const { kernel, state } = ground;
    const look = (id: EventArgument, due: EventArgument): void => {
      const known = state.probes.get(Number(id));
      if (known?.probe.due !== due || !known.container.worker.agent.running) return;
      this.tick(known.container, known.probe);
    };
    const owner = (id: EventArgument): string | undefined =>
      state.probes.get(Number(id))?.container.worker.agent.actor;
    this.probeEvent = kernel.declare('kubelet.probe', look, { owner });
    // Chance never comes to rest: nobody waits for what it may still do.
    this.chanceEvent = kernel.declare('kubelet.probeByChance', look, { owner, background: true });
  }

  /** The kubelet has seen a new process of the container. */
  containerUp(container: ContainerRecord): void {
    container.started = !container.probes.some(({ type }) => type === 'startup');
    for (const probe of container.probes) resetProbe(probe);
    this.lookAgain(container);
  }

  /**
   * Looks at once where the container is up and not ready, then at its ticks.
   * source: pkg/kubelet/prober/prober_manager.go UpdatePodStatus (manualTriggerCh)
   */
  lookAgain(container: ContainerRecord): void {
    this.refresh(container);
    const readiness = container.probes.find(({ type }) => type === 'readiness');
    if (readiness === undefined || isReady(container)) return;
    const before = readiness.result;
    lookNow(readiness, this.ground.kernel.now);
    this.schedule(container, readiness);
    if (readiness.result !== before) this.listener.readinessChanged(container);
  }

  /** The kubelet did nothing until now: no tick before this instant counts. */
  skipTicks({ containers }: PodWorker): void {
    const { now } = this.ground.kernel;
    for (const { probes } of containers) for (const probe of probes) probe.counted = now;
  }

  /** A process of the pod came or went: any probe of the pod may ask for it. */
  refreshPod(worker: PodWorker): void {
    const { agent, containers } = worker;
    if (!agent.running || this.ground.kernel.isPaused(agent.actor)) this.skipTicks(worker);
    for (const container of containers) this.refresh(container);
  }

  /** Something has changed that probes may see: count up to now, plan anew. */
  refresh(container: ContainerRecord): void {
    const { now } = this.ground.kernel;
    for (const probe of container.probes) {
      const { outcome, luck } = this.find(container, probe, now);
      const isChanged = outcome !== probe.outcome;
      this.place(container, probe, isChanged);
      const before = probe.result;
      observe(probe, now, outcome, luck);
      this.schedule(container, probe);
      // Only a probe that waited for an answer can have been decided before this.
      if (probe.result !== before) this.judge(container, probe);
    }
  }

  /** Whether the container's readiness probe would succeed now; true without one. */
  answersNow(container: ContainerRecord): boolean {
    if (container.process?.state !== 'running') return false;
    if (isHeldUnready(container.worker.failures)) return false;
    const readiness = container.probes.find(({ type }) => type === 'readiness');
    if (readiness === undefined) return true;
    return this.ask(container, readiness, this.ground.kernel.now).outcome === 'success';
  }

  private tick(container: ContainerRecord, probe: ProbeState): void {
    const { now } = this.ground.kernel;
    const before = probe.result;
    probe.due = undefined;
    const { outcome, luck } = this.find(container, probe, now);
    observe(probe, now, outcome, luck);
    tick(probe, now);
    this.schedule(container, probe);
    if (probe.result !== before) this.judge(container, probe);
  }

  private judge(container: ContainerRecord, probe: ProbeState): void {
    if (probe.type === 'readiness') {
      this.listener.readinessChanged(container);
    } else if (probe.result === 'failure') {
      this.listener.unhealthy(container, probe);
    } else if (probe.type === 'startup') {
      container.started = true;
      this.lookAgain(container);
      this.listener.startupPassed(container);
    }
  }

  private schedule(container: ContainerRecord, probe: ProbeState): void {
    const { kernel } = this.ground;
    const { changesAt, isLate, luck } = this.find(container, probe, kernel.now);
    const next = nextDue(probe, changesAt);
    const isLost = luck !== undefined && next !== undefined && findingAt(probe, next) === 'failure';
    // Nobody answers the probe: the kubelet knows when its patience is over.
    const waits = isLate === true || isLost;
    const due = next === undefined || !waits ? next : later(next, probe.timeout);
    if (due === probe.due) return;
    probe.due = due;
    if (due === undefined) return;
    const at = due < kernel.now ? kernel.now : due;
    probe.due = at;
    const event = luck === undefined ? this.probeEvent : this.chanceEvent;
    kernel.schedule(at, Phase.agent, event, probe.id, at, 'kubelet.probe');
  }

  /**
   * Where in its period the probe ticks. A pod's probes count from when the kubelet took it on; a
   * cluster that starts settled has run for a while, so there the seed says. The extremes choose
   * the tick that is best or worst for what just changed.
   */
  private place(container: ContainerRecord, probe: ProbeState, isChanged: boolean): void {
    const { kernel, timing } = this.ground;
    const { now } = kernel;
    const { profile } = timing;
    const { agent, addedAt } = container.worker;
    const isExtreme = profile === 'best' || profile === 'worst';
    if (probe.baseProfile === profile && !(isExtreme && isChanged)) return;
    const isResettled = probe.baseProfile === 'instant';
    probe.baseProfile = profile;
    if (isExtreme) {
      probe.base = now;
      if (profile === 'worst') probe.counted = later(now, 1 as never);
      return;
    }
    const isYoung = addedAt - agent.startedAt < probe.period;
    const isDrawn = profile === 'default' && (isResettled || isYoung);
    const stream = kernel.random.stream(`kubelet.probe/${agent.actor}`);
    const offset = isDrawn ? stream.below(probe.period) : 0;
    probe.base = (isResettled ? now - offset : addedAt + offset) as Instant;
  }

  /** What a tick of the probe finds now. */
  private find(container: ContainerRecord, probe: ProbeState, now: Instant): Finding {
    const { seen, seenAttempt, attempt, worker, started } = container;
    if (seen.state !== 'running' || seenAttempt !== attempt) return NOTHING;
    // While a pod terminates only its readiness is looked at.
    if (worker.stage !== 'running' && probe.type !== 'readiness') return NOTHING;
    if (started === (probe.type === 'startup')) return NOTHING;
    const from = later(seen.startedAt, probe.initialDelay);
    if (now < from) return { outcome: 'none', changesAt: from };
    return this.ask(container, probe, now);
  }

  private ask(container: ContainerRecord, probe: ProbeState, now: Instant): Finding {
    const { process, behaviour } = container;
    if (process === undefined || behaviour === undefined || !isAlive(container)) {
      return { outcome: 'failure' };
    }
    if (process.stoppedBy.size > 0) return findStopped(probe);
    if (failsProbe(container.worker.failures, probe.type)) return { outcome: 'failure' };
    if (probe.type === 'readiness') {
      const readyAt = later(process.startedAt, behaviour.ready);
      if (now < readyAt) return { outcome: 'failure', changesAt: readyAt };
    }
    const lateness = latenessFor(container, probe);
    const odds = this.oddsOf(container, probe, lateness);
    const isInReach = odds.numerator > 0;
    if (isInReach && lateness >= probe.timeout) return { outcome: 'failure', isLate: true };
    if (!isInReach || !answers(container, probe)) return { outcome: 'failure' };
    if (equalRatio(odds, CERTAIN)) return { outcome: 'success' };
    const { worker, spec } = container;
    const name = `degrade.loss/${worker.agent.actor}/${worker.key}/${spec.name}/${probe.type}`;
    return { outcome: 'success', luck: { random: this.ground.kernel.random, name, odds } };
  }

  /**
   * How likely the network lets the probe and its answer through in time: one round trip for the
   * connection, and one for what is asked over it, which the process may take its time for.
   */
  private oddsOf(
    { worker, spec }: ContainerRecord,
    { handler, timeout }: ProbeState,
    lateness: Duration,
  ): Ratio {
    const { httpGet, tcpSocket, grpc } = handler;
    const port = portNumber(spec, httpGet?.port ?? tcpSocket?.port ?? grpc?.port);
    if (port === undefined) return CERTAIN;
    const call = this.ground.network.callPod(worker.agent.node, worker.key, port);
    if (call === undefined) return CERTAIN;
    const roundTrips = tcpSocket === undefined ? 2 : 1;
    if (!call.answered) return NEVER;
    const within = (timeout - lateness) as Duration;
    if (call.odds !== undefined && within > 0) return call.odds(roundTrips, within);
    const isInTime = call.roundTrip === 0 || roundTrips * call.roundTrip < within;
    return isInTime ? CERTAIN : NEVER;
  }
}

/** How late the process answers the probe; the kernel answers handshakes for it in no time. */
function latenessFor({ worker }: ContainerRecord, { handler }: ProbeState): Duration {
  if (handler.tcpSocket !== undefined) return ZERO;
  return worker.sandbox?.probeDelay() ?? ZERO;
}

/** The kernel completes handshakes for a stopped process; more than that it does not get. */
function findStopped({ handler }: ProbeState): Finding {
  if (handler.tcpSocket !== undefined) return { outcome: 'success' };
  return { outcome: 'failure', isLate: true };
}

function answers(container: ContainerRecord, { handler }: ProbeState): boolean {
  const { httpGet, tcpSocket, grpc, exec } = handler;
  if (exec !== undefined) {
    return (container.behaviour?.exec[(exec.command ?? []).join(' ')] ?? 0) === 0;
  }
  const port = portNumber(container.spec, httpGet?.port ?? tcpSocket?.port ?? grpc?.port);
  const { worker } = container;
  // A probe asks the pod's own address unless it names another host.
  const host = parseIp((httpGet ?? tcpSocket)?.host ?? '') ?? worker.sandbox?.addresses[0];
  const process = port === undefined ? undefined : worker.sandbox?.listenerOn('TCP', port, host);
  if (process === undefined) return false;
  if (httpGet === undefined) return true;
  const owner = worker.containers.find(({ spec }) => spec.name === process.container);
  const given = owner?.behaviour?.http[httpGet.path ?? '/'] ?? 200;
  const status = httpStatusOf(worker.failures) ?? given;
  return status >= 200 && status < 400;
}

/** source: pkg/kubelet/prober ResolveContainerPort: a name means a port of this container */
function portNumber(
  spec: ContainerRecord['spec'],
  port: number | string | undefined,
): number | undefined {
  // An exec probe calls nobody.
  if (typeof port === 'number' || port === undefined) return port;
  const named = spec.ports?.find(({ name }) => name === port)?.containerPort;
  const number = named ?? Number(port);
  return Number.isInteger(number) ? number : undefined;
}
