// `kubedrill verify`: holds kubedrill to its promise that a result depends on the scenario and the
// seed alone. Everything runs in two processes that differ in all that must not matter.

import { execFileSync } from 'node:child_process';
import { join, parse, resolve } from 'node:path';
import { DISK } from '../../language/source';
import { diagnosticText, loadPlans } from '../../mocha/load-plans';
import type { CommandLine } from '../arguments';
import { divergences, readJournals } from '../divergence';
import type { Divergence, Journals } from '../divergence';
import { EXIT } from '../exit-code';
import type { Command } from '../main';
import { seedOf } from '../one-plan';
import { findTargets } from '../targets';

const line: CommandLine = {
  usage: 'verify [FILE | FOLDER | GLOB]… [flags]',
  summary: 'Runs scenarios in two processes and compares them event by event.',
  flags: {
    seed: { value: 'N', help: 'The seed of every random choice; 1 by default.' },
  },
  notes:
    'The second process has another locale, time zone, working directory and heap, and gets the\n' +
    'files in the opposite order. Exit codes: 0 equal to the last event; 2 nothing to compare;\n' +
    '3 a difference, which is a defect of kubedrill or of its Node.js.',
};

const PROGRAM = join(__dirname, '../journal-process.js');
const ELSEWHERE = { LC_ALL: 'sv_SE.UTF-8', LANG: 'sv_SE.UTF-8', TZ: 'Pacific/Chatham' };
/** As much as the journals of any library may be, in bytes. */
const OUTPUT_MAX = 2 ** 29 - 1;

export const command: Command = {
  line,
  execute(args, io) {
    const seed = seedOf(args);
    const targets = findTargets(args.positionals, DISK);
    for (const problem of targets.problems) io.complain(`kubedrill: ${problem}`);
    const loaded = loadPlans(targets.files);
    for (const diagnostics of loaded.broken.values()) {
      for (const diagnostic of diagnostics)
        io.complain(diagnosticText(diagnostic, loaded, io.out.columns));
    }
    if (targets.problems.length + loaded.broken.size > 0) return EXIT.unusable;
    if (loaded.plans.length === 0) {
      io.complain('kubedrill: there is nothing to compare');
      return EXIT.unusable;
    }
    const files = [...new Set(loaded.plans.map(({ file }) => resolve(file)))];
    const first = journalsOf(seed, files, {});
    const second = journalsOf(seed, files.toReversed(), {
      flags: ['--max-semi-space-size=1'],
      cwd: parse(process.cwd()).root,
      env: { ...process.env, ...ELSEWHERE },
    });
    const found = divergences(first, second);
    for (const divergence of found) io.out.write(`${tell(divergence)}\n\n`);
    io.out.write(`${summary(first, found, seed)}\n`);
    return found.length === 0 ? EXIT.passed : EXIT.internal;
  },
};

interface Surroundings {
  readonly flags?: readonly string[];
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

function journalsOf(
  seed: number,
  files: readonly string[],
  { flags = [], ...options }: Surroundings,
): Journals {
  const argv = [...flags, PROGRAM, String(seed), ...files];
  const printed = execFileSync(process.execPath, argv, { ...options, maxBuffer: OUTPUT_MAX });
  return readJournals(printed.toString('utf8'));
}

function tell({ run, position, before, one, other }: Divergence): string {
  return [
    `✗ ${run}`,
    `  the two runs part after ${position} ${position === 1 ? 'event' : 'events'}`,
    `    after    ${before ?? 'the beginning'}`,
    `    one run  ${one ?? 'has ended'}`,
    `    another  ${other ?? 'has ended'}`,
  ].join('\n');
}

function summary(first: Journals, found: readonly Divergence[], seed: number): string {
  const events = [...first.values()].reduce((sum, { length }) => sum + length, 0);
  const runs = `${first.size} ${first.size === 1 ? 'run' : 'runs'}`;
  const same = `${runs} with ${events} events (seed ${seed})`;
  if (found.length === 0) return `${same}: the same in two processes`;
  return `${same}: ${found.length} ${found.length === 1 ? 'differs' : 'differ'} in two processes`;
}
