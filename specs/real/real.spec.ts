// Goal: manifests that real projects publish load unchanged, come up, and mean what an
// independent evaluator says they mean. Method: the scenarios beside this file point at them;
// truth.json names for every Service the workloads and target ports behind it.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';

import { createCluster, loadScenarios, runPlan } from '../../src/index';
import type { Cluster, Plan } from '../../src/index';

const MANIFESTS = '../shared/manifests';
const SCENARIOS = 'specs/real';

/** The set of manifests that each scenario points at. */
const SETS = {
  'online-boutique': 'online-boutique',
  guestbook: 'guestbook-and-cassandra',
  bookinfo: 'bookinfo',
} as const;

interface TruthService {
  readonly service: string;
  readonly type: string;
  readonly workloads: readonly string[];
  readonly ports: readonly { readonly port: number; readonly targets: Record<string, number> }[];
}

type Truth = Readonly<Record<string, { readonly services: readonly TruthService[] }>>;

interface SliceFields {
  readonly metadata: { readonly namespace: string; readonly labels: Record<string, string> };
  readonly ports?: readonly { readonly port: number }[];
  readonly endpoints?: readonly { readonly targetRef?: { readonly name: string } }[];
}

function plansOf(name: string): readonly Plan[] {
  const { plans, diagnostics } = loadScenarios([`${SCENARIOS}/${name}.yaml`]);
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  expect(errors.map(({ message }) => message)).to.deep.equal([]);
  return plans;
}

/** `Deployment/frontend:8080` for every workload and target port behind a Service. */
function behind(cluster: Cluster, service: string, workloads: readonly string[]): string[] {
  const found = new Set<string>();
  for (const object of cluster.api.store.list('EndpointSlice')) {
    const { metadata, ports = [], endpoints = [] } = object as unknown as SliceFields;
    const name = metadata.labels['kubernetes.io/service-name'];
    if (`${metadata.namespace}/${name}` !== service) continue;
    for (const { targetRef } of endpoints) {
      const pod = `${metadata.namespace}/${targetRef?.name}`;
      const owner = workloads.find((it) => podsOf(cluster, it, metadata.namespace).includes(pod));
      for (const { port } of ports) found.add(`${owner ?? pod}:${port}`);
    }
  }
  return [...found].sort();
}

function podsOf(cluster: Cluster, workload: string, namespace: string): readonly string[] {
  const [kind = '', name = ''] = workload.split('/');
  return cluster.podsOf(kind, `${namespace}/${name}`);
}

function present(cluster: Cluster, workload: string, namespace: string): boolean {
  const [kind = '', name = ''] = workload.split('/');
  return cluster.api.store.get(kind, `${namespace}/${name}`) !== undefined;
}

describe('published manifests', () => {
  before(function skipWithoutThem() {
    if (existsSync(MANIFESTS)) return;
    console.log('    skipped: ../shared is absent');
    this.skip();
  });

  it('has a set for every scenario of this folder', () => {
    const files = readdirSync(SCENARIOS).filter((name) => name.endsWith('.yaml'));
    expect(files.sort()).to.deep.equal(
      Object.keys(SETS)
        .map((name) => `${name}.yaml`)
        .sort(),
    );
  });

  for (const [name, set] of Object.entries(SETS)) {
    describe(set, () => {
      it('does what its scenario expects', () => {
        for (const plan of plansOf(name)) {
          const { outcomes } = runPlan(plan, 1);
          const bad = outcomes.filter(({ status }) => status !== 'passed');
          expect(bad.map(({ title, actual }) => `${title}: ${actual}`)).to.deep.equal([]);
        }
      });

      it('has the workloads and ports behind each Service that the truth names', () => {
        const truth = JSON.parse(readFileSync(`${MANIFESTS}/truth.json`, 'utf8')) as Truth;
        const cluster = createCluster(plansOf(name)[0]!.cluster, { seed: 1 });
        let compared = 0;
        for (const { service, workloads, ports } of truth[set]!.services) {
          const [namespace = ''] = service.split('/');
          if (!workloads.every((it) => present(cluster, it, namespace))) continue;
          const expected = ports.flatMap(({ targets }) =>
            Object.entries(targets).map(([workload, port]) => `${workload}:${port}`),
          );
          expect(behind(cluster, service, workloads), service).to.deep.equal(expected.sort());
          compared++;
        }
        expect(compared).to.be.at.least(3);
      });

      it('answers the name of every Service', () => {
        const truth = JSON.parse(readFileSync(`${MANIFESTS}/truth.json`, 'utf8')) as Truth;
        const cluster = createCluster(plansOf(name)[0]!.cluster, { seed: 1 });
        const client = [...cluster.api.store.list('Pod')].find(
          ({ metadata }) => metadata.namespace === 'default',
        )!;
        const origin = { pod: `default/${client.metadata.name}` };
        for (const { service } of truth[set]!.services) {
          if (cluster.api.store.get('Service', service) === undefined) continue;
          const ways = cluster.resolve(origin, service.split('/')[1]!, { types: ['A'] });
          expect(
            ways.map(({ rcode }) => rcode),
            service,
          ).to.deep.equal(['NOERROR']);
          expect(ways[0]!.answers, service).to.have.length.of.at.least(1);
        }
      });
    });
  }
});
