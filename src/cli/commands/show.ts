// `kubedrill show`: runs a scenario up to an instant and prints what a node holds then, in the
// text of the tools that a person would use on a real one.

import { createCluster } from '../../cluster/create-cluster';
import { NODE_TEXTS, nodeText } from '../../cluster/node-text';
import type { NodeText } from '../../cluster/node-text';
import { parseInstant } from '../../language/duration';
import type { Plan } from '../../language/plan';
import { DISK } from '../../language/source';
import { diagnosticText, loadPlans } from '../../mocha/load-plans';
import { Execution } from '../../runner/execution';
import { START } from '../../values/time';
import type { Instant } from '../../values/time';
import type { Arguments, CommandLine } from '../arguments';
import { hinted, UsageError } from '../arguments';
import { EXIT } from '../exit-code';
import type { ExitCode } from '../exit-code';
import type { Io } from '../io';
import type { Command } from '../main';
import { findTargets } from '../targets';

const KINDS = Object.keys(NODE_TEXTS) as NodeText[];

const line: CommandLine = {
  usage: `show ${KINDS.join('|')} --node NODE [--at INSTANT] FILE`,
  summary: 'Prints what a node holds at an instant of a scenario.',
  flags: {
    node: { value: 'NODE', help: 'The node; may be left out where there is one.' },
    at: { value: 'INSTANT', help: 'When: 10s, 1m30s; 0s by default, the settled start.' },
    row: {
      value: 'KEY=VALUE',
      repeatable: true,
      help: 'Which row of a matrix; the first one by default.',
    },
    seed: { value: 'N', help: 'The seed of every random choice; 1 by default.' },
  },
  notes: KINDS.map((kind) => `  ${kind.padEnd(12)}as ${NODE_TEXTS[kind].tool}`).join('\n'),
};

function execute(args: Arguments, io: Io): ExitCode {
  const [word = '', ...files] = args.positionals;
  const kind = KINDS.find((it) => it === word);
  if (kind === undefined) throw new UsageError(unknownKind(word));
  const plan = planOf(files, args, io);
  if (plan === undefined) return EXIT.unusable;
  const seed = readSeed(args.value('seed') ?? '1');
  const cluster = createCluster(plan.cluster, { seed });
  const name = nodeOf(plan, args.value('node'));
  new Execution(plan, cluster).run(readAt(args.value('at')));
  const machine = cluster.machines.get(name)!;
  if (!machine.powered) io.complain(`kubedrill: ${name} has no power at that instant`);
  io.out.write(nodeText(cluster, machine, kind));
  return EXIT.passed;
}

function unknownKind(word: string): string {
  const known = `; what can be shown: ${KINDS.join(', ')}`;
  return word === ''
    ? `say what to show${known}`
    : `${word} cannot be shown${hinted(word, KINDS)}${known}`;
}

/** The scenario of the file in the row that the flags choose. Complains where there is none. */
function planOf(files: readonly string[], args: Arguments, io: Io): Plan | undefined {
  if (files.length !== 1) throw new UsageError('show takes one scenario file');
  const targets = findTargets(files, DISK);
  for (const problem of targets.problems) io.complain(`kubedrill: ${problem}`);
  const loaded = loadPlans(targets.files);
  for (const diagnostics of loaded.broken.values()) {
    for (const diagnostic of diagnostics) io.complain(diagnosticText(diagnostic, loaded));
  }
  if (targets.problems.length > 0 || loaded.broken.size > 0) return undefined;
  const rows = args.all('row');
  const plan = loaded.plans.find(({ row }) =>
    rows.every((text) => Object.entries(row).some(([key, value]) => text === `${key}=${value}`)),
  );
  if (plan === undefined) io.complain(`kubedrill: no scenario of ${files[0]} has such a row`);
  return plan;
}

function nodeOf({ cluster }: Plan, wanted: string | undefined): string {
  const names = cluster.nodes.map(({ name }) => name);
  if (wanted === undefined) {
    if (names.length === 1) return names[0]!;
    throw new UsageError(`--node is missing; the nodes are ${names.slice(0, 5).join(', ')}`);
  }
  const name = wanted.replace(/^node\//, '');
  if (names.includes(name)) return name;
  throw new UsageError(`there is no node ${wanted}${hinted(name, names)}`);
}

function readAt(text: string | undefined): Instant {
  if (text === undefined) return START;
  const reading = parseInstant(text);
  if (!reading.ok) throw new UsageError(`--at ${text}: ${reading.message}`);
  return reading.value;
}

function readSeed(text: string): number {
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  throw new UsageError(`--seed ${text}: a seed is a whole number from 0`);
}

export const command: Command = { line, execute };
