import { parseDuration } from '../../language/duration';
import type { FromSchema } from '../../language/json-schema';
import type { ManifestProblem } from '../../language/lexicon';
import type { Duration } from '../../values/time';
import { defineFault, problem } from '../define';
import { idleArguments } from '../no-effect';
import { PERCENT, readPercent } from '../percent';
import { checkSides, extended, hasLiveSides, rulesBetween, SIDES } from '../sides';

/** Bits in a second. */
const RATE = '^[1-9][0-9]*(bit|kbit|mbit|gbit)$';

/** A queue or a bucket that is smaller than the least MTU lets nothing pass. */
const LEAST_QUEUE = 82;

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  minProperties: 2,
  properties: {
    ...SIDES,
    delay: { description: 'What each packet takes more.', $ref: '#/$defs/duration' },
    jitter: { description: 'How much the delay varies.', $ref: '#/$defs/duration' },
    distribution: {
      description:
        '`uniform` (the default): anywhere within the jitter; `normal`: the jitter is the ' +
        'standard deviation.',
      enum: ['uniform', 'normal'],
    },
    loss: { description: 'How many packets are lost: `30%`.', type: 'string', pattern: PERCENT },
    corrupt: {
      description: 'How many packets are damaged. Their receiver throws them away.',
      type: 'string',
      pattern: PERCENT,
    },
    duplicate: {
      description:
        'How many are sent twice. Of a packet that is doubled and lost, one copy arrives.',
      type: 'string',
      pattern: PERCENT,
    },
    reorder: {
      description: 'How many do not wait for the `delay`, and so overtake others.',
      type: 'string',
      pattern: PERCENT,
    },
    correlation: {
      description: 'Known to netem, and refused: nobody says which packets others send.',
      type: 'string',
      pattern: PERCENT,
    },
    rate: {
      description:
        'How much passes in a second: `1mbit`. A packet takes as long as its bits do; without a ' +
        '`size`, those of its headers.',
      type: 'string',
      pattern: RATE,
      examples: ['1mbit', '10gbit'],
    },
    limit: {
      description:
        'How many bytes wait at most where more is sent than the `rate`; what finds no room is ' +
        'lost. Without it, no packet waits for another one.',
      type: 'integer',
      minimum: LEAST_QUEUE,
      maximum: 4_294_967_295,
    },
    buffer: {
      description:
        'How many bytes pass at once after a pause, before the `rate` counts; also the largest ' +
        'packet that passes.',
      type: 'integer',
      minimum: LEAST_QUEUE,
      maximum: 4_294_967_295,
    },
    load: {
      description:
        'What others send over it each way, all the time: `8mbit`. More than the `rate` empties ' +
        'the `buffer`, fills the queue up to its `limit`, and then takes its share of the line.',
      type: 'string',
      pattern: RATE,
      examples: ['8mbit'],
    },
    mtu: {
      description: 'The largest packet that passes, in bytes.',
      type: 'integer',
      minimum: 68,
      maximum: 65_535,
    },
  },
} as const;

type Args = FromSchema<typeof SCHEMA>;

const BAD = ['delay', 'jitter', 'loss', 'corrupt', 'duplicate', 'reorder', 'rate', 'mtu'] as const;

const CORRELATED =
  'how a packet fares would depend on the one before it, and what others send over the line is ' +
  'not known: leave it out, or say bursts of loss with `every` and `for`';

const BITS = { bit: 1, kbit: 1_000, mbit: 1_000_000, gbit: 1_000_000_000 } as const;

