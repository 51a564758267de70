// `kubedrill explain FILE[:LINE]`: runs scenarios and tells how what took time came about.

import { runPlan } from '../chai/model';
import type { Plan } from '../language/plan';
import { DISK } from '../language/source';
import { diagnosticText, loadPlans } from '../mocha/load-plans';
import { titlesOf } from '../runner/judge';
import type { Outcome } from '../runner/result';
import type { Arguments } from './arguments';
import { UsageError } from './arguments';
import { chainPage } from './chain-page';
import { EXIT, highest } from './exit-code';
import type { ExitCode } from './exit-code';
import type { Io } from './io';
import { seedOf } from './one-plan';
import { select } from './select';
import { findTargets } from './targets';

/** Whether a word of the command line is a file and no word of the language. */
export function isFile(text: string): boolean {
  return /\.ya?ml(:\d+)*$|[/*]/.test(text);
}

/** Prints the chains of one file. The exit code is that of a run of what is explained. */
export function explainFile(text: string, args: Arguments, io: Io): ExitCode {
  const targets = findTargets([text], DISK);
  for (const problem of targets.problems) io.complain(`kubedrill: ${problem}`);
  const loaded = loadPlans(targets.files);
  for (const diagnostics of loaded.broken.values()) {
    for (const diagnostic of diagnostics)
      io.complain(diagnosticText(diagnostic, loaded, io.out.columns));
  }
  const rows = args.all('row').map(readRow);
  const { selected, problems } = select(loaded.plans, { lines: targets.lines, rows }, titlesOf);
  for (const problem of problems) io.complain(`kubedrill: ${problem}`);
  const codes: ExitCode[] =
    loaded.broken.size + problems.length + targets.problems.length > 0 ? [EXIT.unusable] : [];
  let explained = 0;
  for (const { plan, outcomes } of firstRows(selected)) {
    const result = runPlan(plan, seedOf(args), 'everything');
    const asked = result.outcomes.filter((_, index) => outcomes?.has(index) !== false);
    const timed = asked.filter(takesTime);
    if (timed.length === 0) continue;
    const gap = explained === 0 ? '' : '\n\n';
    io.out.write(
      args.has('json')
        ? `${JSON.stringify({ ...result, outcomes: timed }, null, 2)}\n`
        : `${gap}${chainPage(result, timed)}\n`,
    );
    explained += timed.length;
    codes.push(...timed.map(({ status }) => CODES[status]));
  }
  // Where something was not found, that has been said.
  if (explained === 0 && codes.length === 0) {
    const waiting = 'no `after`, `eventually`, converge or outage';
    io.complain(`kubedrill: nothing in ${text} takes time: ${waiting}`);
    codes.push(EXIT.unusable);
  }
  return highest(codes);
}

const WAITING_OPERATORS: readonly string[] = ['after', 'during', 'eventually'];
const CODES = {
  passed: EXIT.passed,
  failed: EXIT.failed,
  error: EXIT.unusable,
  skipped: EXIT.passed,
} as const;

/** Whether there is anything to tell: what it waited for, or why it failed. */
function takesTime({ operator, claim, status }: Outcome): boolean {
  if (status === 'failed') return true;
  return WAITING_OPERATORS.includes(operator) || ['converge', 'outage'].includes(claim);
}

/** One row of each scenario: the first one that was asked for. */
function firstRows<T extends { readonly plan: Plan }>(selected: readonly T[]): readonly T[] {
  const seen = new Set<string>();
  return selected.filter(({ plan: { range } }) => {
    const key = `${range.file}:${range.line}`;
    return !seen.has(key) && seen.add(key) !== undefined;
  });
}

function readRow(text: string): [key: string, value: string] {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError(`--row ${text}: write KEY=VALUE, as in cluster.proxy=ipvs`);
  return [text.slice(0, at), text.slice(at + 1)];
}
