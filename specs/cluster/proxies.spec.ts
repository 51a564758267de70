// Goal: what is done to the rules of a node is done to its proxies of both families, and to no
// other node's.

import { expect } from 'chai';
import { createCluster, loadScenarios } from '../../src/index';
import type { Proxies } from '../../src/cluster/proxies';
import { seconds } from '../../src/values/time';
import type { Instant } from '../../src/values/time';

/** The cluster of a scenario, with its proxies in hand. */
function settled() {
  const { plans } = loadScenarios(['scenarios/services/dual-stack.yaml']);
  const cluster = createCluster(plans[0]!.cluster, { seed: 1 });
  const { proxies } = cluster as unknown as { readonly proxies: Proxies };
  proxies.settleAll();
  return { proxies, kernel: cluster.kernel };
}

const rulesOf = (proxies: Proxies, node: string) =>
  proxies.of(node).map((proxy) => proxy['options'].machine.proxyRules.size);

describe('the proxies of a node', () => {
  it('lose their rules in both families, and write them anew', () => {
    const { proxies, kernel } = settled();
    expect(rulesOf(proxies, 'worker-1')).to.deep.equal([2, 2]);
    proxies.flushRules('worker-1');
    expect(rulesOf(proxies, 'worker-1')).to.deep.equal([0, 0]);
    expect(rulesOf(proxies, 'worker-2')).to.deep.equal([2, 2]);
    kernel.runUntil((kernel.now + seconds(31)) as Instant);
    expect(rulesOf(proxies, 'worker-1')).to.deep.equal([2, 2]);
  });

  for (const [what, begin, end] of [
    ['a failing tool', 'failRestores', 'mendRestores'],
    ['a held lock', 'holdLock', 'releaseLock'],
  ] as const) {
    it(`are both kept from it by ${what}, until that is over`, () => {
      const { proxies, kernel } = settled();
      proxies[begin]('worker-1', 'fault');
      proxies.flushRules('worker-1');
      proxies.stop('worker-1');
      proxies.start('worker-1');
      kernel.runUntil((kernel.now + seconds(3)) as Instant);
      expect(rulesOf(proxies, 'worker-1')).to.deep.equal([0, 0]);
      proxies[end]('worker-1', 'fault');
      kernel.runUntil((kernel.now + seconds(31)) as Instant);
      expect(rulesOf(proxies, 'worker-1')).to.deep.equal([2, 2]);
    });
  }
});
