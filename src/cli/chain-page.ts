// How a verdict came about, event by event: the page of `kubedrill explain FILE`.

import { dominantOf } from '../runner/cause-chain';
import type { ChainLink, ChainTimer } from '../runner/cause-chain';
import type { Outcome, RunResult } from '../runner/result';
import { sortedKeys } from '../values/order';
import { between, formatDuration, formatInstant } from '../values/time';
import { columns, hanging } from './layout';

const MARKS = { passed: '✓', failed: '✗', error: '!', skipped: '-' } as const;

/** The outcomes of a run that take time, each with its chain, then the timers; 80 columns. */
export function chainPage(run: RunResult, outcomes: readonly Outcome[]): string {
  const row = Object.entries(run.row).map(([key, value]) => `${key}=${value}`);
  const variant = row.length === 0 ? '' : ` [${row.join(', ')}]`;
  const head = hanging('', `${run.title}${variant} (seed ${run.seed})`, 0);
  const timers = timersOf(outcomes);
  return [head, ...outcomes.map(outcomeBlock), ...timers].join('\n\n');
}

function outcomeBlock({ status, title, actual, range, chain, why }: Outcome): string {
  const head = [
    hanging(MARKS[status], title, 2),
    `  ${range.file}:${range.line}`,
    hanging('', actual, 2),
  ];
  if (chain.length > 0) return [...head, '', ...linesOf(chain)].join('\n');
  const reason = status === 'passed' ? 'nothing had to happen for that' : why.join('; ');
  return [...head, hanging('', reason, 2)].join('\n');
}

/** One block for each event: its instant, who did what to what, and the wait before it. */
function linesOf(chain: readonly ChainLink[]): readonly string[] {
  const instants = chain.map(({ at }) => formatInstant(at));
  const column = 2 + Math.max(...instants.map(({ length }) => length)) + 2;
  const longest = dominantOf(chain);
  const lines = chain.flatMap((link, index) => {
    const { actor, action, subject, detail } = link;
    const what = `${actor} ${action} ${subject}${detail === '' ? '' : ` (${detail})`}`;
    const line = hanging(`  ${instants[index]!}`, what, column);
    return [line, ...waitOf(link, link === longest, column)];
  });
  return [...lines, ...totalOf(chain, longest)];
}

/** The time that a link took, and the timer that it belongs to. */
function waitOf(link: ChainLink, isLongest: boolean, column: number): readonly string[] {
  const { took, timer } = link;
  if (took === 0) return [];
  const by = timer === undefined ? '' : ` ${timer.name}${sayValue(timer)}`;
  const mark = isLongest ? ', the longest wait' : '';
  return [hanging('', `+${formatDuration(took)}${by}${mark}`, column + 2)];
}

/** ` (1s)`, ` (300ms..1s)`; nothing for what a manifest sets. */
function sayValue(timer: ChainTimer): string {
  const value = valueOf(timer);
  return value === undefined ? '' : ` (${value})`;
}

function valueOf({ least, most }: ChainTimer): string | undefined {
  if (least === undefined || most === undefined) return undefined;
  const lower = formatDuration(least);
  return least === most ? lower : `${lower}..${formatDuration(most)}`;
}

function totalOf(chain: readonly ChainLink[], longest: ChainLink | undefined): readonly string[] {
  if (longest === undefined) return [];
  const whole = formatDuration(between(chain[0]!.at, chain.at(-1)!.at));
  const { actor, action, subject, timer } = longest;
  const what = timer?.name ?? `until ${actor} ${action} ${subject}`;
  return ['', hanging('', `${whole} in all, ${formatDuration(longest.took)} of them ${what}`, 2)];
}

/** Each timer of the chains once: what it is set to, and where that comes from. */
function timersOf(outcomes: readonly Outcome[]): readonly string[] {
  const timers: Record<string, ChainTimer> = {};
  for (const { timer } of outcomes.flatMap(({ chain }) => chain)) {
    if (timer !== undefined) timers[timer.name] = timer;
  }
  const rows = sortedKeys(timers).map((name) => {
    const { knob, source } = timers[name]!;
    const value = valueOf(timers[name]!) ?? 'as the manifests set it';
    const places = [value, knob, source].filter((it) => it !== undefined);
    return [`  ${name}`, places.join('; ')] as const;
  });
  return rows.length === 0 ? [] : [`timers\n${columns(rows)}`];
}
