import type { Cluster } from '../../cluster/cluster';
import { parseInstant } from '../../language/duration';
import type { FromSchema } from '../../language/json-schema';
import { outcomeOf } from '../../values/disposition';
import { CERTAIN, multiply } from '../../values/ratio';
import type { Ratio } from '../../values/ratio';
import { milliseconds, seconds } from '../../values/time';
import type { Duration } from '../../values/time';
import { defineClaim, problem } from '../define';
import type { Observation, ObservationContext } from '../define';
import { diagnose } from '../diagnose';
import { judgeWalks } from '../judge-walks';
import type { WalkJudge } from '../judge-walks';
import { ODDS } from '../odds';
import { nextPacket, openAll } from '../opened';
import type { Opened } from '../opened';
import { EXACT_COUNT, EXACT_SPAN, judgeProbes, readSpanText, sayLimits } from '../probe-limits';
import type { ProbeState } from '../probe-stream';
import { nameOfResponder } from '../responders';
import { describe } from '../targets';
import { readDestination, walksOf } from '../walks';
import type { Walk, Walks } from '../walks';

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['from', 'to'],
  properties: {
    from: { $ref: '#/$defs/origin' },
    to: { $ref: '#/$defs/destination' },
    interval: {
      description: 'How often a probe leaves; 10ms by default.',
      $ref: '#/$defs/duration',
    },
    timeout: {
      description:
        'How long a probe waits for its answer: 1s by default, and no longer than that, because ' +
        'a client sends nothing twice within that time.',
      $ref: '#/$defs/duration',
    },
    connections: {
      description:
        '`new` (the default): each probe opens a connection. `kept`: the probes are requests on ' +
        'connections that were opened just before the stretch; nobody opens another one.',
      enum: ['new', 'kept'],
    },
    opened: {
      description: 'When the connections that are kept were opened, if earlier.',
      $ref: '#/$defs/instant',
    },
    gap: {
      description:
        'The longest time in which probes may fail one after the other: exactly that long ' +
        '(`640ms`), or bounds.',
      ...EXACT_SPAN,
    },
    failures: {
      description:
        'How many probes may fail, by what the client sees; `fail` means all kinds together. A ' +
        'number is exactly that many.',
      type: 'object',
      additionalProperties: false,
      minProperties: 1,
      properties: {
        refused: { description: 'Probes that were refused.', ...EXACT_COUNT },
        reset: { description: 'Probes whose connection was reset.', ...EXACT_COUNT },
        timeout: { description: 'Probes that got no answer in time.', ...EXACT_COUNT },
        unreachable: {
          description: 'Probes that were told that nothing is there.',
          ...EXACT_COUNT,
        },
        unresolved: { description: 'Probes whose name did not resolve.', ...EXACT_COUNT },
        fail: { description: 'Probes that failed in any way.', ...EXACT_COUNT },
      },
    },
    odds: {
      ...ODDS,
      description: 'Which share of the probes succeeds on average: `{atLeast: 99/100}`.',
    },
  },
} as const;

export type OutageArgs = FromSchema<typeof SCHEMA>;

const INTERVAL = milliseconds(10);
/** source: net/ipv4/tcp_timer.c (TCP_TIMEOUT_INIT): the first SYN is repeated after a second. */
const TIMEOUT_MAX = seconds(1);

export default defineClaim({
  name: 'outage',
  summary: 'How long a client goes without an answer, and how many of its probes fail how.',
  models:
    'A probe leaves at the first instant of the stretch and then at every `interval`, whatever ' +
    'became of those before. Between two changes of the cluster all probes meet the same, so ' +
    'they are counted exactly. A probe that may end in several ways counts as failing: gap and ' +
    'numbers are those of the unluckiest client, `odds` is the exact average. A gap goes from ' +
    'the first probe that may fail to the first one that certainly succeeds, and one that is ' +
    'open when the run ends has no length that any bound allows. Each source, and each ' +
    'connection that is kept, is a client by itself. A probe that meets silence is a `timeout`, ' +
    'also where its peer answers again before it gives up. On a line with a queue (`degrade` ' +
    'with `limit`) each stream counts as its own traffic: where that is more than the line ' +
    'takes, the queue is full from the first probe on.',
  source:
    'net/ipv4/tcp_timer.c (when a SYN is repeated); perf-tests clusterloader2 ' +
    'pkg/measurement/common/service_*_latency (probes of a Service at an interval)',
  schema: SCHEMA,
  examples: [
    '{after: crash, outage: {from: shop/frontend, to: backend:80, interval: 10ms, ' +
      'gap: {atMost: 2s}}}',
    '{after: crash, hold: 30s, outage: {from: shop/frontend, to: backend:80, ' +
      'failures: {timeout: 0}, odds: {atLeast: 99/100}}}',
    '{after: crash, outage: {from: shop/frontend, to: backend:80, connections: kept, gap: 0s}}',
  ],
  stretch: () => 'within',
  check,
  phrase({ from, to, interval, connections, ...limits }) {
    const how = connections === 'kept' ? ' on connections that are kept' : '';
    const what = `${to} every ${interval ?? '10ms'}${how} with ${sayLimits(limits)}`;
    return {
      subject: describe(from),
      predicate: `probes ${what}`,
      negated: `does not probe ${what}`,
      isStretch: true,
    };
  },
  expected: (args) => sayLimits(args),
  expectedNever: (args) => `never ${sayLimits(args)}`,
  preparedAt({ connections, opened }, span) {
    if (connections !== 'kept') return undefined;
    const reading = opened === undefined ? undefined : parseInstant(opened);
    return reading?.ok === true ? reading.value : span?.from;
  },
  prepare: (cluster, { from, to }) => openAll(cluster, from, to),
  observe(cluster, args, context) {
    return args.connections === 'kept'
      ? observeKept(cluster, args, context)
      : observeNew(cluster, args, context);
  },
  judgeStretch(args, stretch) {
    return judgeProbes(args, stretch, intervalOf(args));
  },
});

