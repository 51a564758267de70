// Goal: what `kubectl drain` does about each pod, filter by filter, in the order of upstream's
// (staging/src/k8s.io/kubectl/pkg/drain/filters.go).

import { expect } from 'chai';

import type { Pod } from '../../../src/apiserver/kinds/pod';
import { drainVerdict } from '../../../src/cluster/commands/drain-filters';
import type { DrainFlags } from '../../../src/cluster/commands/drain-filters';

const NONE: DrainFlags = { ignoreDaemonSets: false, deleteEmptyDirData: false, force: false };
const ALL: DrainFlags = { ignoreDaemonSets: true, deleteEmptyDirData: true, force: true };

interface PodParts {
  readonly owner?: string;
  readonly emptyDir?: boolean;
  readonly mirror?: boolean;
  readonly phase?: string;
}

function podWith({ owner, emptyDir, mirror, phase = 'Running' }: PodParts): Pod {
  const reference = { apiVersion: 'apps/v1', kind: owner, name: 'own', uid: 'u', controller: true };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'p',
      namespace: 'shop',
      ...(owner !== undefined && { ownerReferences: [reference] }),
      ...(mirror === true && { annotations: { 'kubernetes.io/config.mirror': 'x' } }),
    },
    spec: { containers: [], ...(emptyDir === true && { volumes: [{ name: 'v', emptyDir: {} }] }) },
    status: { phase },
  } as unknown as Pod;
}

function verdict(parts: PodParts, flags: Partial<DrainFlags> = {}, isThere = true): string {
  const found = drainVerdict(podWith(parts), { ...NONE, ...flags }, (key) => {
    expect(key).to.equal('shop/own');
    return isThere;
  });
  return typeof found === 'string' ? found : found.obstacle;
}

const LOCAL = 'Pods with local storage (use --delete-emptydir-data to override)';
const UNMANAGED = 'Pods that declare no controller (use --force to override)';

describe('kubectl drain', () => {
  it('takes a pod of a ReplicaSet away', () => {
    expect(verdict({ owner: 'ReplicaSet' })).to.equal('go');
  });

  it('leaves daemons alone where it may, whatever else they have', () => {
    const daemon = { owner: 'DaemonSet', emptyDir: true };
    expect(verdict(daemon, { ignoreDaemonSets: true })).to.equal('stay');
    const why = 'DaemonSet-managed Pods (use --ignore-daemonsets to ignore)';
    expect(verdict(daemon, { deleteEmptyDirData: true, force: true })).to.equal(why);
  });

  it('deletes a daemon whose DaemonSet is gone only with --force', () => {
    const orphan = { owner: 'DaemonSet' };
    const why = 'daemonsets.apps "own" not found';
    expect(verdict(orphan, { ignoreDaemonSets: true }, false)).to.equal(why);
    expect(verdict(orphan, { force: true }, false)).to.equal('go');
  });

  it('names the local storage of a pod before its missing controller, and not both', () => {
    expect(verdict({ emptyDir: true })).to.equal(LOCAL);
    expect(verdict({ emptyDir: true }, { deleteEmptyDirData: true })).to.equal(UNMANAGED);
    expect(verdict({ emptyDir: true }, ALL)).to.equal('go');
  });

  it('removes what has finished, whoever owns it', () => {
    for (const phase of ['Succeeded', 'Failed']) {
      expect(verdict({ phase, emptyDir: true })).to.equal('go');
      expect(verdict({ phase, owner: 'DaemonSet' })).to.equal('go');
    }
  });

  it('skips mirror pods', () => {
    expect(verdict({ mirror: true })).to.equal('stay');
    expect(verdict({ mirror: true, phase: 'Failed' }, ALL)).to.equal('stay');
  });
});
