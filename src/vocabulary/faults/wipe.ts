import type { Cluster } from '../../cluster/cluster';
import type { ConnectionMatch, Front } from '../../cluster/faults/wiping';
import type { FromSchema } from '../../language/json-schema';
import type { Machinery, ManifestProblem } from '../../language/lexicon';
import type { Protocol } from '../../values/flow';
import type { IP } from '../../values/ip';
import { keyOf } from '../../values/kube-object';
import type { KubeObject } from '../../values/kube-object';
import { matchesLabels } from '../../values/labels';
import { defineFault, problem } from '../define';
import type { Injection, InjectionContext } from '../define';
import { nodesOfTarget, podName, podsOfTarget, UnknownTargetError } from '../targets';
import { unless } from '../unknown-target';
import { whyNoBackend, whyNoLostRoutes, whyNoLostRules } from '../upkeep';
import { MATCH, WORDS_OF } from '../wiping/match';

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['what'],
  properties: {
    node: { $ref: '#/$defs/nodeTarget' },
    nodes: { $ref: '#/$defs/nodeSelector' },
    component: { description: 'For `cache`: `coredns`.', $ref: '#/$defs/component' },
    pod: { $ref: '#/$defs/podTarget' },
    pick: { $ref: '#/$defs/pick' },
    what: {
      description:
        'Of nodes: `rules` (of kube-proxy), `conntrack` (entries), `routes` (to pods of other ' +
        'nodes), `bridge-netfilter` (the sysctl bridge-nf-call-iptables). `cache`: what CoreDNS ' +
        'has kept. `object`: objects in the store of the API server.',
      enum: ['rules', 'conntrack', 'routes', 'bridge-netfilter', 'ipset', 'cache', 'object'],
    },
    match: MATCH,
    with: {
      description: 'For `object`: what is merged into it. Without it, the object is deleted.',
      type: 'object',
      minProperties: 1,
    },
  },
} as const;

type Args = FromSchema<typeof SCHEMA>;
type Match = NonNullable<Args['match']>;

export default defineFault({
  name: 'wipe',
  summary: 'What is programmed is removed, or altered, behind the back of its owner.',
  models:
    'It happens at one instant and is not undone: its owner repairs it, when it looks. Rules of ' +
    'kube-proxy come back in iptables mode when it misses its canary chain, within 30 s, and in ' +
    'nftables mode with the next change of a Service; what another image of kube-proxy has left ' +
    'in the other back end of iptables does not. A TCP connection whose entry is gone is ' +
    'taken up midway and translated anew: an endpoint that does not know it resets it, and one ' +
    'that was translated nowhere goes on. UDP is spread anew. Routes come back when the agent ' +
    'of the plug-in looks: kindnetd and flannel with host-gw every 10 s, BIRD every 2 s, Felix ' +
    'every 90 s; flannel with VXLAN and `bridge` never. An object that is altered or deleted is ' +
    'seen by everybody who watches it, and its controller writes it again. Without bridge- ' +
    'netfilter, what pods on one bridge send each other passes no rule and no conntrack until ' +
    'the node boots: an answer to a Service comes from an address that the client does not ' +
    'know.',
  source:
    'pkg/util/iptables/iptables.go Monitor; net/netfilter/nf_conntrack_proto_tcp.c (tcp_loose); ' +
    'flannel pkg/backend/route_network.go; test/e2e/network/networking.go ' +
    '(recreate its iptables rules if they are deleted)',
  schema: SCHEMA,
  examples: [
    '{at: 10s, wipe: {node: worker-1, what: rules}}',
    '{at: 10s, wipe: {node: worker-1, what: rules, match: {iptablesBackend: legacy}}}',
    '{at: 10s, wipe: {nodes: all, what: conntrack}}',
    '{at: 10s, wipe: {node: worker-1, what: conntrack, match: {protocol: udp, port: 53}}}',
    '{at: 10s, wipe: {nodes: all, what: conntrack, match: {service: shop/backend}}}',
    '{at: 10s, wipe: {node: worker-1, what: routes, match: {to: 10.244.1.0/24}}}',
    '{at: 10s, wipe: {node: worker-1, what: bridge-netfilter}}',
    '{at: 10s, wipe: {component: coredns, what: cache}}',
    '{at: 10s, wipe: {what: object, match: {kind: EndpointSlice, namespace: shop, ' +
      'labels: {kubernetes.io/service-name: backend}}}}',
    '{at: 10s, wipe: {what: object, match: {kind: Service, namespace: shop, name: backend}, ' +
      'with: {spec: {selector: {app: nobody}}}}}',
  ],
  momentary: () => true,
  check: (args: Args) => [...problemsOf(args)],
  checkIn: (args, cluster) => [...unfitIn(args, cluster)],
  inject(cluster, args, context) {
    if (args.what === 'object') return tamper(cluster, args);
    if (args.what === 'cache') return emptyCaches(cluster, args, context);
    return wipeNodes(cluster, args, context);
  },
  undo() {},
});

