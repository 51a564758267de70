// Goal: ranges contain what they should, to the first and the last address, in both families.

import { expect } from 'chai';
import {
  addressAt,
  cidr,
  contains,
  overlaps,
  parseCidr,
  sizeOf,
  subnetAt,
} from '../../src/values/cidr';
import { ip } from '../../src/values/ip';

describe('a range', () => {
  it('clears the host bits', () => {
    expect(parseCidr('10.244.1.7/24')?.text).to.equal('10.244.1.0/24');
    expect(parseCidr('fd00:10:244::7/64')?.text).to.equal('fd00:10:244::/64');
  });

  for (const text of [
    '10.0.0.0',
    '10.0.0.0/33',
    'fd00::/129',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    'x/8',
    '/8',
  ]) {
    it(`"${text}" is none`, () => {
      expect(parseCidr(text)).to.equal(undefined);
      expect(() => cidr(text)).to.throw(RangeError, `not a CIDR: ${text}`);
    });
  }

  it('contains its first and last address and none beside them', () => {
    const range = cidr('10.244.1.0/24');
    expect(contains(range, ip('10.244.1.0'))).to.equal(true);
    expect(contains(range, ip('10.244.1.255'))).to.equal(true);
    expect(contains(range, ip('10.244.0.255'))).to.equal(false);
    expect(contains(range, ip('10.244.2.0'))).to.equal(false);
  });

  it('contains no address of the other family', () => {
    expect(contains(cidr('0.0.0.0/0'), ip('::a00:1'))).to.equal(false);
    expect(contains(cidr('::/0'), ip('10.0.0.1'))).to.equal(false);
  });

  it('counts and numbers its addresses', () => {
    expect(sizeOf(cidr('10.96.0.0/12'))).to.equal(1n << 20n);
    expect(addressAt(cidr('10.96.0.0/12'), 10)).to.equal('10.96.0.10');
    expect(addressAt(cidr('fd00::/108'), (1n << 20n) - 1n)).to.equal('fd00::f:ffff');
    expect(() => addressAt(cidr('10.0.0.0/30'), 4)).to.throw(RangeError, 'has no address 4');
    expect(() => addressAt(cidr('10.0.0.0/30'), -1)).to.throw(RangeError);
  });

  it('yields its subnets in order until it is used up', () => {
    const pods = cidr('10.244.0.0/16');
    expect(subnetAt(pods, 24, 1)?.text).to.equal('10.244.1.0/24');
    expect(subnetAt(pods, 24, 255)?.text).to.equal('10.244.255.0/24');
    expect(subnetAt(pods, 24, 256)).to.equal(undefined);
    expect(subnetAt(pods, 8, 0)).to.equal(undefined);
  });

  it('overlaps what shares one address with it', () => {
    expect(overlaps(cidr('10.0.0.0/8'), cidr('10.244.0.0/16'))).to.equal(true);
    expect(overlaps(cidr('10.244.0.0/16'), cidr('10.245.0.0/16'))).to.equal(false);
    expect(overlaps(cidr('0.0.0.0/0'), cidr('::/0'))).to.equal(false);
  });
});
