// Goal: kube-proxy really waits for what many rules cost: an update the partial price, a process
// without memory the full one (reference timing.md §4.2). Method: a cluster with 300 Services.

import { expect } from 'chai';

import { buildCluster } from '../../../src/chai/plugin';
import type { Drill } from '../../../src/chai/plugin';
import { programmingCost } from '../../../src/timers/rule-programming';
import type { SyncExtent } from '../../../src/timers/rule-programming';

/** The restore of a small ruleset (timer kube-proxy.restore). */
const RESTORE = 20_000;

function service(name: string): object {
  const spec = { selector: { app: name }, ports: [{ port: 80 }] };
  return { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec };
}

/** How long the first restore since the last such action took, and for how many Service ports. */
function restoreAfter(drill: Drill, action: string): { took: number; ports: number } {
  const entries = drill.cluster.kernel.journal
    .all()
    .filter(({ actor }) => actor === 'kube-proxy@worker-1');
  const later = entries.slice(entries.findLastIndex((entry) => entry.action === action));
  const built = later.find((entry) => entry.action === 'built')!;
  const restored = later.find((entry) => entry.action === 'restored')!;
  return { took: restored.at - built.at, ports: Number.parseInt(built.detail, 10) };
}

function expectPrice(drill: Drill, after: string, extent: SyncExtent): void {
  const { took, ports } = restoreAfter(drill, after);
  expect(ports).to.be.greaterThan(300);
  expect(programmingCost('iptables', extent, ports)).to.be.greaterThan(0);
  expect(took).to.equal(RESTORE + programmingCost('iptables', extent, ports));
}

describe('a sync of kube-proxy with many Services', () => {
  const services = Array.from({ length: 300 }, (_, index) => service(`web-${index}`));

  it('pays for an update by their number', () => {
    const drill = buildCluster({ nodes: 1, manifests: services as never });
    drill.runUntil('1s');
    drill.do({ apply: [service('another')] } as never);
    drill.runUntil('5s');
    expectPrice(drill, 'built', 'partial');
  });

  it('pays for everything after the node has booted', () => {
    const drill = buildCluster({ nodes: 1, manifests: services as never });
    drill.runUntil('1s');
    drill.kill({ node: 'worker-1', how: 'reboot' });
    drill.runUntil('3m');
    expectPrice(drill, 'listed', 'full');
  });
});