function check({ to, interval, timeout, connections, opened, ...limits }: OutageArgs) {
  if (limits.gap === undefined && limits.failures === undefined && limits.odds === undefined) {
    return [problem('', 'say what the outage may cost: `gap`, `failures` or `odds`')];
  }
  if (readSpanText(interval) === 0) return [problem('/interval', 'probes need some time between')];
  if ((readSpanText(timeout) ?? TIMEOUT_MAX) > TIMEOUT_MAX) {
    const message = 'after 1s a client repeats what was lost: a probe waits no longer than that';
    return [problem('/timeout', message)];
  }
  if (connections !== 'kept') {
    if (opened === undefined) return [];
    return [problem('/opened', '`opened` is for `connections: kept`')];
  }
  const read = readDestination(to);
  if (read.is === 'url' || read.protocol === 'TCP') return [];
  return [problem('/connections', 'only TCP has connections that could be kept')];
}

/** What a probe on a new connection meets. */
function observeNew(cluster: Cluster, args: OutageArgs, context: ObservationContext): Observation {
  const timeout = patienceOf(args);
  const walks = walksOf(cluster, args.from, args.to, { timeout, interval: intervalOf(args) });
  const clients = [...new Set(walks.walks.map(({ source }) => source.name))];
  const probes = clients.map((client) => {
    const own = walks.walks.filter(({ source }) => source.name === client);
    return stateOf(client, client, CERTAIN, own, timeout);
  });
  return observation(cluster, walks, probes, args, context);
}

/** What a request on each of the connections meets that were opened before. */
function observeKept(cluster: Cluster, args: OutageArgs, context: ObservationContext): Observation {
  const timeout = patienceOf(args);
  const opened = context.prepared as readonly Opened[] | undefined;
  const alive = (opened ?? []).filter(({ connection }) => connection.client.isAlive());
  const walks: Walk[] = [];
  const probes = alive.map((one) => {
    const own = nextPacket(cluster, one, undefined, intervalOf(args));
    const { probability, responder } = one.connection.opened;
    walks.push(...own.map((walk) => shared(walk, probability)));
    const server = nameOfResponder(cluster, responder?.name ?? '');
    const stream = `${one.name} to ${server} from port ${one.connection.tuple.sport}`;
    return stateOf(stream, one.name, probability, own, timeout);
  });
  const all: Walks =
    walks.length > 0
      ? { walks, single: true }
      : { walks, missing: whyNoneOpen(opened), single: false };
  return observation(cluster, all, probes, args, context);
}

function whyNoneOpen(opened: readonly Opened[] | undefined): string {
  if (opened === undefined) {
    return (
      'the connections must be opened before the step, whose instant nobody knew then: say when ' +
      'with `opened`'
    );
  }
  return opened.length === 0
    ? 'no connection could be opened'
    : 'no client that opened a connection runs any longer';
}

function shared(walk: Walk, probability: Ratio): Walk {
  const { trace } = walk;
  return { ...walk, trace: { ...trace, probability: multiply(probability, trace.probability) } };
}

function stateOf(
  stream: string,
  client: string,
  share: Ratio,
  walks: readonly Walk[],
  timeout: Duration,
): ProbeState {
  const ends = walks.map(({ trace }) => {
    const { disposition, probability, took = 0 } = trace;
    const outcome = took > timeout ? 'timeout' : outcomeOf(disposition);
    // An answer that the model does not know makes the whole claim an error, not a failure.
    return { outcome: outcome ?? 'timeout', disposition, probability };
  });
  return { stream, client, share, ends };
}

function observation(
  cluster: Cluster,
  walks: Walks,
  probes: readonly ProbeState[],
  args: OutageArgs,
  context: ObservationContext,
): Observation {
  const found = judgeWalks(walks, judgeOf(cluster, patienceOf(args)), context);
  const causes = found.traces.flatMap((trace) => diagnose(cluster, trace));
  const streams = probes.map(({ stream }) => stream).join();
  return {
    ...found,
    why: [...new Set([...found.why, ...causes])],
    probes,
    key: `${found.key}\n${streams}`,
  };
}

function judgeOf(cluster: Cluster, timeout: Duration): WalkJudge {
  const isLate = ({ trace }: Walk): boolean => (trace.took ?? 0) > timeout;
  return {
    some: false,
    nameOf: (name) => nameOfResponder(cluster, name),
    succeeds(walk) {
      const outcome = outcomeOf(walk.trace.disposition);
      return outcome === undefined ? undefined : outcome === 'ok' && !isLate(walk);
    },
    tell: (walk) =>
      isLate(walk) ? 'timeout' : (outcomeOf(walk.trace.disposition) ?? 'not modelled'),
    detail: ({ trace }) => String(trace.took ?? ''),
  };
}

function intervalOf({ interval }: OutageArgs): Duration {
  return readSpanText(interval) ?? INTERVAL;
}

function patienceOf({ timeout }: OutageArgs): Duration {
  return readSpanText(timeout) ?? TIMEOUT_MAX;
}
