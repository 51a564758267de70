// `kubedrill dig`: runs a scenario up to an instant, asks a nameserver for a name as dig does from
// inside of a pod, and prints what came back as dig prints it.

import { createCluster } from '../../cluster/create-cluster';
import { Execution } from '../../runner/execution';
import { equalRatio, CERTAIN, formatRatio } from '../../values/ratio';
import type { DnsExchange, Resolution } from '../../values/resolution';
import { formatInstant } from '../../values/time';
import type { Instant } from '../../values/time';
import { sourcesOf } from '../../vocabulary/targets';
import type { Arguments, CommandLine } from '../arguments';
import { UsageError } from '../arguments';
import { EXIT } from '../exit-code';
import type { ExitCode } from '../exit-code';
import type { Io } from '../io';
import type { Command } from '../main';
import { instantOf, PLAN_FLAGS, planOf, runTo, seedOf } from '../one-plan';

const line: CommandLine = {
  usage: 'dig FILE --from POD NAME [TYPE] [--at INSTANT]',
  summary: 'Asks for a name from inside of a scenario, and prints the answer as dig does.',
  flags: {
    from: { value: 'REF', help: 'Who asks: shop/frontend, node/worker-1.' },
    ...PLAN_FLAGS,
  },
  notes:
    'Like dig, it asks for the name as it is written, without a search list. What a program in\n' +
    'the container makes of a name is what the claim `resolve` tells.',
};

function execute(args: Arguments, io: Io): ExitCode {
  const [file, name, type = 'A', ...rest] = args.positionals;
  const from = args.value('from');
  if (file === undefined || name === undefined || rest.length > 0) {
    throw new UsageError(`usage: kubedrill ${line.usage}`);
  }
  if (from === undefined) throw new UsageError('--from is missing: which pod asks?');
  const at = instantOf(args);
  const plan = planOf(file, args, io);
  if (plan === undefined) return EXIT.unusable;
  const cluster = createCluster(plan.cluster, { seed: seedOf(args) });
  runTo(at, new Execution(plan, cluster), io);
  const { sources, missing } = sourcesOf(cluster, from);
  const [source] = sources;
  if (source === undefined) throw new UsageError(missing ?? `nobody is ${from}`);
  const types = [type.toUpperCase()];
  const ways = cluster.resolve(source.origin, name, { types, libc: 'dig' });
  const question = { name: `${name.replace(/\.$/, '')}.`, type: types[0]!, at };
  io.out.write(`${ways.map((way) => page(way, question)).join('\n')}\n`);
  return EXIT.passed;
}

interface Asked {
  readonly name: string;
  readonly type: string;
  readonly at: Instant;
}

function page(way: Resolution, asked: Asked): string {
  const isCertain = equalRatio(way.probability, CERTAIN);
  const head = [
    `; <<>> kubedrill dig <<>> ${asked.name} ${asked.type}`,
    ...(isCertain ? [] : [`;; one of several ways, probability ${formatRatio(way.probability)}`]),
  ];
  const body = way.message === undefined ? silence(way) : answer(way, asked);
  return [...head, ...body, ''].join('\n');
}

function silence({ exchanges, reason }: Resolution): string[] {
  const tries = exchanges.map((exchange) => `;; ${serverText(exchange)}: no answer`);
  return [...tries, ';; no servers could be reached', `;; ${reason}`];
}

function answer(way: Resolution, { name, type, at }: Asked): string[] {
  const { flags, answer: answers, authority, additional } = way.message!;
  const counts =
    `QUERY: 1, ANSWER: ${answers.length}, AUTHORITY: ${authority.length}, ` +
    `ADDITIONAL: ${additional.length}`;
  const last = way.exchanges.at(-1)!;
  return [
    ';; Got answer:',
    `;; ->>HEADER<<- opcode: QUERY, status: ${way.rcode}, id: 1`,
    `;; flags: ${flags.join(' ')}; ${counts}`,
    '',
    ';; QUESTION SECTION:',
    `;${name}\t\tIN\t${type}`,
    ...section('ANSWER', answers),
    ...section('AUTHORITY', authority),
    ...section('ADDITIONAL', additional),
    '',
    `;; Query time: ${Math.round(way.took / 1_000)} msec`,
    `;; SERVER: ${serverText(last)} (${last.transport})`,
    `;; WHEN: ${formatInstant(at)} of the scenario`,
  ];
}

function section(name: string, records: readonly string[]): string[] {
  if (records.length === 0) return [];
  return ['', `;; ${name} SECTION:`, ...records.map(recordLine)];
}

/** `name ttl TYPE data` with the class and the tabs of dig. */
function recordLine(record: string): string {
  const [name, ttl, type, ...data] = record.split(' ');
  return `${name}\t${ttl}\tIN\t${type}\t${data.join(' ')}`;
}

function serverText({ server }: DnsExchange): string {
  return server === undefined ? "the node's resolver" : `${server}#53(${server})`;
}

export const command: Command = { line, execute };
