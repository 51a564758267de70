// Goal: pod addresses come as the host-local plug-in gives them out (dns-ipam.md §17.2).

import { expect } from 'chai';

import { HostLocal } from '../../../src/node/cni/host-local';

/** What `reserve` gave, one address as text. */
function next(ipam: HostLocal, id: string): string {
  const reserved = ipam.reserve(id);
  return typeof reserved === 'string' ? reserved : reserved.join();
}

describe('host-local addresses', () => {
  it('begin behind the gateway and end before the broadcast address, then there are none', () => {
    const ipam = new HostLocal(['10.0.0.0/29']);
    const given = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => next(ipam, id));
    expect(given).to.deep.equal([
      '10.0.0.2',
      '10.0.0.3',
      '10.0.0.4',
      '10.0.0.5',
      '10.0.0.6',
      'no IP addresses available in range set: 10.0.0.1-10.0.0.6',
    ]);
  });

  it('are not given out again before all others had their turn', () => {
    const ipam = new HostLocal(['10.0.0.0/29']);
    next(ipam, 'a');
    ipam.release('a');
    expect(next(ipam, 'b')).to.equal('10.0.0.3');
    for (const id of ['c', 'd', 'e']) next(ipam, id);
    expect(next(ipam, 'f')).to.equal('10.0.0.2');
  });

  it('are given out alike where it is known that nobody has the name, and are known by it', () => {
    const ipam = new HostLocal(['10.0.0.0/29']);
    expect(ipam.reserve('a', true)).to.deep.equal(['10.0.0.2']);
    expect(ipam.reserve('b', true)).to.deep.equal(['10.0.0.3']);
    expect(ipam.reserve('a')).to.match(/^10.0.0.2 has been allocated to a/);
    expect([...ipam.allocations.keys()]).to.deep.equal(['a', 'b']);
    ipam.release('b');
    expect(ipam.allocations.size).to.equal(1);
  });

  it('come round: a single released one is found wherever it is', () => {
    const ipam = new HostLocal(['10.0.0.0/29']);
    for (const id of ['a', 'b', 'c', 'd', 'e']) next(ipam, id);
    ipam.release('c');
    expect(next(ipam, 'x')).to.equal('10.0.0.4');
  });

  it('number 253 in a /24', () => {
    const ipam = new HostLocal(['10.244.1.0/24']);
    for (let pod = 0; pod < 253; pod++) expect(next(ipam, `${pod}`)).to.match(/^10\./);
    expect(next(ipam, 'one more')).to.equal(
      'no IP addresses available in range set: 10.244.1.1-10.244.1.254',
    );
  });

  it('come one of each family, and none at all where one family has none left', () => {
    const ipam = new HostLocal(['10.0.0.0/30', 'fd00::/64']);
    expect(next(ipam, 'a')).to.equal('10.0.0.2,fd00::2');
    expect(next(ipam, 'b')).to.include('no IP addresses');
    ipam.release('a');
    expect(next(ipam, 'c')).to.equal('10.0.0.2,fd00::3');
  });

  it('are refused to a sandbox that has some, and releasing an unknown one is no error', () => {
    const ipam = new HostLocal(['10.0.0.0/29']);
    next(ipam, 'a');
    expect(next(ipam, 'a')).to.include('duplicate allocation is not allowed');
    ipam.release('nobody');
    expect([...ipam.allocations.keys()]).to.deep.equal(['a']);
  });
});
