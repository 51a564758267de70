// The whole of what was found as JSON: every run with its outcomes, their packet walks and their
// chains of causes. It holds no wall clock, so equal results are equal bytes.

import type { RunResult } from '../src/runner/result';
import type { Place } from '../src/runner/recorded';
import type { Diagnostic } from '../src/values/diagnostic';
import type { MochaOptions } from './options';
import { outputOf, reporterOptions } from './options';
import type { CaseStatus, Section } from './report';
import { listen, totals } from './report';
import { packageVersion } from './version';

/**
 * The shape of the file, as docs/json-report.md tells. `version` moves when a field changes its
 * meaning or goes away.
 */
export interface JsonReport {
  readonly format: 'kubedrill-report';
  readonly version: 2;
  readonly kubedrill: string;
  readonly totals: {
    readonly passed: number;
    readonly failed: number;
    readonly errors: number;
    readonly skipped: number;
  };
  /** One entry for each scenario and row of its matrix, by file. */
  readonly runs: readonly RunResult[];
  /** Why files could not be loaded. */
  readonly problems: readonly Diagnostic[];
  /** Runs that broke off by an error of kubedrill itself. */
  readonly internal: readonly BrokenRun[];
  /** Ordinary TypeScript specs of the same mocha run. */
  readonly specs: readonly SpecResult[];
}

export interface BrokenRun {
  readonly title: string;
  readonly file: string;
  readonly row: Readonly<Record<string, string>>;
  readonly message: string;
  readonly place?: Place;
}

export interface SpecResult {
  readonly file: string;
  readonly suite: string;
  readonly title: string;
  readonly status: CaseStatus;
  readonly message: string;
}

export default class JsonReporter {
  static readonly description = 'whole results with their traces and causes, as JSON';

  constructor(runner: Mocha.Runner, options?: MochaOptions) {
    const output = outputOf(reporterOptions(options));
    listen(runner, {
      ended: (sections) => output.write(`${JSON.stringify(jsonReport(sections), null, 2)}\n`),
    });
  }
}

/** The report of a finished run. */
function jsonReport(sections: readonly Section[]): JsonReport {
  const { passed, failed, errors, skipped } = totals(sections);
  const cases = sections.flatMap((section) => section.cases.map((found) => ({ section, found })));
  return {
    format: 'kubedrill-report',
    version: 2,
    kubedrill: packageVersion(),
    totals: { passed, failed, errors, skipped },
    runs: sections.flatMap(({ run }) => (run === undefined ? [] : [run])),
    problems: cases.flatMap(({ found }) => found.diagnostic ?? []),
    internal: brokenRuns(sections),
    specs: cases
      .filter(({ found }) => isSpec(found))
      .map(({ section, found }) => ({
        file: section.file,
        suite: section.title,
        title: found.title,
        status: found.status,
        message: found.message,
      })),
  };
}

function brokenRuns(sections: readonly Section[]): BrokenRun[] {
  return sections.flatMap(({ title, file, row, cases }) => {
    const broken = cases.find(({ internal }) => internal === true);
    if (broken === undefined) return [];
    const { message, place } = broken;
    return [{ title, file, row, message, ...(place === undefined ? {} : { place }) }];
  });
}

function isSpec(found: Section['cases'][number]): boolean {
  return found.outcome === undefined && found.diagnostic === undefined && found.internal !== true;
}
