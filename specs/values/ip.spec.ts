// Goal: every address has one text, so that equal addresses are equal strings; what is no address
// is refused. Method: accepted and refused forms side by side, and the round trip through numbers.

import { expect } from 'chai';
import {
  compareIps,
  familyOf,
  formatEndpoint,
  ip,
  ipFromNumber,
  ipToNumber,
  parseIp,
} from '../../src/values/ip';

describe('an address', () => {
  // RFC 5952 §4: lower case, no leading zeros, the longest run of zeros shortened, the first of equals.
  const canonical: readonly (readonly [string, string])[] = [
    ['10.96.0.1', '10.96.0.1'],
    ['255.255.255.255', '255.255.255.255'],
    // Kubernetes reads leading zeros as decimal (k8s.io/utils/net ParseIPSloppy).
    ['010.096.000.001', '10.96.0.1'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:db8::', '2001:db8::'],
    ['::', '::'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['fd00:10:244::0a', 'fd00:10:244::a'],
    ['::ffff:10.0.0.1', '::ffff:a00:1'],
  ];
  for (const [written, text] of canonical) {
    it(`${written} is ${text}`, () => {
      expect(parseIp(written)).to.equal(text);
      const address = ip(written);
      expect(ipFromNumber(ipToNumber(address), familyOf(address))).to.equal(text);
    });
  }

  const refused = [
    '',
    '10.0.0',
    '10.0.0.256',
    '10.0.0.0.1',
    '10.0.0.1/24',
    '10.0.0.-1',
    ' 10.0.0.1',
    'localhost',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8:9',
    '12345::',
    'fe80::1%eth0',
    '::10.0.0.256',
    '10.0.0.1:80',
  ];
  for (const text of refused) {
    it(`"${text}" is none`, () => {
      expect(parseIp(text)).to.equal(undefined);
      expect(() => ip(text)).to.throw(RangeError);
    });
  }

  it('is ordered by number, not by text, and IPv4 comes first', () => {
    const mixed = ['fd00::2', '10.0.0.10', '10.0.0.9', 'fd00::1'].map(ip);
    expect(mixed.sort(compareIps)).to.deep.equal(['10.0.0.9', '10.0.0.10', 'fd00::1', 'fd00::2']);
  });

  it('stands in brackets before a port where it is IPv6', () => {
    expect(formatEndpoint(ip('10.0.0.1'), 80)).to.equal('10.0.0.1:80');
    expect(formatEndpoint(ip('fd00::1'), 80)).to.equal('[fd00::1]:80');
  });
});
