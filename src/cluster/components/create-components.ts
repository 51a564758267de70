// Every process of the cluster, with what its death, its return and a stop of it do to the model.

import type { ApiServer } from '../../apiserver/api-server';
import type { Controller } from '../../controllers/index';
import type { Kernel } from '../../kernel/kernel';
import { CONTROL_PLANE } from '../../network/index';
import type { Network } from '../../network/index';
import type { Kubelets } from '../../node/kubelet/kubelet';
import type { Machine } from '../../node/machine';
import type { PolicyAgents } from '../../node/policy/index';
import type { Timing } from '../../timing';
import type { ClusterSpec } from '../../values/cluster-spec';
import { ApiMembers } from './api-members';
import type { Process } from './component-process';
import { Components } from './components';
import { componentOn, controlPlaneHosts, staticPod } from './control-plane-hosts';
import type { ControlPlaneHost } from './control-plane-hosts';
import { ElectedProcesses } from './elected-processes';
import type { Proxies } from '../proxies';
import { Supervisor } from './supervisor';
import { Upgrades } from './upgrades';

export interface ComponentParts {
  readonly spec: ClusterSpec;
  readonly kernel: Kernel;
  readonly api: ApiServer;
  readonly timing: Timing;
  readonly network: Network;
  readonly kubelets: Kubelets;
  readonly proxies: Proxies;
  /** Undefined where the network plug-in has no agents for policies. */
  readonly agents: PolicyAgents | undefined;
  readonly controllers: readonly Controller[];
  readonly touch: () => void;
}

/** Network plug-ins whose work is done by the kernel alone. */
const WITHOUT_DAEMON: readonly string[] = ['bridge'];

export interface ComponentsAndUpgrades {
  readonly components: Components;
  readonly upgrades: Upgrades;
}

/** Takes hold of every process of the cluster. */
export function createComponents(parts: ComponentParts): ComponentsAndUpgrades {
  const { kernel, api, timing, spec, kubelets, touch } = parts;
  const hosts = controlPlaneHosts(spec);
  const supervisor = new Supervisor({ kernel, api, timing, kubelets });
  const elected = kernel.keep<ElectedProcesses[]>([]);
  const members = new ApiMembers({
    kernel,
    api,
    timing,
    hosts,
    machineOf: (host) => machineOf(parts.network, spec, host),
    localClients: (host) => elected.flatMap((it) => it.clientsOn(host)),
    changed: () => elected.forEach((it) => it.changed()),
  });
  kernel.keep(members);
  const context = { ...parts, hosts, members, supervisor };
  for (const name of ['controller-manager', 'scheduler']) {
    elected.push(new ElectedProcesses({ ...context, name }));
  }
  const processes = [
    ...hosts.map((host) => apiServerOn(host, hosts, members)),
    ...hosts.map((host) => etcdOn(host, hosts, members)),
    ...elected.flatMap((it) => it.processes),
    ...spec.nodes.flatMap(({ name }) => nodeProcesses(name, parts, supervisor)),
  ];
  if (parts.agents !== undefined) followViews(api, parts.agents, parts.agents.name);
  const components = kernel.keep(new Components({ kernel, api, supervisor, processes, touch }));
  const upgrades = kernel.keep(new Upgrades({ ...parts, components, supervisor }));
  return { components, upgrades };
}

function apiServerOn(
  host: ControlPlaneHost,
  hosts: readonly ControlPlaneHost[],
  members: ApiMembers,
): Process {
  const component = componentOn('apiserver', host, hosts);
  return {
    ...staticPod(component, host),
    owners: () => (hosts.length === 1 ? ['apiserver'] : [component.actor]),
    clients: () => [],
    // What stands for the containers themselves asks no server.
    watchers: () => members.clientsOf(host.name).filter((it) => it !== 'workloads'),
    isRunning: () => members.isAlive(host.name),
    stop: () => members.setServer(host.name, 'down'),
    start: () => members.setServer(host.name, 'up'),
    frozen: () => members.setServer(host.name, 'frozen'),
    thawed: () => members.setServer(host.name, 'up'),
  };
}

function etcdOn(
  host: ControlPlaneHost,
  hosts: readonly ControlPlaneHost[],
  members: ApiMembers,
): Process {
  const component = componentOn('etcd', host, hosts);
  return {
    ...staticPod(component, host),
    owners: () => [component.actor],
    clients: () => [],
    isRunning: () => members.isStoreAlive(host.name),
    stop: () => members.setStore(host.name, 'down'),
    start: () => members.setStore(host.name, 'up'),
    frozen: () => members.setStore(host.name, 'frozen'),
    thawed: () => members.setStore(host.name, 'up'),
  };
}

