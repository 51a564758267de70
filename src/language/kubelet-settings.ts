// `cluster.kubelet` and `kubelet` of a node → the settings of each kubelet. A key of the node goes
// before the same key of the cluster.
// source: pkg/kubelet/eviction/helpers.go ParseThresholdConfig, parseThresholdStatement;
// pkg/kubelet/apis/config/validation/validation.go

import { BYTES, bytes } from '../values/bytes';
import type { ClusterSpec } from '../values/cluster-spec';
import { DEFAULT_KUBELET, DEFAULT_THRESHOLDS, SIGNALS } from '../values/kubelet-settings';
import type {
  EvictionThreshold,
  KubeletSettings,
  Quantity,
  Signal,
} from '../values/kubelet-settings';
import { formatDuration, seconds, ZERO } from '../values/time';
import type { Duration } from '../values/time';
import { UNMODELLED_KUBELET_KEYS } from './kubelet-keys';
import type { JsonSchema, Lexicon } from './lexicon';
import { readDuration } from './read-time';
import type { Report } from './report';
import { child } from './tree';
import type { Tree } from './tree';

interface Said {
  readonly description: string;
  /** Amounts of it, as thresholds have them. */
  readonly examples: readonly unknown[];
}

const SAID: Readonly<Record<Signal, Said>> = {
  'memory.available': {
    description: 'Bytes of memory, but for what could be given back.',
    examples: ['500Mi'],
  },
  'imagefs.available': {
    description: 'Bytes of the disk, or a share of it, as far as images are concerned.',
    examples: ['15%', '20Gi'],
  },
  'nodefs.available': {
    description: 'Bytes of the disk, or a share of it, for all other things.',
    examples: ['10%', '10Gi'],
  },
  'pid.available': { description: 'Numbers for processes and threads.', examples: [1_000] },
};

/** Signals of real kubelets about which the model has nothing to say. */
const UNKNOWN_SIGNALS = [
  'imagefs.inodesFree',
  'nodefs.inodesFree',
  'containerfs.available',
  'containerfs.inodesFree',
  'allocatableMemory.available',
];

const QUANTITY: JsonSchema = {
  type: ['integer', 'string'],
  minimum: 0,
  pattern: `${BYTES.slice(0, -1)}$|^[0-9]{1,3}([.][0-9]{1,3})?%$`,
};

const DURATION: JsonSchema = { $ref: '#/$defs/duration' };

/** Keys that are as long as a timer of the table, which is the same for all other kubelets. */
const TIMERS: ReadonlyMap<string, string> = new Map([
  ['evictionPressureTransitionPeriod', 'kubelet.evictionPressureTransitionPeriod'],
  ['nodeStatusUpdateFrequency', 'kubelet.nodeStatusUpdateFrequency'],
  ['shutdownGracePeriod', 'kubelet.shutdownGracePeriod'],
  ['shutdownGracePeriodCriticalPods', 'kubelet.shutdownGracePeriodCriticalPods'],
]);
const CRASH_LOOP_MAX = 'kubelet.crashLoopBackOffMax';
const PERIOD = 'shutdownGracePeriod';
const CRITICAL = 'shutdownGracePeriodCriticalPods';
const SHUTDOWN_GATE = 'GracefulNodeShutdown';

function bySignal(description: string, value: JsonSchema, example: unknown): JsonSchema {
  const examplesOf = (signal: Signal): object =>
    value === QUANTITY ? { examples: SAID[signal].examples } : {};
  return {
    description,
    type: 'object',
    additionalProperties: false,
    properties: {
      ...Object.fromEntries(
        SIGNALS.map((it) => [
          it,
          { description: SAID[it].description, ...value, ...examplesOf(it) },
        ]),
      ),
      ...Object.fromEntries(
        UNKNOWN_SIGNALS.map((it) => [it, { description: 'It is not modelled.', ...value }]),
      ),
    },
    examples: [example],
  };
}

