import type { FromSchema } from '../../language/json-schema';
import { defineFault } from '../define';
import { checkSides, extended, hasLiveSides, rulesBetween, SIDES } from '../sides';

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  properties: {
    ...SIDES,
    mode: {
      description:
        'What becomes of a packet: `drop` (silence, the default), `reject` (an ICMP error), ' +
        '`reset` (a reset of TCP; other protocols get the ICMP error).',
      enum: ['drop', 'reject', 'reset'],
    },
    established: {
      description:
        'Connections that stand: `break` (the default, nothing passes) or `keep` (they go on).',
      enum: ['break', 'keep'],
    },
  },
} as const;

type Args = FromSchema<typeof SCHEMA>;

export default defineFault({
  name: 'cut',
  summary: 'Nothing passes between two sides.',
  models:
    'Between hosts (nodes, zones, externals, the API server) the cut is on the link, where a ' +
    'tunnel shows as the tunnel alone; with pods on one side it is at the interfaces of the ' +
    "pods; of a Service it is at the client, at the Service's own address, before any rule has " +
    'translated it. What is under way when it is cut still arrives. A node without a way to the ' +
    'API server gets and sends nothing there, so its lease runs out; a probe of the kubelet is a ' +
    'packet like any other.',
  source:
    'chaos-mesh pkg/chaosdaemon/iptables_server.go (both sides of a partition); ' +
    'net/ipv4/tcp_ipv4.c tcp_v4_err; net/netfilter/nf_conntrack_core.c',
  schema: SCHEMA,
  examples: [
    '{at: 10s, cut: {from: node/worker-2, to: {component: apiserver}}, for: 60s}',
    '{at: 10s, cut: {between: [{zone: a}, {zone: b}, {zone: c}]}, for: 2m}',
    '{at: 10s, cut: {from: shop/frontend, to: {service: shop/cart, port: 80}, mode: reject}}',
    '{at: 10s, cut: {from: shop/frontend, ports: [53], protocol: udp}}',
    '{at: 10s, cut: {from: shop/frontend, to: shop/backend, established: keep}}',
  ],
  check(args: Args) {
    const { mode, protocol } = args;
    if (mode !== 'reset' || protocol === undefined || protocol === 'tcp') return checkSides(args);
    const message = `only TCP has resets: nothing of ${protocol} is reset`;
    const hint = 'write mode: reject, or leave `protocol` out';
    return [...checkSides(args), { path: '/mode', severity: 'error', message, hint }];
  },
  inject(cluster, args, context) {
    const { hits, rules } = rulesBetween(cluster, args, context, effectOf(args));
    if (rules.length === 0) return { hits: [], effects: [] };
    cluster.handles.cut(context.step, rules);
    return { hits, effects: [`cut ${context.step}`] };
  },
  extend(cluster, args, context) {
    if (!hasLiveSides(args)) return { hits: [], effects: [] };
    const standing = cluster.handles.cutsOf(context.step);
    const { hits, rules } = rulesBetween(cluster, args, context, effectOf(args), standing);
    return extended(hits, rules.length > 0 && cluster.handles.cut(context.step, rules));
  },
  undo(cluster, effect) {
    cluster.handles.cut(effect.slice('cut '.length), []);
  },
});

function effectOf({ mode = 'drop', established = 'break' }: Args) {
  return { mode, established };
}
