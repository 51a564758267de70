// Goal: a second address family is a matter of data: the same walk, its own devices, routes and
// tunnel.

import { expect } from 'chai';

import { formatTuple } from '../../src/values/flow';
import { dualStackLab, pathOf } from './lab';

describe('a pod with addresses of both families', () => {
  it('is reached by IPv6 through the tunnel of that family', () => {
    const lab = dualStackLab();
    const trace = lab.sendOne('p1', 'fd00:244:0:2::2:8080');
    expect(trace.disposition, trace.reason).to.equal('answered');
    expect(formatTuple(trace.sent)).to.equal('[fd00:244:0:1::2]:40000 → [fd00:244:0:2::2]:8080');
    expect(pathOf(trace.hops)).to.include.members(['n1/flannel-v6.1', 'n2/flannel-v6.1']);
    const tunnel = trace.hops.find(({ device }) => device === 'flannel-v6.1')!;
    expect(tunnel.encapsulation).to.deep.include({ src: 'fd00:1::10', dst: 'fd00:1::11' });
  });

  it('is reached by IPv4 as ever', () => {
    const trace = dualStackLab().sendOne('p1', '10.244.2.2:8080');
    expect(trace.disposition).to.equal('answered');
    expect(pathOf(trace.hops)).to.include.members(['n1/flannel.1', 'n2/flannel.1']);
  });

  it('has no way to an address of a family that the sender lacks', () => {
    const trace = dualStackLab().sendOne('outside', 'fd00:244:0:2::2:8080');
    expect(trace.disposition).to.equal('no-route');
  });
});
