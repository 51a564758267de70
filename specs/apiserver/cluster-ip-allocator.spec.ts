// Goal: virtual addresses come from the upper band of the range, never twice, and explicit ones
// are honoured or refused with the reason. Rules: dns-ipam.md §19.

import { expect } from 'chai';

import { ClusterIpAllocator } from '../../src/apiserver/cluster-ip-allocator';
import { Random } from '../../src/kernel/random';
import { cidr, contains } from '../../src/values/cidr';
import { ip, ipToNumber } from '../../src/values/ip';

function allocator(range: string, seed = 1): ClusterIpAllocator {
  return new ClusterIpAllocator(cidr(range), new Random(seed));
}

function fill(range: string): bigint[] {
  const subject = allocator(range);
  const offsets: bigint[] = [];
  for (let index = 0; ; index++) {
    const address = subject.allocate(`shop/s${index}`);
    if (address === undefined) return offsets;
    offsets.push(ipToNumber(address) - cidr(range).first);
  }
}

describe('the allocation of virtual addresses', () => {
  it('uses the upper band first: of a /24 the addresses above .16', () => {
    const offsets = fill('10.0.0.0/24');
    // 254 usable addresses, of which .1 and .10 wait for who asks for them.
    expect(offsets).to.have.length(252);
    expect(new Set(offsets).size).to.equal(252);
    expect(offsets.slice(0, 238).every((offset) => offset > 16n)).to.equal(true);
    expect(offsets.slice(238).every((offset) => offset <= 16n)).to.equal(true);
  });

  it('never gives the network address, nor the broadcast address of IPv4', () => {
    const offsets = fill('10.0.0.0/27');
    expect(offsets).to.not.include(0n);
    expect(offsets).to.not.include(31n);
  });

  it('gives a Service the same address whoever came before it', () => {
    const [early, late] = [allocator('10.96.0.0/12'), allocator('10.96.0.0/12')];
    const first = early.allocate('shop/web');
    for (let index = 0; index < 50; index++) late.allocate(`other/s${index}`);
    expect(late.allocate('shop/web')).to.equal(first);
    expect(contains(cidr('10.96.0.0/12'), first!)).to.equal(true);
  });

  it('goes on drawing for a Service of a name that has been there before', () => {
    const subject = allocator('10.96.0.0/12');
    const drawn = ['web', 'db', 'web', 'web'].map((name) => {
      const address = subject.allocate(`shop/${name}`)!;
      subject.release(address);
      return ipToNumber(address) - cidr('10.96.0.0/12').first;
    });
    const random = new Random(1);
    const expected = ['web', 'db', 'web', 'web'].map((name) => {
      // The upper band begins behind the first 256 of 2^20 addresses, and ends before the last.
      return 257n + BigInt(random.stream(`apiserver/clusterIP/shop/${name}`).below(2 ** 20 - 258));
    });
    expect(drawn).to.deep.equal(expected);
    expect(new Set(drawn).size).to.equal(4);
  });

  it('honours an explicit address, once', () => {
    const subject = allocator('10.96.0.0/12');
    expect(subject.claim(ip('10.96.0.10'), 'kube-system/kube-dns')).to.equal(undefined);
    expect(subject.claim(ip('10.96.0.10'), 'kube-system/kube-dns')).to.equal(undefined);
    expect(subject.claim(ip('10.96.0.10'), 'shop/web')).to.contain(
      'provided IP is already allocated',
    );
    subject.release(ip('10.96.0.10'));
    expect(subject.claim(ip('10.96.0.10'), 'shop/web')).to.equal(undefined);
  });

  it('refuses addresses outside of the range', () => {
    const subject = allocator('10.96.0.0/12');
    for (const text of ['10.0.0.1', '10.96.0.0', '10.111.255.255']) {
      expect(subject.claim(ip(text), 'shop/web')).to.contain('not in the valid range 10.96.0.0/12');
    }
  });

  it('forks without sharing', () => {
    const subject = allocator('10.0.0.0/28');
    const fork = subject.fork(new Random(1));
    fork.claim(ip('10.0.0.3'), 'shop/web');
    expect(subject.claim(ip('10.0.0.3'), 'shop/other')).to.equal(undefined);
  });
});
