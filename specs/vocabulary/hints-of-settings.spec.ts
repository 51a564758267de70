// Goal: slips in the settings of a cluster, in steps and in queries are told what to write instead.

import { expect } from 'chai';
import { loadText } from '../runner/plan-text';

const CLAIM = '{at: 5s, inspect: {query: $.now, count: 1}}';

const OUTSIDE = 'externals: {internet: {ip: 203.0.113.5}}';

function hints(cluster: string, step = '', claim = CLAIM): readonly (string | undefined)[] {
  const steps = step === '' ? '' : `timeline: [{at: 1s, ${step}}]\n`;
  const text = `scenario: one\ncluster: {nodes: 2, ${cluster}}\n${steps}expect: [${claim}]\n`;
  return loadText(text, 'one.yaml').diagnostics.map(({ message, hint }) => hint ?? message);
}

describe('a setting at a wrong place', () => {
  const cases: readonly (readonly [cluster: string, hint: string])[] = [
    [
      'kubelet: {maxPods: 5}',
      'how many pods fit is said of a node: nodes: [{name: …, capacity: {pods: …}}]',
    ],
    [
      'kubelet: {node: worker-1}',
      'what one kubelet has stands in its node: nodes: [{name: …, kubelet: {…}}]',
    ],
    [
      'kubelet: {kind: KubeletConfiguration}',
      'the settings stand here by themselves: leave it out',
    ],
    ['kubelet: {clusterDomain: a.b}', 'the domain is that of all: cluster: {domain: …}'],
    ['kubelet: {featureGates: {}}', '"featureGates" belongs beside "kubelet", not into it'],
    [
      'kubelet: {nodeLeaseDurationSeconds: 20}',
      'leases are renewed after a quarter of it: timing: {kubelet.leaseRenewInterval: 10s}',
    ],
    ['kubelet: {podCIDR: 10.0.0.0/8}', 'a node has it: nodes: [{name: …, podCIDR: …}]'],
    ['kubelet: {evictonHard: {}}', 'did you mean "evictionHard"?'],
    ['kubelet: {imageGCHighTresholdPercent: 80}', 'did you mean "imageGCHighThresholdPercent"?'],
    ['proxy: {mode: iptables, scheduler: rr}', '"scheduler" is a setting of ipvs'],
    [
      'proxy: {mode: iptables, iptables: {minSyncPeriod: 1s}}',
      'the settings of iptables stand beside "mode", without a key of its own',
    ],
    ['cni: {name: flannel, blockSize: 26}', '"blockSize" is a setting of calico'],
  ];
  for (const [cluster, hint] of cases) {
    it(`is told where it stands: ${cluster}`, () => {
      expect(hints(cluster)).to.deep.equal([hint]);
    });
  }
});

describe('a step', () => {
  const cases: readonly (readonly [step: string, hint: string])[] = [
    [
      'do: {exhaust: {node: worker-1, what: memory}}',
      '`exhaust` is a fault, no command: write exhaust: {…} without `do`',
    ],
    ['evict: {pod: shop/a}', 'did you mean "kill"?'],
    ['cut: {from: worker-1, to: external/external}', 'a node is written node/worker-1'],
    ['cut: {from: node/worker-1, to: internet}', 'write external/internet'],
    [
      'exhaust: {node: worker-1}',
      '`what` is one of conntrack, ports, ips, pids, memory, disk, lock, inflight',
    ],
    [
      'degrade: {from: node/worker-1, load: 1mbit}',
      'nothing waits on a line that takes everything: give a `rate` and a `limit`',
    ],
    [
      'degrade: {from: node/worker-1, limit: 20000}',
      'nothing waits on a line that takes everything: give a `rate`',
    ],
    [
      'degrade: {from: node/worker-1, rate: 1mbit, buffer: 3}',
      'what belongs here: How many bytes pass at once after a pause, before the `rate` counts; ' +
        'also the largest packet that passes.',
    ],
  ];
  for (const [step, hint] of cases) {
    it(`is told what to write: ${step}`, () => {
      expect(hints(OUTSIDE, step)).to.deep.equal([hint]);
    });
  }
});

describe('an expectation', () => {
  it('is told how a query begins', () => {
    const of = (query: string) =>
      hints('cni: flannel', '', `{at: 5s, inspect: {query: ${query}, count: 1}}`);
    expect(of('objects.pods')).to.deep.equal(['write $.objects.pods']);
    expect(of('.objects.pods')).to.deep.equal(['write $.objects.pods']);
    expect(of('"[0]"')).to.deep.equal(['write $[0]']);
  });

  it('has a seed that is told apart from its neighbours', () => {
    const of = (seed: string) =>
      hints('cni: flannel', '', `{at: 5s, seed: ${seed}, inspect: {query: $.now, count: 1}}`);
    expect(of('9007199254740991')).to.deep.equal([]);
    expect(of('9007199254740992')).to.have.length(1);
  });
});
