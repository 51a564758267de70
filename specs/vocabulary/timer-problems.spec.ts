// Goal: who overrides a timer that the model, or the cluster's version, does not have, is told so.

import { expect } from 'chai';
import { NOT_MODELLED, TIMERS } from '../../src/timing';
import type { TimerRow } from '../../src/timing';
import type { KubeVersion } from '../../src/values/kube-version';
import { milliseconds, seconds } from '../../src/values/time';
import type { Duration } from '../../src/values/time';
import { lexicon } from '../../src/vocabulary/lexicon';
import { loadText } from '../runner/plan-text';

const MAX = 'kubelet.crashLoopBackOffMax';

function problem(name: string, version: string, featureGates = {}): string | undefined {
  const cluster = { kubernetes: version as KubeVersion, featureGates };
  return lexicon.timerProblem(name, cluster)?.message;
}

describe('a timer that is no row of the table', () => {
  it('is not modelled, and the hint says what is missed by that', () => {
    for (const [name, { without }] of Object.entries(NOT_MODELLED)) {
      const message = `the timer "${name}" is not modelled`;
      expect(lexicon.missingTimer(name)).to.deep.equal({ message, hint: without });
    }
  });

  it('or is unknown', () => {
    for (const name of ['kubelet.nonsense', 'toString', ...Object.keys(TIMERS)]) {
      expect(lexicon.missingTimer(name), name).to.equal(undefined);
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

  it('is there for `cluster.kubelet`, too, as far as the gates of the cluster say so', () => {
    const problems = (gates: string): readonly string[] => {
      const text = [
        'scenario: gates of kubelets',
        'cluster:',
        `  kubernetes: "1.33"`,
        `  featureGates: {${gates}}`,
        '  kubelet: {crashLoopBackOff: {maxContainerRestartPeriod: 20s}}',
        'expect: [{at: 5s, inspect: {query: $.now, count: 1}}]',
      ];
      const { diagnostics } = loadText(`${text.join('\n')}\n`, 'gates.yaml');
      return diagnostics.map(({ code }) => code);
    };
    expect(problems('KubeletCrashLoopBackOffMax: true')).to.deep.equal([]);
    expect(problems('KubeletCrashLoopBackOffMax: false')).to.deep.equal(['KD1112']);
  });

  it('stands behind a gate that the language knows', () => {
    expect(lexicon.featureGates).to.include('KubeletCrashLoopBackOffMax');
  });

  it('is no concern of the others', () => {
    expect(problem('kubelet.plegRelistPeriod', '1.28')).to.equal(undefined);
    expect(problem('profile', '1.28')).to.equal(undefined);
  });
});

// net/netfilter/nf_conntrack_standalone.c: proc_dointvec_jiffies counts seconds; coredns
// plugin/kubernetes/setup.go: "ttl must be in range [0, 3600]"; plugin/reload/setup.go minInterval.
describe('a delay that its knob does not take', () => {
  const wrong = (name: string, delay: Duration) => lexicon.delayProblem(name, delay)?.message;

  it('is refused: a part of a second where seconds are counted, too little, too much', () => {
    const half = wrong('conntrack.udp', milliseconds(1_500));
    expect(half).to.equal('"conntrack.udp" takes whole seconds, from 1s, not 1.5s');
    expect(wrong('conntrack.tcpEstablished', seconds(0))).to.contain('not 0s');
    const ttl = wrong('coredns.ttl', seconds(3_601));
    expect(ttl).to.equal('"coredns.ttl" takes whole seconds, from 0s to 1h, not 1h1s');
    expect(wrong('coredns.reload', milliseconds(1_999))).to.contain('takes from 2s');
    expect(wrong('kubelet.probe', milliseconds(500))).to.contain('whole seconds');
  });

  // pkg/kubelet/apis/config/validation/validation.go: "must be either zero or otherwise >= 1 sec";
  // coredns plugin/reload/setup.go: "jitter value must be 0 or greater or equal to 1s".
  it('may be nothing at all where that stands for none, and else has a least', () => {
    for (const name of ['kubelet.shutdownGracePeriod', 'coredns.reloadJitter']) {
      expect(wrong(name, seconds(0)), name).to.equal(undefined);
      expect(wrong(name, seconds(1)), name).to.equal(undefined);
      const little = wrong(name, milliseconds(500));
      expect(little).to.equal(`"${name}" takes 0s or from 1s, not 500ms`);
    }
    const critical = wrong('kubelet.shutdownGracePeriodCriticalPods', milliseconds(999));
    expect(critical).to.contain('0s or from 1s');
  });

  it('is none where it is at the bound, or the table has no bounds', () => {
    expect(wrong('conntrack.udp', seconds(1))).to.equal(undefined);
    expect(wrong('coredns.ttl', seconds(3_600))).to.equal(undefined);
    expect(wrong('coredns.forwardTimeout', milliseconds(1))).to.equal(undefined);
    expect(wrong('profile', seconds(1))).to.equal(undefined);
  });

  it('is no default', () => {
    for (const [name, { value }] of Object.entries<TimerRow>(TIMERS)) {
      expect(wrong(name, value.least), name).to.equal(undefined);
    }
  });
});
