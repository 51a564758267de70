// What faults and administrators can do to the cluster. Administrators go through the API server
// like any client; faults take hold of the machines themselves.

import type { ApiServer } from '../apiserver/api-server';
import type { Kernel } from '../kernel/kernel';
import type { Kubelets } from '../node/kubelet';
import { keyOf } from '../values/kube-object';
import type { KubeObject } from '../values/kube-object';
import type { Handles } from './cluster';
import { impairingHandles } from './impairing';
import type { Proxies } from './proxies';
import type { Network } from '../network/index';

/** As the journal names whoever types the commands of `do`. */
const ADMIN = 'kubectl';

export interface HandlesContext {
  readonly kernel: Kernel;
  readonly api: ApiServer;
  readonly network: Network;
  readonly kubelets: Kubelets;
  readonly proxies: Proxies;
  readonly touch: () => void;
}

export function createHandles(context: HandlesContext): Handles {
  const { api, kubelets, touch } = context;
  return {
    ...impairingHandles(context),
    crashPod(pod, options) {
      kubelets.crashPod(pod, options);
      touch();
    },
    crashContainer(pod, container, options) {
      kubelets.crashContainer(pod, container, options);
      touch();
    },
    allowRestart: (pod) => kubelets.allowRestart(pod),
    powerOff: (node) => powerOff(context, node),
    powerOn: (node) => powerOn(context, node),
    shutdown(node) {
      kubelets.shutdown(node);
      touch();
    },
    apply: (objects) => objects.forEach((object) => apply(api, object)),
    delete: (kind, key, grace) => {
      api.submit({
        verb: 'delete',
        kind,
        key,
        ...(grace === undefined ? {} : { grace }),
        actor: ADMIN,
        effect: 'loss',
      });
    },
    patch: (kind, key, patch) => {
      api.submit({
        verb: 'patch',
        kind,
        key,
        patch: patch as Record<string, unknown>,
        actor: ADMIN,
      });
    },
    scale: (kind, key, replicas) => {
      api.submit({ verb: 'patch', kind, key, patch: { spec: { replicas } }, actor: ADMIN });
    },
  };
}

/** Everything on the node is gone at once; nobody is told. */
function powerOff(
  { kernel, kubelets, network, proxies, touch }: HandlesContext,
  node: string,
): void {
  if (network.machines.get(node)?.powered !== true) return;
  kernel.note(`machine@${node}`, 'lost power', `Node/${node}`);
  proxies.stop(node);
  kubelets.powerOff(node);
  touch();
}

/** An empty kernel; kubelet and kube-proxy come up as the node boots. */
function powerOn({ kernel, kubelets, touch }: HandlesContext, node: string): void {
  if (kubelets.processes.isRunning(node)) return;
  kernel.note(`machine@${node}`, 'got power', `Node/${node}`);
  kubelets.powerOn(node);
  touch();
}

/** Creates what is not there; replaces what is, as `kubectl apply` of the same manifest would. */
function apply(api: ApiServer, object: KubeObject): void {
  const { kind } = object;
  const key = keyOf(object);
  const current = api.store.get(kind, key);
  if (current === undefined) {
    api.submit({ verb: 'create', kind, key, object, actor: ADMIN });
    return;
  }
  api.submit({ verb: 'replace', kind, key, object: merged(current, object), actor: ADMIN });
}

/** The manifest, with what the cluster owns of the object kept. */
function merged(current: KubeObject, object: KubeObject): KubeObject {
  const { labels, annotations } = object.metadata;
  return {
    ...object,
    metadata: {
      ...current.metadata,
      labels: labels ?? {},
      annotations: { ...current.metadata.annotations, ...annotations },
    },
    ...(current.status === undefined ? {} : { status: current.status }),
  };
}