function nodeProcesses(node: string, parts: ComponentParts, supervisor: Supervisor): Process[] {
  const { spec } = parts;
  const processes = [kubeletOn(node, parts, supervisor), runtimeOn(node, parts)];
  if (spec.proxy.mode !== 'ebpf') processes.push(proxyOn(node, parts));
  if (!WITHOUT_DAEMON.includes(spec.cni.name)) processes.push(cniOn(node, parts));
  return processes;
}

function kubeletOn(node: string, { kubelets }: ComponentParts, supervisor: Supervisor): Process {
  const actor = `kubelet@${node}`;
  return {
    component: { name: 'kubelet', node, actor },
    actor,
    host: node,
    isOnNode: true,
    supervisor: 'systemd',
    restartTimer: 'kubelet.systemdRestart',
    // What it asks of the runtime is its work as well.
    owners: () => [actor, `cri@${node}`],
    clients: () => [actor],
    isRunning: () => kubelets.processes.isRunning(node),
    stop: () => kubelets.processes.kill(node),
    start: () => {
      kubelets.processes.start(node);
      supervisor.kubeletStarted(node);
    },
    frozen: () => kubelets.processes.pause(node),
    thawed: () => kubelets.processes.resume(node),
  };
}

/** Containers outlive their runtime; nothing is started, stopped or listed without it. */
function runtimeOn(node: string, { kernel, kubelets }: ComponentParts): Process {
  const actor = `runtime@${node}`;
  const owners = [actor, `cri@${node}`];
  const process = kernel.keep({ isRunning: true });
  return {
    component: { name: 'runtime', node, actor },
    actor,
    host: node,
    isOnNode: true,
    supervisor: 'systemd',
    restartTimer: 'runtime.systemdRestart',
    owners: () => owners,
    clients: () => [],
    isRunning: () => process.isRunning,
    stop: () => {
      process.isRunning = false;
      for (const owner of owners) kernel.pause(owner, 'dead');
      kubelets.runtimeHealth.changed(node, false);
    },
    start: () => {
      process.isRunning = true;
      kernel.note(actor, 'started', `Node/${node}`);
      for (const owner of owners) kernel.resume(owner, 'dead');
      kubelets.runtimeHealth.changed(node, true);
    },
    frozen: () => kubelets.runtimeHealth.changed(node, false),
    thawed: () => kubelets.runtimeHealth.changed(node, true),
  };
}

function proxyOn(node: string, { proxies }: ComponentParts): Process {
  const actor = `kube-proxy@${node}`;
  return {
    component: { name: 'kube-proxy', node, actor },
    actor,
    host: node,
    isOnNode: true,
    supervisor: 'kubelet',
    owners: () => [actor],
    clients: () => [actor],
    isRunning: () => proxies.of(node).some((proxy) => proxy.isRunning),
    stop: () => proxies.stop(node),
    start: () => proxies.start(node),
  };
}

/** The daemon of the network plug-in: it enforces policies and, with eBPF, Services. */
function cniOn(node: string, { kernel, agents, proxies, spec }: ComponentParts): Process {
  const actor = `${agents?.name ?? 'cni'}@${node}`;
  const proxy = `kube-proxy@${node}`;
  const isProxy = spec.proxy.mode === 'ebpf';
  const process = kernel.keep({ isRunning: true });
  return {
    component: { name: 'cni', node, actor },
    actor,
    host: node,
    isOnNode: true,
    supervisor: 'kubelet',
    owners: () => (isProxy ? [actor, proxy] : [actor]),
    clients: () => (isProxy ? [actor, proxy] : [actor]),
    isRunning: () => process.isRunning,
    stop: () => {
      process.isRunning = false;
      agents?.stop(node);
      if (isProxy) proxies.stop(node);
    },
    start: () => {
      process.isRunning = true;
      agents?.start(node);
      if (isProxy) proxies.start(node);
    },
  };
}

/** Agents share the informers of all nodes: who is cut off enforces what it has seen. */
function followViews(api: ApiServer, agents: PolicyAgents, name: string): void {
  api.onView((actor, isCurrent) => {
    if (!actor.startsWith(`${name}@`)) return;
    const node = actor.slice(name.length + 1);
    if (isCurrent) agents.start(node);
    else agents.stop(node);
  });
}

function machineOf(network: Network, spec: ClusterSpec, host: string): Machine {
  const own = network.machines.get(host);
  if (own !== undefined) return own;
  const found = network.fabric.hostAt(spec.controlPlane);
  if (host !== CONTROL_PLANE || found === undefined || !('daemons' in found)) {
    throw new RangeError(`there is no host ${host}`);
  }
  return found;
}