export default defineFault({
  name: 'degrade',
  summary: 'What passes between two sides passes late, or not always.',
  models:
    'Sides and places are those of `cut`. Delays add to every packet: to connections, lookups, ' +
    'probes and what components of a node hear from the API server. A lost SYN is sent again ' +
    'after 1, 3, 7, 15, 31 and 63 s, a lost query after the timeout of the resolver; each way ' +
    'that this can go is possible, with its exact probability. What components and the API ' +
    'server say to each other is lost as well and sent again after 200 ms, 400 ms, …, and a ' +
    'probe that loses a packet may run out of its time: both are drawn from the seed, and so is ' +
    'each renewal of a lease, whose tries end after 10 s. Several on ' +
    'one way: delays add up, packets must survive each, the least rate and the least MTU count. ' +
    'With a `limit`, a line is a token bucket with a queue: whoever comes waits as long as the ' +
    'queue takes at the `rate`, and finds room in a full one with the probability `rate` / ' +
    '`load`. A stream of probes is a load as well. Each direction is a line of its own.',
  source:
    'net/sched/sch_netem.c; net/ipv4/tcp_timer.c (tcp_syn_retries 6, TCP_TIMEOUT_INIT 1 s, ' +
    'TCP_RTO_MIN 200 ms); net/sched/sch_tbf.c; net/sched/sch_fifo.c (bfifo_enqueue)',
  schema: SCHEMA,
  examples: [
    '{at: 10s, degrade: {from: node/worker-1, to: node/worker-2, delay: 100ms, jitter: 10ms}}',
    '{at: 10s, degrade: {between: [{zone: a}, {zone: b}], loss: 30%}, for: 2m}',
    '{at: 10s, degrade: {from: shop/frontend, to: coredns, direction: to, loss: 12.5%}}',
    '{at: 10s, degrade: {from: node/worker-1, to: node/worker-2, mtu: 1400}}',
    '{at: 10s, degrade: {from: node/worker-1, to: node/worker-2, rate: 1mbit}}',
    '{at: 10s, degrade: {from: shop/frontend, to: shop/backend, rate: 1mbit, limit: 20000, ' +
      'buffer: 10000, load: 4mbit}}',
    '{at: 10s, degrade: {from: shop/frontend, delay: 50ms, reorder: 25%, duplicate: 1%}}',
  ],
  check(args: Args) {
    const problems = checkSides(args);
    const shares = ['loss', 'corrupt', 'duplicate', 'reorder'];
    const spans = args.jitter === undefined ? ['delay'] : [];
    problems.push(...idleArguments(args, [...spans, ...shares]));
    const isQueued = (['limit', 'buffer', 'load'] as const).some((it) => args[it] !== undefined);
    // What a queue lacks is said below.
    if (!isQueued && !BAD.some((word) => args[word] !== undefined)) {
      problems.push(problem('', 'say what is bad: `delay`, `loss`, `corrupt`, `rate`, `mtu`'));
    }
    if (args.jitter !== undefined && args.delay === undefined) {
      problems.push(problem('/jitter', 'a jitter varies a `delay`: there is none'));
    }
    if (args.reorder !== undefined && args.delay === undefined) {
      problems.push(problem('/reorder', 'nobody waits who could be overtaken: give a `delay`'));
    }
    if (args.correlation !== undefined) problems.push(problem('/correlation', CORRELATED));
    return [...problems, ...checkRate(args)];
  },
  inject(cluster, args, context) {
    const { hits, rules } = rulesBetween(cluster, args, context, effectOf(args));
    if (rules.length === 0) return { hits: [], effects: [] };
    cluster.handles.degrade(context.step, rules);
    return { hits, effects: [`degrade ${context.step}`] };
  },
  extend(cluster, args, context) {
    if (!hasLiveSides(args)) return { hits: [], effects: [] };
    const standing = cluster.handles.degradationsOf(context.step);
    const { hits, rules } = rulesBetween(cluster, args, context, effectOf(args), standing);
    return extended(hits, rules.length > 0 && cluster.handles.degrade(context.step, rules));
  },
  undo(cluster, effect) {
    cluster.handles.degrade(effect.slice('degrade '.length), []);
  },
});

/** A queue is one of a limited line, and what has no queue knows no bursts and no others. */
function* checkRate({ rate, limit, buffer, load, from, to }: Args): Iterable<ManifestProblem> {
  if (rate !== undefined && [from, to].some(isOneProcess)) {
    const what = 'what one process and the API server say to each other has no size here';
    yield problem('/rate', `${what}: name its node`);
  }
  if (rate === undefined) {
    const wrong = Object.entries({ limit, buffer, load }).find(([, it]) => it !== undefined)?.[0];
    const lacking = limit === undefined ? '`rate` and a `limit`' : '`rate`';
    const message = `nothing waits on a line that takes everything: give a ${lacking}`;
    if (wrong !== undefined) yield problem(`/${wrong}`, message);
    return;
  }
  if (limit !== undefined) return;
  if (buffer !== undefined) yield problem('/buffer', 'a bucket has a queue: give its `limit`');
  if (load !== undefined) yield problem('/load', 'say how much of it waits: give a `limit`');
}

/** The API server is a place with a port; every other component is a process on one. */
function isOneProcess(side: Args['from']): boolean {
  return typeof side === 'object' && 'component' in side && side.component !== 'apiserver';
}

function effectOf(args: Args) {
  const { delay, jitter, distribution, loss, corrupt, duplicate, reorder, mtu } = args;
  const { rate, limit, buffer, load } = args;
  return {
    ...(delay !== undefined && { delay: durationOf(delay) }),
    ...(jitter !== undefined && { jitter: durationOf(jitter) }),
    ...(distribution !== undefined && { distribution }),
    ...(loss !== undefined && { loss: readPercent(loss) }),
    ...(corrupt !== undefined && { corrupt: readPercent(corrupt) }),
    ...(duplicate !== undefined && { duplicate: readPercent(duplicate) }),
    ...(reorder !== undefined && { reorder: readPercent(reorder) }),
    ...(rate !== undefined && { rate: bitsOf(rate) }),
    ...(limit !== undefined && { limit }),
    ...(buffer !== undefined && { buffer }),
    ...(load !== undefined && { load: bitsOf(load) }),
    ...(mtu !== undefined && { mtu }),
  };
}

/** In one second. source: iproute2 tc/tc_util.c get_rate64 (powers of 1,000) */
function bitsOf(text: string): number {
  const unit = /[a-z]+$/.exec(text)![0] as keyof typeof BITS;
  return Number.parseInt(text, 10) * BITS[unit];
}

function durationOf(text: string): Duration {
  const reading = parseDuration(text);
  if (!reading.ok) throw new RangeError(`not a duration: ${text}`);
  return reading.value;
}
