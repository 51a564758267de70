// Who starts the processes of a cluster again when they have died: the kubelet those that run in
// pods, static ones and those of DaemonSets, and systemd the kubelet and the runtime.
// source: pkg/kubelet/kuberuntime/kuberuntime_manager.go doBackOff; kubelet.service (Restart)

import type { ApiServer } from '../../apiserver/api-server';
import type { EventKind } from '../../kernel/event-queue';
import type { Kernel } from '../../kernel/kernel';
import { Phase } from '../../kernel/phase';
import { NodeTicks } from '../../node/kubelet/node-ticks';
import type { Kubelets } from '../../node/kubelet/kubelet';
import type { TimerName, Timing } from '../../timing';
import { later, ZERO } from '../../values/time';
import type { Duration, Instant } from '../../values/time';

export interface SupervisorGround {
  readonly kernel: Kernel;
  readonly api: ApiServer;
  readonly timing: Timing;
  readonly kubelets: Kubelets;
}

/** A process as its supervisor knows it. */
export interface Supervised {
  readonly actor: string;
  readonly supervisor: 'kubelet' | 'systemd' | 'none';
  readonly host: string;
  /** Whether the host is a node, with a kubelet that a fault can hit as well. */
  readonly isOnNode: boolean;
  /** For systemd: the unit's RestartSec. */
  readonly restartTimer?: TimerName;
  /** The names under which it calls the API server. */
  clients(): readonly string[];
  isRunning(): boolean;
  start(): void;
}

interface Life {
  readonly process: Supervised;
  /** A fault keeps it down. */
  held: boolean;
  /** It was not its death that ended it: another program takes its place. */
  replaced: boolean;
  exitedAt: Instant;
  backOff: Duration;
  backOffAt: Instant | undefined;
  /** Grows with every death and every start. */
  life: number;
}

export class Supervisor {
  private readonly ground: SupervisorGround;
  private readonly records = new Map<string, Life>();
  private readonly startListeners: (() => void)[] = [];
  /** The relists of hosts that are no nodes. */
  private readonly ticks = new Map<string, NodeTicks>();
  private readonly noticedEvent: EventKind;
  private readonly startEvent: EventKind;

  constructor(ground: SupervisorGround) {
    this.ground = ground;
    const declare = (name: string, act: (record: Life) => void): EventKind =>
      ground.kernel.declare(
        name,
        (actor, life) => {
          const record = this.records.get(String(actor));
          if (record?.life === life && !record.held) act(record);
        },
        { owner: (actor) => this.supervisorOf(String(actor)) },
      );
    this.noticedEvent = declare('component.exitNoticed', (it) => this.restart(it));
    this.startEvent = declare('component.started', (it) => this.begin(it));
  }

  /** The process has died. */
  died(process: Supervised): void {
    const record = this.recordOf(process);
    record.life++;
    record.replaced = false;
    record.exitedAt = this.ground.kernel.now;
    if (!record.held) this.notice(record);
  }

  /**
   * The process was ended so that another program takes its place. That is no failure: it waits
   * for no back-off, and systemd starts it at once.
   */
  replaced(process: Supervised): void {
    const record = this.recordOf(process);
    record.life++;
    record.replaced = true;
    record.exitedAt = this.ground.kernel.now;
    if (record.held) return;
    if (process.supervisor === 'systemd') this.begin(record);
    else this.notice(record);
  }

  /** Calls the listener when processes have started. */
  onStart(listener: () => void): void {
    this.startListeners.push(listener);
  }

  /** Whoever waits for processes to run looks again. */
  started(): void {
    for (const listener of this.startListeners) listener();
  }

  /** A fault keeps the process down until it is released. */
  hold(process: Supervised): void {
    this.recordOf(process).held = true;
  }

  isHeld(process: Supervised): boolean {
    return this.recordOf(process).held;
  }

  /** Nothing keeps the process down any more. */
  release(process: Supervised): void {
    const record = this.recordOf(process);
    record.held = false;
    if (!process.isRunning()) this.notice(record);
  }

