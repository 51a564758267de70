// The report that people read: a tree of scenarios and expectations while they run, then what
// failed in full, then what the runs noted, then one line of totals.

import type { RunResult } from '../src/runner/result';
import { printable } from '../src/runner/failure-text';
import { tellDistribution, tellSeeds } from '../src/runner/spread-text';
import type { Diagnostic } from '../src/values/diagnostic';
import { formatDuration, formatInstant } from '../src/values/time';
import type { Duration } from '../src/values/time';
import { wrap } from '../src/values/wrap';
import type { MochaOptions, ReporterOptions } from './options';
import { outputOf, reporterOptions, sourceDateEpoch } from './options';
import type { Output } from './output';
import type { Case, CaseStatus, Section } from './report';
import { formatRow, listen, totals } from './report';
import type { Style } from './style';
import { COLOURED, PLAIN, wantsColour } from './style';

const MARKS: Readonly<Record<CaseStatus, string>> = {
  passed: '✓',
  failed: '✗',
  error: '!',
  skipped: '-',
};

/** So many notes are shown; `kubedrill lint` lists them all. */
const NOTES_MAX = 10;
const WIDTH = 80;

export default class ConsoleReporter {
  static readonly description = 'a tree of scenarios, failures in full, totals';

  private readonly runner: Mocha.Runner;
  private readonly options: ReporterOptions;
  private readonly output: Output;
  private readonly style: Style;
  private file = '';
  private finished = 0;
  private failed = 0;
  private progressShown = false;

  constructor(runner: Mocha.Runner, options?: MochaOptions) {
    this.runner = runner;
    this.options = reporterOptions(options);
    this.output = outputOf(this.options);
    const coloured = wantsColour(this.options.color, process.env, this.output.isTTY);
    this.style = coloured ? COLOURED : PLAIN;
    listen(runner, {
      sectionBegun: (section) => this.begin(section),
      caseDone: (section, found) => this.finish(section, found),
      ended: (sections) => this.end(sections),
    });
  }

  private begin(section: Section): void {
    if (this.options.quiet !== true) {
      if (section.file !== this.file) this.print(`\n${this.style.strong(section.file)}`);
      this.file = section.file;
      this.print(`  ${printable(section.title)}${this.style.faint(formatRow(section.row))}`);
    }
    this.showProgress(section);
  }

  private finish(section: Section, found: Case): void {
    this.finished += 1;
    if (found.status === 'failed' || found.status === 'error') this.failed += 1;
    if (this.options.quiet !== true) this.print(caseLine(found, this.style));
    this.showProgress(section);
  }

  private end(sections: readonly Section[]): void {
    this.clearProgress();
    const blocks = sections.flatMap((section) => failureBlocks(section, this.style));
    for (const block of blocks) this.print(`\n${block}`);
    const notes = notesText(sections, this.style);
    if (notes !== '' && this.options.quiet !== true) this.print(`\n${notes}`);
    const assumed = assumptionsText(sections, this.output.columns);
    if (assumed !== '') this.print(`\n${assumed}`);
    this.print(`\n${totalsLine(sections, this.style)}`);
  }

  private print(text: string): void {
    this.clearProgress();
    this.output.write(`${text}\n`);
  }

  /** One line that is overwritten; on a terminal only. */
  private showProgress(section: Section): void {
    if (!this.output.isTTY) return;
    const failed = this.failed === 0 ? '' : `, ${this.failed} failed`;
    const line = `  ${this.finished}/${this.runner.total}${failed}  ${section.file}`;
    this.output.write(`\r\u001b[2K${this.style.faint(line.slice(0, this.output.columns - 1))}`);
    this.progressShown = true;
  }

  private clearProgress(): void {
    if (this.progressShown) this.output.write('\r\u001b[2K');
    this.progressShown = false;
  }
}

function caseLine(found: Case, style: Style): string {
  const instant = found.status === 'passed' ? convergence(found) : '';
  const lines = wrap(printable(found.title), WIDTH - 6);
  const fits = lines.at(-1)!.length + instant.length <= WIDTH - 6;
  const tail = fits ? instant : `\n      ${instant.trim()}`;
  const line = `    ${mark(found.status, style)} ${lines.join('\n      ')}${style.faint(tail)}`;
  const spread = spreadLines(found).map((it) => `\n      ${style.faint(it)}`);
  return line + spread.join('');
}

/**
 * How the seeds spread, where there are several; what all passed at once is not worth a line. Of
 * one seed: why it does not judge.
 */
function spreadLines({ outcome, status }: Case): readonly string[] {
  const { spread, actual = '' } = outcome ?? {};
  if (spread === undefined) return status === 'skipped' ? wrap(actual, WIDTH - 6) : [];
  const isUnanimous = spread.failed + spread.error + (spread.skipped ?? 0) === 0;
  return [
    ...(isUnanimous ? [] : wrap(tellSeeds(spread), WIDTH - 6)),
    ...(spread.took === undefined ? [] : wrap(tellDistribution(spread.took), WIDTH - 6)),
  ];
}

/** When what was waited for came true. */
function convergence({ outcome }: Case): string {
  if (outcome?.at === undefined || outcome.spread !== undefined) return '';
  return /^(after|eventually)$/.test(outcome.operator) ? `  ${formatInstant(outcome.at)}` : '';
}

