// Commands that run one row of one scenario up to an instant.

import { parseInstant } from '../language/duration';
import type { Plan } from '../language/plan';
import { DISK } from '../language/source';
import { diagnosticText, loadPlans } from '../mocha/load-plans';
import type { Execution } from '../runner/execution';
import { formatInstant, START } from '../values/time';
import type { Instant } from '../values/time';
import type { Arguments, CommandLine } from './arguments';
import { UsageError } from './arguments';
import type { Io } from './io';
import { findTargets } from './targets';

/** The flags that choose row, instant and seed. */
export const PLAN_FLAGS: CommandLine['flags'] = {
  at: { value: 'INSTANT', help: 'When: 10s, 1m30s; 0s by default, the settled start.' },
  row: {
    value: 'KEY=VALUE',
    repeatable: true,
    help: 'Which row of a matrix; the first one by default.',
  },
  seed: { value: 'N', help: 'The seed of every random choice; 1 by default.' },
};

/** The scenario of the file in the row that the flags choose. Complains where there is none. */
export function planOf(file: string, args: Arguments, io: Io): Plan | undefined {
  const targets = findTargets([file], DISK);
  for (const problem of targets.problems) io.complain(`kubedrill: ${problem}`);
  const loaded = loadPlans(targets.files);
  for (const diagnostics of loaded.broken.values()) {
    for (const diagnostic of diagnostics)
      io.complain(diagnosticText(diagnostic, loaded, io.out.columns));
  }
  if (targets.problems.length > 0 || loaded.broken.size > 0) return undefined;
  const rows = args.all('row');
  const plan = loaded.plans.find(({ row }) =>
    rows.every((text) => Object.entries(row).some(([key, value]) => text === `${key}=${value}`)),
  );
  if (plan === undefined) io.complain(`kubedrill: no scenario of ${file} has such a row`);
  return plan;
}

/** The instant of `--at`. Throws UsageError. */
export function instantOf(args: Arguments): Instant {
  const text = args.value('at');
  if (text === undefined) return START;
  const reading = parseInstant(text);
  if (!reading.ok) throw new UsageError(`--at ${text}: ${reading.message}`);
  return reading.value;
}

/** Runs the scenario to that instant, and says so where it had nothing more to say before. */
export function runTo(at: Instant, execution: Execution, io: Io): void {
  const { end } = execution;
  execution.run(at);
  if (at <= end) return;
  io.complain(
    `kubedrill: ${formatInstant(at)} is after the end of the scenario, ${formatInstant(end)}: ` +
      'the cluster has gone on by itself',
  );
}

/** The seed of `--seed`. Throws UsageError. */
export function seedOf(args: Arguments): number {
  const text = args.value('seed') ?? '1';
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  throw new UsageError(`--seed ${text}: a seed is a whole number from 0`);
}
