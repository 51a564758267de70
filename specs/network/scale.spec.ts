// Goal: what a node holds does not grow with the number of nodes, and a packet finds its way
// among a thousand of them.

import { expect } from 'chai';

import { Lab, pathOf, tcp } from './lab';

describe('a cluster of a thousand nodes', () => {
  // Node addresses run on past 192.168.1.255, pod ranges past 10.244.255.0/24.
  const lab = new Lab({ nodes: 1_000 });
  lab.pod('first', 'n1', undefined, [tcp(8080)]);
  lab.pod('last', 'n1000', undefined, [tcp(8080)]);

  it('shows a route to every other node, computed when somebody asks', () => {
    const { routes, routing } = lab.network.machines.get('n1')!;
    expect(routes).to.have.length(1_002);
    const remote = lab.network.sandboxOf('lab/last')!.addresses[0]!;
    expect(routing.lookup(remote)).to.equal(routing.lookup(remote));
  });

  it('carries a packet from the first to the last in six hops', () => {
    const remote = lab.network.sandboxOf('lab/last')!.addresses[0]!;
    const trace = lab.sendOne('first', `${remote}:8080`);
    expect(trace.disposition).to.equal('answered');
    expect(trace.responder?.seenSource).to.equal('10.244.1.2');
    expect(pathOf(trace.hops)).to.deep.equal([
      'n1/veth',
      'n1/cni0',
      'n1/flannel.1',
      'n1000/flannel.1',
      'n1000/cni0',
      'n1000/veth',
    ]);
  });
});
