// Which scenarios, and which of their expectations, a command line asks for.

import type { Plan } from '../language/plan';
import type { Selected } from '../mocha/suite';
import { UsageError, hinted } from './arguments';
import type { TagPredicate } from './tags';

export interface Wanted {
  /** Lines asked for by file. */
  readonly lines: ReadonlyMap<string, readonly number[]>;
  readonly tags?: TagPredicate;
  readonly grep?: RegExp;
  /** `key=value` pairs; a row must have them all. */
  readonly rows: readonly (readonly [key: string, value: string])[];
}

export interface Selection {
  readonly selected: readonly Selected[];
  /** Requests that nothing answers, one sentence each. */
  readonly problems: readonly string[];
}

/** Chooses among the plans. `titlesOf` gives the titles of a plan's outcomes in their order. */
export function select(
  plans: readonly Plan[],
  wanted: Wanted,
  titlesOf: (plan: Plan) => readonly string[],
): Selection {
  checkRowKeys(plans, wanted.rows);
  const problems = lineProblems(plans, wanted.lines);
  const selected: Selected[] = [];
  for (const plan of plans) {
    if (!hasRow(plan, wanted.rows) || wanted.tags?.(plan.tags) === false) continue;
    const outcomes = outcomesOf(plan, wanted, titlesOf(plan));
    if (outcomes === undefined) selected.push({ plan });
    else if (outcomes.size > 0) selected.push({ plan, outcomes });
  }
  return { selected, problems };
}

/** Positions in the plan's outcomes; undefined for all of them. */
function outcomesOf(
  plan: Plan,
  { lines, grep }: Wanted,
  titles: readonly string[],
): ReadonlySet<number> | undefined {
  const asked = lines.get(plan.file);
  if (asked === undefined && grep === undefined) return undefined;
  const chosen = titles
    .map((_, index) => index)
    .filter((index) => {
      const byLine = asked === undefined || asked.some((line) => standsAt(plan, index, line));
      return byLine && (grep === undefined || grep.test(`${plan.title} ${titles[index]}`));
    });
  return chosen.length === titles.length ? undefined : new Set(chosen);
}

/** The line of an expectation chooses it; the line of a scenario's title chooses all of it. */
function standsAt(plan: Plan, index: number, line: number): boolean {
  if (line === plan.range.line) return true;
  const { expectations, timeline } = plan;
  const ranges = index < expectations.length ? [expectations[index]!.range] : [];
  // The outcome behind the expectations is that of the timeline: its steps' lines choose it.
  if (index === expectations.length) ranges.push(...timeline.map((step) => step.range));
  return ranges.some((range) => line >= range.line && line <= range.endLine);
}

function lineProblems(plans: readonly Plan[], lines: Wanted['lines']): string[] {
  const problems: string[] = [];
  for (const [file, asked] of lines) {
    const here = plans.filter((plan) => plan.file === file);
    if (here.length === 0) continue;
    for (const line of asked) {
      const found = here.some((plan) => {
        const { length } = plan.expectations;
        return Array.from({ length: length + 1 }, (_, at) => at).some((at) =>
          standsAt(plan, at, line),
        );
      });
      if (!found) problems.push(nothingAt(file, line, here));
    }
  }
  return problems;
}

function nothingAt(file: string, line: number, plans: readonly Plan[]): string {
  const lines = new Set(plans.flatMap(({ expectations }) => expectations.map((e) => e.range.line)));
  const all = [...lines].sort((a, b) => a - b);
  return `no expectation stands at ${file}:${line}; there are some at lines ${all.join(', ')}`;
}

function hasRow(plan: Plan, rows: Wanted['rows']): boolean {
  return rows.every(([key, value]) => plan.row[key] === value);
}

function checkRowKeys(plans: readonly Plan[], rows: Wanted['rows']): void {
  if (plans.length === 0) return;
  for (const [key, value] of rows) {
    const values = [...new Set(plans.flatMap(({ row }) => row[key] ?? []))];
    if (values.includes(value)) continue;
    if (values.length > 0) {
      throw new UsageError(`--row ${key}=${value}: no row has this value of ${values.join(', ')}`);
    }
    const keys = [...new Set(plans.flatMap(({ row }) => Object.keys(row)))];
    const hint = keys.length === 0 ? '; no scenario here has a matrix' : hinted(key, keys);
    throw new UsageError(`--row ${key}=${value}: no matrix has the key ${key}${hint}`);
  }
}
