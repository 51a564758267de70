// Goal: who overrides a timer that the model, or the cluster's version, does not have, is told so.

import { expect } from 'chai';
import { NOT_MODELLED, SET_ELSEWHERE, TIMERS } from '../../src/timing';
import type { KubeVersion } from '../../src/values/kube-version';
import { lexicon } from '../../src/vocabulary/lexicon';

const MAX = 'kubelet.crashLoopBackOffMax';

function problem(name: string, version: string, featureGates = {}): string | undefined {
  const cluster = { kubernetes: version as KubeVersion, featureGates };
  return lexicon.timerProblem(name, cluster)?.message;
}

describe('a timer that is no row of the table', () => {
  it('is not modelled, and the hint says what is missed by that', () => {
    for (const [name, { without }] of Object.entries(NOT_MODELLED)) {
      const message = `the timer "${name}" is not modelled`;
      expect(lexicon.foreignTimer(name)).to.include({ isModelled: false, message, hint: without });
    }
  });

  it('or is set elsewhere, and the hint says where', () => {
    for (const [name, { setBy }] of Object.entries(SET_ELSEWHERE)) {
      const foreign = lexicon.foreignTimer(name)!;
      expect(foreign.isModelled, name).to.equal(true);
      expect(foreign.hint).to.contain(setBy ?? 'constant of the model');
    }
  });

  it('or is unknown', () => {
    for (const name of ['kubelet.nonsense', 'toString', ...Object.keys(TIMERS)]) {
      expect(lexicon.foreignTimer(name), name).to.equal(undefined);
    }
  });
});

// timing.md §3: the maximum of CrashLoopBackOff can be set since 1.35; alpha in 1.32 (KEP-4603).
describe('a knob that not every version has', () => {
  it('is refused before its version', () => {
    expect(problem(MAX, '1.34')).to.equal(`Kubernetes 1.34 has no knob for "${MAX}"`);
    expect(problem(MAX, '1.35')).to.equal(undefined);
  });

  it('is there earlier with its feature gate, and never without', () => {
    const open = { KubeletCrashLoopBackOffMax: true };
    expect(problem(MAX, '1.31', open)).to.contain('no knob');
    expect(problem(MAX, '1.32', open)).to.equal(undefined);
    const closed = { KubeletCrashLoopBackOffMax: false };
    expect(problem(MAX, '1.36', closed)).to.contain('the feature gate');
    expect(problem(MAX, '1.31', closed)).to.contain('no knob');
  });

  it('stands behind a gate that the language knows', () => {
    expect(lexicon.featureGates).to.include('KubeletCrashLoopBackOffMax');
  });

  it('is no concern of the others', () => {
    expect(problem('kubelet.plegRelistPeriod', '1.28')).to.equal(undefined);
    expect(problem('profile', '1.28')).to.equal(undefined);
  });
});