function* problemsOf(args: Args): Iterable<ManifestProblem> {
  const { what, match = {} } = args;
  if (what === 'ipset') {
    yield problem('/what', 'the sets of policy agents are not kept one by one: not modelled');
    return;
  }
  const isOfNodes = what !== 'cache' && what !== 'object';
  for (const key of ['node', 'nodes', 'component', 'pod'] as const) {
    if (args[key] === undefined) continue;
    const fits = key.startsWith('node') ? isOfNodes : what === 'cache';
    if (!fits) yield problem(`/${key}`, `\`${what}\` is not wiped of a ${key}`);
  }
  if (args.node !== undefined && args.nodes !== undefined) {
    yield problem('/nodes', 'write `node` or `nodes`, not both');
  }
  if (isOfNodes && args.node === undefined && args.nodes === undefined) {
    yield problem('', `say on which \`node\` or \`nodes\` it is wiped: ${what}`);
  }
  if (what === 'cache' && args.component !== 'coredns' && args.pod === undefined) {
    yield problem('', 'say whose cache: `component: coredns`, or a `pod` of it');
  }
  if (what === 'object' && match.kind === undefined) {
    yield problem(args.match === undefined ? '' : '/match', 'say the `kind` of the object');
  }
  for (const key of Object.keys(match) as (keyof Match)[]) {
    if (WORDS_OF[what]!.includes(key)) continue;
    yield problem(`/match/${key}`, `\`${key}\` says nothing about \`${what}\``);
  }
  if (args.with !== undefined && what !== 'object') {
    yield problem('/with', 'only an `object` can be altered');
  }
}

function wipeNodes(
  cluster: Cluster,
  { node, nodes, pick, what, match = {} }: Args,
  { step }: InjectionContext,
): Injection {
  for (const { message } of unfitIn({ what, match }, cluster.spec)) unless(message);
  const target = node ?? { nodes: nodes!, ...(pick !== undefined && { pick }) };
  const { handles } = cluster;
  const hit = nodesOfTarget(cluster, target, step).filter((name) => {
    if (what === 'rules') return handles.flushRules(name, match.iptablesBackend);
    if (what === 'bridge-netfilter') return handles.unhookBridges(name);
    if (what === 'routes') return handles.deleteRoutes(name, match.to) > 0;
    return handles.forgetConnections(name, connectionsOf(cluster, match)) > 0;
  });
  if (hit.length === 0) throw new UnknownTargetError(`it hit nothing: ${NONE_OF[what]!(match)}`);
  return { hits: hit.map((name) => `node ${name}`), effects: [] };
}

/** Why there was nothing to wipe, by what was to be wiped. */
const NONE_OF: Readonly<Record<string, (match: Match) => string>> = {
  rules: () => 'no rules of kube-proxy are there now',
  conntrack: (match) =>
    Object.keys(match).length === 0
      ? 'conntrack has no entries there now: nothing has connected, or they have timed out'
      : `conntrack has no entry with ${sayMatch(match)} there now`,
  routes: ({ to }) =>
    to === undefined
      ? 'no route to pods of other nodes is there now'
      : `no route to pods of other nodes leads into ${to}`,
  'bridge-netfilter': () => 'bridge-nf-call-iptables is off already, or the node has no power',
};