function mark(status: CaseStatus, style: Style): string {
  const paint = {
    passed: style.good,
    failed: style.bad,
    error: style.warning,
    skipped: style.faint,
  };
  return paint[status](MARKS[status]);
}

/** The failure texts of a section; a run that broke off is told once. */
function failureBlocks(section: Section, style: Style): string[] {
  const bad = section.cases.filter(({ status }) => status === 'failed' || status === 'error');
  const told = bad.filter((found, index) => found.internal !== true || index === 0);
  return told.map((found) => failureBlock(section, found, style));
}

function failureBlock(section: Section, found: Case, style: Style): string {
  const paint = found.status === 'failed' ? style.bad : style.warning;
  if (found.diagnostic !== undefined) return paint(found.text.trimEnd());
  const [first = '', ...rest] = found.text.trimEnd().split('\n');
  const row = formatRow(section.row);
  const scenario = style.faint(`${printable(section.title)}${row}`);
  const head =
    found.outcome === undefined
      ? paint(`${MARKS[found.status]} ${printable(found.title)}`) + `\n    ${first}`
      : paint(first);
  return [scenario, head, ...rest].join('\n');
}

/**
 * What the runs noted about their inputs, each note once, the first few in full. What is noted of
 * an expectation counts if it is so in every row of a matrix: a row may be there for comparison.
 */
function notesText(sections: readonly Section[], style: Style): string {
  const runs = sections.flatMap(({ run }) => run ?? []);
  const notes = new Map<string, Diagnostic>();
  for (const note of runs.flatMap((run) => run.notes)) {
    if (runs.some((run) => judges(run, note) && !run.notes.some((it) => isSame(it, note))))
      continue;
    notes.set(`${place(note)} ${note.message}`, note);
  }
  if (notes.size === 0) return '';
  const shown = [...notes.values()].slice(0, NOTES_MAX);
  const lines = shown.map(
    (note) => `  ${style.faint(place(note))} ${style.warning(note.severity)} ${note.message}`,
  );
  if (notes.size > shown.length) {
    lines.push(`  … and ${notes.size - shown.length} more; \`kubedrill lint\` lists them`);
  }
  return [`${notes.size} ${notes.size === 1 ? 'note' : 'notes'}`, ...lines].join('\n');
}

/**
 * What was assumed of containers in the runs in which something failed: perhaps that is why. The
 * JSON report has the assumptions of every run.
 */
function assumptionsText(sections: readonly Section[], columns: number): string {
  const failed = sections.filter(({ cases }) => cases.some(({ status }) => status === 'failed'));
  const all = [...new Set(failed.flatMap(({ run }) => run?.assumptions ?? []))];
  if (all.length === 0) return '';
  const shown = all
    .slice(0, NOTES_MAX)
    .flatMap((it) => wrap(it, columns - 4))
    .map((line) => `    ${line}`);
  const more = all.length > NOTES_MAX ? [`  … and ${all.length - NOTES_MAX} more`] : [];
  return ['assumed where `behaviour` says nothing', ...shown, ...more].join('\n');
}

/** Whether the note is about an expectation of this run. */
function judges({ outcomes }: RunResult, note: Diagnostic): boolean {
  return outcomes.some((it) => place(it) === place(note));
}

function isSame(one: Diagnostic, other: Diagnostic): boolean {
  return one.message === other.message && place(one) === place(other);
}

function place({ range }: Pick<Diagnostic, 'range'>): string {
  return `${range.file}:${range.line}:${range.column}`;
}

/** `41 passed, 1 failed, 0 errors in 0.4s`: the last line, for people and for programs. */
function totalsLine(sections: readonly Section[], style: Style): string {
  const { passed, failed, errors, skipped, milliseconds } = totals(sections);
  const runs = sections.flatMap(({ run }) => (run === undefined ? [] : [run]));
  const virtual = runs.reduce((sum, { end }) => sum + end, 0) as Duration;
  const seeds = [...new Set(runs.map(({ seed, seeds }) => tellRange(seeds) ?? String(seed)))];
  const parts = [
    `${passed} passed`,
    `${failed} failed`,
    `${errors} ${errors === 1 ? 'error' : 'errors'}`,
    ...(skipped === 0 ? [] : [`${skipped} skipped`]),
  ];
  const paint = failed > 0 ? style.bad : errors > 0 || passed === 0 ? style.warning : style.good;
  const wall = sourceDateEpoch() === undefined ? ` in ${(milliseconds / 1000).toFixed(1)}s` : '';
  const simulated = runs.length === 0 ? '' : `${formatDuration(virtual)} of virtual time`;
  const isOne = runs.every((run) => run.seeds === undefined);
  const seed = seeds.length === 0 ? '' : `${isOne ? 'seed' : 'seeds'} ${seeds.join(', ')}`;
  const facts = [simulated, seed].filter((fact) => fact !== '').join(', ');
  return `${paint(parts.join(', '))}${wall}${facts === '' ? '' : style.faint(` (${facts})`)}`;
}

/** `1..200`. */
function tellRange(seeds: RunResult['seeds']): string | undefined {
  return seeds && `${seeds.first}..${seeds.last}`;
}
