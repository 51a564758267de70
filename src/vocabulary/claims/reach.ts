import type { Cluster, OpenConnection } from '../../cluster/cluster';
import { parseInstant } from '../../language/duration';
import type { FromSchema } from '../../language/json-schema';
import { outcomeOf } from '../../values/disposition';
import type { ReachOutcome } from '../../values/disposition';
import { defineClaim } from '../define';
import { diagnose } from '../diagnose';
import type { ObservationContext, Phrase } from '../define';
import { judgeWalks } from '../judge-walks';
import type { WalkJudge } from '../judge-walks';
import { nameOfResponder, respondersOf, sourceAddresses } from '../responders';
import { describe, sourcesOf } from '../targets';
import { destinationsOf, walksOf } from '../walks';
import type { Walk, Walks } from '../walks';

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
    'lookup is the outcome `unresolved`. The first packet then takes every path that the rules ' +
    'of its node allow, the answer its path back. The claim holds if it holds for every source ' +
    'and every possible path.',
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
  preparedAt({ opened }) {
    const reading = opened === undefined ? undefined : parseInstant(opened);
    return reading?.ok === true ? reading.value : undefined;
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
    const { from, to, opened } = args;
    const walks =
      opened === undefined ? walksOf(cluster, from, to) : nextPackets(cluster, args, context);
    const observation = judgeWalks(walks, judgeOf(cluster, args), context);
    const causes = observation.traces.flatMap((trace) => diagnose(cluster, trace));
    return { ...observation, why: [...new Set([...observation.why, ...causes])] };
  },
});

/** A connection with the name of the source that opened it. */
interface Opened {
  readonly name: string;
  readonly connection: OpenConnection;
}

/** The next packets of the connections that were opened before. */
function nextPackets(cluster: Cluster, args: Args, { prepared }: ObservationContext): Walks {
  const opened = (prepared ?? []) as readonly Opened[];
  if (opened.length === 0) {
    return { walks: [], missing: `no connection could be opened at ${args.opened}`, single: true };
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
  const backends = args.backends === undefined ? undefined : respondersOf(cluster, args.backends);
  const nameOf = (name: string) => nameOfResponder(cluster, name);
  const isBackend = ({ trace }: Walk) =>
    backends === undefined || backends.has(trace.responder?.name ?? '');
  const isSeenRight = (walk: Walk) => {
    if (args.source === undefined) return true;
    const { responder } = walk.trace;
    const allowed = sourceAddresses(cluster, args.source, walk);
    return responder !== undefined && allowed.has(responder.seenSource);
  };
  return {
    some: args.some ?? false,
    ...(backends !== undefined && { complete: backends }),
    precluding: wanted === 'unresolved' || wanted === 'fail' ? [] : ['unresolved-name'],
    nameOf,
    succeeds(walk) {
      const outcome = outcomeOf(walk.trace.disposition);
      if (outcome === undefined) return undefined;
      return matches(outcome, wanted) && isBackend(walk) && isSeenRight(walk);
    },
    tell(walk) {
      const outcome = outcomeOf(walk.trace.disposition) ?? 'not modelled';
      const { responder } = walk.trace;
      if (outcome !== 'ok' || wanted !== 'ok' || responder === undefined) return outcome;
      if (!isBackend(walk)) return `answered by ${nameOf(responder.name)}`;
      if (args.source === undefined) return outcome;
      return `ok, with the source seen as ${responder.seenSource}`;
    },
  };
}

function matches(outcome: ReachOutcome, wanted: ReachOutcome | 'fail'): boolean {
  return wanted === 'fail' ? outcome !== 'ok' : outcome === wanted;
}

function expected({ outcome = 'ok', backends, source, some }: Args): string {
  const quantity = some === true ? ' on some possible path' : '';
  const from = backends === undefined ? '' : ` from ${sayBackends(backends, some)}`;
  const seen = source === undefined ? '' : `, with the source seen as ${source}`;
  const what = outcome === 'fail' ? 'anything but ok' : outcome;
  return `${what}${from}${seen}${quantity}`;
}

function sayBackends(backends: readonly string[], some: boolean | undefined): string {
  return `${some === true ? 'any of' : 'exactly'} ${backends.join(', ')}`;
}

const PREDICATES: Readonly<Record<ReachOutcome | 'fail', readonly [string, string]>> = {
  ok: ['reaches', 'does not reach'],
  refused: ['is refused by', 'is not refused by'],
  reset: ['is reset by', 'is not reset by'],
  timeout: ['gets no answer from', 'does not wait in vain for'],
  unreachable: ['has no way to', 'has a way to'],
  unresolved: ['cannot resolve', 'can resolve'],
  fail: ['fails to reach', 'does not fail to reach'],
};

function phrase({ from, to, outcome = 'ok', backends, opened }: Args): Phrase {
  const [affirmed, denied] = PREDICATES[outcome];
  const on = backends === undefined ? '' : ` on ${backends.join(', ')}`;
  const since = opened === undefined ? '' : ` on the connections opened at ${opened}`;
  const object = `${to}${on}${since}`;
  return {
    subject: describe(from),
    predicate: `${affirmed} ${object}`,
    negated: `${denied} ${object}`,
  };
}
