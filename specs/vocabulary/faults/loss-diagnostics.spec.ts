// Goal: what `exhaust` and `wipe` cannot mean is told with its place, before anything runs.

import { expect } from 'chai';
import { diagnosticsIn } from '../../runner/plan-text';

/** Every diagnostic of a scenario with this step, as `severity line:column message`. */
function told(step: string): readonly string[] {
  const text = `scenario: loss\ncluster: {nodes: 1}\ntimeline:\n  - {at: 1s, ${step}}\n`;
  return diagnosticsIn(text, 'loss.yaml');
}

describe('a loss that means nothing', () => {
  for (const [step, line] of [
    ['exhaust: {pod: shop/web, what: disk}', 'error 4:29 `disk` is said of a node'],
    [
      'exhaust: {node: worker-1, what: ports, left: 10}',
      'error 4:59 of `ports` nothing is left: anything between is not modelled',
    ],
    ['exhaust: {pod: shop/web, what: pids}', 'error 4:29 `pids` is said of a node'],
    [
      'exhaust: {node: worker-1, what: pids, left: 1Gi}',
      'error 4:58 `pids` is counted, in no bytes',
    ],
    [
      'exhaust: {node: worker-1, what: pids, cap: 9}',
      'error 4:57 say how much of `pids` is `left`',
    ],
    [
      'wipe: {node: worker-1, what: ipset}',
      'error 4:43 the sets of policy agents are not kept one by one: not modelled',
    ],
    [
      'wipe: {node: worker-1, what: routes, match: {port: 53}}',
      'error 4:65 `port` says nothing about `routes`',
    ],
    [
      'wipe: {node: worker-1, what: routes}, for: 5s',
      'error 4:52 `wipe` happens at one instant: nothing of it ends later',
    ],
    ['wipe: {what: object, match: {name: web}}', 'error 4:42 say the `kind` of the object'],
  ] as const) {
    it(`${step} is told at its place`, () => {
      expect(told(step)).to.include(line);
    });
  }

  it('has a closed schema', () => {
    for (const step of [
      'exhaust: {node: worker-1}',
      'exhaust: {node: worker-1, what: conntrack, rate: 5}',
      'exhaust: {node: worker-1, what: conntrack, cap: 0}',
      'exhaust: {node: worker-1, pod: shop/web, what: memory}',
      'wipe: {node: worker-1}',
      'wipe: {node: worker-1, what: conntrack, match: {}}',
      'wipe: {node: worker-1, what: conntrack, match: {ports: [53]}}',
      'wipe: {what: object, match: {kind: pod}}',
    ]) {
      expect(
        told(step).filter((it) => it.startsWith('error 4:')),
        step,
      ).not.to.deep.equal([]);
    }
  });
});
