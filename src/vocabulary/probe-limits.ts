// What an outage may cost: bounds of gaps and of numbers of failures, and the verdict over a stream
// of probes.

import { parseDuration } from '../language/duration';
import { FORMS } from '../language/json-schema';
import type { FromSchema } from '../language/json-schema';
import type { ReachOutcome } from '../values/disposition';
import { formatDuration, formatInstant } from '../values/time';
import type { Duration } from '../values/time';
import { formatOdds, isLikely, readOdds, sayBounds } from './odds';
import type { OddsArgs } from './odds';
import { countStreams, expectedShare, longestGap } from './probe-stream';
import type { Gap, StreamCount } from './probe-stream';
import type { Stretch, StretchVerdict } from './stretch';

/** A duration that is meant exactly, or its bounds; for schemas. */
export const EXACT_SPAN = {
  type: ['string', 'object'],
  pattern: FORMS.duration.pattern,
  additionalProperties: false,
  minProperties: 1,
  properties: { atLeast: { $ref: '#/$defs/duration' }, atMost: { $ref: '#/$defs/duration' } },
  examples: ['640ms', { atMost: '2s' }],
} as const;

/** A number that is meant exactly, or its bounds; for schemas. */
export const EXACT_COUNT = {
  type: ['integer', 'object'],
  minimum: 0,
  additionalProperties: false,
  minProperties: 1,
  properties: {
    atLeast: { description: 'Not fewer than these.', type: 'integer', minimum: 0 },
    atMost: { description: 'Not more than these.', type: 'integer', minimum: 0 },
  },
} as const;

type SpanLimit = FromSchema<typeof EXACT_SPAN>;
type CountLimit = FromSchema<typeof EXACT_COUNT>;
type Kind = Exclude<ReachOutcome, 'ok'> | 'fail';

export interface ProbeLimits {
  readonly gap?: SpanLimit;
  readonly failures?: { readonly [K in Kind]?: CountLimit };
  readonly odds?: OddsArgs;
}

interface Bounds {
  readonly least: number;
  readonly most: number;
}

/** Reads a duration that the schema has checked. */
export function readSpanText(text: string | undefined): Duration | undefined {
  const reading = text === undefined ? undefined : parseDuration(text);
  return reading?.ok === true ? reading.value : undefined;
}

/** `a gap of at most 2s, no timeout, at most 20 refused`. */
export function sayLimits({ gap, failures, odds }: ProbeLimits): string {
  const parts = [
    ...(gap === undefined ? [] : [sayGapLimit(gap)]),
    ...Object.entries(failures ?? {}).map(([kind, limit]) => sayCountLimit(kind, limit)),
    ...(odds === undefined ? [] : [`answers ${sayBounds(odds)}`]),
  ];
  return parts.join(', ');
}

/** Holds the limits against every stream of probes in the stretch. */
export function judgeProbes(
  limits: ProbeLimits,
  stretch: Stretch,
  interval: Duration,
): StretchVerdict {
  const counts = countStreams(stretch, interval).filter(({ probes }) => probes > 0);
  const [first] = stretch.samples;
  if (counts.length === 0) {
    return { passed: false, actual: '', vacuous: first?.observation.actual ?? 'no probe was sent' };
  }
  if (limits.odds !== undefined && stretch.to === undefined) {
    const endless = 'a share of probes needs an end of the stretch: say how long with `hold`';
    return { passed: false, actual: '', vacuous: endless };
  }
  if (limits.gap === undefined && !counts.some(({ hopeful }) => hopeful > 0)) {
    const hopeless = `no probe could succeed at all: ${first!.observation.actual}`;
    return { passed: false, actual: '', vacuous: hopeless };
  }
  const broken = [...brokenCounts(limits, counts), ...brokenOdds(limits, counts)];
  const longest = longestGap(counts);
  const passed = broken.length === 0 && !isGapBroken(limits, counts);
  const main = longest === undefined ? sayFine(counts) : `a gap of ${sayGap(longest, counts)}`;
  const among = tellAmong(longest, stretch);
  return {
    passed,
    actual: [main + among, ...broken].join('; '),
    ...(longest?.length !== Infinity && { took: (longest?.length ?? 0) as Duration }),
    ...(longest !== undefined && { at: longest.from }),
    ...(longest?.to !== undefined && { over: lastChange(stretch, longest) }),
  };
}

function sayFine(counts: readonly StreamCount[]): string {
  const [{ probes } = { probes: 0 }] = counts;
  return probes === Infinity ? 'no probe fails' : `none of ${probes} probes fails`;
}

