import type { Cluster, OpenConnection } from '../../cluster/cluster';
import { parseInstant } from '../../language/duration';
import type { FromSchema } from '../../language/json-schema';
import { outcomeOf } from '../../values/disposition';
import type { ReachOutcome } from '../../values/disposition';
import { formatDuration } from '../../values/time';
import type { Duration, Instant } from '../../values/time';
import { defineClaim } from '../define';
import type { Observation, ObservationContext, Phrase } from '../define';
import { describe, sourcesOf } from '../targets';
import { destinationsOf, walksOf } from '../walks';
import type { Walk, Walks } from '../walks';
import { expectedBackends, expectedSource } from '../responders';
import { judgeWalks } from '../judge-walks';
import type { WalkJudge } from '../judge-walks';

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['from', 'to'],
  properties: {
    from: { $ref: '#/$defs/origin' },
    to: { $ref: '#/$defs/destination' },
    outcome: {
      description:
        'What the client sees: `ok` (the default), `refused`, `reset`, `timeout`, `unreachable`, ' +
        '`unresolved`, or `fail` for any but ok.',
      enum: ['ok', 'refused', 'reset', 'timeout', 'unreachable', 'unresolved', 'fail'],
    },
    backends: {
      description: 'Exactly the backends that are possible. A workload means every pod of it.',
      type: 'array',
      minItems: 1,
      uniqueItems: true,
      items: { $ref: '#/$defs/objectReference' },
    },
    source: {
      description:
        'The source address that the backend sees: an address, or the pod or node that has it.',
      type: 'string',
      minLength: 1,
    },
    some: {
      description: 'One possible path of one source suffices.',
      type: 'boolean',
    },
    opened: {
      description:
        'The claim is about connections that were opened at this instant and send their next ' +
        'packet now, not about new ones.',
      $ref: '#/$defs/instant',
    },
  },
} as const;

type Args = FromSchema<typeof SCHEMA>;

export default defineClaim({
  name: 'reach',
  summary: 'What becomes of a new connection (or datagram), or of one that was opened earlier.',
  models:
    'A name is resolved as the container resolves it, by packets to the DNS servers; a failed ' +
    'lookup is the outcome `unresolved`. The first packet then takes every path that the rules of ' +
    'its node allow, the answer its path back. The claim holds if it holds for every source and ' +
    'every possible path.',
  source: 'pkg/proxy/iptables/proxier.go (the random choice), pkg/kubelet/network/dns/dns.go',
  schema: SCHEMA,
  examples: [
    '{at: 5s, reach: {from: shop/frontend, to: backend:80}}',
    '{at: 5s, reach: {from: shop/frontend, to: backend:80, ' +
      'backends: [shop/backend#1, shop/backend#3]}}',
    '{at: 5s, reach: {from: node/worker-1, to: deployment/shop/backend:8080, ' +
      'source: node/worker-1}}',
    '{at: 20s, reach: {from: shop/frontend, to: backend:80, opened: 5s, some: true}}',
    '{never: {reach: {from: shop/frontend, to: database:5432}}}',
  ],
  phrase,
  expected,
  expectedNever: (args) => `never ${expected(args)}, on any possible path`,
  preparedAt(args) {
    return args.opened === undefined ? undefined : instantOf(args.opened);
  },
  prepare(cluster, args) {
    const { sources } = sourcesOf(cluster, args.from);
    return sources.flatMap((source) =>
      destinationsOf(cluster, source, args.to).flatMap((destination) =>
        cluster
          .open(source.origin, destination)
          .map((connection) => ({ name: source.name, connection })),
      ),
    ) satisfies readonly Opened[];
  },
  observe(cluster, args, context) {
    const walks = args.opened === undefined ? walksOf(cluster, args.from, args.to) : continued(cluster, args, context);
    return judgeWalks(walks, judgeOf(cluster, args), context.explain);
  },
});

/** A connection with the name of the source that opened it. */
interface Opened {
  readonly name: string;
  readonly connection: OpenConnection;
}

/** The next packets of the connections that were opened before. */
function continued(cluster: Cluster, args: Args, { prepared }: ObservationContext): Walks {
  const opened = (prepared ?? []) as readonly Opened[];
  if (opened.length === 0) {
    return { walks: [], missing: `no connection could be opened at ${args.opened}`, single: false };
  }
  const walks = opened.flatMap(({ name, connection }): Walk[] =>
    cluster.proceed(connection).map((trace) => ({
      source: { name, origin: connection.from },
      trace: { ...trace, sender: name },
    })),
  );
  return { walks, single: true };
}

function judgeOf(cluster: Cluster, args: Args): WalkJudge {
  const wanted = args.outcome ?? 'ok';
  const backends =
    args.backends === undefined ? undefined : expectedBackends(cluster, args.backends);
  return {
    some: args.some ?? false,
    complete: backends,
    describe: describeWalk,
    precluded: wanted === 'ok' || wanted === 'refused' ? ['unresolved-name'] : [],
    succeeds(walk) {
      const outcome = outcomeOf(walk.trace.disposition);
      if (outcome === undefined) return undefined;
      if (!matches(outcome, wanted)) return false;
      const { responder } = walk.trace;
      if (backends !== undefined && !backends.has(responder?.name ?? '')) return false;
      if (args.source === undefined) return true;
      return (
        responder !== undefined &&
        expectedSource(cluster, args.source, walk).has(responder.seenSource)
      );
    },
    tell(walk) {
      return tellWalk(cluster, args, walk, wanted, backends);
    },
  };
}

function matches(outcome: ReachOutcome, wanted: ReachOutcome | 'fail'): boolean {
  return wanted === 'fail' ? outcome !== 'ok' : outcome === wanted;
}

/** What became of a walk, said against what was wanted of it. */
function tellWalk(
  cluster: Cluster,
  args: Args,
  { trace }: Walk,
  wanted: ReachOutcome | 'fail',
  backends: ReadonlySet<string> | undefined,
): string {
  const outcome = outcomeOf(trace.disposition) ?? 'not modelled';
  if (outcome === 'not modelled' || !matches(outcome, wanted) || outcome !== 'ok') return outcome;
  const { responder } = trace;
  if (responder === undefined) return outcome;
  if (backends !== undefined && !backends.has(responder.name)) {
    return `answered by ${nameOfResponder(cluster, responder.name)}`;
  }
  return args.source === undefined ? outcome : `ok, and the backend sees ${responder.seenSource}`;
}
