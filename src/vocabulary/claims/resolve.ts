import type { Cluster } from '../../cluster/cluster';
import type { FromSchema } from '../../language/json-schema';
import { parseIp } from '../../values/ip';
import { compareText } from '../../values/order';
import { add, formatRatio, NEVER } from '../../values/ratio';
import type { Ratio } from '../../values/ratio';
import type { Resolution } from '../../values/resolution';
import { formatDuration } from '../../values/time';
import type { Responder } from '../../values/trace';
import { nameProblems } from '../asked-name';
import { defineClaim } from '../define';
import type { Observation, ObservationContext } from '../define';
import { formatOdds, isLikely, ODDS, readOdds, sayBounds } from '../odds';
import { isWithin, saySpan, SPAN } from '../span';
import { describe, sourcesOf } from '../targets';
import type { Source } from '../targets';

const TYPES = ['A', 'AAAA', 'A+AAAA', 'CNAME', 'SRV', 'PTR', 'TXT', 'NS', 'SOA', 'MX'] as const;

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['from', 'name'],
  properties: {
    from: { $ref: '#/$defs/origin' },
    name: { description: 'The name as the client types it.', type: 'string', minLength: 1 },
    type: {
      description:
        'The record type; `A` by default. `A+AAAA` asks for both at once, as programs do that ' +
        'take either family.',
      enum: TYPES,
    },
    rcode: {
      description:
        'The answer code, `none` where no server answers. Default: NOERROR with an answer.',
      enum: ['NOERROR', 'NXDOMAIN', 'SERVFAIL', 'REFUSED', 'none'],
    },
    answers: {
      description: 'Exactly these addresses (or names), in any order.',
      type: 'array',
      uniqueItems: true,
      items: { type: 'string', minLength: 1 },
    },
    ttl: { description: 'The time to live of the answer in seconds.', type: 'integer', minimum: 0 },
    queries: {
      description: 'How many queries it takes, or which ones in order (`backend.shop.svc… A`).',
      type: ['integer', 'array'],
      minimum: 0,
      items: { type: 'string', minLength: 1 },
    },
    took: SPAN,
    odds: ODDS,
    server: { description: 'The nameserver that answers.', $ref: '#/$defs/ipAddress' },
    over: { description: 'What the deciding answer came over.', enum: ['UDP', 'TCP'] },
    some: { description: 'One possible course of one source suffices.', type: 'boolean' },
  },
} as const;

type Args = FromSchema<typeof SCHEMA>;

export default defineClaim({
  name: 'resolve',
  summary: 'What a DNS lookup gives, made with the resolver of the container.',
  models:
    'The resolver walks its search list by `ndots`, each query is a packet to a nameserver of ' +
    'its `resolv.conf`; a query that is not answered is repeated after its timeout. The claim ' +
    'holds if it holds for every source and every way that the lookup can go. It looks and ' +
    'changes nothing: caches learn from `do: {lookup: …}` alone. A lookup is judged in the ' +
    'state of the cluster in which it begins.',
  source: 'pkg/kubelet/network/dns/dns.go; glibc resolv/res_send.c; musl src/network/res_msend.c',
  schema: SCHEMA,
  examples: [
    '{at: 5s, resolve: {from: shop/frontend, name: backend, answers: [10.96.0.20]}}',
    '{at: 5s, resolve: {from: shop/frontend, name: no-such-name, rcode: NXDOMAIN}}',
    '{at: 5s, resolve: {from: shop/frontend, name: backend.shop.svc.cluster.local., queries: 1, ' +
      'took: {atMost: 10ms}}}',
  ],
  phrase(args) {
    const { from, name, rcode = 'NOERROR', answers } = args;
    const to = answers === undefined ? '' : ` to ${sayAnswers(answers)}`;
    const isFound = rcode === 'NOERROR';
    return {
      subject: describe(from),
      predicate: isFound ? `resolves ${name}${to}` : `gets ${sayRcode(rcode)} for ${name}`,
      negated: isFound ? `does not resolve ${name}${to}` : `gets no ${rcode} for ${name}`,
    };
  },
  check: ({ name }) => nameProblems(name, '/name'),
  expected,
  expectedNever: (args) => `never ${expected(args)}`,
  observe(cluster, args, context) {
    const { sources, missing, single } = sourcesOf(cluster, args.from);
    if (missing !== undefined) return nothingAsked(missing, single);
    return judge(
      sources.flatMap((source) => lookups(cluster, source, args)),
      args,
      context,
    );
  },
});

