// `kubedrill trace`: runs a scenario up to an instant and follows one flow through it, hop by hop.

import type { Cluster } from '../../cluster/cluster';
import { createCluster } from '../../cluster/create-cluster';
import { parseDestination } from '../../language/reference';
import { Execution } from '../../runner/execution';
import { outcomeOf } from '../../values/disposition';
import { UnknownTargetError } from '../../vocabulary/targets';
import { walksOf } from '../../vocabulary/walks';
import type { Walks } from '../../vocabulary/walks';
import type { Arguments, CommandLine } from '../arguments';
import { UsageError } from '../arguments';
import { EXIT } from '../exit-code';
import type { ExitCode } from '../exit-code';
import type { Io } from '../io';
import type { Command } from '../main';
import { instantOf, PLAN_FLAGS, planOf, runTo, seedOf } from '../one-plan';
import { tracePage } from '../trace-page';

const line: CommandLine = {
  usage: 'trace FILE --from REF --to DESTINATION [--at INSTANT]',
  summary: 'Follows one flow of a scenario hop by hop, with tuples, rules and policies.',
  flags: {
    from: { value: 'REF', help: 'Who sends: shop/frontend, node/worker-1, external.' },
    to: { value: 'DESTINATION', help: 'Where to: backend:80, pod/shop/cart-0:8080, dns:53/udp.' },
    size: { value: 'BYTES', help: 'Also send messages of so much data, and see if they fit.' },
    json: { help: 'Print the traces as JSON.' },
    ...PLAN_FLAGS,
  },
  notes:
    'Every way that the packet can take is shown, each with its exact probability.\n' +
    'Exit codes: 0 every way is answered; 1 some way is not; 2 usage or input; 3 internal error.',
};

function execute(args: Arguments, io: Io): ExitCode {
  const [file, ...rest] = args.positionals;
  const from = args.value('from');
  const to = args.value('to');
  if (file === undefined || rest.length > 0) throw new UsageError(`usage: kubedrill ${line.usage}`);
  if (from === undefined) throw new UsageError('--from is missing: who sends?');
  if (to === undefined) throw new UsageError('--to is missing: where to?');
  const destination = parseDestination(to);
  if (!destination.ok) throw new UsageError(`--to ${to}: ${destination.message}`);
  const size = sizeOf(args);
  const at = instantOf(args);
  const plan = planOf(file, args, io);
  if (plan === undefined) return EXIT.unusable;
  const cluster = createCluster(plan.cluster, { seed: seedOf(args) });
  runTo(at, new Execution(plan, cluster), io);
  const { walks, missing } = walksFrom(cluster, from, to, size);
  if (walks.length === 0) throw new UsageError(missing ?? `nothing is sent from ${from}`);
  const traces = walks.map(({ trace }) => trace);
  io.out.write(args.has('json') ? `${JSON.stringify(traces, null, 2)}\n` : tracePage(traces));
  const isAnswered = traces.every(({ disposition }) => outcomeOf(disposition) === 'ok');
  return isAnswered ? EXIT.passed : EXIT.failed;
}

/** A reference that names nothing is a mistake of the command line here. */
function walksFrom(cluster: Cluster, from: string, to: string, size: number | undefined): Walks {
  try {
    return walksOf(cluster, from, to, size === undefined ? {} : { size });
  } catch (error) {
    if (error instanceof UnknownTargetError) throw new UsageError(error.message);
    throw error;
  }
}

function sizeOf(args: Arguments): number | undefined {
  const text = args.value('size');
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_000) return Number(text);
  throw new UsageError(`--size ${text}: bytes are wanted, from 1 to 65000`);
}

export const command: Command = { line, execute };
