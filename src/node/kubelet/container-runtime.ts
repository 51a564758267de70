// The container runtime of every node: processes start, listen, take signals and exit. It does
// what it is told and knows nothing of restart policies.

import type { EventArgument, EventKind } from '../../kernel/event-queue';
import { Phase } from '../../kernel/phase';
import type { DeclaredWait } from '../../timing';
import type { ListenSpec } from '../../values/cluster-spec';
import { processOwner } from '../../values/component';
import { later, ZERO } from '../../values/time';
import type { Duration, Instant } from '../../values/time';
import { sleepOf } from '../../workloads/index';
import type { IP } from '../../values/ip';
import type { Machine } from '../machine';
import { setUpNodeCache, tearDownNodeCache } from '../node-cache-network';
import type { KubeletGround } from './kubelet-ground';
import { subjectOf } from './kubelet-ground';
import { isAlive } from './kubelet-state';
import type { ContainerRecord } from './kubelet-state';
import { isOutOfMemory } from './pod-failures';
import { newProcess } from '../pod-sandbox';
import type { PodSandbox } from '../pod-sandbox';

const GRACE: DeclaredWait = 'spec.terminationGracePeriodSeconds';

/** For what listens on whichever address there is. */
const ANY_ADDRESS: readonly undefined[] = [undefined];

/** 128 + SIGKILL. */
export const KILLED = 137;

/** Told of what happens to a process, at the instant at which it happens. */
export interface RuntimeListener {
  listening(container: ContainerRecord): void;
  exited(container: ContainerRecord): void;
}

export class ContainerRuntime {
  private readonly ground: KubeletGround;
  private readonly listener: RuntimeListener;
  private readonly listeningEvent: EventKind;
  private readonly endingEvent: EventKind;
  private readonly lastEndingEvent: EventKind;
  private readonly termEvent: EventKind;
  private readonly drainedEvent: EventKind;
  private readonly killEvent: EventKind;
  private readonly signalEvent: EventKind;
  private readonly oomEvent: EventKind;

  constructor(ground: KubeletGround, listener: RuntimeListener) {
    this.ground = ground;
    this.listener = listener;
    const declare = (
      name: string,
      act: (container: ContainerRecord) => void,
      ownerOf: (container: ContainerRecord) => string,
      background = false,
    ) => {
      const find = (id: EventArgument) => ground.state.containers.get(Number(id));
      const actIfAlive = (id: EventArgument, attempt: EventArgument): void => {
        const container = find(id);
        if (container?.attempt === attempt && isAlive(container)) act(container);
      };
      const owner = (id: EventArgument): string | undefined => {
        const container = find(id);
        return container && ownerOf(container);
      };
      return ground.kernel.declare(name, actIfAlive, { background, owner });
    };
    this.listeningEvent = declare('runtime.listening', (it) => this.listen(it), ownProcess);
    this.endingEvent = declare('runtime.ending', (it) => this.endByItself(it), ownProcess);
    // A run is settled though some process will end in an hour.
    const endLater = (it: ContainerRecord): void => this.endByItself(it);
    this.lastEndingEvent = declare('runtime.laterEnding', endLater, ownProcess, true);
    this.termEvent = declare('runtime.sigterm', (it) => this.terminate(it), kubeletOf);
    this.signalEvent = declare('runtime.signalled', (it) => this.react(it), ownProcess);
    const outOfMemory = (it: ContainerRecord): void => this.exit(it, KILLED, 'out of memory');
    this.oomEvent = declare('runtime.outOfMemory', outOfMemory, runtimeOf);
    const drained = (it: ContainerRecord): void => this.exit(it, 0, 'drained');
    this.drainedEvent = declare('runtime.drained', drained, ownProcess);
    this.killEvent = declare('runtime.sigkill', (it) => this.killIfDue(it), runtimeOf);
  }