  /** The host has lost its power: whatever was planned for the process is void. */
  lost(process: Supervised): void {
    const record = this.recordOf(process);
    record.life++;
    record.backOffAt = undefined;
  }

  /** A kubelet has started: it finds what has died meanwhile. */
  kubeletStarted(node: string): void {
    for (const record of this.records.values()) {
      const { process, held } = record;
      if (process.host !== node || process.supervisor !== 'kubelet') continue;
      record.backOffAt = undefined;
      if (!held && !process.isRunning()) this.notice(record);
    }
  }

  private notice(record: Life): void {
    const { kernel, timing } = this.ground;
    const { process, life } = record;
    const { actor, supervisor, restartTimer } = process;
    if (supervisor === 'none') {
      this.begin(record);
    } else if (supervisor === 'systemd') {
      const wait = timing.delay(restartTimer!).least;
      kernel.after(wait, Phase.agent, this.startEvent, actor, life, restartTimer);
    } else {
      const at = this.nextRelist(process);
      const timer = 'kubelet.plegRelistPeriod';
      kernel.schedule(at, Phase.agent, this.noticedEvent, actor, life, timer);
    }
  }

  /** The first restart is free; each further one waits twice as long as the one before. */
  private restart(record: Life): void {
    const { kernel, timing, kubelets } = this.ground;
    const { process, life, exitedAt, replaced, backOff, backOffAt } = record;
    const { host, isOnNode, actor } = process;
    if (isOnNode && !kubelets.processes.isRunning(host)) return;
    kernel.note(`kubelet@${host}`, 'noticed', actor, 'it has exited');
    const most = timing.delay('kubelet.crashLoopBackOffMax', 'gain', `kubelet@${host}`).least;
    const isForgotten = replaced || backOffAt === undefined || exitedAt - backOffAt > 2 * most;
    const allowedAt = isForgotten ? kernel.now : later(exitedAt, backOff);
    const first = Math.min(timing.delay('kubelet.crashLoopBackOff').least, most);
    const wait = Math.max(0, allowedAt - kernel.now);
    record.backOff = (isForgotten ? first : Math.min(2 * backOff, most)) as Duration;
    // A new pod has not failed yet: its own first restart is free as well.
    record.backOffAt = replaced ? undefined : later(kernel.now, wait as Duration);
    const start = timing.draw('kubelet.containerStart', actor);
    const timer = wait > 0 ? 'kubelet.crashLoopBackOff' : 'kubelet.containerStart';
    const delay = (wait + start) as Duration;
    kernel.after(delay, Phase.agent, this.startEvent, actor, life, timer);
  }

  private begin(record: Life): void {
    const { process } = record;
    if (process.isRunning()) return;
    record.life++;
    process.start();
    // A new process does not wait for the back-off of the old one.
    for (const client of process.clients()) this.ground.api.renew(client);
    this.started();
  }

  private nextRelist({ host, isOnNode }: Supervised): Instant {
    const { kernel, timing, kubelets } = this.ground;
    if (isOnNode) return kubelets.nextRelist(host);
    let ticks = this.ticks.get(host);
    if (ticks === undefined) {
      ticks = new NodeTicks(timing, kernel.random, `kubelet@${host}`);
      this.ticks.set(host, ticks);
    }
    return ticks.nextRelist(kernel.now);
  }

  private supervisorOf(actor: string): string | undefined {
    const process = this.records.get(actor)?.process;
    if (process === undefined || process.supervisor === 'none') return undefined;
    return `${process.supervisor}@${process.host}`;
  }

  private recordOf(process: Supervised): Life {
    let record = this.records.get(process.actor);
    if (record === undefined) {
      const { now } = this.ground.kernel;
      const nothing = { backOff: ZERO, backOffAt: undefined, life: 0 };
      record = { process, held: false, replaced: false, exitedAt: now, ...nothing };
      this.records.set(process.actor, record);
    }
    return record;
  }
}
