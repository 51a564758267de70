// Questions to the ports on which kube-proxy answers load balancers.

import {
  answerForProxy,
  answerForService,
  PROXY_HEALTH_PORT,
  serviceHealthOf,
} from '../../src/node/proxy/health-check';
import type { KubeVersion } from '../../src/values/kube-version';
import { proxyInput } from './proxy-world';
import type { Answer, Question } from './vector-file';

/** A GET on a health check port of one node, whose kube-proxy has applied all there is. */
export function get(question: Question): Answer {
  const {
    node,
    port,
    path = '/healthz',
  } = question.ask['get'] as {
    node: string;
    port: number;
    path?: string;
  };
  const { nodes = [] } = question.cluster;
  const objects = question.objects.filter(({ kind }) => kind === 'Node');
  const isKnown = [...nodes, ...objects.map(({ metadata }) => metadata)].some(
    (it) => it.name === node,
  );
  if (!isKnown) throw new Error(`no node ${node}`);
  if (port === PROXY_HEALTH_PORT) {
    const kubernetes = question.cluster.kubernetes as KubeVersion;
    const object = objects.find(({ metadata }) => metadata.name === node);
    const answer = answerForProxy(path, object, true, kubernetes);
    return { is: { status: 404, ...answer } };
  }
  for (const family of ['IPv4', 'IPv6'] as const) {
    const health = serviceHealthOf(proxyInput(question, family), node).get(port);
    if (health !== undefined) return { is: { ...answerForService(health, true) } };
  }
  return { is: { closed: true } };
}
