import type { Cluster, Visit } from '../../cluster/cluster';
import { parseInstant } from '../../language/duration';
import type { FromSchema } from '../../language/json-schema';
import { outcomeOf } from '../../values/disposition';
import type { Destination } from '../../values/origin';
import { multiply } from '../../values/ratio';
import { defineClaim } from '../define';
import type { ObservationContext } from '../define';
import { judgeWalks } from '../judge-walks';
import type { WalkJudge } from '../judge-walks';
import { nameOfResponder } from '../responders';
import { describe, sourcesOf } from '../targets';
import type { Source } from '../targets';
import { destinationsOf } from '../walks';
import type { Walk, Walks } from '../walks';

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['from', 'to', 'visited'],
  properties: {
    from: { $ref: '#/$defs/origin' },
    to: { $ref: '#/$defs/destination' },
    visited: {
      description: 'When the client connected for the last time.',
      $ref: '#/$defs/instant',
    },
    kept: {
      description:
        'Whether a new connection certainly goes to the same backend (`true`, the default) or ' +
        'may go to another (`false`).',
      type: 'boolean',
    },
  },
} as const;

type Args = FromSchema<typeof SCHEMA>;

export default defineClaim({
  name: 'affinity',
  summary: 'Whether a returning client meets the backend that it met before.',
  models:
    'For each backend that the client can have met at `visited`, the address lists of the hosts ' +
    'on the way are taken as that connection would have left them; the client has not connected ' +
    'since. With `kept`, every possible path of its new connection leads to that same backend.',
  source: 'pkg/proxy/iptables/proxier.go writeServiceToEndpointRules (-m recent); xt_recent',
  schema: SCHEMA,
  examples: [
    '{at: 2h, affinity: {from: shop/frontend, to: cart:80, visited: 5s}}',
    '{at: 4h, affinity: {from: shop/frontend, to: cart:80, visited: 5s, kept: false}}',
  ],
  phrase({ from, to, visited, kept = true }) {
    const since = `of ${to} that it met at ${visited}`;
    const [does, doesNot] = kept
      ? [`meets the backend ${since} again`, `need not meet the backend ${since} again`]
      : [`may meet another backend than that ${since}`, `meets only the backend ${since}`];
    return { subject: describe(from), predicate: does, negated: doesNot };
  },
  expected: ({ kept = true }) => (kept ? 'the same backend' : 'possibly another backend'),
  expectedNever: ({ kept = true }) => (kept ? 'never the same backend' : 'never another backend'),
  preparedAt({ visited }) {
    const reading = parseInstant(visited);
    return reading.ok ? reading.value : undefined;
  },
  prepare(cluster, { from, to }) {
    const { sources } = sourcesOf(cluster, from);
    return sources.flatMap((source) =>
      destinationsOf(cluster, source, to).flatMap((destination) =>
        cluster.visit(source.origin, destination).map((visit) => ({ source, destination, visit })),
      ),
    ) satisfies readonly Visited[];
  },
  observe(cluster, args, context) {
    const homes = new Map<Walk, string>();
    return judgeWalks(
      returns(cluster, args, context, homes),
      judgeOf(cluster, args, homes),
      context,
    );
  },
});

/** One way that a client's connection can have gone. */
interface Visited {
  readonly source: Source;
  readonly destination: Destination;
  readonly visit: Visit;
}

/** The new connections of all clients; `homes` gets the backend that each has met before. */
function returns(
  cluster: Cluster,
  { visited }: Args,
  { prepared }: ObservationContext,
  homes: Map<Walk, string>,
): Walks {
  const visits = (prepared ?? []) as readonly Visited[];
  if (visits.length === 0) {
    return { walks: [], missing: `no connection was answered at ${visited}`, single: true };
  }
  const walks = visits.flatMap(({ source, destination, visit }) =>
    cluster.send(source.origin, destination, { since: visit }).map((trace): Walk => {
      const probability = multiply(visit.trace.probability, trace.probability);
      const walk = { source, trace: { ...trace, sender: source.name, probability } };
      homes.set(walk, visit.trace.responder?.name ?? '');
      return walk;
    }),
  );
  return { walks, single: true };
}

function judgeOf(cluster: Cluster, { kept = true }: Args, homes: Map<Walk, string>): WalkJudge {
  const nameOf = (name: string): string => nameOfResponder(cluster, name);
  return {
    // A single path to another backend is enough for it to be possible.
    some: !kept,
    nameOf,
    detail: (walk) => homes.get(walk) ?? '',
    succeeds(walk) {
      const outcome = outcomeOf(walk.trace.disposition);
      if (outcome === undefined) return undefined;
      const isSame = walk.trace.responder?.name === homes.get(walk);
      return outcome === 'ok' && isSame === kept;
    },
    tell(walk) {
      const outcome = outcomeOf(walk.trace.disposition) ?? 'not modelled';
      const { responder } = walk.trace;
      if (outcome !== 'ok' || responder === undefined) return outcome;
      const home = homes.get(walk) ?? '';
      if (responder.name === home) return 'the same backend';
      return `${nameOf(responder.name)} after ${nameOf(home)}`;
    },
  };
}
