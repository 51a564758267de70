import type { Cluster } from '../../cluster/cluster';
import type { FromSchema } from '../../language/json-schema';
import { nameAgreement } from '../agreement/name';
import { policyAgreement } from '../agreement/policy';
import { routeAgreement } from '../agreement/route';
import { serviceAgreement } from '../agreement/service';
import type { Agreement, View } from '../agreement/view';
import { judgeChanges } from '../convergence';
import { defineClaim } from '../define';
import type { Observation } from '../define';

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  oneOf: [
    { required: ['service'] },
    { required: ['policy'] },
    { required: ['route'] },
    { required: ['name'] },
  ],
  properties: {
    service: {
      description: 'The Service whose endpoints the rules of the nodes must be.',
      $ref: '#/$defs/serviceReference',
    },
    policy: {
      description:
        'The network policy that the agents of the nodes must enforce as it is now; of another ' +
        'kind than NetworkPolicy with its kind in front.',
      type: 'string',
      minLength: 1,
      examples: ['shop/deny-all'],
    },
    route: {
      description:
        'The pod, or the node with all of its pods, to which the routes of the nodes must lead.',
      $ref: '#/$defs/objectReference',
    },
    name: {
      description: 'The name of a Service that every DNS server must answer as the API says now.',
      type: 'string',
      minLength: 1,
      examples: ['backend.shop'],
    },
    nodes: {
      description:
        '`all` nodes with power (the default), `any` of them, `p99` (99 of 100), or the name of ' +
        'one. For a `name`, the servers are counted so.',
      type: 'string',
      minLength: 1,
      examples: ['all', 'any', 'p99', 'worker-1'],
    },
    since: {
      description:
        '`step` (the default): `by` counts from the step, and the truth is what really serves. ' +
        '`change`: `by` counts from the change in the API, and the truth is what the API says.',
      enum: ['step', 'change'],
    },
    each: {
      description: 'Every change in the API during the stretch is judged, not the first one only.',
      type: 'boolean',
    },
  },
} as const;

export type ConvergeArgs = FromSchema<typeof SCHEMA>;

export default defineClaim({
  name: 'converge',
  summary: "Whether the nodes' data planes agree: about a Service, a policy, a route or a name.",
  models:
    'For each node. Of a `service`: the endpoints that its rules would choose from, against the ' +
    'ready processes behind the Service as they really run. Of a `policy`: whether its agent has ' +
    'applied all that the API holds. Of a `route`: whether a packet from it gets to the machine ' +
    'that has the address. Of a `name`, for each CoreDNS: its answer, caches included, against ' +
    'the API. What has no power, or does not run, is left out. With `since: change` the time ' +
    'goes from the change in the API (the Ready condition of the pod, the creation of the ' +
    'Service, else the write) to the instant at which the nodes live by it or by a later one.',
  source:
    'community sig-scalability/slos/network_programming_latency.md (start, end, nodes, p99); ' +
    'staging/src/k8s.io/endpointslice/util/trigger_time_tracker.go',
  schema: SCHEMA,
  examples: [
    '{after: crash, by: 2s, converge: {service: shop/backend, nodes: all}}',
    '{at: 5s, converge: {service: shop/backend}}',
    '{after: deny, by: 1s, converge: {policy: shop/deny-all}}',
    '{after: create, by: 10s, converge: {name: backend.shop, nodes: any}}',
    '{after: add, by: 1s, converge: {route: node/worker-2}}',
    '{during: 10s..5m, by: 2s, converge: {service: shop/backend, since: change, each: true}}',
  ],
  judgesChange: true,
  // Of a name the servers are counted, which are pods.
  nodeNames: ({ name }) => (name === undefined ? { nodes: ['all', 'any', 'p99'] } : {}),
  stretch: ({ since, each }) => (since === 'change' || each === true ? 'by' : undefined),
  phrase(args) {
    const where = sayPlaces(args);
    const isStretch = isAboutChanges(args);
    const often = args.each === true ? ' each time' : '';
    const [does, doesNot] = isStretch
      ? [`converges${often} on ${where}`, `does not converge${often} on ${where}`]
      : [`has converged on ${where}`, `has not converged on ${where}`];
    return { subject: sayThing(args), predicate: does, negated: doesNot, isStretch };
  },
  expected: (args) => sayAgreement(args),
  expectedNever: (args) => `never ${sayAgreement(args)}`,
  observe(cluster, args, { explain }) {
    const { nodes = 'all' } = args;
    const agreement = agreementOf(cluster, args, explain);
    if (agreement.vacuous !== undefined) return nothingToJudge(agreement.vacuous);
    const views = agreement.views.filter(({ place }) => isCounted(nodes, place));
    if (views.length === 0) return nothingToJudge(whyNone(cluster, args));
    const stale = views.filter(({ trouble }) => trouble !== '');
    const right = views.length - stale.length;
    const unknown = stale.filter(({ notModelled }) => notModelled !== undefined);
    const surely = isEnough(nodes, right, views.length);
    const perhaps = isEnough(nodes, right + unknown.length, views.length);
    const holds = surely === perhaps ? surely : undefined;
    return {
      holds,
      possible: holds,
      actual: stale.length === 0 ? 'converged' : `stale on ${sayStale(stale, views, args)}`,
      ...(holds === undefined && { notModelled: unknown[0]!.notModelled! }),
      why: explain ? stale.map(({ place, trouble }) => `${place} ${trouble}`) : [],
      traces: [],
      blames:
        explain && stale.length > 0
          ? [...stale.map(({ agent }) => agent), ...agreement.objects]
          : [],
      agreement: { ...agreement, views },
      key: [
        agreement.truth,
        agreement.since ?? '',
        ...views.map(({ place, state, trouble }) => `${place}:${state}:${trouble}`),
      ].join(';'),
    };
  },
  judgeStretch: ({ nodes = 'all', each }, stretch) =>
    judgeChanges(stretch, each === true, (converged, total) => isEnough(nodes, converged, total)),
});

