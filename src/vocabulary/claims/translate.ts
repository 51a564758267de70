import type { Cluster } from '../../cluster/cluster';
import { parseAddress } from '../../language/address';
import type { Address } from '../../language/address';
import { parseTuple } from '../../language/reference';
import type { FromSchema } from '../../language/json-schema';
import { ANY_PORT, formatTuple, tupleKey } from '../../values/flow';
import type { FiveTuple, Port } from '../../values/flow';
import type { IP } from '../../values/ip';
import type { Origin } from '../../values/origin';
import type { Trace, TranslatedFlow } from '../../values/trace';
import { defineClaim } from '../define';
import { judgeWalks } from '../judge-walks';
import { sandboxOf } from '../pods';
import { nameOfResponder } from '../responders';
import { podName, UnknownTargetError } from '../targets';
import type { Source } from '../targets';
import { destinationsOf, walksOf } from '../walks';
import type { Walk, Walks } from '../walks';

const END = {
  description: 'The end that takes its place, or `none` where nothing may be translated.',
  type: 'string',
  minLength: 1,
} as const;

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['from', 'to'],
  anyOf: [
    { required: ['original'] },
    { required: ['reply'] },
    { required: ['dnat'] },
    { required: ['snat'] },
  ],
  properties: {
    from: {
      description: 'Who sends: an address with its port, or a reference.',
      type: 'string',
      minLength: 1,
    },
    to: { $ref: '#/$defs/destination' },
    original: { $ref: '#/$defs/tuple' },
    reply: { $ref: '#/$defs/tuple' },
    dnat: END,
    snat: END,
    node: {
      description: 'The node whose table is read; without it, any on the path.',
      $ref: '#/$defs/nodeReference',
    },
    some: { description: 'One possible path suffices.', type: 'boolean' },
  },
} as const;

type Args = FromSchema<typeof SCHEMA>;

export default defineClaim({
  name: 'translate',
  summary: 'How a new connection stands in the conntrack tables: its two tuples.',
  models:
    'The entry that the first packet makes on each node of its path: the tuple that was sent, ' +
    'and the tuple of the answer as the responder sends it. Their difference is the translation.',
  source: 'net/netfilter/nf_nat_core.c (nf_nat_setup_info), conntrack-tools (conntrack -L)',
  schema: SCHEMA,
  examples: [
    '{at: 5s, translate: {from: 10.244.1.3:54321, to: 10.96.0.20:80, ' +
      'reply: 10.244.1.5:8080 > 10.244.1.3:54321}}',
    '{at: 5s, translate: {from: shop/frontend, to: backend:80, dnat: 10.244.1.5:8080, snat: none}}',
    '{at: 5s, translate: {from: 10.244.1.3:any, to: 10.244.2.4:8080, dnat: none, snat: none}}',
  ],
  phrase({ from, to, ...demands }) {
    const wanted = sayDemands(demands);
    return {
      subject: `${from} > ${to}`,
      predicate: `has ${wanted}`,
      negated: `does not have ${wanted}`,
    };
  },
  expected: (args) => sayDemands(args),
  expectedNever: (args) => `never ${sayDemands(args)}`,
  check: problemsOf,
  observe(cluster, args, context) {
    return judgeWalks(
      walks(cluster, args),
      {
        some: args.some ?? false,
        precluding: ['unresolved-name'],
        nameOf: (name) => nameOfResponder(cluster, name),
        succeeds: (walk) => succeeds(walk, args),
        tell: (walk) => tell(walk, args),
        detail: ({ trace }) => trace.translations.map(keyOfFlow).join(),
      },
      context,
    );
  },
});

function walks(cluster: Cluster, { from, to }: Args): Walks {
  const reading = parseAddress(from);
  if (!reading.ok) return walksOf(cluster, from, to);
  const { ip, port } = reading.value;
  const owner = ownerOf(cluster, ip);
  if (owner === undefined) {
    return { walks: [], missing: `nobody has the address ${ip}`, single: true };
  }
  const options = port === ANY_PORT ? {} : { sport: port };
  const found = destinationsOf(cluster, owner, to).flatMap((destination): readonly Walk[] =>
    cluster
      .send(owner.origin, destination, options)
      .map((trace) => ({ source: owner, trace: { ...trace, sender: owner.name } })),
  );
  if (found.length > 0) return { walks: found, single: true };
  return { walks: [], missing: `${to} leads to no address`, single: true };
}

