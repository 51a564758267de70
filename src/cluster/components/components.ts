// The components of the cluster, and what faults do to them: they die and are started again, they
// are stopped and go on, they are cut off from the API server.

import type { Cut } from '../../apiserver/connections';
import type { ApiServer } from '../../apiserver/api-server';
import type { Kernel } from '../../kernel/kernel';
import type { Component } from '../../values/component';
import type { Process } from './component-process';
import type { Supervisor } from './supervisor';

export interface ComponentsContext {
  readonly kernel: Kernel;
  readonly api: ApiServer;
  readonly supervisor: Supervisor;
  readonly controlPlane: readonly Process[];
  /** Makes those of all nodes, in their order. */
  readonly onNodes: () => readonly Process[];
  readonly touch: () => void;
}

/** What faults can do to components. */
export interface ComponentHandles {
  /** The process dies. `restart: false` keeps it down until `startComponent`. */
  killComponent(component: Component, options: { readonly restart: boolean }): void;
  /** Lets a process that was kept down be started again, by whoever starts it. */
  startComponent(component: Component): void;
  /** Stops the process as SIGSTOP does; counted by token. */
  pauseComponent(component: Component, token: string): void;
  resumeComponent(component: Component, token: string): void;
  /** Cuts all of its clients off from the API server; counted by token. */
  severComponent(component: Component, token: string, cut?: Cut): void;
  mendComponent(component: Component, token: string): void;
}

export class Components implements ComponentHandles {
  private readonly context: ComponentsContext;
  /** Undefined before anybody asks: most clusters live and end without a fault in any of them. */
  private made: readonly Process[] | undefined;
  private named: readonly Component[] | undefined;
  private byActor: Map<string, Process> | undefined;
  /** What holds each process, by its actor. */
  private readonly pauses = new Map<string, Set<string>>();

  constructor(context: ComponentsContext) {
    this.context = context;
  }

  /** In the order in which a report lists them: the control plane, then node by node. */
  get all(): readonly Component[] {
    return (this.named ??= this.processes.map(({ component }) => component));
  }

  killComponent(component: Component, { restart }: { readonly restart: boolean }): void {
    const { kernel, supervisor, touch } = this.context;
    const process = this.processOf(component);
    if (!restart) supervisor.hold(process);
    if (process.isRunning()) {
      kernel.note(component.actor, 'died', `component/${component.name}`, 'killed');
      this.wake(process);
      process.stop();
      supervisor.died(process);
    }
    touch();
  }

  /** Ends a process that runs, so that another program takes its place: `what` that is. */
  replaceComponent(component: Component, what: string): void {
    const { kernel, supervisor, touch } = this.context;
    const process = this.processOf(component);
    kernel.note(component.actor, 'replaced', `component/${component.name}`, what);
    this.wake(process);
    if (process.retire === undefined) process.stop();
    else process.retire();
    supervisor.replaced(process);
    touch();
  }

  startComponent(component: Component): void {
    this.context.supervisor.release(this.processOf(component));
    this.context.touch();
  }

  pauseComponent(component: Component, token: string): void {
    const { kernel, touch } = this.context;
    const process = this.processOf(component);
    if (!process.isRunning()) return;
    const tokens = this.pauses.get(component.actor) ?? new Set();
    if (tokens.size === 0) process.frozen?.();
    this.pauses.set(component.actor, tokens.add(token));
    for (const owner of process.owners()) kernel.pause(owner, `${component.actor} ${token}`);
    touch();
  }

  resumeComponent(component: Component, token: string): void {
    const { kernel, touch } = this.context;
    const process = this.processOf(component);
    const tokens = this.pauses.get(component.actor);
    if (tokens?.delete(token) !== true) return;
    if (tokens.size === 0) this.pauses.delete(component.actor);
    if (tokens.size === 0) process.thawed?.();
    for (const owner of process.owners()) kernel.resume(owner, `${component.actor} ${token}`);
    touch();
  }

  severComponent(component: Component, token: string, cut: Cut = 'silent'): void {
    const process = this.processOf(component);
    if (process.sever !== undefined) process.sever(token, cut);
    else for (const client of process.clients()) this.context.api.sever(client, token, cut);
  }

  mendComponent(component: Component, token: string): void {
    const process = this.processOf(component);
    if (process.mend !== undefined) process.mend(token);
    else for (const client of process.clients()) this.context.api.mend(client, token);
  }

  /** By which names the API server knows those that watch it for the component. */
  watchersOf(component: Component): readonly string[] {
    const process = this.processOf(component);
    return process.watchers?.() ?? process.clients();
  }

  /** Whether the process runs; one that is stopped does. */
  isRunning(component: Component): boolean {
    return this.processOf(component).isRunning();
  }

  isPaused({ actor }: Component): boolean {
    return this.pauses.has(actor);
  }

  /** The processes of a host. */
  on(host: string): readonly Component[] {
    const own = this.processes.filter((it) => it.host === host);
    return own.map(({ component }) => component);
  }

  /** The host has lost its power: its processes of the control plane are gone with it. */
  hostLost(host: string): void {
    for (const process of this.processes) {
      if (process.host !== host) continue;
      const { component } = process;
      this.wake(process);
      this.context.supervisor.lost(process);
      if (isOfControlPlane(component) && process.isRunning()) process.stop();
    }
  }

  /** The host has booted: everything starts that no fault keeps down. */
  hostBooted(host: string): void {
    const { supervisor } = this.context;
    for (const process of this.processes) {
      if (process.host !== host || process.isRunning() || supervisor.isHeld(process)) continue;
      process.start();
    }
    supervisor.started();
  }

  private get processes(): readonly Process[] {
    const { controlPlane, onNodes } = this.context;
    return (this.made ??= controlPlane.concat(onNodes()));
  }

  /** What had stopped the process, as by SIGSTOP, ends with it. */
  private wake({ component }: Process): void {
    for (const token of this.pauses.get(component.actor) ?? []) {
      this.resumeComponent(component, token);
    }
  }

  private processOf({ actor }: Component): Process {
    this.byActor ??= new Map(this.processes.map((process) => [process.actor, process]));
    const process = this.byActor.get(actor);
    if (process === undefined) throw new RangeError(`there is no component ${actor}`);
    return process;
  }
}

const STATIC = ['apiserver', 'etcd', 'scheduler', 'controller-manager'];

function isOfControlPlane({ name }: Component): boolean {
  return STATIC.includes(name);
}
