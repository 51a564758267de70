// The processes of a node that are no pods: how they die and come back. Of classes, as there are
// several on each node of each cluster: no function is made for one of them alone.

import type { Kernel } from '../../kernel/kernel';
import type { Kubelets } from '../../node/kubelet/kubelet';
import type { PolicyAgents } from '../../node/policy/index';
import type { TimerName } from '../../timing';
import type { ClusterSpec } from '../../values/cluster-spec';
import type { Component } from '../../values/component';
import type { Proxies } from '../proxies';
import type { Process } from './component-process';
import type { Supervised, Supervisor } from './supervisor';

/** Network plug-ins whose work is done by the kernel alone. */
const WITHOUT_DAEMON: readonly string[] = ['bridge'];

interface NodeParts {
  readonly kernel: Kernel;
  readonly spec: ClusterSpec;
  readonly kubelets: Kubelets;
  readonly proxies: Proxies;
}

/** Those of all nodes, node by node. `agents`: see createComponents. */
export function nodeProcesses(
  parts: NodeParts,
  supervisor: Supervisor,
  agents: PolicyAgents | undefined,
): Process[] {
  const { spec, kubelets, proxies } = parts;
  const hasProxy = spec.proxy.mode !== 'ebpf';
  const hasDaemon = !WITHOUT_DAEMON.includes(spec.cni.name);
  const all: Process[] = [];
  for (const { name } of spec.nodes) {
    all.push(new KubeletProcess(name, kubelets, supervisor), new RuntimeProcess(name, parts));
    if (hasProxy) all.push(new ProxyProcess(name, proxies));
    if (hasDaemon) all.push(new CniProcess(name, parts, agents));
  }
  return all;
}

/** What all of them have in common. */
abstract class NodeProcess implements Process {
  readonly component: Component;
  readonly actor: string;
  readonly host: string;
  readonly isOnNode = true;
  abstract readonly supervisor: Supervised['supervisor'];

  constructor(name: string, node: string, actor: string) {
    this.component = { name, node, actor };
    this.actor = actor;
    this.host = node;
  }

  owners(): readonly string[] {
    return [this.actor];
  }

  clients(): readonly string[] {
    return [this.actor];
  }

  abstract isRunning(): boolean;
  abstract stop(): void;
  abstract start(): void;
}

export class KubeletProcess extends NodeProcess {
  readonly supervisor = 'systemd';
  readonly restartTimer: TimerName = 'kubelet.systemdRestart';
  private readonly kubelets: Kubelets;
  private readonly restarting: Supervisor;

  constructor(node: string, kubelets: Kubelets, restarting: Supervisor) {
    super('kubelet', node, `kubelet@${node}`);
    this.kubelets = kubelets;
    this.restarting = restarting;
  }

  /** What it asks of the runtime is its work as well. */
  override owners(): readonly string[] {
    return [this.actor, `cri@${this.host}`];
  }

  isRunning(): boolean {
    return this.kubelets.processes.isRunning(this.host);
  }

  stop(): void {
    this.kubelets.processes.kill(this.host);
  }

  start(): void {
    this.kubelets.processes.start(this.host);
    this.restarting.kubeletStarted(this.host);
  }

  frozen(): void {
    this.kubelets.processes.pause(this.host);
  }

  thawed(): void {
    this.kubelets.processes.resume(this.host);
  }
}

/** Containers outlive their runtime; nothing is started, stopped or listed without it. */
export class RuntimeProcess extends NodeProcess {
  readonly supervisor = 'systemd';
  readonly restartTimer: TimerName = 'runtime.systemdRestart';
  private readonly kernel: Kernel;
  private readonly kubelets: Kubelets;
  private runs = true;

  constructor(node: string, { kernel, kubelets }: NodeParts) {
    super('runtime', node, `runtime@${node}`);
    this.kernel = kernel;
    this.kubelets = kubelets;
  }

  override owners(): readonly string[] {
    return [this.actor, `cri@${this.host}`];
  }

  override clients(): readonly string[] {
    return [];
  }

  isRunning(): boolean {
    return this.runs;
  }

  stop(): void {
    this.runs = false;
    for (const owner of this.owners()) this.kernel.pause(owner, 'dead');
    this.kubelets.runtimeHealth.changed(this.host, false);
  }

  start(): void {
    this.runs = true;
    this.kernel.note(this.actor, 'started', `Node/${this.host}`);
    for (const owner of this.owners()) this.kernel.resume(owner, 'dead');
    this.kubelets.runtimeHealth.changed(this.host, true);
  }

  frozen(): void {
    this.kubelets.runtimeHealth.changed(this.host, false);
  }

  thawed(): void {
    this.kubelets.runtimeHealth.changed(this.host, true);
  }
}

export class ProxyProcess extends NodeProcess {
  readonly supervisor = 'kubelet';
  private readonly proxies: Proxies;

  constructor(node: string, proxies: Proxies) {
    super('kube-proxy', node, `kube-proxy@${node}`);
    this.proxies = proxies;
  }

  isRunning(): boolean {
    return this.proxies.of(this.host).some((proxy) => proxy.isRunning);
  }

  stop(): void {
    this.proxies.stop(this.host);
  }

  start(): void {
    this.proxies.start(this.host);
  }
}

/** The daemon of the network plug-in: it enforces policies and, with eBPF, Services. */
export class CniProcess extends NodeProcess {
  readonly supervisor = 'kubelet';
  private readonly agents: PolicyAgents | undefined;
  /** Where it does the work of kube-proxy as well. */
  private readonly proxies: Proxies | undefined;
  private runs = true;

  constructor(node: string, { spec, proxies }: NodeParts, agents: PolicyAgents | undefined) {
    super('cni', node, `${agents?.name ?? 'cni'}@${node}`);
    this.agents = agents;
    this.proxies = spec.proxy.mode === 'ebpf' ? proxies : undefined;
  }

  override owners(): readonly string[] {
    return this.proxies === undefined ? [this.actor] : [this.actor, `kube-proxy@${this.host}`];
  }

  override clients(): readonly string[] {
    return this.owners();
  }

  isRunning(): boolean {
    return this.runs;
  }

  stop(): void {
    this.runs = false;
    this.agents?.stop(this.host);
    this.proxies?.stop(this.host);
  }

  start(): void {
    this.runs = true;
    this.agents?.start(this.host);
    this.proxies?.start(this.host);
  }
}
