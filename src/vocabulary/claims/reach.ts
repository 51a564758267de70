import type { Cluster } from '../../cluster/cluster';
import { parseDuration, parseInstant } from '../../language/duration';
import type { FromSchema } from '../../language/json-schema';
import { outcomeOf } from '../../values/disposition';
import type { ReachOutcome } from '../../values/disposition';
import { formatDuration, ZERO } from '../../values/time';
import type { Duration } from '../../values/time';
import type { Trace } from '../../values/trace';
import { defineClaim, problem } from '../define';
import { diagnose } from '../diagnose';
import type { Observation, Phrase } from '../define';
import { judgeWalks } from '../judge-walks';
import type { WalkJudge } from '../judge-walks';
import { verdictOn } from '../known-verdicts';
import { nextPackets, openAll } from '../opened';
import { nameOfResponder, respondersOf, sourceAddresses } from '../responders';
import { ODDS, readOdds, sayBounds } from '../odds';
import { isWithin, saySpan, SPAN } from '../span';
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
    timeout: {
      description: 'How long the client waits; as long as its system does by default (127 s).',
      $ref: '#/$defs/duration',
    },
    took: SPAN,
    odds: ODDS,
    some: {
      description: 'One possible path of one source suffices.',
      type: 'boolean',
    },
    size: {
      description:
        'Bytes of data in one message of the client and in its answer: whether they fit through ' +
        'every link. Without it, only a first small packet is sent.',
      type: 'integer',
      minimum: 1,
      maximum: 65_000,
    },
    opened: {
      description:
        'The claim is about connections that were opened at this instant and send their next ' +
        'packet now, not about new ones.',
      $ref: '#/$defs/instant',
    },
    segment: {
      description:
        'With `opened`: the server, or the client, sends a TCP segment ahead of the window, ' +
        'which conntrack calls INVALID and does not translate. Whether the connection ' +
        'outlives it.',
      enum: ['out-of-window', 'out-of-window-of-client'],
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
    'and every possible path. With `size`, both ends then send a message of so many bytes: TCP ' +
    'in segments that both interfaces take and smaller ones where a host on the way says so, a ' +
    'UDP datagram in fragments where the interface of its sender is too small for it.',
  source: 'pkg/proxy/iptables/proxier.go (the random choice), pkg/kubelet/network/dns/dns.go',
  schema: SCHEMA,
  examples: [
    '{at: 5s, reach: {from: shop/frontend, to: backend:80}}',
    '{at: 5s, reach: {from: shop/frontend, to: backend:80, ' +
      'backends: [shop/backend#1, shop/backend#3]}}',
    '{at: 5s, reach: {from: node/worker-1, to: deployment/shop/backend:8080, ' +
      'source: node/worker-1}}',
    '{at: 20s, reach: {from: shop/frontend, to: backend:80, opened: 5s, some: true}}',
    '{at: 5s, reach: {from: shop/frontend, to: dns:53/udp, size: 4096}}',
    '{at: 9s, reach: {from: shop/frontend, to: backend:80, opened: 5s, segment: out-of-window}}',
    '{never: {reach: {from: shop/frontend, to: database:5432}}}',
  ],
  check: problemsOf,
  phrase,
  expected,
  expectedNever: (args) => `never ${expected(args)}, on any possible path`,
  preparedAt({ opened }) {
    const reading = opened === undefined ? undefined : parseInstant(opened);
    return reading?.ok === true ? reading.value : undefined;
  },
  prepare: (cluster, { from, to }) => openAll(cluster, from, to),
  observe(cluster, args, context) {
    const { from, to, opened, segment } = args;
    const walks =
      opened === undefined
        ? walksOf(cluster, from, to, optionsOf(args))
        : nextPackets(cluster, context.prepared, `at ${opened}`, segment);
    const judge = (): Observation => judgeWalks(walks, judgeOf(cluster, args), context);
    const isKnown = isToldByWalks(args) && !context.explain;
    const observation = isKnown ? verdictOn(args, walks, context, judge) : judge();
    if (observation.traces.length === 0) return observation;
    const causes = observation.traces.flatMap((trace) => diagnose(cluster, trace));
    return { ...observation, why: [...new Set([...observation.why, ...causes])] };
  },
});

function problemsOf({ size, opened, segment, to }: Args) {
  if (size !== undefined && opened !== undefined) {
    return [problem('/size', 'size is asked of new connections only')];
  }
  if (segment === undefined) return [];
  if (opened === undefined) return [problem('/segment', 'segment is asked with opened only')];
  return to.endsWith('/udp') ? [problem('/segment', 'only TCP has segments')] : [];
}

