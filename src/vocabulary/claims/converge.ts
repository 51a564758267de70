import type { Cluster } from '../../cluster/cluster';
import { compareText } from '../../values/order';
import { defineClaim } from '../define';
import type { Observation } from '../define';

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['service'],
  properties: {
    service: { $ref: '#/$defs/serviceReference' },
    nodes: {
      description:
        '`all` nodes with power (the default), `any` of them, `p99` (99 of 100), or the name of ' +
        'one.',
      type: 'string',
      minLength: 1,
      examples: ['all', 'any', 'p99', 'worker-1'],
    },
  },
} as const;

export default defineClaim({
  name: 'converge',
  summary: "Whether the nodes' data planes spread a Service over exactly the pods that serve it.",
  models:
    'For each node: the endpoints that its rules would choose from, against the ready processes ' +
    'behind the Service as they really run. A node without power has no data plane and is left ' +
    'out.',
  source:
    'community sig-scalability/slos/network_programming_latency.md (first and last node, p99)',
  schema: SCHEMA,
  examples: [
    '{after: crash, by: 2s, converge: {service: shop/backend, nodes: all}}',
    '{at: 5s, converge: {service: shop/backend}}',
  ],
  judgesChange: true,
  phrase({ service, nodes = 'all' }) {
    const subject = `service ${keyOfService(service)}`;
    const where = sayNodes(nodes);
    return {
      subject,
      predicate: `has converged on ${where}`,
      negated: `has not converged on ${where}`,
    };
  },
  expected: ({ nodes = 'all' }) => `${sayNodes(nodes)} spread over what really serves`,
  expectedNever: ({ nodes = 'all' }) => `never ${sayNodes(nodes)} spread over what really serves`,
  observe(cluster, args, { explain }) {
    const service = keyOfService(args.service);
    const problem = problemOf(cluster, service);
    if (problem !== undefined) return nothingToJudge(problem);
    const nodes = nodesOf(cluster, args.nodes ?? 'all');
    if (nodes.length === 0) return nothingToJudge('no such node has power');
    const serving = [...cluster.serving(service)].sort(compareText);
    const views = nodes.map((node) => viewOf(cluster, node, service, serving));
    const stale = views.filter(({ lacks, keeps }) => lacks.length + keeps.length > 0);
    const holds = isEnough(args.nodes ?? 'all', views.length - stale.length, views.length);
    return {
      holds,
      possible: holds,
      actual: stale.length === 0 ? 'converged' : `stale on ${sayStale(stale, views)}`,
      why: explain ? stale.map(tellStale) : [],
      traces: [],
      blames: explain ? blamesOf(cluster, service, stale) : [],
      key: `${serving.join()};${views.map(({ node, has }) => `${node}:${has.join()}`).join(';')}`,
    };
  },
});

interface View {
  readonly node: string;
  readonly has: readonly string[];
  /** Endpoints that serve and that the node does not know. */
  readonly lacks: readonly string[];
  /** Endpoints that the node still uses and that do not serve. */
  readonly keeps: readonly string[];
}

function viewOf(cluster: Cluster, node: string, service: string, serving: readonly string[]): View {
  const has = [...cluster.programmed(node, service)].sort(compareText);
  return {
    node,
    has,
    lacks: serving.filter((endpoint) => !has.includes(endpoint)),
    keeps: has.filter((endpoint) => !serving.includes(endpoint)),
  };
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

function nodesOf(cluster: Cluster, nodes: string): readonly string[] {
  const powered = [...cluster.machines.values()].filter(({ powered: on }) => on);
  const names = powered.map(({ name }) => name);
  return ['all', 'any', 'p99'].includes(nodes) ? names : names.filter((name) => name === nodes);
}

function isEnough(nodes: string, converged: number, total: number): boolean {
  if (nodes === 'any') return converged > 0;
  if (nodes === 'p99') return converged * 100 >= total * 99;
  return converged === total;
}

function nothingToJudge(vacuous: string): Observation {
  return {
    holds: false,
    possible: false,
    actual: vacuous,
    why: [],
    traces: [],
    blames: [],
    vacuous,
    key: vacuous,
  };
}

function sayNodes(nodes: string): string {
  if (nodes === 'all') return 'all nodes';
  if (nodes === 'any') return 'at least one node';
  return nodes === 'p99' ? '99% of the nodes' : nodes;
}

function sayStale(stale: readonly View[], views: readonly View[]): string {
  if (stale.length > 3) return `${stale.length} of ${views.length} nodes`;
  return stale.map(({ node }) => node).join(', ');
}

function tellStale({ node, lacks, keeps }: View): string {
  const parts = [
    keeps.length === 0 ? undefined : `still sends to ${keeps.join(', ')}, which does not serve`,
    lacks.length === 0 ? undefined : `does not know ${lacks.join(', ')}, which serves`,
  ];
  return `${node} ${parts.filter((it) => it !== undefined).join(' and ')}`;
}

/** The stale nodes' proxies and the slices that they should have seen. */
function blamesOf(cluster: Cluster, service: string, stale: readonly View[]): readonly string[] {
  if (stale.length === 0) return [];
  const [namespace, name] = service.split('/');
  const slices = [...cluster.api.store.list('EndpointSlice')].filter(
    ({ metadata }) =>
      metadata.namespace === namespace && metadata.labels?.['kubernetes.io/service-name'] === name,
  );
  return [
    ...stale.map(({ node }) => `kube-proxy@${node}`),
    ...slices.map(({ metadata }) => `EndpointSlice/${namespace}/${metadata.name}`),
  ];
}

function keyOfService(text: string): string {
  const plain = text.replace(/^(services?|svc)\//i, '');
  return plain.includes('/') ? plain : `default/${plain}`;
}