  /** A new process for the container's current attempt. */
  start(container: ContainerRecord): void {
    const { kernel, behaviours } = this.ground;
    const { worker, spec } = container;
    const behaviour = behaviours.of(worker.pod, spec);
    const process = newProcess(spec.name, behaviour.listen, kernel.now, 'starting');
    container.behaviour = behaviour;
    container.process = process;
    container.killedFor = '';
    container.killAt = undefined;
    worker.sandbox!.processes.set(spec.name, process);
    behaviours.started(worker.pod, spec, behaviour);
    this.changed(container);
    const { ending, startup } = behaviour;
    if (ending !== undefined) {
      const isAwaited = container.role === 'init' || ending.after === ZERO;
      const event = isAwaited ? this.endingEvent : this.lastEndingEvent;
      this.after(ending.after, event, container, 'container.ending');
    }
    // It gets as far as to need what there is no more of. source: mm/oom_kill.c
    if (isOutOfMemory(worker.failures)) this.after(ZERO, this.oomEvent, container);
    else if (startup === ZERO) this.listen(container);
    else this.after(startup, this.listeningEvent, container, 'container.startup');
  }

  /** The process dies by itself or by somebody else's hand, without notice. */
  crash(container: ContainerRecord, exitCode: number): void {
    if (isAlive(container)) this.exit(container, exitCode, '');
  }

  /**
   * Stops a process as the kubelet does: its preStop hook, SIGTERM, and SIGKILL at `deadline`, but
   * not before it had the least time to react.
   * source: pkg/kubelet/kuberuntime/kuberuntime_container.go killContainer
   */
  stop(container: ContainerRecord, deadline: Instant): void {
    if (!isAlive(container)) return;
    const { now } = this.ground.kernel;
    const left = Math.max(0, deadline - now) as Duration;
    const hook = preStopOf(container);
    container.killAt = deadline;
    if (hook > ZERO && left > ZERO) {
      const wait: DeclaredWait = hook < left ? 'lifecycle.preStop' : GRACE;
      this.after(hook < left ? hook : left, this.termEvent, container, wait);
    } else {
      this.terminate(container);
    }
  }

  /** SIGTERM now, SIGKILL at the container's `killAt`. */
  terminate(container: ContainerRecord): void {
    const { kernel, timing } = this.ground;
    if (!isAlive(container) || container.behaviour === undefined) return;
    const least = later(kernel.now, timing.delay('kubelet.minimumGracePeriod').least);
    if (container.killAt === undefined || container.killAt < least) container.killAt = least;
    // A stopped process finds its signals when it goes on; SIGKILL does not wait for that.
    if (kernel.isPaused(ownProcess(container))) this.after(ZERO, this.signalEvent, container);
    else this.react(container);
    if (isAlive(container)) this.scheduleKill(container);
  }

  /** What the process itself does about a SIGTERM. */
  private react(container: ContainerRecord): void {
    const { servers } = this.ground;
    const process = container.process!;
    const { do: reaction, for: usual } = container.behaviour!.onTerm;
    // A DNS server serves on for as long as its own configuration says.
    const isDns = container.behaviour!.speaks === 'dns';
    const own = isDns ? servers.freeze(container.worker.key) : undefined;
    const span = own ?? usual;
    if (reaction === 'close') {
      this.exit(container, 0, 'closed on SIGTERM');
      return;
    }
    if (reaction === 'drain') {
      process.state = process.state === 'starting' ? 'starting' : 'draining';
      this.after(span, this.drainedEvent, container, 'container.onTerm');
    }
  }

  private scheduleKill(container: ContainerRecord): void {
    const { kernel } = this.ground;
    const at = container.killAt!;
    const { id, attempt } = container;
    kernel.schedule(at, Phase.agent, this.killEvent, id, attempt, GRACE);
  }

  private killIfDue(container: ContainerRecord): void {
    const { killAt } = container;
    if (killAt === undefined || killAt > this.ground.kernel.now) return;
    this.exit(container, KILLED, 'SIGKILL at the end of the grace period');
  }

  private listen(container: ContainerRecord): void {
    const process = container.process!;
    if (process.state !== 'starting') return;
    const conflict = this.takenPort(container);
    if (conflict !== undefined) {
      this.failToBind(container, conflict);
      return;
    }
    process.state = 'running';
    const { worker, behaviour } = container;
    if (behaviour?.speaks === 'dns') this.ground.servers.start(worker.pod);
    const { nodeCache } = behaviour ?? {};
    if (nodeCache !== undefined) setUpNodeCache(this.hostOf(worker), nodeCache);
    this.changed(container);
    this.listener.listening(container);
  }

