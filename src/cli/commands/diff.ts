// `kubedrill diff`: which connections and routes two sets of manifests differ in.

import { compare } from '../../analysis/compare';
import { createCluster } from '../../cluster/create-cluster';
import type { Arguments, CommandLine } from '../arguments';
import { UsageError } from '../arguments';
import { diffMarkdown, diffText } from '../diff-page';
import { EXIT } from '../exit-code';
import type { ExitCode } from '../exit-code';
import type { Io } from '../io';
import type { Command } from '../main';
import { planOfManifests } from '../manifest-plan';

const FORMATS = ['text', 'markdown', 'json'] as const;

const line: CommandLine = {
  usage: 'diff OLD NEW [flags]',
  summary: 'Connections and routes that are gained, lost or changed between two sets of manifests.',
  flags: {
    format: { value: 'FORMAT', help: `One of ${FORMATS.join(', ')}; text by default.` },
    'exit-code': { help: 'Exit with 1 where anything differs.' },
    cni: { value: 'NAME', help: 'The network plug-in; calico, which enforces policies.' },
    proxy: { value: 'MODE', help: 'The mode of kube-proxy; iptables by default.' },
    nodes: { value: 'N', help: 'How many nodes; 3 by default.' },
  },
  notes:
    'OLD and NEW are files, folders or patterns; one of them may be - for a stream of YAML.\n' +
    'Every workload dials every port of every Service by name, and the outside every node port.\n' +
    'Routes are the ports of Services, nodes, load balancers and pods with what is behind them.\n' +
    'Exit codes: 0 compared; 1 different, with --exit-code; 2 usage or input; 3 internal error.',
};

function execute(args: Arguments, io: Io): ExitCode {
  const [old, now, ...rest] = args.positionals;
  if (old === undefined || now === undefined || rest.length > 0) {
    throw new UsageError(`usage: kubedrill ${line.usage}`);
  }
  if (old === '-' && now === '-') throw new UsageError('only one of OLD and NEW may be -');
  const format = FORMATS.find((it) => it === (args.value('format') ?? 'text'));
  if (format === undefined) throw new UsageError(`--format is one of ${FORMATS.join(', ')}`);
  const choice = {
    cni: args.value('cni') ?? 'calico',
    proxy: args.value('proxy') ?? 'iptables',
    nodes: nodesOf(args.value('nodes') ?? '3'),
  };
  const [before, after] = [old, now].map((path) =>
    createCluster(planOfManifests(path, choice).cluster, { seed: 1 }),
  );
  const comparison = compare(before!, after!);
  if (format === 'json') io.out.write(`${JSON.stringify(comparison, null, 2)}\n`);
  else io.out.write(format === 'text' ? diffText(comparison) : diffMarkdown(comparison));
  const isSame = comparison.changes.length === 0 && comparison.routes.length === 0;
  return args.has('exit-code') && !isSame ? EXIT.failed : EXIT.passed;
}

function nodesOf(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new UsageError(`--nodes ${text}: a number of nodes is wanted`);
}

export const command: Command = { line, execute };
