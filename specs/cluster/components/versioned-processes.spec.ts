// Goal: which processes an upgrade is of, and which versions are supported side by side.
// source: https://kubernetes.io/releases/version-skew-policy

import { expect } from 'chai';
import {
  skewOf,
  skippedBy,
  upgradedBy,
  versionedProcesses,
} from '../../../src/cluster/components/versioned-processes';
import { loadScenarios } from '../../../src/index';
import type { ClusterSpec } from '../../../src/values/cluster-spec';
import type { KubeVersion } from '../../../src/values/kube-version';

const { cluster: ONE } = loadScenarios(['scenarios/timing/outage.yaml']).plans[0]!;
const { cluster: THREE } = loadScenarios(['scenarios/faults/apiserver-member-15s.yaml']).plans[0]!;

/** Why these versions do not go together, where every other process is of 1.34. */
function skew(spec: ClusterSpec, versions: Readonly<Record<string, string>>): string | undefined {
  const versionOf = (actor: string) => (versions[actor] ?? '1.34') as KubeVersion;
  return skewOf(versionedProcesses(spec), versionOf);
}

describe('an upgrade', () => {
  const actors = (...args: Parameters<typeof upgradedBy>): readonly string[] => {
    return upgradedBy(...args).map(({ actor }) => actor);
  };

  it('of a node is of its kubelet and its kube-proxy', () => {
    expect(actors(ONE, { node: 'worker-1' })).to.deep.equal([
      'kubelet@worker-1',
      'kube-proxy@worker-1',
    ]);
  });

  it('of a node of the control plane begins with its API server', () => {
    expect(actors(THREE, { node: 'cp-2' })).to.deep.equal([
      'apiserver@cp-2',
      'controller-manager@cp-2',
      'scheduler@cp-2',
      'kubelet@cp-2',
      'kube-proxy@cp-2',
    ]);
  });

  it('of a component is of all its processes, or of that of one node', () => {
    expect(actors(THREE, { component: 'scheduler' })).to.have.length(3);
    expect(actors(THREE, { component: 'scheduler', node: 'cp-3' })).to.deep.equal([
      'scheduler@cp-3',
    ]);
    expect(actors(ONE, { component: 'apiserver' })).to.deep.equal(['apiserver']);
  });

  it('is of no kube-proxy where eBPF programs do its work', () => {
    const spec = { ...ONE, proxy: { mode: 'ebpf', options: {} } };
    expect(actors(spec, { node: 'worker-1' })).to.deep.equal(['kubelet@worker-1']);
  });
});

describe('versions side by side', () => {
  it('are supported where all are one', () => {
    expect(skew(ONE, {})).to.equal(undefined);
  });

  for (const actor of ['kubelet@worker-1', 'kube-proxy@worker-1']) {
    it(`have ${actor} at most three minor versions older than the API server`, () => {
      expect(skew(ONE, { [actor]: '1.31' })).to.equal(undefined);
      expect(skew(ONE, { [actor]: '1.30' })).to.equal(
        `${actor} of 1.30 is more than 3 minor versions older than the API server of 1.34`,
      );
      expect(skew(ONE, { [actor]: '1.35' })).to.equal(
        `${actor} of 1.35 is newer than the API server of 1.34`,
      );
    });
  }

  for (const actor of ['controller-manager', 'scheduler']) {
    it(`have the ${actor} at most one minor version older than the API server`, () => {
      expect(skew(ONE, { [actor]: '1.33' })).to.equal(undefined);
      expect(skew(ONE, { [actor]: '1.32' })).to.include('more than one minor version older');
      expect(skew(ONE, { [actor]: '1.35' })).to.include('newer than the API server');
    });
  }

  it('have API servers one minor version apart, and everybody else between the two', () => {
    expect(skew(THREE, { 'apiserver@cp-1': '1.35' })).to.equal(undefined);
    expect(skew(THREE, { 'apiserver@cp-1': '1.36' })).to.include('one minor version apart');
    const mixed = { 'apiserver@cp-1': '1.35' };
    expect(skew(THREE, { ...mixed, 'kubelet@cp-1': '1.35' })).to.include('newer than');
    expect(skew(THREE, { ...mixed, 'kubelet@cp-1': '1.31' })).to.include('more than 3 minor');
    expect(skew(THREE, { ...mixed, 'scheduler@cp-1': '1.33' })).to.include('more than one minor');
  });

  it('come about by one minor version at a time for an API server', () => {
    const [old, next, far] = ['1.32', '1.33', '1.34'] as unknown as readonly KubeVersion[];
    expect(skippedBy(old!, next!)).to.equal(undefined);
    expect(skippedBy(old!, far!)).to.include('by one minor version at a time');
  });
});
