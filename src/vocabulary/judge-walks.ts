// From the possible walks of a claim to its observation: how many of them do what was asked, what
// the others do instead, and what is to be said about it. Shared by all claims about packets.

import type { Disposition } from '../values/disposition';
import { formatEndpoint } from '../values/ip';
import { add, formatRatio, NEVER } from '../values/ratio';
import type { Ratio } from '../values/ratio';
import type { Trace } from '../values/trace';
import type { Observation, ObservationContext } from './define';
import { formatOdds, isLikely } from './odds';
import type { Odds } from './odds';
import type { Walk, Walks } from './walks';

/** What a claim asks of each walk. */
export interface WalkJudge {
  /** True where one walk suffices. */
  readonly some: boolean;
  /** How likely success has to be from each source; certain where nothing is said. */
  readonly odds?: Odds;
  /** Names of responders that must all be possible. */
  readonly complete?: ReadonlySet<string>;
  /** Fates by which the question does not even arise (see Observation.precluded). */
  readonly precluding?: readonly Disposition[];
  /** Whether the walk does what is asked; undefined where the model does not know. */
  succeeds(walk: Walk): boolean | undefined;
  /** What became of it: `refused`. */
  tell(walk: Walk): string;
  /** What else of a walk the claim can tell apart. */
  detail?(walk: Walk): string;
  /** The name of a responder for people. */
  nameOf(responder: string): string;
}

/** At most this many walks and sentences are kept as an explanation. */
const EXPLAINED_MAX = 8;
/** Alternatives are listed up to this many characters. */
const ACTUAL_MAX = 120;

interface Judged {
  readonly walk: Walk;
  readonly success: boolean | undefined;
}

/** Judges all walks of a claim at once. */
export function judgeWalks(
  { walks, missing, single }: Walks,
  judge: WalkJudge,
  { explain, denied = false }: ObservationContext,
): Observation {
  if (walks.length === 0) return nothingSent(missing ?? 'nothing was sent', single);
  const judged = walks.map((walk) => ({ walk, success: judge.succeeds(walk) }));
  const possible = anyOf(judged);
  const absent = absentResponders(walks, judge);
  const every = absent.length > 0 ? false : everyOf(judged, judge.odds);
  const holds = judge.some ? possible : every;
  const telling = tellingOf(judged, denied && possible === true ? true : holds);
  const unknown = judged.find(({ success }) => success === undefined);
  const precluded = precludedBy(walks, judge);
  return {
    holds,
    possible,
    ...sayWhat(telling, judged, judge, holds === false && !denied ? absent : []),
    ...(explain ? explainBy(telling) : { why: [], traces: [], blames: [] }),
    ...(unknown !== undefined && { notModelled: unknown.walk.trace.reason }),
    ...(precluded !== undefined && { precluded }),
    key: judged.map((it) => keyOf(it, judge)).join('\n') + absent.join(),
  };
}

function nothingSent(missing: string, single: boolean): Observation {
  return {
    holds: false,
    possible: false,
    actual: missing,
    why: [],
    traces: [],
    blames: [],
    precluded: missing,
    // A thing that the scenario names and that is gone is an answer; an empty selection is none.
    ...(!single && { vacuous: missing }),
    key: missing,
  };
}

function anyOf(judged: readonly Judged[]): boolean | undefined {
  if (judged.some(({ success }) => success === true)) return true;
  return judged.some(({ success }) => success === undefined) ? undefined : false;
}

function everyOf(judged: readonly Judged[], odds: Odds | undefined): boolean | undefined {
  if (odds !== undefined && judged.every(({ success }) => success !== undefined)) {
    const sources = [...new Set(judged.map(({ walk }) => walk.source.name))];
    return sources.every((name) => isLikely(oddsFrom(name, judged), odds));
  }
  if (judged.some(({ success }) => success === false)) return false;
  return judged.some(({ success }) => success === undefined) ? undefined : true;
}

/** How likely a packet of this source does what is asked. */
function oddsFrom(source: string, judged: readonly Judged[]): Ratio {
  return judged
    .filter(({ walk, success }) => success === true && walk.source.name === source)
    .reduce((sum, { walk }) => add(sum, walk.trace.probability), NEVER);
}

/** Responders that should be possible and are not. */
function absentResponders(walks: readonly Walk[], { complete, some }: WalkJudge): string[] {
  if (complete === undefined || some) return [];
  const present = new Set(walks.map(({ trace }) => trace.responder?.name));
  return [...complete].filter((name) => !present.has(name));
}

/** The walks that the verdict is about, all of them if none stands out. */
function tellingOf(judged: readonly Judged[], verdict: boolean | undefined): readonly Judged[] {
  const telling = judged.filter(({ success }) => success === verdict);
  return telling.length > 0 ? telling : judged;
}