/** `640ms from t=10s to t=10.64s: 64 probes refused (refused-by-listener)`. */
function sayGap(gap: Gap, counts: readonly StreamCount[]): string {
  const { from, to, length, probes, outcomes, dispositions } = gap;
  const end = to === undefined ? 'and not over then' : `to ${formatInstant(to)}`;
  const size = length === Infinity ? 'no known end' : formatDuration(length as Duration);
  const reach =
    length === Infinity ? `from ${formatInstant(from)} on` : `from ${formatInstant(from)} ${end}`;
  const number = probes === Infinity ? 'probes' : probes === 1 ? '1 probe' : `${probes} probes`;
  const who = counts.length === 1 ? '' : `, ${gap.stream}`;
  return `${size} ${reach}: ${number} ${outcomes.join(', ')} (${dispositions.join(', ')})${who}`;
}

/** When the state that the gap waited for came: between two probes, as a rule. */
function lastChange({ samples }: Stretch, { to }: Gap): Gap['from'] {
  return samples.findLast(({ at }) => at <= to!)!.at;
}

function tellAmong(gap: Gap | undefined, { samples }: Stretch): string {
  if (gap === undefined) return '';
  const among = samples.findLast(({ at }) => at <= gap.from)?.observation.among;
  return among === undefined || among === '' ? '' : ` ${among}`;
}

function isGapBroken({ gap }: ProbeLimits, counts: readonly StreamCount[]): boolean {
  if (gap === undefined) return false;
  const { least, most } = spanBounds(gap);
  return byClient(counts).some(([, streams]) => {
    const length = longestGap(streams)?.length ?? 0;
    return length < least || length > most;
  });
}

function brokenCounts({ failures }: ProbeLimits, counts: readonly StreamCount[]): string[] {
  const clients = byClient(counts);
  return Object.entries(failures ?? {}).flatMap(([kind, limit]) => {
    const { least, most } = countBounds(limit);
    const wrong = clients
      .map(([client, streams]) => {
        const numbers = streams.map((stream) => failuresOf(stream, kind as Kind));
        return { client, number: Math.max(...numbers) };
      })
      .find(({ number }) => number < least || number > most);
    if (wrong === undefined) return [];
    const whose = clients.length === 1 ? '' : ` for ${wrong.client}`;
    const number = wrong.number === Infinity ? 'endlessly many' : String(wrong.number);
    return [`${number} ${kind === 'fail' ? 'failing' : kind}${whose}`];
  });
}

/** The streams that each client may be on: it is the unluckiest of them that counts. */
function byClient(counts: readonly StreamCount[]): [string, readonly StreamCount[]][] {
  const clients = [...new Set(counts.map(({ client }) => client))];
  return clients.map((client) => [client, counts.filter((count) => count.client === client)]);
}

/** How many probes may fail so; of all kinds together those that may fail at all. */
function failuresOf({ failures, gaps }: StreamCount, kind: Kind): number {
  if (kind !== 'fail') return failures.get(kind) ?? 0;
  return gaps.reduce((sum, { probes }) => sum + probes, 0);
}

function brokenOdds({ odds }: ProbeLimits, counts: readonly StreamCount[]): string[] {
  if (odds === undefined) return [];
  const clients = [...new Set(counts.map(({ client }) => client))];
  return clients.flatMap((client) => {
    const share = expectedShare(counts, client);
    if (isLikely(share, readOdds(odds))) return [];
    const whose = clients.length === 1 ? '' : ` to ${client}`;
    return [`answers${whose} with a probability of ${formatOdds(share)}`];
  });
}

function spanBounds(limit: SpanLimit): Bounds {
  if (typeof limit === 'string') {
    const exactly = readSpanText(limit) ?? 0;
    return { least: exactly, most: exactly };
  }
  const { atLeast, atMost } = limit as { atLeast?: string; atMost?: string };
  return { least: readSpanText(atLeast) ?? 0, most: readSpanText(atMost) ?? Infinity };
}

function countBounds(limit: CountLimit): Bounds {
  if (typeof limit === 'number') return { least: limit, most: limit };
  const { atLeast, atMost } = limit as { atLeast?: number; atMost?: number };
  return { least: atLeast ?? 0, most: atMost ?? Infinity };
}

function sayGapLimit(gap: SpanLimit): string {
  const { least, most } = spanBounds(gap);
  if (most === 0) return 'no gap';
  return `a gap of ${sayRange(least, most, (it) => formatDuration(it as Duration))}`;
}

function sayCountLimit(kind: string, limit: CountLimit): string {
  const { least, most } = countBounds(limit);
  const what = kind === 'fail' ? 'failing' : kind;
  return most === 0 ? `no ${what}` : `${sayRange(least, most, String)} ${what}`;
}

function sayRange(least: number, most: number, say: (bound: number) => string): string {
  if (least === most) return `exactly ${say(most)}`;
  if (most === Infinity) return `at least ${say(least)}`;
  return least === 0 ? `at most ${say(most)}` : `${say(least)} to ${say(most)}`;
}
