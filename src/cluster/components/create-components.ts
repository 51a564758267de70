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
import { componentOn, controlPlaneHosts } from './control-plane-hosts';
import type { ControlPlaneHost } from './control-plane-hosts';
import { ElectedProcesses } from './elected-processes';
import { nodeProcesses } from './node-processes';
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
  readonly touch: () => void;
}

export interface ComponentsAndUpgrades {
  readonly components: Components;
  readonly upgrades: Upgrades;
}

/**
 * Takes hold of every process of the cluster. `agents`: undefined where the network plug-in has
 * none for policies.
 */
export function createComponents(
  parts: ComponentParts,
  controllers: readonly Controller[],
  agents: PolicyAgents | undefined,
): ComponentsAndUpgrades {
  const { kernel, api, timing, spec, network, kubelets, proxies, touch } = parts;
  const hosts = controlPlaneHosts(spec);
  const supervisor = new Supervisor({ kernel, api, timing, kubelets });
  const elected = kernel.keep<ElectedProcesses[]>([]);
  const members = new ApiMembers({
    kernel,
    api,
    timing,
    hosts,
    machineOf: (host) => machineOf(network, spec, host),
    localClients: (host) => elected.flatMap((it) => it.clientsOn(host)),
    changed: () => elected.forEach((it) => it.changed()),
  });
  kernel.keep(members);
  // No spread: each copy would be of a shape of its own, which every reader has to learn anew.
  for (const name of ['controller-manager', 'scheduler']) {
    const ground = { kernel, api, timing, name, hosts, controllers, members, supervisor, touch };
    elected.push(new ElectedProcesses(ground));
  }
  const controlPlane = [
    ...hosts.map((host) => apiServerOn(host, hosts, members)),
    ...hosts.map((host) => etcdOn(host, hosts, members)),
    ...elected.flatMap((it) => it.processes),
  ];
  const onNodes = (): Process[] => nodeProcesses(parts, supervisor, agents);
  if (agents !== undefined) followViews(api, agents, agents.name);
  const components = kernel.keep(
    new Components({ kernel, api, supervisor, controlPlane, onNodes, touch }),
  );
  const upgrades = kernel.keep(
    new Upgrades({ kernel, spec, timing, kubelets, proxies, components, supervisor }),
  );
  return { components, upgrades };
}

function apiServerOn(
  host: ControlPlaneHost,
  hosts: readonly ControlPlaneHost[],
  members: ApiMembers,
): Process {
  const component = componentOn('apiserver', host, hosts);
  return {
    component,
    actor: component.actor,
    supervisor: 'kubelet',
    host: host.name,
    isOnNode: host.isNode,
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
    component,
    actor: component.actor,
    supervisor: 'kubelet',
    host: host.name,
    isOnNode: host.isNode,
    owners: () => [component.actor],
    clients: () => [],
    isRunning: () => members.isStoreAlive(host.name),
    stop: () => members.setStore(host.name, 'down'),
    start: () => members.setStore(host.name, 'up'),
    frozen: () => members.setStore(host.name, 'frozen'),
    thawed: () => members.setStore(host.name, 'up'),
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
