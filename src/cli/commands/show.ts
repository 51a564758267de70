// `kubedrill show`: runs a scenario up to an instant and prints what a node holds then, in the
// text of the tools that a person would use on a real one.

import { createCluster } from '../../cluster/create-cluster';
import { NODE_TEXTS, nodeText } from '../../cluster/views/node-text';
import type { NodeText } from '../../cluster/views/node-text';
import type { Plan } from '../../language/plan';
import { Execution } from '../../runner/execution';
import type { Arguments, CommandLine } from '../arguments';
import { hinted, UsageError } from '../arguments';
import { EXIT } from '../exit-code';
import type { ExitCode } from '../exit-code';
import type { Io } from '../io';
import type { Command } from '../main';
import { isFile } from '../explain-file';
import { instantOf, PLAN_FLAGS, planOf, runTo, seedOf } from '../one-plan';

const KINDS = Object.keys(NODE_TEXTS) as NodeText[];

const line: CommandLine = {
  usage: `show ${KINDS.join('|')} --node NODE [--at INSTANT] FILE`,
  summary: 'Prints what a node holds at an instant of a scenario.',
  flags: {
    node: { value: 'NODE', help: 'The node; may be left out where there is one.' },
    ...PLAN_FLAGS,
  },
  notes: KINDS.map((kind) => `  ${kind.padEnd(12)}as ${NODE_TEXTS[kind].tool}`).join('\n'),
};

function execute(args: Arguments, io: Io): ExitCode {
  const [word = '', ...files] = args.positionals;
  const kind = KINDS.find((it) => it === word);
  if (kind === undefined) throw new UsageError(unknownKind(word));
  const [file] = files;
  if (file === undefined || files.length > 1) throw new UsageError('show takes one scenario file');
  const plan = planOf(file, args, io);
  if (plan === undefined) return EXIT.unusable;
  const cluster = createCluster(plan.cluster, { seed: seedOf(args) });
  const name = nodeOf(plan, args.value('node'));
  runTo(instantOf(args), new Execution(plan, cluster), io);
  const machine = cluster.machines.get(name)!;
  if (!machine.powered) io.complain(`kubedrill: ${name} has no power at that instant`);
  io.out.write(nodeText(cluster, machine, kind));
  return EXIT.passed;
}

function unknownKind(word: string): string {
  const known = `; what can be shown: ${KINDS.join(', ')}`;
  if (isFile(word)) {
    return `${word} cannot be shown: say what before it, as in show ${KINDS[0]} ${word}${known}`;
  }
  return word === ''
    ? `say what to show${known}`
    : `${word} cannot be shown${hinted(word, KINDS)}${known}`;
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

export const command: Command = { line, execute };
