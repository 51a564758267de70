// Results made by hand, and a way to put them through mocha and a reporter: what a reporter gets
// here is what it gets from a real run, but nothing of the model takes part.

import type { Plan } from '../../src/language/plan';
import { drive } from '../../src/mocha/drive';
import { describePlans, describeProblems } from '../../src/mocha/suite';
import type { Tools } from '../../src/mocha/suite';
import type { Outcome, RunResult } from '../../src/runner/result';
import type { Diagnostic, SourceRange } from '../../src/values/diagnostic';
import type { Instant } from '../../src/values/time';
import type { Output } from '../../reporters/output';
import MultiReporter from '../../reporters/multi';
import type { MultiOptions, ReporterProblem } from '../../reporters/multi';

/** A sink that remembers. */
export class Memory implements Output {
  readonly isTTY: boolean;
  readonly columns = 80;
  text = '';

  constructor(isTTY = false) {
    this.isTTY = isTTY;
  }

  write(text: string): void {
    this.text += text;
  }
}

export function range(file: string, line: number, column = 5): SourceRange {
  return { file, line, column, endLine: line, endColumn: column + 10 };
}

export function outcome(fields: Partial<Outcome> & { title: string }): Outcome {
  return {
    claim: 'reach',
    operator: 'at',
    status: 'passed',
    expected: 'ok',
    actual: 'ok',
    at: 5_000_000 as Instant,
    traces: [],
    why: [],
    chain: [],
    range: range('scenarios/shop.yaml', 31),
    repeat: 'npx kubedrill run scenarios/shop.yaml:31 --seed 1',
    ...fields,
  };
}

export function result(fields: Partial<RunResult> & { outcomes: readonly Outcome[] }): RunResult {
  return {
    title: 'the shop keeps answering',
    file: 'scenarios/shop.yaml',
    range: range('scenarios/shop.yaml', 2, 1),
    tags: ['services'],
    row: {},
    seed: 1,
    digest: '0badcafe',
    end: 90_000_000 as Instant,
    notes: [],
    assumptions: [],
    cluster: { kubernetes: '1.36', cni: 'flannel', proxy: 'iptables', timing: 'default', nodes: 3 },
    ...fields,
  };
}

export function diagnostic(fields: Partial<Diagnostic> = {}): Diagnostic {
  return {
    code: 'KD1101',
    severity: 'error',
    message: 'unknown key "reech"',
    range: range('scenarios/broken.yaml', 17, 13),
    ...fields,
  };
}

/** As much of a plan as a suite reads. */
export function planOf(found: RunResult): Plan {
  const expectations = found.outcomes.map((each, index) => ({ index, range: each.range }));
  const { title, file, row, tags } = found;
  const { range: at } = found;
  return { title, file, row, tags, range: at, timeline: [], expectations } as unknown as Plan;
}

export interface Inline {
  readonly results?: readonly RunResult[];
  /** Why files could not be loaded. */
  readonly broken?: Readonly<Record<string, readonly Diagnostic[]>>;
  /** Thrown in place of a run with this title. */
  readonly crash?: { readonly title: string; readonly error: Error };
  readonly bail?: boolean;
}

export interface Reported {
  /** What went to standard output. */
  readonly text: string;
  readonly problems: readonly ReporterProblem[];
}

/** Runs the given results as suites under the given reporters. */
export async function report(
  inline: Inline,
  options: MultiOptions,
  sink = new Memory(),
): Promise<Reported> {
  const results = inline.results ?? [];
  const plans = new Map(results.map((found) => [planOf(found), found]));
  const problems: ReporterProblem[] = [];
  const tools = fakeTools(plans, inline.crash);
  await drive(
    (bdd) => {
      for (const [file, diagnostics] of Object.entries(inline.broken ?? {})) {
        describeProblems(bdd, file, diagnostics, tools);
      }
      describePlans(
        bdd,
        [...plans.keys()].map((plan) => ({ plan })),
        tools,
      );
    },
    {
      bail: inline.bail ?? false,
      reporter: MultiReporter,
      reporterOptions: {
        sink,
        ...options,
        onProblem: (problem: ReporterProblem) => problems.push(problem),
      },
    },
  );
  return { text: sink.text, problems };
}

function fakeTools(plans: ReadonlyMap<Plan, RunResult>, crash: Inline['crash']): Tools {
  return {
    run(plan) {
      if (plan.title === crash?.title) throw crash.error;
      return plans.get(plan)!;
    },
    titles: (plan) => plans.get(plan)!.outcomes.map(({ title }) => title),
    failureText: ({ title, range: at, expected, actual }) =>
      [
        `✗ ${title}  ${at.file}:${at.line}:${at.column}`,
        `    expected  ${expected}`,
        `    actual    ${actual}`,
      ].join('\n'),
    frame: ({ line, column }) => `${line} | - at: 5s\n   | ${' '.repeat(column)}^`,
    diagnosticText: ({ code, message }) => `error[${code}]: ${message}`,
  };
}

/** Sets a variable of the environment for the time of `body`. */
export async function withEnvironment<T>(
  values: Readonly<Record<string, string | undefined>>,
  body: () => Promise<T>,
): Promise<T> {
  const before = Object.fromEntries(Object.keys(values).map((key) => [key, process.env[key]]));
  assign(values);
  try {
    return await body();
  } finally {
    assign(before);
  }
}

function assign(values: Readonly<Record<string, string | undefined>>): void {
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) delete process.env[key];
    else process.env[key] = value;
  }
}
