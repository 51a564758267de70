// The processes of which only one works at a time: the controller manager and the scheduler, one
// on each host of the control plane. The controllers are the work of whoever leads.

import type { ApiServer } from '../../apiserver/api-server';
import type { Cut } from '../../apiserver/connections';
import type { Controller } from '../../controllers/index';
import type { Kernel } from '../../kernel/kernel';
import type { Timing } from '../../timing';
import type { Component } from '../../values/component';
import type { ApiMembers } from './api-members';
import type { Process } from './component-process';
import { componentOn } from './control-plane-hosts';
import type { ControlPlaneHost } from './control-plane-hosts';
import { LeaderElection } from './leader-election';
import type { Supervisor } from './supervisor';

export interface ElectedGround {
  readonly kernel: Kernel;
  readonly api: ApiServer;
  readonly timing: Timing;
  /** `controller-manager`, `scheduler`. */
  readonly name: string;
  readonly hosts: readonly ControlPlaneHost[];
  readonly controllers: readonly Controller[];
  readonly members: ApiMembers;
  readonly supervisor: Supervisor;
  /** Called when who works has changed. */
  readonly touch: () => void;
}

/**
 * Who gives its lease back when it is told to end. The controller manager does not: its gate
 * ControllerManagerReleaseLeaderElectionLockOnExit is alpha in 1.36.
 * source: cmd/kube-scheduler/app/options/options.go makeLeaderElectionConfig (ReleaseOnCancel)
 */
const RELEASING: readonly string[] = ['scheduler'];

export class ElectedProcesses {
  /** One for each host, and after them one for each controller. */
  readonly processes: readonly Process[];
  private readonly ground: ElectedGround;
  private readonly work: readonly Controller[];
  private readonly election: LeaderElection;
  /** Controllers that a fault has taken out of their process. */
  private readonly stopped = new Set<string>();
  /** By which cuts the process of each host is cut off from the API server. */
  private readonly cuts = new Map<string, Map<string, Cut>>();

  constructor(ground: ElectedGround) {
    const { kernel, timing, name, hosts, controllers, members, supervisor } = ground;
    this.ground = ground;
    this.work = controllers.filter(({ actor }) => actor === name || actor.startsWith(`${name}/`));
    const processes = new Map(hosts.map((host) => [host.name, this.processOn(host)]));
    this.election = new LeaderElection({
      kernel,
      timing,
      name,
      hosts: hosts.map((host) => host.name),
      actorOf: (host) => processes.get(host)!.actor,
      reaches: (host) => members.serves(host) && !this.cuts.has(host),
      leads: (host) => this.begin(host),
      yields: (host) => this.end(host),
      exits: (host) => {
        this.election.stop(host);
        supervisor.died(processes.get(host)!);
      },
    });
    const single = this.work.filter(({ actor }) => actor !== name);
    this.processes = [
      ...processes.values(),
      ...single.map((it) => new ControllerProcess(it, this)),
    ];
  }

  /** Whether no fault has taken the controller out of its process. */
  works({ actor }: Controller): boolean {
    return !this.stopped.has(actor);
  }

  takeOut(controller: Controller): void {
    this.stopped.add(controller.actor);
    controller.stop();
  }

  putBack(controller: Controller): void {
    this.stopped.delete(controller.actor);
    if (this.election.leader !== undefined) controller.start();
  }

  /** Whom the hosts reach has changed. */
  changed(): void {
    this.election.changed();
  }

  /** The clients of the API server that work on the host now. */
  clientsOn(host: string): readonly string[] {
    return this.election.leader === host ? this.work.map(({ actor }) => actor) : [];
  }

  private processOn(host: ControlPlaneHost): Process {
    const { hosts, name } = this.ground;
    const leads = () => this.election.leader === host.name;
    const component = componentOn(name, host, hosts, leads);
    const change = (act: () => void) => () => {
      act();
      this.election.changed();
    };
    return {
      component,
      actor: component.actor,
      supervisor: 'kubelet',
      host: host.name,
      isOnNode: host.isNode,
      owners: () => [component.actor],
      clients: () => this.clientsOn(host.name),
      isRunning: () => this.election.isAlive(host.name),
      stop: () => this.election.stop(host.name),
      retire: RELEASING.includes(name) ? () => this.election.retire(host.name) : undefined,
      start: () => this.election.start(host.name),
      frozen: () => {
        this.hold(host.name);
        this.election.freeze(host.name, true);
      },
      thawed: () => {
        this.release(host.name);
        this.election.freeze(host.name, false);
      },
      sever: (token, cut) => change(() => this.sever(host.name, token, cut))(),
      mend: (token) => change(() => this.mend(host.name, token))(),
    };
  }

  /** The new leader starts every controller with empty memory; what held the old one is void. */
  private begin(leader: string): void {
    const { timing, name, hosts } = this.ground;
    const { actor } = componentOn(
      name,
      hosts.find((host) => host.name === leader)!,
      hosts,
    );
    timing.versions.set(name, timing.versions.of(actor));
    for (const host of hosts) if (host.name !== leader) this.free(host.name);
    for (const controller of this.work) {
      if (this.stopped.has(controller.actor)) continue;
      controller.start();
      // Its connections are new: it does not wait for the back-off of the last leader.
      this.ground.api.renew(controller.actor);
    }
    this.ground.touch();
  }

  private end(host: string): void {
    this.free(host);
    for (const controller of this.work) controller.stop();
    this.ground.touch();
  }

  private hold(host: string): void {
    for (const actor of this.clientsOn(host)) this.ground.kernel.pause(actor, `leader ${host}`);
  }

  private release(host: string): void {
    for (const { actor } of this.work) this.ground.kernel.resume(actor, `leader ${host}`);
  }

  /** What holds the process of a host holds its controllers no longer. */
  private free(host: string): void {
    const { api } = this.ground;
    this.release(host);
    for (const token of this.cuts.get(host)?.keys() ?? []) {
      for (const { actor } of this.work) api.mend(actor, token);
    }
  }

  private sever(host: string, token: string, cut: Cut): void {
    const tokens = this.cuts.get(host) ?? new Map<string, Cut>();
    this.cuts.set(host, tokens.set(token, cut));
    for (const actor of this.clientsOn(host)) this.ground.api.sever(actor, token, cut);
  }

  private mend(host: string, token: string): void {
    const tokens = this.cuts.get(host);
    if (tokens?.delete(token) !== true) return;
    if (tokens.size === 0) this.cuts.delete(host);
    for (const { actor } of this.work) this.ground.api.mend(actor, token);
  }
}

/** One controller, as a fault takes it out of its process. */
class ControllerProcess implements Process {
  readonly component: Component;
  readonly actor: string;
  readonly supervisor = 'none';
  readonly host = '';
  readonly isOnNode = false;
  private readonly controller: Controller;
  private readonly elected: ElectedProcesses;

  constructor(controller: Controller, elected: ElectedProcesses) {
    const { actor } = controller;
    this.component = { name: actor, actor };
    this.actor = actor;
    this.controller = controller;
    this.elected = elected;
  }

  owners(): readonly string[] {
    return [this.actor];
  }

  clients(): readonly string[] {
    return [this.actor];
  }

  isRunning(): boolean {
    return this.elected.works(this.controller);
  }

  stop(): void {
    this.elected.takeOut(this.controller);
  }

  start(): void {
    this.elected.putBack(this.controller);
  }
}