interface Lookup {
  readonly source: Source;
  readonly resolution: Resolution;
  readonly success: boolean | undefined;
}

function lookups(cluster: Cluster, source: Source, args: Args): readonly Lookup[] {
  return cluster
    .resolve(source.origin, args.name, { types: (args.type ?? 'A').split('+') })
    .map((resolution) => ({ source, resolution, success: succeeds(resolution, args) }));
}

function succeeds(resolution: Resolution, args: Args): boolean | undefined {
  if (isUnknown(resolution)) return undefined;
  const { rcode, answers, ttl, queries, server } = args;
  if (resolution.rcode !== (rcode ?? 'NOERROR')) return false;
  if (rcode === undefined && answers === undefined && resolution.answers.length === 0) return false;
  if (answers !== undefined && !isSameSet(answers.map(canonical), resolution.answers)) return false;
  if (ttl !== undefined && resolution.ttl !== ttl) return false;
  if (server !== undefined && resolution.server !== canonical(server)) return false;
  if (args.over !== undefined && transportOf(resolution) !== args.over) return false;
  return isAsked(queries, resolution.queries) && isWithin(args.took, resolution.took);
}

/** What the last query left over. */
function transportOf({ exchanges }: Resolution): string | undefined {
  return exchanges.at(-1)?.transport;
}

function isUnknown({ notModelled, traces }: Resolution): boolean {
  return notModelled === true || traces.some(({ disposition }) => disposition === 'not-modelled');
}

function isAsked(wanted: Args['queries'], asked: readonly string[]): boolean {
  if (wanted === undefined) return true;
  if (typeof wanted === 'number') return asked.length === wanted;
  return wanted.length === asked.length && wanted.every((query, index) => query === asked[index]);
}

function judge(found: readonly Lookup[], args: Args, context: ObservationContext): Observation {
  const possible = found.some(({ success }) => success === true)
    ? true
    : truth(
        found.every(({ success }) => success === false),
        false,
      );
  const every = everyOf(found, args);
  const holds = args.some === true ? possible : every;
  const verdict = context.denied === true && possible === true ? true : holds;
  const telling = found.filter(({ success }) => success === verdict);
  const told = telling.length > 0 ? telling : found;
  const unknown = found.find(({ success }) => success === undefined);
  return {
    holds,
    possible,
    actual: args.odds === undefined ? sayAll(told, args) : sayOdds(found),
    ...(args.odds === undefined && told.length < found.length && { among: sayAmong(told, found) }),
    ...(context.explain ? explain(told) : { why: [], traces: [], blames: [] }),
    ...(unknown !== undefined && { notModelled: unknown.resolution.reason }),
    key: found.map(keyOf).join('\n'),
  };
}

function everyOf(found: readonly Lookup[], { odds }: Args): boolean | undefined {
  const isKnown = found.every(({ success }) => success !== undefined);
  if (odds !== undefined && isKnown) {
    return oddsOf(found).every((probability) => isLikely(probability, readOdds(odds)));
  }
  if (found.some(({ success }) => success === false)) return false;
  return isKnown ? true : undefined;
}

/** How likely a lookup succeeds, from each source. */
function oddsOf(found: readonly Lookup[]): readonly Ratio[] {
  const names = [...new Set(found.map(({ source }) => source.name))];
  return names.map((name) =>
    found
      .filter(({ source, success }) => source.name === name && success === true)
      .reduce((sum, { resolution }) => add(sum, resolution.probability), NEVER),
  );
}

function sayOdds(found: readonly Lookup[]): string {
  return `with a probability of ${[...new Set(oddsOf(found).map(formatOdds))].join(' or ')}`;
}