function isAboutChanges({ since, each }: ConvergeArgs): boolean {
  return since === 'change' || each === true;
}

function agreementOf(cluster: Cluster, args: ConvergeArgs, explain: boolean): Agreement {
  const { service, policy, route, name } = args;
  if (name !== undefined) return nameAgreement(cluster, name);
  const nodes: string[] = [];
  cluster.machines.forEach(({ powered, name: node }) => void (powered && nodes.push(node)));
  if (policy !== undefined) return policyAgreement(cluster, policy, membersAmong(cluster, nodes));
  if (route !== undefined) return routeAgreement(cluster, route, membersAmong(cluster, nodes));
  const asked = { announced: isAboutChanges(args), explain };
  return serviceAgreement(cluster, keyOfService(service!), nodes, asked);
}

/** Those of the nodes that the cluster has for pods. */
function membersAmong({ spec }: Cluster, nodes: readonly string[]): readonly string[] {
  const members = new Set(spec.nodes.map((node) => node.name));
  return nodes.filter((node) => members.has(node));
}

function isCounted(nodes: string, place: string): boolean {
  return ['all', 'any', 'p99'].includes(nodes) || nodes === place;
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

/** Why no place is counted: a name that no node has, or one without power. */
function whyNone(cluster: Cluster, { nodes = 'all', name }: ConvergeArgs): string {
  if (name !== undefined) return `no DNS server is called ${nodes}`;
  if (['all', 'any', 'p99'].includes(nodes)) return 'no node has power';
  return cluster.machines.has(nodes) ? `node ${nodes} has no power` : `there is no node ${nodes}`;
}

function sayThing({ service, policy, route, name }: ConvergeArgs): string {
  if (policy !== undefined) return `policy ${policy}`;
  if (route !== undefined) return `the route to ${route}`;
  return name !== undefined ? `the name ${name}` : `service ${keyOfService(service!)}`;
}

function sayAgreement(args: ConvergeArgs): string {
  const where = sayPlaces(args);
  const isOne = !['all', 'p99'].includes(args.nodes ?? 'all');
  const verb = (one: string, several: string): string => (isOne ? one : several);
  if (args.policy !== undefined) return `${where} ${verb('enforces', 'enforce')} it as it is now`;
  if (args.route !== undefined) return `${where} ${verb('sends', 'send')} there`;
  if (args.name !== undefined) return `${where} ${verb('answers', 'answer')} as the API says now`;
  const truth = isAboutChanges(args) ? 'what the API says' : 'what really serves';
  return `${where} ${verb('spreads', 'spread')} over ${truth}`;
}

function sayPlaces({ nodes = 'all', name }: ConvergeArgs): string {
  const [one, several] = name === undefined ? ['node', 'nodes'] : ['server', 'servers'];
  if (nodes === 'all') return `all ${several}`;
  if (nodes === 'any') return `at least one ${one}`;
  return nodes === 'p99' ? `99% of the ${several}` : nodes;
}

function sayStale(stale: readonly View[], views: readonly View[], { name }: ConvergeArgs): string {
  const several = name === undefined ? 'nodes' : 'servers';
  if (stale.length > 3) return `${stale.length} of ${views.length} ${several}`;
  return stale.map(({ place }) => place).join(', ');
}

function keyOfService(text: string): string {
  const plain = text.replace(/^(services?|svc)\//i, '');
  return plain.includes('/') ? plain : `default/${plain}`;
}
