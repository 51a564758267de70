// What faults and administrators can do to the cluster. Administrators go through the API server
// like any client; faults take hold of the machines themselves.

import type { ApiPaths } from './api-paths';
import type { ApiServer } from '../apiserver/api-server';
import type { Kernel } from '../kernel/kernel';
import type { Timing } from '../timing';
import type { Kubelets } from '../node/kubelet/kubelet';
import type { Machine } from '../node/machine';
import type { Handles } from './cluster';
import type { ComponentHandles, Components } from './components/components';
import { clockSkewHandles } from './faults/clock-skew';
import { Drains } from './commands/drains';
import type { Kubectl } from './commands/kubectl';
import { exhaustingHandles } from './faults/exhausting';
import { failingHandles } from './faults/failing';
import { freezingHandles } from './faults/freezing';
import { impairingHandles } from './faults/impairing';
import type { Proxies } from './proxies';
import type { UpgradeHandles, Upgrades } from './components/upgrades';
import { slowingHandles } from './faults/slowing';
import { staleViewHandles } from './faults/stale-views';
import type { Network } from '../network/index';
import type { ClusterSpec } from '../values/cluster-spec';
import type { DnsServers } from '../workloads/index';
import { wipingHandles } from './faults/wiping';
import { dnsManifests } from './system-manifests';
import { keyOf } from '../values/kube-object';
import type { KubeObject } from '../values/kube-object';

/** The model that is taken hold of. */
interface Model {
  readonly kernel: Kernel;
  readonly spec: ClusterSpec;
  readonly api: ApiServer;
  readonly network: Network;
  readonly kubelets: Kubelets;
  readonly proxies: Proxies;
  readonly timing: Timing;
  readonly touch: () => void;
}

/** What else handles reach. */
interface Reach {
  readonly servers: DnsServers;
  readonly kubectl: Kubectl;
  readonly apiPaths: ApiPaths;
  readonly components: Components;
  readonly upgrades: Upgrades;
  /** Whoever looks at nodes from outside looks again. */
  readonly onNetworkChange: () => void;
}

interface HandlesContext extends Model, Reach {
  readonly machines: ReadonlyMap<string, Machine>;
}

/** One literal: spreads would give each context a shape of its own, which its readers pay for. */
function contextOf(model: Model, reach: Reach): HandlesContext {
  return {
    kernel: model.kernel,
    spec: model.spec,
    api: model.api,
    network: model.network,
    machines: model.network.machines,
    kubelets: model.kubelets,
    proxies: model.proxies,
    timing: model.timing,
    touch: model.touch,
    servers: reach.servers,
    kubectl: reach.kubectl,
    apiPaths: reach.apiPaths,
    components: reach.components,
    upgrades: reach.upgrades,
    onNetworkChange: reach.onNetworkChange,
  };
}

export function createHandles(model: Model, reach: Reach): Handles {
  const context = contextOf(model, reach);
  const { components } = context;
  const drains = context.kernel.keep(new Drains(context));
  // A few objects are filled: one literal with a spread of each costs a hundred times as much.
  const faults = Object.assign(
    impairingHandles(context),
    exhaustingHandles(context),
    failingHandles(context),
    wipingHandles(context),
  );
  const processes = Object.assign(
    freezingHandles(context),
    componentHandles(components),
    upgradeHandles(context),
  );
  const knowledge = Object.assign(
    staleViewHandles(context),
    slowingHandles(context),
    clockSkewHandles(context),
  );
  const own = Object.assign(nodeHandles(context), commandHandles(context, drains));
  return Object.assign(own, faults, processes, knowledge);
}

/** What happens to pods and nodes as a whole. */
function nodeHandles(context: HandlesContext) {
  const { kubelets, touch, proxies } = context;
  return {
    crashPod: (pod, options) => kubelets.crashPod(pod, options),
    crashContainer: (pod, container, options) => kubelets.crashContainer(pod, container, options),
    changeIptables(node, backend) {
      proxies.changeBackend(node, backend);
      touch();
    },
    allowRestart: (pod) => kubelets.allowRestart(pod),
    powerOff: (node) => powerOff(context, node),
    powerOn: (node) => powerOn(context, node),
    shutdown(node) {
      kubelets.shutdown(node);
      touch();
    },
  } satisfies Partial<Handles>;
}

/** What administrators do. */
function commandHandles({ kubectl }: HandlesContext, drains: Drains) {
  return {
    apply: (objects) => objects.forEach((object) => kubectl.apply(object)),
    delete: (kind, key, grace) => {
      const given = grace === undefined ? {} : { grace };
      kubectl.submit({ verb: 'delete', kind, key, effect: 'loss', ...given });
    },
    patch: (kind, key, given, patchType = 'merge') => {
      // What is stored is frozen, and whoever has given it may go on with it.
      const patch: unknown = JSON.parse(JSON.stringify(given ?? null));
      kubectl.submit({ verb: 'patch', kind, key, patch, patchType });
    },
    scale: (kind, key, replicas) => {
      kubectl.submit({ verb: 'patch', kind, key, patch: { spec: { replicas } } });
    },
    evict: (pod) => drains.evict(pod),
    drain: (node, options) => drains.drain(node, options),
  } satisfies Partial<Handles>;
}

function componentHandles(components: Components): ComponentHandles {
  return {
    killComponent: (component, options) => components.killComponent(component, options),
    startComponent: (component) => components.startComponent(component),
    pauseComponent: (component, token) => components.pauseComponent(component, token),
    resumeComponent: (component, token) => components.resumeComponent(component, token),
    severComponent: (component, token, cut) => components.severComponent(component, token, cut),
    mendComponent: (component, token) => components.mendComponent(component, token),
  };
}

function upgradeHandles({ upgrades, spec, api, kubectl }: HandlesContext): UpgradeHandles {
  return {
    upgradeProblem: (components, to) => upgrades.upgradeProblem(components, to),
    upgrade: (components, to) => upgrades.upgrade(components, to),
    upgradeDns: (to) => {
      // source: cmd/kubeadm/app/phases/addons/dns/dns.go (keeps replicas, replaces the rest)
      for (const object of dnsManifests(spec, to)) {
        const { kind, data } = object;
        const key = keyOf(object);
        if (kind === 'Service' || api.store.get(kind, key) === undefined) continue;
        const patch = kind === 'ConfigMap' ? { data } : { spec: templateOf(object) };
        kubectl.submit({ verb: 'patch', kind, key, patch, patchType: 'merge' });
      }
    },
  };
}

function templateOf({ spec }: KubeObject): object {
  const { template, strategy } = spec as { readonly template: object; readonly strategy: object };
  return { template, strategy };
}

/** Everything on the node is gone at once; nobody is told. */
function powerOff(
  { kernel, kubelets, network, proxies, components, touch }: HandlesContext,
  node: string,
): void {
  if (network.machines.get(node)?.powered !== true) return;
  kernel.note(`machine@${node}`, 'lost power', `Node/${node}`);
  components.hostLost(node);
  proxies.stop(node);
  kubelets.powerOff(node);
  touch();
}

/** An empty kernel; kubelet and kube-proxy come up as the node boots. */
function powerOn({ kernel, kubelets, touch }: HandlesContext, node: string): void {
  if (kubelets.processes.isRunning(node) && !kubelets.isLeaving(node)) return;
  kernel.note(`machine@${node}`, 'got power', `Node/${node}`);
  kubelets.powerOn(node);
  touch();
}
