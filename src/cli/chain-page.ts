// How a verdict came about, event by event: the page of `kubedrill explain FILE`.

import { dominantOf } from '../runner/cause-chain';
import type { ChainLink, ChainTimer } from '../runner/cause-chain';
import type { Outcome, RunResult } from '../runner/result';
import { between, formatDuration, formatInstant } from '../values/time';
import { hanging, paragraph } from './layout';

const MARKS = { passed: '✓', failed: '✗', error: '!' } as const;

/** The outcomes of a run that take time, each with its chain, within 80 columns. */
export function chainPage(run: RunResult, outcomes: readonly Outcome[]): string {
  const row = Object.entries(run.row).map(([key, value]) => `${key}=${value}`);
  const variant = row.length === 0 ? '' : ` [${row.join(', ')}]`;
  const head = hanging('', `${run.title}${variant} (seed ${run.seed})`, 0);
  return [head, ...outcomes.map(outcomeBlock)].join('\n\n');
}

function outcomeBlock({ status, title, actual, range, chain, why }: Outcome): string {
  const head = [
    `${range.file}:${range.line}`,
    hanging(MARKS[status], title, 2),
    hanging('', actual, 2),
  ];
  if (chain.length > 0) return [...head, '', ...linesOf(chain)].join('\n');
  const reason = status === 'passed' ? 'nothing had to happen for that' : why.join('; ');
  return [...head, hanging('', reason, 2)].join('\n');
}

function linesOf(chain: readonly ChainLink[]): readonly string[] {
  const instants = chain.map(({ at }) => formatInstant(at));
  const actors = Math.min(24, Math.max(...chain.map(({ actor }) => actor.length)));
  const column = 2 + Math.max(...instants.map(({ length }) => length)) + 2;
  const longest = dominantOf(chain);
  const lines = chain.flatMap((link, index) => {
    const { actor, action, subject, detail } = link;
    const lead = `  ${instants[index]!.padEnd(column - 2)}${actor.padEnd(actors)}  `;
    const what = `${action} ${subject}${detail === '' ? '' : ` (${detail})`}`;
    // What is beside a long actor would hang at the edge of the page.
    const line =
      lead.length > column + 26
        ? `${lead.trimEnd()}\n${hanging('', what, column + 2)}`
        : hanging(lead, what, lead.length);
    return [line, ...waitOf(link, link === longest, column + 2)];
  });
  return [...lines, ...totalOf(chain, longest)];
}

/** The time that a link took, and the timer which that was. */
function waitOf({ took, timer }: ChainLink, isLongest: boolean, indent: number): readonly string[] {
  if (took === 0) return [];
  const mark = isLongest ? '  ← the longest wait' : '';
  const waited = `+${formatDuration(took)}`;
  const by = timer === undefined ? '' : ` ${sayTimer(timer)}`;
  return [hanging('', `${waited}${by}${mark}`, indent)];
}

/** `kubelet.plegRelistPeriod 1s (pkg/kubelet/kubelet.go)`. */
function sayTimer({ name, least, most, knob, source }: ChainTimer): string {
  if (least === undefined || most === undefined) return `${name}, as the manifests set it`;
  const value =
    least === most ? formatDuration(least) : `${formatDuration(least)}..${formatDuration(most)}`;
  const places = [knob, source].filter((it) => it !== undefined);
  return `${name} ${value} (${places.join('; ')})`;
}

function totalOf(chain: readonly ChainLink[], longest: ChainLink | undefined): readonly string[] {
  if (longest === undefined) return [];
  const whole = formatDuration(between(chain[0]!.at, chain.at(-1)!.at));
  const what = longest.timer?.name ?? `${longest.actor} ${longest.action} ${longest.subject}`;
  return ['', paragraph(`  ${whole} in all; ${formatDuration(longest.took)} of them ${what}`)];
}
