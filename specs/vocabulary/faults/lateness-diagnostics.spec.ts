// Goal: what `stale`, `slow` and `skew` cannot mean is told with its place, before anything runs.

import { expect } from 'chai';
import { diagnosticsIn } from '../../runner/plan-text';

/** Every diagnostic of a scenario with this step, as `severity line:column message`. */
function told(step: string): readonly string[] {
  const text = `scenario: late\ncluster: {nodes: 1}\ntimeline:\n  - {at: 1s, ${step}}\n`;
  return diagnosticsIn(text, 'late.yaml');
}

describe('a late fault that means nothing', () => {
  for (const [step, line] of [
    [
      'stale: {component: kube-proxy}',
      'error 4:21 say how it is stale: `hold`, `miss`, `rewind` or `relist`',
    ],
    [
      'stale: {component: scheduler, relist: true, rewind: 5s}',
      'error 4:66 a process that lists again asks for what is at least as new as what it has ' +
        'seen: only a new one can be shown the past',
    ],
    [
      'slow: {component: etcd, add: 1s}',
      'error 4:32 a slow etcd shows in the writes of its API server: name `apiserver`',
    ],
    [
      'slow: {pod: shop/web, factor: 2}',
      'error 4:44 processes answer in no time, which no factor makes longer: `add`',
    ],
    ['slow: {component: kube-proxy}', 'error 4:20 one of the keys add, factor is missing'],
    ['skew: {node: worker-1}', 'error 4:20 one of the keys offset, drift is missing'],
    [
      'skew: {component: apiserver, offset: 1s}',
      'error 4:32 nothing that apiserver does depends on its clock here',
    ],
    [
      'skew: {component: kube-proxy, offset: 1s}',
      'warning 4:52 an offset changes nothing that kube-proxy does: it compares no time that ' +
        'another host has written',
    ],
  ] as const) {
    it(`${step} is told at its place`, () => {
      expect(told(step).join('\n')).to.contain(line);
    });
  }

  it('has a closed schema', () => {
    for (const step of [
      'stale: {component: kube-proxy, hold: 5s, delay: 1s}',
      'stale: {component: kube-proxy, miss: {object: service/shop/web, count: 2}}',
      'slow: {component: kube-proxy}',
      'slow: {component: kube-proxy, factor: 0.5}',
      'skew: {node: worker-1, drift: 80%}',
      'skew: {node: worker-1}',
    ]) {
      expect(
        told(step).filter((it) => it.startsWith('error 4:')),
        step,
      ).not.to.deep.equal([]);
    }
  });
});
