// What is alive and answers wrongly: DNS servers, pods, kubelets, kube-proxies and the API server.
// Whoever makes something fail has a token, and mending takes back what has that token alone.

import type { ApiServer } from '../../apiserver/api-server';
import type { RequestFailure } from '../../apiserver/request-failures';
import type { Kubelets } from '../../node/kubelet/kubelet';
import type { KubeletFailure } from '../../node/kubelet/node-failures';
import type { PodFailure } from '../../node/kubelet/pod-failures';
import type { DnsFailure, DnsServers } from '../../workloads/index';
import type { Proxies } from '../proxies';

export type { RequestFailure, RequestVerb } from '../../apiserver/request-failures';
export type { PodFailure } from '../../node/kubelet/pod-failures';
export type { DnsFailure, WrongAnswer } from '../../workloads/index';

export interface FailingContext {
  readonly api: ApiServer;
  readonly kubelets: Kubelets;
  readonly proxies: Proxies;
  readonly servers: DnsServers;
  readonly touch: () => void;
}

/** What fails on a node while its kubelet lives. */
export type NodeFailure = KubeletFailure | 'restores';

export interface FailingHandles {
  /**
   * DNS servers answer wrongly: pods by their keys, `node` (the resolver of the nodes) and
   * `external/NAME`. Returns those that did not do so yet by this token.
   */
  failDns(token: string, servers: readonly string[], failure: DnsFailure): readonly string[];
  mendDns(token: string, server: string): void;
  /** The pod fails in a way of its own, and so do its later processes. */
  failPod(pod: string, token: string, failure: PodFailure): void;
  mendPod(pod: string, token: string): void;
  failNode(node: string, what: NodeFailure, token: string): void;
  mendNode(node: string, what: NodeFailure, token: string): void;
  /** The API server answers requests wrongly. */
  failRequests(token: string, failure: RequestFailure): void;
  mendRequests(token: string): void;
}

export function failingHandles(context: FailingContext): FailingHandles {
  const { api, kubelets, proxies, servers, touch } = context;
  return {
    failDns(token, names, failure) {
      const found = names.filter((it) => isOutside(it) || servers.runsIn(it));
      const fresh = servers.failures.fail(token, found, failure);
      if (fresh.length > 0) touch();
      return fresh;
    },
    mendDns(token, server) {
      servers.failures.mend(token, server);
      touch();
    },
    failPod(pod, token, failure) {
      kubelets.failPod(pod, token, failure);
      touch();
    },
    mendPod(pod, token) {
      kubelets.mendPod(pod, token);
      touch();
    },
    failNode(node, what, token) {
      if (what === 'restores') proxies.failRestores(node, token);
      else kubelets.faults.fail(node, what, token);
    },
    mendNode(node, what, token) {
      if (what === 'restores') proxies.mendRestores(node, token);
      else kubelets.faults.mend(node, what, token);
    },
    failRequests: (token, failure) => api.requestFailures.set(token, failure),
    mendRequests: (token) => api.requestFailures.clear(token),
  };
}

/** Keys of pods have a namespace, which is never called so. */
function isOutside(server: string): boolean {
  return server === 'node' || server.startsWith('external/');
}
