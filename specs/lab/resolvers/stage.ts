// The stage of the lab for resolvers: every real client that is installed through every scenario,
// then the wrong models. Whatever is not installed is skipped, with the reason.

import type { Verdict } from '../trial';
import { clientsHere } from './clients';
import type { Client } from './clients';
import { RESOLVER_SABOTAGES } from './sabotage';
import type { ResolverSabotage } from './sabotage';
import { SCENARIOS } from './scenarios';
import type { Scenario } from './scenarios';
import { prepareAddresses, resolverVerdicts } from './trial';

/** What the stage found of one client. */
export interface ResolverReport {
  /** `resolvers, glibc 2.36`. */
  readonly name: string;
  /** Why there is nothing to report. */
  readonly skipped: string | undefined;
  readonly verdicts: readonly Verdict[];
  /** Each wrong model, and whether the comparison noticed it. */
  readonly sabotages: readonly { readonly title: string; readonly isCaught: boolean }[];
}

/** Reports on clients and scenarios whose names have these parts, one client after the other. */
export async function* resolverReports(
  names: string,
  titles: string,
): AsyncGenerator<ResolverReport> {
  await prepareAddresses();
  for (const client of clientsHere()) {
    const version = 'reason' in client ? '' : ` ${client.version}`;
    const name = `resolvers, ${client.name}${version}`;
    if (!name.includes(names)) continue;
    if ('reason' in client) {
      yield { name, skipped: client.reason, verdicts: [], sabotages: [] };
      continue;
    }
    const wanted = SCENARIOS.filter((it) => isFor(client, it) && it.title.includes(titles));
    const verdicts = await resolverVerdicts(client, wanted);
    yield { name, skipped: undefined, verdicts, sabotages: await caught(client) };
  }
}

function isFor(
  { name, libc }: Client,
  { clients = ['glibc', 'musl'], isForNewMusl = false }: Scenario,
): boolean {
  return clients.includes(name) && !(isForNewMusl && libc === 'musl-1.2.3');
}

async function caught(client: Client) {
  const all = RESOLVER_SABOTAGES.filter((it) => it.client === client.name);
  return Promise.all(
    all.map(async (it) => ({ title: it.title, isCaught: await isNoticed(client, it) })),
  );
}

async function isNoticed(client: Client, sabotage: ResolverSabotage): Promise<boolean> {
  const scenario = SCENARIOS.find(({ title }) => title === sabotage.scenario);
  if (scenario === undefined) throw new RangeError(`no scenario "${sabotage.scenario}"`);
  const verdicts = await resolverVerdicts(client, [scenario], (it) => sabotage.spoil(it));
  return verdicts.some(({ difference }) => difference !== undefined);
}