function sayMatch(match: Match): string {
  return Object.entries(match)
    .map(([key, value]) => `${key} ${typeof value === 'object' ? JSON.stringify(value) : value}`)
    .join(', ');
}

/** What has an owner of whom it is not modelled what he does about it. */
function* unfitIn(
  { what, match }: Pick<Args, 'what' | 'match'>,
  cluster: Machinery,
): Iterable<ManifestProblem> {
  const rules = what === 'rules' ? whyNoLostRules(cluster) : undefined;
  const routes = what === 'routes' ? whyNoLostRoutes(cluster) : undefined;
  const reason = rules ?? routes;
  if (reason !== undefined) yield problem('/what', reason);
  const backend = match?.iptablesBackend === undefined ? undefined : whyNoBackend(cluster);
  if (backend !== undefined) yield problem('/match/iptablesBackend', backend);
}

function connectionsOf(cluster: Cluster, match: Match): ConnectionMatch {
  const { protocol, address, port, service } = match;
  return {
    ...(protocol !== undefined && { protocol: protocol.toUpperCase() as Protocol }),
    ...(address !== undefined && { address: address as IP }),
    ...(port !== undefined && { port }),
    ...(service !== undefined && { fronts: frontsOf(cluster, service) }),
  };
}

interface ServicePort {
  readonly port: number;
  readonly protocol?: Protocol;
  readonly nodePort?: number;
}

/** What clients of a Service dial: its addresses with its ports, and its node ports anywhere. */
function frontsOf(cluster: Cluster, key: string): Front[] {
  const service = cluster.api.store.get('Service', key);
  if (service === undefined) throw new UnknownTargetError(`there is no Service ${key} now`);
  const {
    clusterIPs = [],
    externalIPs = [],
    ports = [],
  } = service.spec as {
    clusterIPs?: readonly IP[];
    externalIPs?: readonly IP[];
    ports?: readonly ServicePort[];
  };
  const status = service.status as
    { loadBalancer?: { ingress?: readonly { ip?: IP }[] } } | undefined;
  const balanced = (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);
  const addresses = [...clusterIPs, ...externalIPs, ...balanced];
  return ports.flatMap(({ port, nodePort, protocol = 'TCP' }) => [
    ...addresses.map((address) => ({ protocol, address, port })),
    ...(nodePort === undefined ? [] : [{ protocol, port: nodePort }]),
  ]);
}

function emptyCaches(cluster: Cluster, { pod, pick }: Args, { step }: InjectionContext): Injection {
  const target =
    typeof pod === 'object' ? { ...pod, ...(pick !== undefined && { pick }) } : (pod ?? 'coredns');
  const pods = podsOfTarget(cluster, target, step);
  const hit = pods.filter((it) => cluster.handles.emptyDnsCache(it));
  if (hit.length === 0 && pods.length > 0) {
    const names = pods.map((it) => podName(cluster, it)).join(', ');
    throw new UnknownTargetError(`it hit nothing: no CoreDNS with a cache runs in ${names}`);
  }
  return { hits: hit.map((it) => `pod ${podName(cluster, it)}`), effects: [] };
}

function tamper(cluster: Cluster, { match, with: patch }: Args): Injection {
  const { kind = '' } = match ?? {};
  const found = [...cluster.api.store.list(kind)].filter((object) => isMeant(object, match!));
  const hit = found.map(keyOf).filter((key) => cluster.handles.tamper(kind, key, patch));
  if (hit.length === 0) {
    const why =
      found.length === 0 ? `there is no object with ${sayMatch(match!)} now` : 'it changes nothing';
    throw new UnknownTargetError(`it hit nothing: ${why}`);
  }
  return { hits: hit.map((key) => `${kind}/${key}`), effects: [] };
}

function isMeant({ metadata }: KubeObject, { namespace, name, labels = {} }: Match): boolean {
  if (namespace !== undefined && metadata.namespace !== namespace) return false;
  if (name !== undefined && metadata.name !== name) return false;
  return matchesLabels(metadata.labels, labels);
}