function judgeOf(cluster: Cluster, args: Args): WalkJudge {
  const wanted = args.outcome ?? 'ok';
  const backends = args.backends === undefined ? undefined : respondersOf(cluster, args.backends);
  const nameOf = (name: string) => nameOfResponder(cluster, name);
  const gaveUp = patienceOf(args).timeout ?? cluster.timing.delay('tcp.connectTimeout').least;
  const spentBy = ({ trace }: Walk) => trace.took ?? (isSilent(trace) ? gaveUp : ZERO);
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
    ...(args.odds !== undefined && { odds: readOdds(args.odds) }),
    precluding: wanted === 'unresolved' || wanted === 'fail' ? [] : ['unresolved-name'],
    nameOf,
    succeeds(walk) {
      const outcome = outcomeOf(walk.trace.disposition);
      if (outcome === undefined) return undefined;
      const isAsWanted = matches(outcome, wanted) && isBackend(walk) && isSeenRight(walk);
      return isAsWanted && isWithin(args.took, spentBy(walk));
    },
    tell(walk) {
      if (args.took !== undefined) return `${sayOutcome(walk)}, ${sayTook(spentBy(walk))}`;
      const outcome = outcomeOf(walk.trace.disposition) ?? 'not modelled';
      const { responder } = walk.trace;
      if (outcome !== 'ok' || wanted !== 'ok' || responder === undefined) return outcome;
      if (!isBackend(walk)) return `answered by ${nameOf(responder.name)}`;
      if (args.source === undefined) return outcome;
      return `ok, with the source seen as ${responder.seenSource}`;
    },
    detail: (walk) => (args.took === undefined ? '' : String(spentBy(walk))),
  };
}

const NO_OPTIONS = Object.freeze({});

function optionsOf(args: Args): { readonly timeout?: Duration; readonly size?: number } {
  const { timeout, size } = args;
  if (timeout === undefined && size === undefined) return NO_OPTIONS;
  return { ...patienceOf(args), ...(size !== undefined && { size }) };
}

/** Whether the walks alone tell what becomes of the claim, and no pod or timer of the cluster. */
function isToldByWalks({ backends, source, took }: Args): boolean {
  return backends === undefined && source === undefined && took === undefined;
}

function patienceOf({ timeout }: Args): { readonly timeout?: Duration } {
  const reading = timeout === undefined ? undefined : parseDuration(timeout);
  return reading?.ok === true ? { timeout: reading.value } : {};
}

function sayOutcome({ trace }: Walk): string {
  return outcomeOf(trace.disposition) ?? 'not modelled';
}

function isSilent({ disposition }: Trace): boolean {
  return outcomeOf(disposition) === 'timeout';
}

function sayTook(spent: Duration): string {
  return spent === 0 ? 'at once' : `after ${formatDuration(spent)}`;
}

function matches(outcome: ReachOutcome, wanted: ReachOutcome | 'fail'): boolean {
  return wanted === 'fail' ? outcome !== 'ok' : outcome === wanted;
}

function expected({ outcome = 'ok', backends, source, some, took, odds }: Args): string {
  const quantity = some === true ? ' on some possible path' : '';
  const from = backends === undefined ? '' : ` from ${sayBackends(backends, some)}`;
  const seen = source === undefined ? '' : `, with the source seen as ${source}`;
  const what = outcome === 'fail' ? 'anything but ok' : outcome;
  const late = took === undefined ? '' : `, ${saySpan(took)}`;
  const likely = odds === undefined ? '' : `, ${sayBounds(odds)}`;
  return `${what}${from}${seen}${late}${likely}${quantity}`;
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

const STRAYS = {
  'out-of-window': 'a segment out of the window',
  'out-of-window-of-client': 'a segment of the client out of the window',
} as const;

function phrase({ from, to, outcome = 'ok', backends, opened, size, segment }: Args): Phrase {
  const [affirmed, denied] = PREDICATES[outcome];
  const on = backends === undefined ? '' : ` on ${backends.join(', ')}`;
  const since = opened === undefined ? '' : ` on the connections opened at ${opened}`;
  const large = size === undefined ? '' : ` with messages of ${size} bytes`;
  const stray = segment === undefined ? '' : ` after ${STRAYS[segment]}`;
  const object = `${to}${on}${since}${large}${stray}`;
  return {
    subject: describe(from),
    predicate: `${affirmed} ${object}`,
    negated: `${denied} ${object}`,
  };
}
