// The parts of a fingerprint, taken from a run that has ended: its verdicts, and what the network
// does in the end for everybody who could ask.

import type { Service } from '../../src/apiserver/kinds/service';
import type { Pod } from '../../src/apiserver/kinds/pod';
import type { Cluster } from '../../src/cluster/cluster';
import { formatEntry } from '../../src/kernel/journal';
import type { Outcome, RunResult } from '../../src/runner/result';
import { parseIp } from '../../src/values/ip';
import { keyOf } from '../../src/values/kube-object';
import { formatInstant } from '../../src/values/time';
import type { Fingerprint } from './fingerprint';

/** Whose verdicts say which part of the network's behaviour. */
const CLAIMS = {
  reach: ['affinity', 'outage', 'reach', 'share', 'table'],
  dns: ['resolve'],
  nat: ['path', 'translate'],
} as const;

/** As many pods ask, and are asked for as many Services; the first ones of each. */
const CLIENTS = 3;
const SERVICES = 12;

export function fingerprintOf({ outcomes }: RunResult, cluster: Cluster): Fingerprint {
  const asked = askNetwork(cluster);
  return {
    reach: [...verdicts(outcomes, CLAIMS.reach), ...asked.reach],
    dns: [...verdicts(outcomes, CLAIMS.dns), ...asked.dns],
    nat: [...verdicts(outcomes, CLAIMS.nat), ...asked.nat],
    converge: outcomes.filter(takesTime).map(sayInstant),
    trace: cluster.kernel.journal.all().map(formatEntry),
  };
}

/** Verdicts without their instants: those are `converge`'s. */
function verdicts(outcomes: readonly Outcome[], claims: readonly string[]): readonly string[] {
  return outcomes
    .filter(({ claim }) => claims.includes(claim))
    .map(({ status, title, actual }) => oneLine(`${status} ${title}: ${withoutTimes(actual)}`));
}

function withoutTimes(text: string): string {
  return text.replaceAll(/(?:\d[\d.]*(?:µs|us|ms|s|m|h))+/g, '…');
}

function takesTime({ operator, claim }: Outcome): boolean {
  return operator === 'after' || claim === 'converge' || claim === 'outage';
}

function sayInstant({ status, title, at }: Outcome): string {
  return oneLine(`${status} ${title}: ${at === undefined ? 'never' : formatInstant(at)}`);
}

/** A question that the cluster cannot answer has that for its answer. */
function asked(question: string, ask: () => string): string {
  try {
    return oneLine(`${question}: ${ask()}`);
  } catch (error) {
    return oneLine(`${question}: ${(error as Error).message}`);
  }
}

function askNetwork(cluster: Cluster) {
  const { store } = cluster.api;
  const services = [...store.list('Service', store.revision)].slice(0, SERVICES) as Service[];
  const pods = ([...store.list('Pod', store.revision)] as Pod[]).filter(isClient);
  const clients = pods.slice(0, CLIENTS).map(keyOf);
  const each = <T>(ask: (client: string, service: Service) => readonly T[]): readonly T[] =>
    clients.flatMap((client) => services.flatMap((service) => ask(client, service)));
  return {
    reach: each((client, service) => reachLines(cluster, client, service)),
    dns: each((client, { metadata: { name, namespace } }) => {
      const host = `${name}.${namespace}.svc.cluster.local`;
      return [asked(`${client} ${host}`, () => sayResolution(cluster, client, host))];
    }),
    nat: [...cluster.machines.keys()].flatMap((node) =>
      services.map((service) =>
        asked(`${node} ${keyOf(service)}`, () =>
          cluster.programmed(node, keyOf(service)).join(' '),
        ),
      ),
    ),
  };
}

function isClient({ spec, status }: Pod): boolean {
  return status?.phase === 'Running' && spec.hostNetwork !== true;
}

function reachLines(cluster: Cluster, client: string, service: Service): readonly string[] {
  const address = parseIp(service.spec.clusterIP ?? '');
  if (address === undefined) return [];
  return (service.spec.ports ?? []).map(({ port, protocol = 'TCP' }) =>
    asked(`${client} ${keyOf(service)}:${port}`, () => {
      const to = { address, port, protocol: protocol };
      const traces = cluster.send({ pod: client }, to);
      const said = traces.map(
        ({ disposition, probability, responder }) =>
          `${disposition} ${JSON.stringify(probability)} ${JSON.stringify(responder)}`,
      );
      return said.toSorted().join(', ');
    }),
  );
}

function sayResolution(cluster: Cluster, client: string, host: string): string {
  const ways = cluster.resolve({ pod: client }, host);
  return ways.map(({ rcode, answers }) => `${rcode} ${answers.join(' ')}`).join(', ');
}

function oneLine(text: string): string {
  return text.replaceAll('\n', ' ');
}
