// Goal: the longest prefix wins, and looking up is right after every change.

import { expect } from 'chai';

import { cidr, contains } from '../../src/values/cidr';
import { Random } from '../../src/kernel/random';
import { RouteTable } from '../../src/node/route-table';
import { ip } from '../../src/values/ip';
import type { IP } from '../../src/values/ip';

describe('a route table', () => {
  it('finds what a slow search over all ranges finds', () => {
    const random = new Random(7).stream('routes');
    const table = new RouteTable();
    const ranges = Array.from({ length: 300 }, () => {
      const prefix = 8 + random.below(25);
      return cidr(`10.${random.below(4)}.${random.below(8)}.${random.below(256)}/${prefix}`);
    });
    for (const { text } of ranges) table.add({ destination: text, device: text });
    for (let probe = 0; probe < 500; probe++) {
      const address = ip(`10.${random.below(5)}.${random.below(9)}.${random.below(256)}`);
      const fitting = ranges.filter((range) => contains(range, address));
      const longest = fitting.sort((a, b) => b.prefix - a.prefix)[0];
      expect(table.lookup(address)?.destination).to.equal(longest?.text);
    }
  });

  it('keeps the families apart', () => {
    const table = new RouteTable();
    table.add({ destination: '0.0.0.0/0', device: 'four' });
    table.add({ destination: 'fd00::/8', device: 'six' });
    expect(table.lookup(ip('fd00::1'))?.device).to.equal('six');
    expect(table.lookup(ip('10.0.0.1'))?.device).to.equal('four');
    expect(table.lookup(ip('2001:db8::1'))).to.equal(undefined);
  });

  it('has of routes that nobody looked at in between the last one, whatever came before', () => {
    const table = new RouteTable();
    table.add({ destination: '10.0.0.0/8', device: 'first' });
    table.add({ destination: '10.0.0.0/16', device: 'gone' });
    table.add({ destination: '10.0.0.0/8', device: 'last' });
    table.remove('10.0.0.0/16');
    expect(table.list().map(({ device }) => device)).to.deep.equal(['last']);
    table.add({ destination: '10.0.0.0/16', device: 'closer' });
    expect(table.lookup(ip('10.0.0.1'))?.device).to.equal('closer');
    table.add({ destination: '10.0.0.0/24', device: 'lost' });
    table.clear();
    expect(table.list()).to.deep.equal([]);
  });

  it('notices routes that come and go after a lookup', () => {
    const table = new RouteTable();
    const address = ip('10.0.0.1');
    expect(table.lookup(address)).to.equal(undefined);
    table.add({ destination: '10.0.0.0/24', device: 'a' });
    expect(table.lookup(address)?.device).to.equal('a');
    let version = 0;
    const shared = { destination: '10.0.0.0/28', device: 'b' };
    table.share({
      get version() {
        return version;
      },
      match: () => (version === 0 ? { prefix: 28, value: shared } : undefined),
      list: () => (version === 0 ? [shared] : []),
    });
    expect(table.lookup(address)?.device).to.equal('b');
    version++;
    expect(table.lookup(address)?.device).to.equal('a');
    table.remove('10.0.0.0/24');
    expect(table.lookup(address)).to.equal(undefined);
  });

  it("prefers the host's own route where both are equally long", () => {
    const table = new RouteTable();
    const shared = { destination: '10.0.0.0/24', device: 'shared' };
    table.share({ version: 0, match: () => ({ prefix: 24, value: shared }), list: () => [shared] });
    table.add({ destination: '10.0.0.0/24', device: 'own' });
    expect(table.lookup('10.0.0.1' as IP)?.device).to.equal('own');
  });
});
