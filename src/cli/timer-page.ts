// The table of timers as one version of Kubernetes and one profile see it.

import { Random } from '../kernel/random';
import { boundsText, followsText, NOT_MODELLED, sinceText, TIMERS, Timing } from '../timing';
import type { Delay, MissingTimer, Profile, TimerName, TimerRow } from '../timing';
import type { KubeVersion } from '../values/kube-version';
import { sortedKeys } from '../values/order';
import { formatDuration, later } from '../values/time';
import type { Instant } from '../values/time';
import { columns, paragraph } from './layout';

/** Lines of what is said of a timer, each with a word in front. */
type Facts = readonly (readonly [string, string])[];

/**
 * Name, delay, meaning, knob and source of every row; then the timers of real clusters that are no
 * rows, with what is missed without them.
 */
export function timerPage(kubernetes: KubeVersion, profile: Profile): string {
  const timing = new Timing({ kubernetes, profile }, new Random(1));
  const blocks = sortedKeys(TIMERS).map((name) => rowBlock(name as TimerName, timing));
  const head = `Timers of Kubernetes ${kubernetes} under the profile ${profile}.`;
  const use = [
    'Override one by its name: cluster: {timing: {NAME: 2s}}',
    'What an object or a Corefile of the scenario says itself goes before.',
  ].join('\n');
  return [`${head}\n${use}`, ...blocks, ...missingBlocks()].join('\n\n');
}

/** One block of the page; undefined for a name that no timer has. */
export function timerBlock(
  name: string,
  kubernetes: KubeVersion,
  profile: Profile,
): string | undefined {
  const missing = Object.hasOwn(NOT_MODELLED, name) ? NOT_MODELLED[name] : undefined;
  if (missing !== undefined) return missingBlock(name, missing);
  if (!Object.hasOwn(TIMERS, name)) return undefined;
  return rowBlock(name as TimerName, new Timing({ kubernetes, profile }, new Random(1)));
}

function rowBlock(name: TimerName, timing: Timing): string {
  const row: TimerRow = TIMERS[name];
  const gain = formatDelay(timing.delay(name, 'gain'));
  const loss = formatDelay(timing.delay(name, 'loss'));
  const delay = gain === loss ? gain : `${gain} to gain an endpoint, ${loss} to lose one`;
  return block(name, [
    [`  ${row.kind}`, `${delay}: ${row.delays}`],
    ...optional('  knob', knobText(row)),
    ...optional('  takes', row.bounds && boundsText(row.bounds)),
    ...optional('  follows', row.follows && followsText(row.follows)),
    ['  source', row.source],
  ]);
}

function missingBlock(name: string, missing: MissingTimer): string {
  const { delays, value, knob, source, without } = missing;
  return block(name, [
    ['  upstream', `${value}: ${delays}`],
    ...optional('  knob', knob),
    ['  without', without],
    ['  source', source],
  ]);
}

/** Timers of real clusters that nothing in the model waits for. */
function missingBlocks(): readonly string[] {
  const blocks = sortedKeys(NOT_MODELLED).map((name) => missingBlock(name, NOT_MODELLED[name]!));
  return [paragraph('Not modelled: who overrides one of these is told so.'), ...blocks];
}

function block(name: string, facts: Facts): string {
  return `${name}\n${columns(facts)}`;
}

function optional(head: string, text: string | undefined): Facts {
  return text === undefined ? [] : [[head, text]];
}

function knobText({ knob, since }: TimerRow): string | undefined {
  if (knob === undefined || since === undefined) return knob;
  return `${knob} (${sinceText(since)})`;
}

/** `1s`, or `20ms..40ms` where it is drawn from a range. */
function formatDelay({ least, extra }: Delay): string {
  if (extra === 0) return formatDuration(least);
  const most = later(least as number as Instant, extra) as number;
  return `${formatDuration(least)}..${formatDuration(most as typeof least)}`;
}