/** Schema of both. */
export const KUBELET: JsonSchema = {
  description: 'Settings of the kubelet, by their names in KubeletConfiguration.',
  type: 'object',
  additionalProperties: false,
  patternProperties: {
    [`^(${UNMODELLED_KUBELET_KEYS.join('|')})$`]: {
      description: 'Known to kubelets, not modelled.',
    },
  },
  properties: {
    evictionHard: bySignal(
      'Below which availability it ends pods at once. What is given here replaces all defaults ' +
        '(memory.available 100Mi, imagefs.available 15%, nodefs.available 10%); 0% is none.',
      QUANTITY,
      { 'memory.available': '500Mi', 'pid.available': 1_000 },
    ),
    evictionSoft: bySignal('The same after a grace period, for which it may be so.', QUANTITY, {
      'memory.available': '1Gi',
    }),
    evictionSoftGracePeriod: bySignal(
      'How long that is; each soft threshold needs one.',
      DURATION,
      { 'memory.available': '90s' },
    ),
    evictionMaxPodGracePeriod: {
      description: 'Seconds that pods get at the most to end after a soft threshold. Default 0.',
      type: 'integer',
      minimum: 0,
    },
    evictionMinimumReclaim: bySignal(
      'How much more has to be available until it ends no further pod.',
      QUANTITY,
      { 'memory.available': '200Mi' },
    ),
    ...Object.fromEntries(
      [...TIMERS].map(([key, timer]) => [
        key,
        { description: `Before the timer \`${timer}\` of \`cluster.timing\`.`, ...DURATION },
      ]),
    ),
    crashLoopBackOff: {
      description: 'Restarts of containers.',
      type: 'object',
      additionalProperties: false,
      properties: {
        maxContainerRestartPeriod: {
          description: `Before the timer \`${CRASH_LOOP_MAX}\` of \`cluster.timing\`.`,
          ...DURATION,
        },
      },
    },
  },
};

/** What decides which knobs there are. */
export interface KubeletContext {
  readonly lexicon: Lexicon;
  readonly cluster: Pick<ClusterSpec, 'kubernetes' | 'featureGates'>;
}

/** The settings of one kubelet; undefined where nobody says anything. */
export function readKubelet(
  cluster: Tree | undefined,
  node: Tree | undefined,
  context: KubeletContext,
  report: Report,
): KubeletSettings | undefined {
  const own = child(node, 'kubelet');
  const common = child(cluster, 'kubelet');
  const said = (key: string): Tree | undefined => child(own, key) ?? child(common, key);
  checkShutdown(said, child(cluster, 'timing'), context.cluster, report);
  for (const given of [own, common]) reportUnmodelled(given, report);
  if (own === undefined && common === undefined) return undefined;
  const reclaims = readReclaims(said('evictionMinimumReclaim'), report);
  const all = [
    ...readHard(said('evictionHard'), report),
    ...readSoft(said('evictionSoft'), said('evictionSoftGracePeriod'), report),
  ];
  const thresholds = SIGNALS.flatMap((signal) => {
    const reclaim = reclaims.get(signal);
    const own = all.filter((it) => it.signal === signal);
    return reclaim === undefined ? own : own.map((it) => ({ ...it, reclaim }));
  });
  const grace = said('evictionMaxPodGracePeriod')?.value as number | undefined;
  return {
    thresholds,
    maxPodGrace: grace === undefined ? DEFAULT_KUBELET.maxPodGrace : seconds(grace),
    timers: readTimers(said, context, report),
  };
}

function reportUnmodelled(kubelet: Tree | undefined, report: Report): void {
  for (const [name, { key }] of kubelet?.entries ?? []) {
    if (!UNMODELLED_KUBELET_KEYS.includes(name)) continue;
    report.warn('KD1407', key, `"${name}" is known to kubelets and not modelled here`);
  }
}

/** What has no knob in this version, or does not go so far, is blamed where it is said. */
function readTimers(
  said: (key: string) => Tree | undefined,
  { lexicon, cluster }: KubeletContext,
  report: Report,
): KubeletSettings['timers'] {
  const timers: Record<string, Duration> = {};
  const max = child(said('crashLoopBackOff'), 'maxContainerRestartPeriod');
  const given = [...TIMERS].map(([key, timer]) => [timer, said(key)] as const);
  for (const [timer, tree] of [...given, [CRASH_LOOP_MAX, max] as const]) {
    if (tree === undefined) continue;
    const delay = readDuration(tree, report);
    timers[timer] = delay;
    const missing = lexicon.timerProblem(timer, cluster);
    if (missing !== undefined) report.error('KD1112', tree.place, missing.message, missing.hint);
    const wrong = lexicon.delayProblem(timer, delay);
    if (wrong !== undefined) report.error('KD1106', tree.place, wrong.message, wrong.hint);
  }
  return timers;
}

/**
 * The time for critical pods is a part of the whole, whoever says the two: the settings of this
 * kubelet or the timers of all. What is closest to the node is blamed.
 */