function precludedBy(walks: readonly Walk[], { precluding = [] }: WalkJudge): string | undefined {
  const all = walks.every(({ trace }) => precluding.includes(trace.disposition));
  return all ? walks[0]!.trace.reason : undefined;
}

function sayWhat(
  telling: readonly Judged[],
  judged: readonly Judged[],
  judge: WalkJudge,
  absent: readonly string[],
): { readonly actual: string; readonly among?: string } {
  if (judge.odds !== undefined) return { actual: sayOdds(judged) };
  const words = [...new Set(telling.map(({ walk }) => judge.tell(walk)))];
  const lacking = absent.map((name) => judge.nameOf(name)).join(', ');
  if (absent.length > 0 && judged.every(({ success }) => success === true)) {
    return { actual: `${sayWords(words)}, but never from ${lacking}` };
  }
  const actual = sayWords(words);
  if (telling.length === judged.length) return { actual };
  return { actual, among: sayAmong(telling, judged) };
}

/** `with a probability of 0.93`; of several sources each. */
function sayOdds(judged: readonly Judged[]): string {
  const all = namesOf(judged).map((name) => formatOdds(oddsFrom(name, judged)));
  return `with a probability of ${[...new Set(all)].join(' or ')}`;
}

/** `refused or timeout`; of longer descriptions only the first. */
function sayWords(words: readonly string[]): string {
  const [first = '', ...others] = words;
  const all = words.join(' or ');
  return all.length <= ACTUAL_MAX || others.length === 0
    ? all
    : `${first} (and ${others.length} other ${others.length === 1 ? 'way' : 'ways'})`;
}

/** `for 1 of 3 possible backends`, `from shop/web#2`, `for 1 of 3 possible backends from …`. */
function sayAmong(telling: readonly Judged[], judged: readonly Judged[]): string {
  const sources = namesOf(judged);
  const affected = namesOf(telling);
  const own = (name: string, list: readonly Judged[]) =>
    list.filter(({ walk }) => walk.source.name === name);
  const counts = affected.map((name) => `${own(name, telling).length}/${own(name, judged).length}`);
  const from = affected.length === sources.length ? '' : `from ${sayNames(affected, sources)}`;
  const [count = '1/1'] = counts;
  const [part, whole] = count.split('/');
  if (counts.some((other) => other !== count)) {
    return `for ${telling.length} of ${judged.length} possible paths`;
  }
  if (part === whole) return from;
  const noun = distinctEnds(own(affected[0]!, judged)) === Number(whole) ? 'backends' : 'paths';
  return `for ${part} of ${whole} possible ${noun}${from === '' ? '' : ` ${from}`}`;
}

function namesOf(judged: readonly Judged[]): readonly string[] {
  return [...new Set(judged.map(({ walk }) => walk.source.name))];
}

function sayNames(affected: readonly string[], all: readonly string[]): string {
  if (affected.length <= 3) return affected.join(', ');
  return `${affected.length} of ${all.length} sources`;
}

function distinctEnds(judged: readonly Judged[]): number {
  return new Set(judged.map(({ walk }) => endOf(walk))).size;
}

/** Where the packet was sent last: its destination after all translations. */
function endOf({ trace }: Walk): string {
  const tuple = trace.hops.at(-1)?.after ?? trace.sent;
  return formatEndpoint(tuple.dst, tuple.dport);
}

function explainBy(telling: readonly Judged[]): Pick<Observation, 'why' | 'traces' | 'blames'> {
  const traces = telling.slice(0, EXPLAINED_MAX).map(({ walk }) => walk.trace);
  return {
    traces,
    why: [...new Set(traces.map(({ reason }) => reason).filter((it) => it !== ''))],
    blames: [...new Set(traces.flatMap(({ blames }) => blames))],
  };
}

function keyOf({ walk, success }: Judged, judge: WalkJudge): string {
  const detail = judge.detail?.(walk) ?? '';
  return `${walk.source.name}|${fateOf(walk)}|${success}|${detail}`;
}

/** The fates of traces that come back; a trace that is frozen never has another one. */
const fates = new WeakMap<Trace, string>();

/** What became of it, where and how likely. */
function fateOf(walk: Walk): string {
  const { trace } = walk;
  const known = fates.get(trace);
  if (known !== undefined) return known;
  const { disposition, responder, probability } = trace;
  const told = responder === undefined ? '' : `${responder.name} ${responder.seenSource}`;
  const fate = `${disposition}|${endOf(walk)}|${told}|${formatRatio(probability)}`;
  if (Object.isFrozen(trace)) fates.set(trace, fate);
  return fate;
}
