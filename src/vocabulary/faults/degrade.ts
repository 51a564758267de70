import { parseDuration } from '../../language/duration';
import type { FromSchema } from '../../language/json-schema';
import type { ManifestProblem } from '../../language/lexicon';
import type { Duration } from '../../values/time';
import { defineFault } from '../define';
import { PERCENT, readPercent } from '../percent';
import { checkSides, extended, hasLiveSides, rulesBetween, SIDES } from '../sides';

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
    duplicate: { description: 'How many arrive twice.', type: 'string', pattern: PERCENT },
    reorder: { description: 'How many overtake others.', type: 'string', pattern: PERCENT },
    correlation: {
      description: 'How much a packet does as the one before it did.',
      type: 'string',
      pattern: PERCENT,
    },
    rate: {
      description: 'How much passes in a second: `1mbit`.',
      type: 'string',
      pattern: '^[1-9][0-9]*(bit|kbit|mbit|gbit)$',
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

/** Words that say what no verdict of the model depends on. */
const UNHEEDED = {
  duplicate: 'a packet that arrives twice changes no answer',
  reorder: 'packets have no order among each other',
  correlation: 'each packet is lost by itself',
  rate: 'packets have no size, so none waits for another',
} as const;

const BAD = ['delay', 'jitter', 'loss', 'corrupt', 'duplicate', 'reorder', 'rate', 'mtu'] as const;

export default defineFault({
  name: 'degrade',
  summary: 'What passes between two sides passes late, or not always.',
  models:
    'Sides and places are those of `cut`. Delays add to every packet: to connections, lookups, ' +
    'probes and what components of a node hear from the API server. A lost SYN is sent again ' +
    'after 1, 3, 7, 15, 31 and 63 s, a lost query after the timeout of the resolver; each way ' +
    'that this can go is possible, with its exact probability. Several on one way: ' +
    'delays add up, packets must survive each, the least MTU counts.',
  source: 'net/sched/sch_netem.c; net/ipv4/tcp_timer.c (tcp_syn_retries 6, TCP_TIMEOUT_INIT 1 s)',
  schema: SCHEMA,
  examples: [
    '{at: 10s, degrade: {from: node/worker-1, to: node/worker-2, delay: 100ms, jitter: 10ms}}',
    '{at: 10s, degrade: {between: [{zone: a}, {zone: b}], loss: 30%}, for: 2m}',
    '{at: 10s, degrade: {from: shop/frontend, to: coredns, direction: to, loss: 12.5%}}',
    '{at: 10s, degrade: {from: node/worker-1, to: node/worker-2, mtu: 1400}}',
  ],
  check(args: Args) {
    const problems = checkSides(args);
    if (!BAD.some((word) => args[word] !== undefined)) {
      problems.push(problem('', 'say what is bad: `delay`, `loss`, `corrupt`, `mtu`'));
    }
    if (args.jitter !== undefined && args.delay === undefined) {
      problems.push(problem('/jitter', 'a jitter varies a `delay`: there is none'));
    }
    return [...problems, ...unheeded(args)];
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

function problem(path: string, message: string): ManifestProblem {
  return { path, severity: 'error', message };
}

function unheeded(args: Args): ManifestProblem[] {
  return (Object.keys(UNHEEDED) as (keyof typeof UNHEEDED)[])
    .filter((word) => args[word] !== undefined)
    .map((word) => {
      const message = `\`${word}\` is not modelled and has no effect: ${UNHEEDED[word]}`;
      return { path: `/${word}`, severity: 'warning', message };
    });
}

function effectOf({ delay, jitter, distribution, loss, corrupt, mtu }: Args) {
  return {
    ...(delay !== undefined && { delay: durationOf(delay) }),
    ...(jitter !== undefined && { jitter: durationOf(jitter) }),
    ...(distribution !== undefined && { distribution }),
    ...(loss !== undefined && { loss: readPercent(loss) }),
    ...(corrupt !== undefined && { corrupt: readPercent(corrupt) }),
    ...(mtu !== undefined && { mtu }),
  };
}

function durationOf(text: string): Duration {
  const reading = parseDuration(text);
  if (!reading.ok) throw new RangeError(`not a duration: ${text}`);
  return reading.value;
}