function checkShutdown(
  said: (key: string) => Tree | undefined,
  timing: Tree | undefined,
  { featureGates }: KubeletContext['cluster'],
  report: Report,
): void {
  const [period, critical] = [PERIOD, CRITICAL].map(
    (key) => said(key) ?? child(timing, TIMERS.get(key)!),
  );
  const isClosed = featureGates[SHUTDOWN_GATE] === false;
  const asked = period !== undefined && readDuration(period, report) > ZERO ? period : undefined;
  if (isClosed && asked !== undefined) {
    const message = `the feature gate ${SHUTDOWN_GATE} is closed: no kubelet starts with this`;
    report.error('KD1112', asked.place, message, 'leave it out, or open the gate');
  }
  if (critical === undefined) return;
  const whole = period === undefined ? ZERO : readDuration(period, report);
  const part = readDuration(critical, report);
  if (part <= whole) return;
  const { place } = said(CRITICAL) ?? said(PERIOD) ?? critical;
  const [long, short] = [formatDuration(part), formatDuration(whole)];
  const message = `of the ${short} of ${PERIOD} no ${long} can be kept for critical pods`;
  const hint = `${CRITICAL} is a part of ${PERIOD}: make it shorter, or ${PERIOD} longer`;
  report.error('KD1112', place, message, hint);
}

function readHard(hard: Tree | undefined, report: Report): readonly EvictionThreshold[] {
  if (hard === undefined) return DEFAULT_THRESHOLDS;
  const least = readThresholds(hard, report);
  return [...least].map(([signal, it]) => ({ signal, least: it, grace: ZERO }));
}

function readSoft(
  soft: Tree | undefined,
  graces: Tree | undefined,
  report: Report,
): readonly EvictionThreshold[] {
  return [...readThresholds(soft, report)].map(([signal, least]) => {
    const given = child(graces, signal);
    if (given === undefined) {
      const message = `the soft threshold of ${signal} needs a grace period`;
      const hint = `evictionSoftGracePeriod: {${signal}: 90s}`;
      report.error('KD1112', soft!.entries!.get(signal)!.key, message, hint);
    }
    const grace: Duration = given === undefined ? ZERO : readDuration(given, report);
    return { signal, least, grace };
  });
}

/** An amount of nothing is as good as none; a share of nothing no kubelet takes. */
function readReclaims(tree: Tree | undefined, report: Report): ReadonlyMap<Signal, Quantity> {
  const all = readQuantities(tree, report);
  for (const [signal, least] of all) {
    if (!('share' in least) || least.share > 0) continue;
    const { place } = child(tree, signal)!;
    report.error('KD1106', place, `the minimum reclaim of ${signal} must be positive`);
  }
  return all;
}

/** A threshold of nothing or of everything is none; of no amount it is a mistake. */
function readThresholds(tree: Tree | undefined, report: Report): ReadonlyMap<Signal, Quantity> {
  const all = readQuantities(tree, report);
  for (const [signal, least] of all) {
    if ('share' in least && (least.share === 0 || least.share === 1)) all.delete(signal);
    else if ('amount' in least && least.amount === 0) {
      const { place } = child(tree, signal)!;
      report.error('KD1106', place, `the threshold of ${signal} must be positive`, '0% is none');
    }
  }
  return all;
}

/** In the order of the signals, whatever the order in the text. */
function readQuantities(tree: Tree | undefined, report: Report): Map<Signal, Quantity> {
  for (const [name, { key }] of tree?.entries ?? []) {
    if (!UNKNOWN_SIGNALS.includes(name)) continue;
    report.warn('KD1407', key, `the eviction signal "${name}" is not modelled`);
  }
  const read = SIGNALS.flatMap((signal): readonly (readonly [Signal, Quantity])[] => {
    const given = child(tree, signal);
    return given === undefined ? [] : [[signal, readQuantity(signal, given, report)]];
  });
  return new Map(read);
}

function readQuantity(signal: Signal, { value, place }: Tree, report: Report): Quantity {
  const text = String(value);
  if (!text.endsWith('%')) return { amount: bytes(text) };
  const share = Number(text.slice(0, -1)) / 100;
  if (share > 1) {
    report.error('KD1106', place, `${text} is more than all that there is`);
  } else if (share > 0 && share < 1 && !signal.includes('fs.')) {
    const message = `nobody says of how much ${text} of ${signal} is a share`;
    report.error('KD1112', place, message, 'write an amount: 500Mi, or 1000 processes');
  }
  return { share };
}
