// `kubedrill run`: finds scenarios, runs what was asked for and reports. Whatever can run is run,
// also where a file is invalid or a name matches nothing.

import MultiReporter, { reporterNames, writesFiles } from '../../../reporters/multi';
import type { ReporterChoice } from '../../../reporters/multi';
import { formatRow, listen } from '../../../reporters/report';
import { runPlanUnder } from '../../chai/model';
import type { Plan } from '../../language/index';
import { DISK } from '../../language/source';
import { drive } from '../../mocha/drive';
import { loadPlans } from '../../mocha/load-plans';
import type { LoadedPlans } from '../../mocha/load-plans';
import type { Bdd, Selected, Tools } from '../../mocha/suite';
import { describePlans, describeProblems } from '../../mocha/suite';
import { toolsFor } from '../../mocha/tools';
import type { SeedRange } from '../../runner/seeds';
import type { Diagnostic } from '../../values/diagnostic';
import type { Arguments, CommandLine } from '../arguments';
import { hinted, UsageError } from '../arguments';
import { EXIT, exitCodeOf, highest } from '../exit-code';
import type { ExitCode } from '../exit-code';
import type { Io } from '../io';
import type { Command } from '../main';
import { select } from '../select';
import { parseTags } from '../tags';
import { findTargets } from '../targets';

const line: CommandLine = {
  usage: 'run [FILE | FOLDER | GLOB | FILE:LINE]… [flags]',
  summary: 'Runs scenarios; by default scenarios/**/*.yaml.',
  flags: {
    grep: { value: 'RE', help: 'Only expectations whose scenario and title match.' },
    tags: { value: 'EXPR', help: 'Only scenarios with these tags: "services and not slow".' },
    row: {
      value: 'KEY=VALUE',
      repeatable: true,
      help: 'Only this row of a matrix: cluster.proxy=ipvs.',
    },
    seed: { value: 'N', help: 'The seed of every random choice; 1 by default.' },
    seeds: { value: 'A..B', help: 'Every seed from A to B, and how the results spread.' },
    bail: { help: 'Stop after the first expectation that fails.' },
    list: { help: 'List what would run, and do not run it.' },
    reporter: {
      value: 'NAME[=FILE]',
      repeatable: true,
      help: 'console (the default), junit, junit:strict, json, or one of mocha.',
    },
    quiet: { help: 'Show failures and totals only.' },
    'no-color': { help: 'No colour; NO_COLOR and FORCE_COLOR work as well.' },
    color: { help: 'Colour, also where the output is no terminal.' },
  },
  notes: [
    'FILE:LINE runs the expectation at that line, or the scenario of that title line.',
    'With --seeds the worst verdict of all seeds counts; for `sometimes` the best.',
    'With SOURCE_DATE_EPOCH set, reports hold no wall-clock time.',
    'Exit codes: 0 all passed; 1 an expectation failed; 2 usage, an invalid scenario,',
    'an undecided expectation, or nothing ran; 3 internal error. The highest wins.',
  ].join('\n'),
};

async function execute(args: Arguments, io: Io): Promise<ExitCode> {
  const seed = readSeed(args.value('seed'));
  const seeds = readSeeds(args.value('seeds'));
  if (seeds !== undefined && args.has('seed')) {
    throw new UsageError('--seed and --seeds say different things: give one of them');
  }
  const choices = readReporters(args.all('reporter'));
  const targets = findTargets(args.positionals, DISK);
  for (const problem of targets.problems) io.complain(`kubedrill: ${problem}`);
  const wanted = {
    lines: targets.lines,
    rows: args.all('row').map(readRow),
    ...(args.has('tags') && { tags: parseTags(args.value('tags')!) }),
    ...(args.has('grep') && { grep: readPattern(args.value('grep')!) }),
  };
  const loaded = loadPlans(targets.files);
  for (const line of warningLines(warningsOf(loaded, targets.named))) io.complain(line);
  const explain = explainingOf(choices);
  const tools = {
    ...toolsFor(loaded, seed, io.out.columns, explain),
    ...(seeds !== undefined && { run: (plan: Plan) => runPlanUnder(plan, seeds, explain) }),
  };
  const { selected, problems } = select(loaded.plans, wanted, tools.titles);
  for (const problem of problems) io.complain(`kubedrill: ${problem}`);
  const unmet = targets.problems.length + problems.length > 0 ? EXIT.unusable : EXIT.passed;
  if (args.has('list')) return highest([unmet, list(loaded, selected, tools, io)]);
  if (selected.length === 0 && loaded.broken.size === 0) {
    io.complain(`kubedrill: nothing ran: ${reasonForNothing(targets.files, loaded)}`);
    return EXIT.unusable;
  }
  return highest([unmet, await runSuites(loaded, selected, tools, choices, args, io)]);
}

/** Only the JSON report has a place for how what passed came true. */
function explainingOf(choices: readonly ReporterChoice[]): 'failures' | 'everything' {
  return choices.some(({ name }) => name === 'json') ? 'everything' : 'failures';
}