  /**
   * The first of the container's ports that another process of the same network namespace holds.
   * source: bind(2) EADDRINUSE; net/ipv4/inet_connection_sock.c inet_csk_get_port
   */
  private takenPort({ worker, process }: ContainerRecord): ListenSpec | undefined {
    const sandbox = worker.sandbox!;
    const namespace = sandbox.hostNetwork ? this.hostOf(worker) : sandbox;
    for (const own of process!.listen) {
      for (const address of own.addresses ?? ANY_ADDRESS) {
        if (isTaken(namespace, own, address)) return own;
      }
    }
    return undefined;
  }

  private hostOf({ agent }: ContainerRecord['worker']): Machine {
    return agent.machine;
  }

  /** Servers give up when they cannot bind. They will try again, in vain, after every restart. */
  private failToBind(container: ContainerRecord, { port, protocol }: ListenSpec): void {
    container.behaviour = { ...container.behaviour!, ending: { after: ZERO, exitCode: 1 } };
    this.exit(container, 1, `cannot bind ${port}/${protocol}: address already in use`);
  }

  private endByItself(container: ContainerRecord): void {
    this.exit(container, container.behaviour?.ending?.exitCode ?? 0, 'ended by itself');
  }

  private exit(container: ContainerRecord, exitCode: number, why: string): void {
    const { kernel, servers } = this.ground;
    const { worker, process, spec, behaviour } = container;
    for (const token of process!.stoppedBy) kernel.resume(ownProcess(container), token);
    process!.stoppedBy.clear();
    process!.state = 'exited';
    process!.exitCode = exitCode;
    process!.exitedAt = kernel.now;
    container.killAt = undefined;
    const detail = `container "${spec.name}", exit code ${exitCode}`;
    const text = why === '' ? detail : `${detail}: ${why}`;
    kernel.note(`runtime@${worker.agent.node}`, 'exited', subjectOf(worker), text);
    if (behaviour?.speaks === 'dns') servers.stop(worker.key);
    const endsInOrder = exitCode === 0 && behaviour?.nodeCache !== undefined;
    if (endsInOrder) tearDownNodeCache(this.hostOf(worker), behaviour.nodeCache);
    this.changed(container);
    this.listener.exited(container);
  }

  private after(
    span: Duration,
    kind: EventKind,
    { id, attempt }: ContainerRecord,
    wait: DeclaredWait | '' = '',
  ): void {
    this.ground.kernel.after(span, Phase.agent, kind, id, attempt, wait);
  }

  private changed({ worker, behaviour }: ContainerRecord): void {
    const { node } = worker.agent;
    const isHosts = worker.sandbox?.hostNetwork !== false;
    const isServer = behaviour?.speaks === 'dns' || behaviour?.nodeCache !== undefined;
    if (isHosts || isServer) this.ground.touch?.(node);
    else this.ground.touch?.(node, 'processes');
  }
}

function isTaken(
  namespace: Machine | PodSandbox,
  { protocol, port }: ListenSpec,
  address: IP | undefined,
): boolean {
  if ('hostListener' in namespace) {
    return namespace.hostListener(protocol, port, address) !== undefined;
  }
  return namespace.listenerOn(protocol, port, address) !== undefined;
}

/** Whoever stops the process: it does nothing while it is stopped. */
function ownProcess({ worker, spec }: ContainerRecord): string {
  return processOwner(worker.key, spec.name);
}

/** The kubelet runs hooks and asks for the stop that follows. */
function kubeletOf({ worker }: ContainerRecord): string {
  return worker.agent.actor;
}

/** The runtime itself counts the grace period of a stop. */
function runtimeOf({ worker }: ContainerRecord): string {
  return `runtime@${worker.agent.node}`;
}

/** How long the preStop hook takes, as far as it says so; zero for any other hook. */
function preStopOf({ spec }: ContainerRecord): Duration {
  const { sleep, exec } = spec.lifecycle?.preStop ?? {};
  if (sleep !== undefined) return (sleep.seconds * 1_000_000) as Duration;
  const slept = sleepOf(exec?.command ?? []);
  if (slept === 'forever') return Number.MAX_SAFE_INTEGER as Duration;
  return slept ?? ZERO;
}
