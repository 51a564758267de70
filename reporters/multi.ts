// Several reporters over one run. Each hears every event by itself: one that crashes is reported
// and silenced, and hides nothing of what the others write.

import type { MochaOptions, ReporterOptions } from './options';
import { UnwritableReport } from './output';

/** A reporter and the file it writes to, as `--reporter NAME[=FILE]` says. */
export interface ReporterChoice {
  readonly name: string;
  readonly file?: string;
}

export interface ReporterProblem {
  readonly kind: 'unwritable' | 'crashed';
  readonly message: string;
}

export interface MultiOptions extends ReporterOptions {
  readonly reporters?: readonly ReporterChoice[];
  /** The same as text, for mocha's `-O use=console+junit:out.xml`. */
  readonly use?: string;
  /** Told of each reporter that could not write or crashed. */
  readonly onProblem?: (problem: ReporterProblem) => void;
}

type ReporterClass = new (
  runner: Mocha.Runner,
  options: MochaOptions,
) => { done?: (failures: number, callback: (failures: number) => void) => void };

interface Child {
  readonly choice: ReporterChoice;
  readonly reporter: InstanceType<ReporterClass>;
}

/** The reporters of kubedrill by name; loaded when they are asked for. */
const OWN: Readonly<Record<string, () => { default: ReporterClass }>> = {
  console: () => require('./console') as { default: ReporterClass },
  json: () => require('./json') as { default: ReporterClass },
  junit: () => require('./junit') as { default: ReporterClass },
  'junit:strict': () => require('./junit') as { default: ReporterClass },
};

/** Every name that `--reporter` knows: kubedrill's own, then mocha's. */
export function reporterNames(): string[] {
  return [...new Set([...Object.keys(OWN), ...Object.keys(mochaReporters())])];
}

/** Whether a reporter of that name writes files. */
export function writesFiles(name: string): boolean {
  return name in OWN || name === 'xunit';
}

export default class MultiReporter {
  static readonly description = 'several reporters at once: -O use=console+junit:out.xml';

  private readonly children: Child[] = [];
  private readonly report: (problem: ReporterProblem) => void;

  constructor(runner: Mocha.Runner, options: MochaOptions = {}) {
    const chosen = (options.reporterOptions ?? {}) as MultiOptions;
    this.report = chosen.onProblem ?? printProblem;
    const choices = chosen.reporters ?? parseUse(chosen.use ?? 'console');
    for (const choice of choices) this.add(choice, runner, options, chosen);
  }

  /** Mocha waits for the slowest of them. */
  done(failures: number, callback: (failures: number) => void): void {
    let open = 1;
    const finished = (): void => {
      open -= 1;
      if (open === 0) callback(failures);
    };
    for (const { choice, reporter } of this.children) {
      if (typeof reporter.done !== 'function') continue;
      open += 1;
      try {
        reporter.done(failures, finished);
      } catch (error) {
        this.crashed(choice, error);
        finished();
      }
    }
    finished();
  }

  private add(
    choice: ReporterChoice,
    runner: Mocha.Runner,
    options: MochaOptions,
    shared: MultiOptions,
  ): void {
    const { name, quiet, color, sink } = shared;
    const reporterOptions: ReporterOptions = {
      ...(name !== undefined && { name }),
      ...(quiet !== undefined && { quiet }),
      ...(color !== undefined && { color }),
      ...(sink !== undefined && choice.file === undefined && { sink }),
      ...(choice.file !== undefined && { output: choice.file }),
      ...(choice.name === 'junit:strict' && { profile: 'strict' }),
    };
    try {
      const found = reporterClass(choice.name);
      const guarded = guard(runner, (error) => this.crashed(choice, error));
      const reporter = new found(guarded, { ...options, reporterOptions });
      this.children.push({ choice, reporter });
    } catch (error) {
      this.crashed(choice, error);
    }
  }

  private crashed(choice: ReporterChoice, error: unknown): void {
    if (error instanceof UnwritableReport) {
      this.report({ kind: 'unwritable', message: error.message });
      return;
    }
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.report({ kind: 'crashed', message: `the reporter ${choice.name} crashed: ${text}` });
  }
}

/** `console+junit:out.xml`: mocha's option values may hold neither `=` nor a list. */
export function parseUse(use: string): ReporterChoice[] {
  return use.split('+').map((part) => {
    const [, name = part, file] = /^(junit:strict|[^:]+)(?::(.+))?$/.exec(part) ?? [];
    return { name, ...(file === undefined ? {} : { file }) };
  });
}

function reporterClass(name: string): ReporterClass {
  const own = OWN[name];
  if (own !== undefined) return own().default;
  const known = mochaReporters()[name];
  if (known === undefined) throw new Error(`no reporter is called ${name}`);
  return known;
}

function mochaReporters(): Record<string, ReporterClass> {
  const { reporters } = require('mocha') as { reporters: Record<string, ReporterClass> };
  const named = Object.entries(reporters).filter(([name]) => /^[a-z]/.test(name));
  return Object.fromEntries(named);
}

/**
 * The runner as one reporter sees it: what throws in one of its listeners is handed over once,
 * and from then on its listeners stay silent.
 */
function guard(runner: Mocha.Runner, crashed: (error: unknown) => void): Mocha.Runner {
  let silent = false;
  const add = (method: 'on' | 'once') => {
    return (event: string, listener: (...values: unknown[]) => void) => {
      const guarded = (...values: unknown[]): void => {
        if (silent) return;
        try {
          listener.apply(runner, values);
        } catch (error) {
          silent = true;
          crashed(error);
        }
      };
      (runner[method] as (name: string, heard: typeof guarded) => unknown)(event, guarded);
      return view;
    };
  };
  const view = Object.create(runner) as Mocha.Runner;
  Object.assign(view, { on: add('on'), once: add('once'), addListener: add('on') });
  return view;
}

function printProblem({ message }: ReporterProblem): void {
  process.stderr.write(`kubedrill: ${message}\n`);
}
