import type { Cluster } from '../../cluster/cluster';
import type { FromSchema } from '../../language/json-schema';
import { outcomeOf } from '../../values/disposition';
import { compareText } from '../../values/order';
import { add, equalRatio, formatRatio, NEVER, ratio } from '../../values/ratio';
import type { Ratio } from '../../values/ratio';
import { defineClaim } from '../define';
import type { Observation, ObservationContext } from '../define';
import { nameOfResponder, respondersOf } from '../responders';
import { describe } from '../targets';
import { walksOf } from '../walks';
import type { Walk } from '../walks';

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['from', 'to'],
  properties: {
    from: { $ref: '#/$defs/origin' },
    to: { $ref: '#/$defs/destination' },
    of: {
      description:
        'The exact share of each backend: `{shop/backend#1: 1/3, …}`. Backends that are not ' +
        'listed get nothing. A workload stands for the sum of its pods.',
      type: 'object',
      minProperties: 1,
      propertyNames: { $ref: '#/$defs/objectReference' },
      additionalProperties: { $ref: '#/$defs/ratio' },
    },
    even: {
      description: 'Every one of these backends has the same share, and no other has any.',
      $ref: '#/$defs/podReference',
    },
    connections: {
      description: 'How many connections are drawn from the seed, for `counts`.',
      type: 'integer',
      minimum: 1,
      maximum: 1_000_000,
    },
    counts: {
      description:
        'How many of `connections` each backend gets: `{shop/backend#1: {atLeast: 20}}`.',
      type: 'object',
      minProperties: 1,
      propertyNames: { $ref: '#/$defs/objectReference' },
      additionalProperties: {
        type: 'object',
        additionalProperties: false,
        minProperties: 1,
        properties: {
          atLeast: { description: 'The fewest.', type: 'integer', minimum: 0 },
          atMost: { description: 'The most.', type: 'integer', minimum: 0 },
        },
      },
    },
  },
  oneOf: [{ required: ['of'] }, { required: ['even'] }, { required: ['counts', 'connections'] }],
  dependentRequired: { connections: ['counts'] },
} as const;

type Args = FromSchema<typeof SCHEMA>;

export default defineClaim({
  name: 'share',
  summary: "How a source's new connections spread over the backends.",
  models:
    'The shares are exact fractions, computed from the rules and not sampled: a statistic rule ' +
    'that matches one packet in three is 1/3. With `connections`, that many are drawn from the ' +
    'seed.',
  source: 'pkg/proxy/iptables/proxier.go (probability computation); xt_statistic',
  schema: SCHEMA,
  examples: [
    '{at: 5s, share: {from: shop/frontend, to: backend:80, of: ' +
      '{shop/backend#1: 1/3, shop/backend#2: 1/3, shop/backend#3: 1/3}}}',
    '{at: 5s, share: {from: shop/frontend, to: backend:80, even: deployment/shop/backend}}',
    '{at: 5s, share: {from: shop/frontend, to: backend:80, connections: 300, counts: ' +
      '{shop/backend#1: {atLeast: 60, atMost: 140}}}}',
  ],
  phrase(args) {
    const over = `${args.to} ${sayWanted(args)}`;
    return {
      subject: describe(args.from),
      predicate: `spreads over ${over}`,
      negated: `does not spread over ${over}`,
    };
  },
  expected: sayWanted,
  expectedNever: (args) => `never ${sayWanted(args)}`,
  observe(cluster, args, context) {
    const { walks, missing, single } = walksOf(cluster, args.from, args.to);
    if (missing !== undefined) return nothingSent(missing, single);
    const bySource = new Map<string, Walk[]>();
    for (const walk of walks) {
      const { name } = walk.source;
      bySource.set(name, [...(bySource.get(name) ?? []), walk]);
    }
    const spreads = [...bySource].map(([name, own]) => spreadOf(cluster, name, own, args));
    return judge(cluster, spreads, context);
  },
});

/** Where one source's connections go. */
interface Spread {
  readonly source: string;
  /** Shares by responder name; walks that are not answered count under their outcome. */
  readonly shares: ReadonlyMap<string, Ratio>;
  readonly walks: readonly Walk[];
  readonly right: boolean | undefined;
  readonly told: string;
}

function spreadOf(cluster: Cluster, source: string, walks: readonly Walk[], args: Args): Spread {
  const shares = new Map<string, Ratio>();
  for (const { trace } of walks) {
    const outcome = outcomeOf(trace.disposition) ?? 'not modelled';
    const name = outcome === 'ok' ? (trace.responder?.name ?? outcome) : `(${outcome})`;
    shares.set(name, add(shares.get(name) ?? NEVER, trace.probability));
  }
  const unknown = walks.some(({ trace }) => trace.disposition === 'not-modelled');
  if (args.counts !== undefined) {
    const counts = draw(cluster, source, shares, args);
    const right = unknown ? undefined : areCountsRight(cluster, counts, args.counts);
    return { source, shares, walks, right, told: sayCounts(cluster, counts) };
  }
  const right = unknown ? undefined : areSharesRight(cluster, shares, args);
  return { source, shares, walks, right, told: sayShares(cluster, shares) };
}

