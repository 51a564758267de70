// Goal: the 25 scenarios that users are promised (reference faults.md §5) stand in the library, each
// found by its name, which is that of its file or one of its tags; and for each of them there is a
// mutant of the model that turns it red.

import { expect } from 'chai';

import { loadScenarios } from '../../src/index';
import { MUTANTS } from './mutants';

const STARTER_SET = [
  'service-create-refused-window',
  'crash-first-restart-free',
  'crashloop-10-20-40',
  'delete-race-no-prestop',
  'delete-race-prestop-5',
  'readiness-25s',
  'node-power-48s',
  'node-power-two-nodes-eviction-10s-apart',
  'node-power-all-nodes-no-eviction',
  'node-notready-but-lease-ok',
  'graceful-node-shutdown-no-endpoint-change',
  'kube-proxy-dead-stale-endpoint',
  'kube-proxy-restart-before-sync-udp-conntrack',
  'partial-restore-fails-then-30s',
  'coredns-one-of-two-dead-5s-lookups',
  'coredns-all-dead-refused',
  'nodelocal-negative-cache-5s',
  'kubeadm-131-vs-132-dns-staleness',
  'apiserver-down-dataplane-alive',
  'apiserver-member-15s',
  'kcm-leader-15s',
  'node-partition-heal-at-60s',
  'node-partition-heal-at-6min-double-run',
  'rollout-surge-unavailable-zero-lost',
  'policy-change-established-30s',
] as const;

const { plans } = loadScenarios(['scenarios']);
const broken = new Set(MUTANTS.map(({ scenario }) => scenario));

function filesOf(name: string): readonly string[] {
  const isCalled = (file: string): boolean => file.endsWith(`/${name}.yaml`);
  const found = plans.filter(({ file, tags }) => tags.includes(name) || isCalled(file));
  return [...new Set(found.map(({ file }) => file))];
}

describe('the starter set', () => {
  for (const name of STARTER_SET) {
    it(`${name} is a scenario that a wrong model turns red`, () => {
      const files = filesOf(name);
      expect(files).to.have.length(1);
      expect(broken.has(files[0]!), files[0]).to.equal(true);
    });
  }
});