/** The pod, node or external that has an address now. */
function ownerOf(cluster: Cluster, address: IP): Source | undefined {
  for (const machine of cluster.machines.values()) {
    if (machine.addresses.includes(address)) return source({ node: machine.name }, machine.name);
    const sandbox = machine.sandboxes.get(address);
    if (sandbox !== undefined && sandboxOf(cluster, sandbox.podKey)?.sandbox === sandbox) {
      return source({ pod: sandbox.podKey }, podName(cluster, sandbox.podKey));
    }
  }
  const external = cluster.spec.externals.find((it) => it.address === address);
  return external && source({ external: external.name }, external.name);
}

function source(origin: Origin, name: string): Source {
  return { origin, name };
}

function succeeds({ trace }: Walk, args: Args): boolean | undefined {
  if (trace.disposition === 'not-modelled') return undefined;
  const flows = flowsOf(trace, args);
  if (args.dnat === 'none' && flows.some(isDestinationTranslated)) return false;
  if (args.snat === 'none' && flows.some(isSourceTranslated)) return false;
  return flows.some((flow) => matches(flow, args));
}

/** The entries on the node that is named, or on every node of the path. */
function flowsOf({ translations }: Trace, { node }: Args): readonly TranslatedFlow[] {
  const name = node?.replace(/^nodes?\//, '');
  return translations.filter((flow) => name === undefined || flow.node === name);
}

function matches(flow: TranslatedFlow, { original, reply, dnat, snat }: Args): boolean {
  return (
    (original === undefined || isTuple(original, flow.original)) &&
    (reply === undefined || isTuple(reply, flow.reply)) &&
    (dnat === undefined || dnat === 'none' || isEnd(dnat, flow.reply.src, flow.reply.sport)) &&
    (snat === undefined || snat === 'none' || isEnd(snat, flow.reply.dst, flow.reply.dport))
  );
}

function isDestinationTranslated({ original, reply }: TranslatedFlow): boolean {
  return reply.src !== original.dst || reply.sport !== original.dport;
}

function isSourceTranslated({ original, reply }: TranslatedFlow): boolean {
  return reply.dst !== original.src || reply.dport !== original.sport;
}

function isTuple(text: string, tuple: FiveTuple): boolean {
  const reading = parseTuple(text);
  if (!reading.ok) throw new UnknownTargetError(reading.message);
  const { from, to } = reading.value;
  return isAddress(from, tuple.src, tuple.sport) && isAddress(to, tuple.dst, tuple.dport);
}

function isEnd(text: string, ip: IP, port: Port): boolean {
  const reading = parseAddress(text);
  return reading.ok ? isAddress(reading.value, ip, port) : text === ip;
}

function isAddress(wanted: Address, ip: IP, port: Port): boolean {
  return wanted.ip === ip && (wanted.port === ANY_PORT || wanted.port === port);
}

function tell({ trace }: Walk, args: Args): string {
  const { node } = args;
  const flows = flowsOf(trace, args);
  if (flows.length === 0) return `no entry${node === undefined ? '' : ` on ${node}`}`;
  const [flow] = flows.filter((it) => isDestinationTranslated(it) || isSourceTranslated(it));
  const shown = flow ?? flows[0]!;
  const { original, reply } = shown;
  return `original ${formatTuple(original)}, reply ${formatTuple(reply)} on ${shown.node}`;
}

function sayDemands({ original, reply, dnat, snat, node }: Omit<Args, 'from' | 'to'>): string {
  const demands = [
    original && `the original ${original}`,
    reply && `the reply ${reply}`,
    dnat && (dnat === 'none' ? 'no DNAT' : `DNAT to ${dnat}`),
    snat && (snat === 'none' ? 'no SNAT' : `SNAT to ${snat}`),
  ].filter((it) => it !== undefined);
  return `${demands.join(' and ')}${node === undefined ? '' : ` on ${node}`}`;
}

function problemsOf({ dnat, snat, from }: Args) {
  const ends = Object.entries({ dnat, snat }).filter(([, text]) => text !== undefined);
  const problems = ends
    .filter(([, text]) => text !== 'none' && !parseEnd(text!))
    .map(([field]) => ({
      path: `/${field}`,
      severity: 'error' as const,
      message: `"${field}" is neither an address, an address with a port nor "none"`,
    }));
  return /^\d+(\.\d+){3}$/.test(from)
    ? [
        ...problems,
        {
          path: '/from',
          severity: 'error' as const,
          message: `"${from}" has no port`,
          hint: `write ${from}:any`,
        },
      ]
    : problems;
}

function parseEnd(text: string): boolean {
  return parseAddress(text).ok || /^[\d.]+$|:/.test(text);
}

function keyOfFlow({ node, original, reply }: TranslatedFlow): string {
  return `${node} ${tupleKey(original)} ${tupleKey(reply)}`;
}