function areSharesRight(cluster: Cluster, shares: ReadonlyMap<string, Ratio>, args: Args): boolean {
  const wanted: readonly (readonly [string, Ratio])[] =
    args.even === undefined
      ? Object.entries(args.of ?? {}).map(([text, share]) => [text, readRatio(share)])
      : evenShares(cluster, args.even);
  const listed = new Set<string>();
  for (const [text, share] of wanted) {
    const names = [...respondersOf(cluster, [text])];
    names.forEach((name) => listed.add(name));
    const sum = names.map((name) => shares.get(name) ?? NEVER).reduce(add, NEVER);
    if (!equalRatio(sum, share)) return false;
  }
  return [...shares.keys()].every((name) => listed.has(name));
}

function evenShares(cluster: Cluster, text: string): readonly (readonly [string, Ratio])[] {
  const names = [...respondersOf(cluster, [text])];
  return names.map((name) => [name, ratio(1, names.length)] as const);
}

/** Draws connections one by one. The stream is forked: asking again draws the same ones. */
function draw(
  cluster: Cluster,
  source: string,
  shares: ReadonlyMap<string, Ratio>,
  { to, connections = 1 }: Args,
): ReadonlyMap<string, number> {
  const entries = [...shares].sort(([a], [b]) => compareText(a, b));
  const whole = entries.map(([, { denominator }]) => denominator).reduce(leastCommonMultiple, 1);
  const stream = cluster.kernel.random.stream(`share/${source}/${to}`).fork();
  const counts = new Map(entries.map(([name]) => [name, 0]));
  for (let drawn = 0; drawn < connections; drawn++) {
    let rest = stream.below(whole);
    const hit = entries.find(([, { numerator, denominator }]) => {
      rest -= numerator * (whole / denominator);
      return rest < 0;
    });
    const [name] = hit ?? entries.at(-1)!;
    counts.set(name, counts.get(name)! + 1);
  }
  return counts;
}

function areCountsRight(
  cluster: Cluster,
  counts: ReadonlyMap<string, number>,
  wanted: NonNullable<Args['counts']>,
): boolean {
  return Object.entries(wanted).every(([text, { atLeast = 0, atMost = Infinity }]) => {
    const names = [...respondersOf(cluster, [text])];
    const sum = names.map((name) => counts.get(name) ?? 0).reduce((a, b) => a + b, 0);
    return sum >= atLeast && sum <= atMost;
  });
}

function judge(
  cluster: Cluster,
  spreads: readonly Spread[],
  { explain, denied }: ObservationContext,
): Observation {
  const wrong = spreads.filter(({ right }) => right !== true);
  const holds = spreads.some(({ right }) => right === false)
    ? false
    : wrong.length === 0
      ? true
      : undefined;
  const possible = wrong.length < spreads.length ? true : holds;
  const telling = wrong.length === 0 || denied === true ? spreads : wrong;
  const traces = telling.flatMap(({ walks }) => walks.map(({ trace }) => trace));
  const unknown = traces.find(({ disposition }) => disposition === 'not-modelled');
  const bad = traces.filter(({ disposition }) => disposition !== 'answered');
  return {
    holds,
    possible,
    actual: [...new Set(telling.map(({ told }) => told))].join(' or '),
    ...(telling.length < spreads.length && {
      among: `from ${telling.map(({ source }) => source).join(', ')}`,
    }),
    why: explain ? [...new Set(bad.map(({ reason }) => reason))] : [],
    traces: explain ? [...bad, ...traces.filter((trace) => !bad.includes(trace))] : [],
    blames: explain ? [...new Set(traces.flatMap(({ blames }) => blames))] : [],
    ...(unknown !== undefined && { notModelled: unknown.reason }),
    key: spreads
      .map(
        ({ source, shares, told, right }) =>
          `${source} ${sayShares(cluster, shares)} ${told} ${right}`,
      )
      .join('\n'),
  };
}

function nothingSent(missing: string, single: boolean): Observation {
  const empty = { why: [], traces: [], blames: [] };
  const base = { holds: false, possible: false, actual: missing, ...empty, precluded: missing };
  return single ? { ...base, key: missing } : { ...base, vacuous: missing, key: missing };
}

function sayWanted({ of, even, counts, connections }: Args): string {
  if (even !== undefined) return `evenly over ${even}`;
  if (of !== undefined) {
    return Object.entries(of)
      .map(([name, share]) => `${name} ${share}`)
      .join(', ');
  }
  const bounds = Object.entries(counts ?? {}).map(([name, { atLeast, atMost }]) =>
    [
      name,
      atLeast === undefined ? '' : ` at least ${atLeast}`,
      atMost === undefined ? '' : ` at most ${atMost}`,
    ].join(''),
  );
  return `${bounds.join(', ')} of ${connections} connections`;
}

function sayShares(cluster: Cluster, shares: ReadonlyMap<string, Ratio>): string {
  return say(cluster, shares, formatRatio);
}

function sayCounts(cluster: Cluster, counts: ReadonlyMap<string, number>): string {
  return say(cluster, counts, String);
}

function say<T>(cluster: Cluster, parts: ReadonlyMap<string, T>, format: (part: T) => string) {
  return [...parts]
    .map(
      ([name, part]) =>
        [name.startsWith('(') ? name.slice(1, -1) : nameOfResponder(cluster, name), part] as const,
    )
    .sort(([a], [b]) => compareText(a, b))
    .map(([name, part]) => `${name} ${format(part)}`)
    .join(', ');
}

function readRatio(text: string | number): Ratio {
  const [numerator, denominator = 1] = String(text).split('/').map(Number);
  return ratio(numerator!, denominator);
}

function leastCommonMultiple(a: number, b: number): number {
  return ratio(a, b).numerator * b;
}