function sayAll(told: readonly Lookup[], args: Args): string {
  return [...new Set(told.map(({ resolution }) => tell(resolution, args)))].join(' or ');
}

/** `value` where it is certain, else undefined. */
function truth(certain: boolean, value: boolean): boolean | undefined {
  return certain ? value : undefined;
}

function explain(told: readonly Lookup[]): Pick<Observation, 'why' | 'traces' | 'blames'> {
  const traces = told.flatMap(({ source, resolution }) =>
    resolution.traces.map((trace) => ({ ...trace, sender: source.name })),
  );
  return {
    why: [...new Set(told.map(({ resolution }) => resolution.reason).filter((it) => it !== ''))],
    traces,
    blames: [
      ...new Set(traces.flatMap(({ blames, responder }) => [...blames, ...serverOf(responder)])),
    ],
  };
}

/** The DNS server that answered, as the journal names it. */
function serverOf(responder: Responder | undefined): readonly string[] {
  if (responder === undefined) return [];
  return [`coredns@${responder.name.slice(responder.name.indexOf('/') + 1)}`];
}

function sayAmong(told: readonly Lookup[], found: readonly Lookup[]): string {
  const affected = [...new Set(told.map(({ source }) => source.name))];
  const sources = new Set(found.map(({ source }) => source.name)).size;
  if (affected.length < sources) return `from ${affected.join(', ')}`;
  return `in ${told.length} of ${found.length} possible courses`;
}

function tell(resolution: Resolution, args: Args): string {
  const { rcode, answers, ttl, queries, took, server } = resolution;
  const parts = [
    rcode === 'NOERROR' ? sayAnswers(answers) : sayRcode(rcode),
    args.ttl === undefined || ttl === undefined ? undefined : `ttl ${ttl}s`,
    args.queries === undefined ? undefined : `${queries.length} queries (${queries.join(', ')})`,
    args.took === undefined ? undefined : `took ${formatDuration(took)}`,
    args.server === undefined ? undefined : `from ${server ?? 'no server'}`,
    args.over === undefined ? undefined : `over ${transportOf(resolution) ?? 'nothing'}`,
  ];
  return parts.filter((it) => it !== undefined).join(', ');
}

function expected(args: Args): string {
  const { rcode = 'NOERROR', answers, ttl, queries, took, odds, server, over } = args;
  const count = typeof queries === 'number' ? `${queries} queries` : queries?.join(', ');
  const parts = [
    rcode !== 'NOERROR'
      ? sayRcode(rcode)
      : answers === undefined
        ? 'an answer'
        : sayAnswers(answers),
    ttl === undefined ? undefined : `ttl ${ttl}s`,
    count,
    took === undefined ? undefined : saySpan(took),
    odds === undefined ? undefined : sayBounds(odds),
    server === undefined ? undefined : `from ${server}`,
    over === undefined ? undefined : `over ${over}`,
  ];
  return parts.filter((it) => it !== undefined).join(', ');
}

function sayAnswers(answers: readonly string[]): string {
  return answers.length === 0 ? 'no address' : answers.join(', ');
}

function sayRcode(rcode: Resolution['rcode']): string {
  return rcode === 'none' ? 'no answer' : rcode;
}

function canonical(text: string): string {
  return parseIp(text) ?? text;
}

function isSameSet(wanted: readonly string[], found: readonly string[]): boolean {
  const sorted = [...wanted].sort(compareText);
  const other = [...found].sort(compareText);
  return sorted.length === other.length && sorted.every((text, index) => text === other[index]);
}

function nothingAsked(missing: string, single: boolean): Observation {
  const empty = { why: [], traces: [], blames: [] };
  const base = { holds: false, possible: false, actual: missing, ...empty, precluded: missing };
  return single ? { ...base, key: missing } : { ...base, vacuous: missing, key: missing };
}

function keyOf({ source, resolution, success }: Lookup): string {
  const { rcode, answers, ttl, queries, took, server, probability } = resolution;
  return [
    source.name,
    rcode,
    answers.join(),
    ttl,
    queries.join(),
    took,
    server,
    success,
    formatRatio(probability),
  ].join('|');
}
