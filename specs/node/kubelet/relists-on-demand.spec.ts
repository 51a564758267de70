// Goal: which kubelets list containers right after they have started one: those whose version has
// the feature gate, unless it is closed (pkg/features/kube_features.go PLEGOnDemandRelist: no gate
// before 1.36, where it is beta and open). A node may be of an older version than its cluster.

import { expect } from 'chai';

import { Random } from '../../../src/kernel/random';
import { relistsOnDemand } from '../../../src/node/kubelet/kubelet-ground';
import type { KubeletOptions } from '../../../src/node/kubelet/kubelet-ground';
import { Timing } from '../../../src/timing';
import type { KubeVersion } from '../../../src/values/kube-version';

const GATE = 'PLEGOnDemandRelist';
const [OLD, NEW] = ['1.35', '1.36'] as unknown as readonly [KubeVersion, KubeVersion];

function relists(featureGates: Readonly<Record<string, boolean>>): boolean[] {
  const versions = new Map([['kubelet@old', OLD]]);
  const options = { kubernetes: NEW, profile: 'default', versions } as const;
  const timing = new Timing(options, new Random(1));
  const ground = { timing, featureGates } as unknown as KubeletOptions;
  return ['kubelet@new', 'kubelet@old'].map((actor) => relistsOnDemand(ground, actor));
}

describe('a relist on demand', () => {
  it('is what kubelets of 1.36 do, and no older ones', () => {
    expect(relists({})).to.deep.equal([true, false]);
  });

  it('is no more where the gate is closed', () => {
    expect(relists({ [GATE]: false })).to.deep.equal([false, false]);
  });

  it('cannot be opened for a kubelet that does not know the gate', () => {
    expect(relists({ [GATE]: true })).to.deep.equal([true, false]);
  });
});
