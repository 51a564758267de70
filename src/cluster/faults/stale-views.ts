// Views of the API that are older than they need be: of components, and of DNS servers in pods.

import type { ApiServer } from '../../apiserver/api-server';
import type { Miss } from '../../apiserver/staleness';
import type { Component } from '../../values/component';
import type { Duration } from '../../values/time';
import type { DnsServers } from '../../workloads/index';
import type { Components } from '../components/components';

export interface StaleViewContext {
  readonly api: ApiServer;
  readonly components: Components;
  readonly servers: DnsServers;
}

/** What faults can do to views. A client is named as the API server knows it. */
export interface StaleViewHandles {
  /** Those who see the API for a component; for an API server, those who see it through that. */
  watchersOf(component: Component): readonly string[];
  /** The DNS server in a pod; undefined where none watches there. */
  watcherIn(pod: string): string | undefined;
  /** Every change reaches the client later; what several tokens say adds up. */
  holdWatches(client: string, token: string, by: Duration): void;
  releaseWatches(client: string, token: string): void;
  /** The first list of a new process shows the past. False for a client that lists nothing. */
  rewindLists(client: string, token: string, by: Duration): boolean;
  unwindLists(client: string, token: string): void;
  /** One change never reaches the client. False for a client that does not watch the kind. */
  missChange(client: string, token: string, miss: Miss): boolean;
  attendChanges(client: string, token: string): void;
  /** The watches end and the client lists anew. False for a client without any. */
  breakWatches(client: string): boolean;
}

export function staleViewHandles(context: StaleViewContext): StaleViewHandles {
  const { api, components, servers } = context;
  const { staleness } = api;
  return {
    watchersOf: (component) => components.watchersOf(component),
    watcherIn: (pod) => servers.watching().find((it) => it.pod === pod)?.actor,
    holdWatches: (client, token, by) => staleness.hold(client, token, by),
    releaseWatches: (client, token) => staleness.release(client, token),
    rewindLists: (client, token, by) => staleness.rewind(client, token, by),
    unwindLists: (client, token) => staleness.unwind(client, token),
    missChange: (client, token, miss) => staleness.miss(client, token, miss),
    attendChanges: (client, token) => staleness.attend(client, token),
    breakWatches: (client) => api.endWatches(client),
  };
}
