// What a run of mocha leaves behind, as data: sections with their cases, in one fixed order.
// All reporters draw from here. Scenarios are told apart from ordinary specs by the fields that
// src/runner/recorded.ts describes; in parallel mode the same fields come from another process.

import * as path from 'node:path';
import type { Place, RecordedSuite, RecordedTest } from '../src/runner/recorded';
import type { Outcome, RunResult } from '../src/runner/result';
import type { Diagnostic } from '../src/values/diagnostic';
import { compareText } from '../src/values/order';

export type CaseStatus = 'passed' | 'failed' | 'error' | 'skipped';

/** One expectation, one problem of a file, or one ordinary test. */
export interface Case {
  readonly title: string;
  /** `failed`: what was expected does not hold. `error`: nothing trustworthy can be said. */
  readonly status: CaseStatus;
  readonly milliseconds: number;
  readonly outcome?: Outcome;
  readonly diagnostic?: Diagnostic;
  readonly internal?: boolean;
  readonly place?: Place;
  readonly frame?: string;
  /** One line. */
  readonly message: string;
  /** The failure text as a person reads it. */
  readonly text: string;
}

/** One scenario in one row of its matrix, one file that could not be loaded, or one `describe`. */
export interface Section {
  readonly title: string;
  /** Relative to the working folder, with forward slashes. */
  readonly file: string;
  readonly row: Readonly<Record<string, string>>;
  readonly order: number;
  readonly cases: Case[];
  run?: RunResult;
  milliseconds: number;
}

export interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly errors: number;
  readonly skipped: number;
  readonly milliseconds: number;
}

type AnySuite = Mocha.Suite & RecordedSuite & Identified;
type AnyTest = (Mocha.Test | Mocha.Hook) & RecordedTest & Identified;

/** Mocha names the property so once an object has crossed the border of a process. */
interface Identified {
  readonly id?: string;
  readonly __mocha_id__?: string;
}

export interface Listener {
  sectionBegun?(section: Section): void;
  caseDone?(section: Section, done: Case): void;
  sectionDone?(section: Section): void;
  ended(sections: readonly Section[]): void;
}

/** Turns mocha's events into sections and hands them on. */
export function listen(runner: Mocha.Runner, listener: Listener): void {
  const sections = new Map<string, Section>();

  function sectionOf(test: AnyTest): Section {
    const parent = test.parent as AnySuite;
    const id = identity(parent);
    let section = sections.get(id);
    if (section === undefined) {
      section = sectionFrom(parent, test);
      sections.set(id, section);
      listener.sectionBegun?.(section);
    }
    return section;
  }

  function done(test: AnyTest, status: CaseStatus | undefined, error?: Error): void {
    const section = sectionOf(test);
    const found = caseFrom(test, status, error);
    section.cases.push(found);
    section.milliseconds += found.milliseconds;
    listener.caseDone?.(section, found);
  }

  runner.on('suite', (suite: AnySuite) => {
    if (suite.scenario === undefined) return;
    const section = sectionFrom(suite);
    sections.set(identity(suite), section);
    listener.sectionBegun?.(section);
  });
  runner.on('pass', (test) => done(test, 'passed'));
  runner.on('pending', (test) => done(test, 'skipped'));
  runner.on('fail', (test, error: Error) => done(test, undefined, error));
  runner.on('suite end', (suite: AnySuite) => {
    const section = sections.get(identity(suite));
    if (section === undefined) return;
    if (suite.runResult !== undefined) section.run = suite.runResult;
    section.milliseconds += suite.wall ?? 0;
    listener.sectionDone?.(section);
  });
  runner.once('end', () => {
    listener.ended(
      [...sections.values()].filter((section) => section.cases.length > 0).sort(byFile),
    );
  });
}

/** Sums over sections. */
export function totals(sections: readonly Section[]): Totals {
  const cases = sections.flatMap((section) => section.cases);
  const count = (status: CaseStatus): number =>
    cases.filter((found) => found.status === status).length;
  return {
    passed: count('passed'),
    failed: count('failed'),
    errors: count('error'),
    skipped: count('skipped'),
    milliseconds: sections.reduce((sum, section) => sum + section.milliseconds, 0),
  };
}

/** ` [cluster.proxy=ipvs, cluster.kubernetes=1.36]`, or nothing without a matrix. */
export function formatRow(row: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(row).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? '' : ` [${pairs.join(', ')}]`;
}

function byFile(a: Section, b: Section): number {
  return compareText(a.file, b.file) || a.order - b.order;
}

function identity(suite: AnySuite): string {
  return suite.id ?? suite['__mocha_id__'] ?? suite.fullTitle();
}

function sectionFrom(suite: AnySuite, test?: AnyTest): Section {
  const { scenario } = suite;
  if (scenario !== undefined) {
    return { ...scenario, cases: [], milliseconds: 0 };
  }
  return {
    title: suite.fullTitle(),
    file: relative(test?.file ?? suite.file ?? ''),
    row: {},
    order: 0,
    cases: [],
    milliseconds: 0,
  };
}

function relative(file: string): string {
  const found = path.isAbsolute(file) ? path.relative(process.cwd(), file) : file;
  return found.split(path.sep).join('/');
}

function caseFrom(test: AnyTest, status: CaseStatus | undefined, error?: Error): Case {
  const { outcome, diagnostic, internal, place, frame } = test;
  return {
    title: outcome?.title ?? test.title,
    status: status ?? failureStatus(test, error),
    milliseconds: test.duration ?? 0,
    message: messageOf(test, error),
    text: textOf(test, error),
    ...(outcome === undefined ? {} : { outcome }),
    ...(diagnostic === undefined ? {} : { diagnostic }),
    ...(internal === undefined ? {} : { internal: true }),
    ...(place === undefined ? {} : { place }),
    ...(frame === undefined ? {} : { frame }),
  };
}

function failureStatus(test: AnyTest, error?: Error): CaseStatus {
  if (test.outcome !== undefined) return test.outcome.status === 'error' ? 'error' : 'failed';
  if (test.diagnostic !== undefined || test.internal !== undefined) return 'error';
  return error?.name === 'AssertionError' ? 'failed' : 'error';
}

function messageOf(test: AnyTest, error?: Error): string {
  const { outcome, diagnostic } = test;
  if (outcome !== undefined) return `expected ${outcome.expected}, observed ${outcome.actual}`;
  if (diagnostic !== undefined) return `${diagnostic.code}: ${diagnostic.message}`;
  return (error?.message ?? '').split('\n')[0]!;
}

function textOf(test: AnyTest, error?: Error): string {
  if (test.outcome !== undefined || test.diagnostic !== undefined) return error?.message ?? '';
  return test.internal?.stack ?? error?.stack ?? error?.message ?? '';
}