async function runSuites(
  loaded: LoadedPlans,
  selected: readonly Selected[],
  tools: Tools,
  choices: readonly ReporterChoice[],
  args: Arguments,
  io: Io,
): Promise<ExitCode> {
  const codes: ExitCode[] = [];
  class Reporter extends MultiReporter {
    constructor(runner: Mocha.Runner, options: object = {}) {
      listen(runner, {
        caseDone: (_, found) => codes.push(exitCodeOf(found)),
        ended: () => undefined,
      });
      super(runner, options);
    }
  }
  const define = (bdd: Bdd): void => {
    for (const [file, diagnostics] of loaded.broken)
      describeProblems(bdd, file, diagnostics, tools);
    describePlans(bdd, selected, tools);
  };
  await drive(define, {
    bail: args.has('bail'),
    reporter: Reporter,
    reporterOptions: {
      reporters: choices,
      sink: io.out,
      quiet: args.has('quiet'),
      ...(args.has('no-color') && { color: false }),
      ...(args.has('color') && { color: true }),
      onProblem: ({ kind, message }: { kind: string; message: string }) => {
        codes.push(kind === 'unwritable' ? EXIT.unusable : EXIT.internal);
        io.complain(`kubedrill: ${message}`);
      },
    },
  });
  return highest(codes);
}

function list(loaded: LoadedPlans, selected: readonly Selected[], tools: Tools, io: Io): ExitCode {
  for (const { plan, outcomes } of selected) {
    const tags = plan.tags.length === 0 ? '' : `  #${plan.tags.join(' #')}`;
    io.out.write(`${plan.file}:${plan.range.line}  ${plan.title}${formatRow(plan.row)}${tags}\n`);
    tools.titles(plan).forEach((title, index) => {
      const range = plan.expectations[index]?.range;
      if (range === undefined || outcomes?.has(index) === false) return;
      io.out.write(`  ${plan.file}:${range.line}  ${title}\n`);
    });
  }
  for (const diagnostics of loaded.broken.values()) {
    for (const diagnostic of diagnostics) io.complain(tools.diagnosticText(diagnostic));
  }
  return loaded.broken.size > 0 || selected.length === 0 ? EXIT.unusable : EXIT.passed;
}

/** Warnings about files. That a file holds no scenario is news only where it was named. */
function warningsOf(loaded: LoadedPlans, named: ReadonlySet<string>): readonly Diagnostic[] {
  return loaded.diagnostics.filter(
    ({ severity, code, range }) =>
      severity === 'warning' && (code !== 'KD1010' || named.has(range.file)),
  );
}

/** So many warnings are shown; `kubedrill lint` shows them all, each with its lines. */
const WARNINGS_MAX = 10;

/** One line for each: what is wrong comes first, and it is not here. */
function warningLines(warnings: readonly Diagnostic[]): readonly string[] {
  const lines = warnings.map(({ range, code, message }) => {
    return `${range.file}:${range.line}:${range.column}: warning[${code}]: ${message}`;
  });
  if (lines.length <= WARNINGS_MAX) return lines;
  const more = lines.length - WARNINGS_MAX;
  return [...lines.slice(0, WARNINGS_MAX), `… and ${more} more; \`kubedrill lint\` lists them`];
}

function reasonForNothing(files: readonly string[], loaded: LoadedPlans): string {
  if (files.length === 0) return 'there is no scenario file';
  if (loaded.plans.length === 0) return 'the files hold no scenario';
  return 'no expectation matches the flags';
}

function readSeed(text: string | undefined): number {
  if (text === undefined) return 1;
  const seed = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(seed)) {
    throw new UsageError(`--seed ${text}: a seed is a whole number from 0`);
  }
  return seed;
}

/** `1..200`: both ends belong to it. */
function readSeeds(text: string | undefined): SeedRange | undefined {
  if (text === undefined) return undefined;
  const [, from, to] = /^(\d+)\.\.(\d+)$/.exec(text) ?? [];
  const [first, last] = [Number(from), Number(to)];
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(last) || last < first) {
    throw new UsageError(`--seeds ${text}: write a range of whole numbers, as in 1..200`);
  }
  return { first, last };
}

function readRow(text: string): [key: string, value: string] {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError(`--row ${text}: write KEY=VALUE, as in cluster.proxy=ipvs`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function readPattern(text: string): RegExp {
  try {
    return new RegExp(text, 'u');
  } catch (error) {
    throw new UsageError(`--grep ${text}: ${(error as Error).message}`);
  }
}

/** `junit=out.xml`. Only one reporter may write to standard output. */
function readReporters(given: readonly string[]): ReporterChoice[] {
  const choices = given.map((text) => {
    const at = text.indexOf('=');
    if (at === text.length - 1) throw new UsageError(`--reporter ${text}: the file is missing`);
    const name = at < 0 ? text : text.slice(0, at);
    if (!reporterNames().includes(name)) {
      throw new UsageError(`no reporter is called ${name}${hinted(name, reporterNames())}`);
    }
    if (at < 0) return { name };
    if (!writesFiles(name)) throw new UsageError(`the reporter ${name} writes no files`);
    return { name, file: text.slice(at + 1) };
  });
  const [first, second] = choices.filter((choice) => choice.file === undefined);
  if (first !== undefined && second !== undefined) {
    throw new UsageError(
      `the reporters ${first.name} and ${second.name} cannot both write to standard output; ` +
        `give one a file: --reporter ${second.name}=FILE`,
    );
  }
  const files = choices.map(({ file }) => file).filter((file) => file !== undefined);
  const twice = files.find((file, index) => files.indexOf(file) < index);
  if (twice !== undefined) throw new UsageError(`two reporters cannot both write ${twice}`);
  return first === undefined ? [{ name: 'console' }, ...choices] : choices;
}

export const command: Command = { line, execute };
