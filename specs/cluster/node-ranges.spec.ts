// Goal: the network plug-in learns at run time which ranges nodes are given, and which are free
// again, whoever writes them into the Node object.

import { expect } from 'chai';
import { buildCluster } from '../../src/chai/plugin';
import type { Drill } from '../../src/chai/plugin';

function left(cni: string, cluster: object = {}): Drill {
  return buildCluster({ nodes: 2, cni, cluster: { allocateNodeCIDRs: true, ...cluster } });
}

function routesTo({ cluster }: Drill, node: string, range: string): readonly string[] {
  const { routes } = cluster.machines.get(node)!;
  return routes.filter(({ destination }) => destination === range).map(({ device }) => device);
}

describe('ranges that are left to the node IPAM controller', () => {
  for (const [cni, device] of [
    ['flannel', 'flannel.1'],
    ['kindnet', 'eth0'],
    ['bridge', 'eth0'],
  ] as const) {
    it(`are the same as those given beforehand, and lead to their nodes (${cni})`, () => {
      const drill = left(cni);
      const ranges = [...drill.cluster.api.store.list('Node')].map(
        ({ spec }) => (spec as { podCIDR: string }).podCIDR,
      );
      expect(ranges).to.deep.equal(['10.244.1.0/24', '10.244.2.0/24']);
      expect(routesTo(drill, 'worker-1', '10.244.2.0/24')).to.deep.equal([device]);
    });
  }

  it('are withdrawn from the others with the node that goes', () => {
    const drill = left('flannel');
    drill.cluster.handles.delete('Node', 'worker-2');
    drill.runUntil('5s');
    expect(routesTo(drill, 'worker-1', '10.244.2.0/24')).to.deep.equal([]);
  });

  it('may be written by an administrator, where no controller has any left', () => {
    const drill = left('flannel', { podCIDR: '10.244.0.0/24' });
    for (const index of [1, 2]) {
      const range = `10.250.${index}.0/24`;
      const spec = { podCIDR: range, podCIDRs: [range] };
      drill.cluster.handles.patch('Node', `worker-${index}`, { spec });
    }
    drill.runUntil('5s');
    expect(routesTo(drill, 'worker-1', '10.250.2.0/24')).to.deep.equal(['flannel.1']);
  });
});
