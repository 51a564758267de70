// A Service: the endpoints that each node's rules would choose from.

import type { Cluster } from '../../cluster/cluster';
import { noAgreement } from './view';
import type { Agreement, View } from './view';

/** What an agreement about a Service is asked for. */
interface Asked {
  /** What the API's pods say is the truth, and not what really serves. */
  readonly announced: boolean;
  /** Whether the objects that the nodes should have seen are of interest. */
  readonly explain: boolean;
}

/** Whether the rules of the nodes lead to all that serves, and to nothing else. */
export function serviceAgreement(
  cluster: Cluster,
  service: string,
  nodes: readonly string[],
  { announced, explain }: Asked,
): Agreement {
  const problem = problemOf(cluster, service);
  if (problem !== undefined) return noAgreement(problem);
  const told = announced ? cluster.announced(service) : undefined;
  const wanted = told?.endpoints ?? cluster.serving(service);
  const truth = wanted.join();
  return {
    truth,
    views: nodes.map((node): View => {
      const has = cluster.programmed(node, service);
      const state = has.join();
      const trouble = state === truth ? '' : troubleOf(has, wanted);
      return { place: node, state, trouble, agent: `kube-proxy@${node}` };
    }),
    objects: explain ? slicesOf(cluster, service) : [],
    ...(told?.since !== undefined && { since: told.since }),
  };
}

/** What is wrong with endpoints that are not the wanted ones. */
function troubleOf(has: readonly string[], wanted: readonly string[]): string {
  const lacks = wanted.filter((endpoint) => !has.includes(endpoint));
  const keeps = has.filter((endpoint) => !wanted.includes(endpoint));
  const parts = [
    keeps.length === 0 ? undefined : `still sends to ${keeps.join(', ')}, which does not serve`,
    lacks.length === 0 ? undefined : `does not know ${lacks.join(', ')}, which serves`,
  ];
  return parts.filter((it) => it !== undefined).join(' and ');
}

/** Why the question does not arise for this Service; undefined where it does. */
function problemOf(cluster: Cluster, service: string): string | undefined {
  const object = cluster.api.store.get('Service', service);
  if (object === undefined) return `there is no Service ${service}`;
  const { clusterIP, type } = (object.spec ?? {}) as { clusterIP?: string; type?: string };
  if (type === 'ExternalName') return `Service ${service} is an ExternalName: no node programs it`;
  if (clusterIP === 'None') return `Service ${service} is headless: no node programs it`;
  return undefined;
}

/** The slices of a Service, as the journal names them. */
export function slicesOf(cluster: Cluster, service: string): readonly string[] {
  const [namespace, name] = service.split('/');
  return [...cluster.api.store.list('EndpointSlice')]
    .filter(
      ({ metadata }) =>
        metadata.namespace === namespace &&
        metadata.labels?.['kubernetes.io/service-name'] === name,
    )
    .map(({ metadata }) => `EndpointSlice/${namespace}/${metadata.name}`);
}
