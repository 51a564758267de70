// A Service: the endpoints that each node's rules would choose from.

import type { Cluster } from '../../cluster/cluster';
import { compareText } from '../../values/order';
import { noAgreement } from './view';
import type { Agreement, View } from './view';

/** Against what really serves, or `announced`: against what the API's pods say. */
export function serviceAgreement(
  cluster: Cluster,
  service: string,
  nodes: readonly string[],
  announced: boolean,
): Agreement {
  const problem = problemOf(cluster, service);
  if (problem !== undefined) return noAgreement(problem);
  const told = announced ? cluster.announced(service) : undefined;
  const wanted = [...(told?.endpoints ?? cluster.serving(service))].sort(compareText);
  return {
    truth: wanted.join(),
    views: nodes.map((node) => viewOf(cluster, node, service, wanted)),
    objects: slicesOf(cluster, service),
    ...(told?.since !== undefined && { since: told.since }),
  };
}

function viewOf(cluster: Cluster, node: string, service: string, wanted: readonly string[]): View {
  const has = [...cluster.programmed(node, service)].sort(compareText);
  const lacks = wanted.filter((endpoint) => !has.includes(endpoint));
  const keeps = has.filter((endpoint) => !wanted.includes(endpoint));
  const parts = [
    keeps.length === 0 ? undefined : `still sends to ${keeps.join(', ')}, which does not serve`,
    lacks.length === 0 ? undefined : `does not know ${lacks.join(', ')}, which serves`,
  ];
  const trouble = parts.filter((it) => it !== undefined).join(' and ');
  return { place: node, state: has.join(), trouble, agent: `kube-proxy@${node}` };
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
