// Lets real resolvers go through the scenarios, and says which runs agree with the model's client.

import { ip } from '../../../src/values/ip';
import type { IP } from '../../../src/values/ip';
import { run } from '../commands';
import type { Verdict } from '../trial';
import { agrees, ANY_TIME, describeRun } from './agreement';
import { askAs } from './clients';
import type { Client } from './clients';
import { modelledRuns } from './modelled';
import type { Run } from './modelled';
import { RealNameservers } from './nameserver';
import type { Scenario } from './scenarios';

/** Runs at the same time. Most of their time is waiting. */
const AT_ONCE = 8;
/** Runs of what takes no time, so that chance shows where the model knows of none. */
const RUNS_MIN = 6;
/** Milliseconds from which on one run is enough. */
const LONG = 500;
/** Three ways of equal chance all show within so many runs, but for once in a million. */
const RUNS_MAX = 40;
/**
 * A machine that is busy with something else may spoil the times of a run, and a kernel may give a
 * new socket the port of one that is closed; neither spoils two runs of a scenario.
 */
const SPOILT_MAX = 1;

/** The addresses of the nameservers: all of them are this network namespace itself. */
export async function prepareAddresses(): Promise<void> {
  await run('ip', ['link', 'set', 'lo', 'up']);
  await run('ip', ['address', 'add', '10.96.0.1/16', 'dev', 'lo']);
}

let blocks = 0;

/** Addresses that no other scenario has at this time. */
function freshAddresses(count: number): IP[] {
  const block = (blocks++ % 250) + 1;
  return Array.from({ length: count }, (_, index) => ip(`10.96.${block}.${index + 10}`));
}

/** The verdicts on the scenarios, in their order; `modelled` is what the model is asked instead. */
export async function resolverVerdicts(
  client: Client,
  scenarios: readonly Scenario[],
  modelled: (scenario: Scenario) => Scenario = (scenario) => scenario,
): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  const waiting = [...scenarios.entries()];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, scenario] = next;
      verdicts[index] = await verdictOn(client, scenario, modelled(scenario));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return verdicts;
}

async function verdictOn(client: Client, scenario: Scenario, modelled: Scenario): Promise<Verdict> {
  const { title, servers = ['answers'] } = scenario;
  const addresses = freshAddresses(servers.length);
  const possible = modelledRuns(modelled, client.libc, addresses);
  const unseen = new Set(possible);
  const runsMin = isLong(possible) ? 1 : RUNS_MIN;
  let spoilt = 0;
  let last: Run | undefined;
  let isContradicted = false;
  for (let count = 0; count < RUNS_MAX && (unseen.size > 0 || count < runsMin); count++) {
    const real = await realRun(client, scenario, addresses);
    const way = possible.find((it) => agrees(it, real));
    if (way !== undefined) {
      unseen.delete(way);
      continue;
    }
    last = real;
    const plain = withoutSockets(real);
    const isSpoilt = possible.some((it) => agrees(withoutSockets(it), plain, ANY_TIME));
    isContradicted = !isSpoilt || ++spoilt > SPOILT_MAX;
    if (isContradicted) break;
  }
  if (unseen.size === 0 && !isContradicted) return { title, difference: undefined };
  const lines = (unseen.size > 0 ? [...unseen] : possible)
    .slice(0, 2)
    .flatMap((it) => describeRun('model', it));
  const seen = last === undefined ? [] : describeRun('real ', last);
  return { title, difference: [...lines, ...seen].join('\n') };
}

/** The same run, from whichever sockets its queries came. */
function withoutSockets({ queries, ...rest }: Run): Run {
  return { ...rest, queries: queries.map((query) => ({ ...query, socket: 0 })) };
}

/** Whether the longest lookup of any run takes its time; `dig` tells no times but its queries'. */
function isLong(runs: readonly Run[]): boolean {
  const ends = runs.flatMap(({ queries, took }) => [
    ...queries.map(({ at }) => at),
    ...took.map((time) => time ?? 0),
  ]);
  return Math.max(...ends) >= LONG;
}

async function realRun(client: Client, scenario: Scenario, addresses: readonly IP[]): Promise<Run> {
  const nameservers = await RealNameservers.at(addresses, scenario);
  try {
    const output = await askAs(client, scenario, addresses);
    return { queries: nameservers.queries(), ...output };
  } finally {
    await nameservers.close();
  }
}
