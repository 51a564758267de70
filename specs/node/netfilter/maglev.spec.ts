// Goal: Maglev's tables and the hash that names a slot are those of the real programs, to the
// number; and what makes them worth their memory holds: even shares, and few moves.
// Facts: cilium pkg/maglev/maglev_test.go; the slots are those of bpf/lib/hash.h, compiled by a C
// compiler for amd64 with the seeds that pkg/maglev derives from the built-in one.

import { expect } from 'chai';
import {
  MAGLEV_HASH_SEED,
  MAGLEV_TABLE_SIZE,
  MAGLEV_WEIGHT,
  maglevSlot,
  maglevTable,
} from '../../../src/node/netfilter/maglev';
import { murmur128 } from '../../../src/node/netfilter/murmur3';
import type { Protocol } from '../../../src/values/flow';
import { ip } from '../../../src/values/ip';

const DEFAULTS = { tableSize: MAGLEV_TABLE_SIZE, hashSeed: MAGLEV_HASH_SEED };
const SMALL = { ...DEFAULTS, tableSize: 1_021 };

/** As the upstream spec makes them: its number is the address and the port of a backend. */
function backend(number: number, weight = MAGLEV_WEIGHT) {
  return { address: ip(`0.0.0.${number}`), port: number, weight };
}

/** `2(5),3(1)`: five slots of the third backend, then one of the fourth. */
function inRuns(table: readonly number[]): string {
  const runs: { index: number; count: number }[] = [];
  for (const index of table) {
    const last = runs.at(-1);
    if (last?.index === index) last.count++;
    else runs.push({ index, count: 1 });
  }
  return runs.map(({ index, count }) => `${index}(${count})`).join();
}

function counts(table: readonly number[], backends: number): number[] {
  return Array.from({ length: backends }, (_, index) => {
    return table.filter((it) => it === index).length;
  });
}

describe('the table of Maglev', () => {
  it('is the one that upstream holds to be reproducible (TestReproducible)', () => {
    const backends = [backend(1, 2), backend(3, 13), backend(4, 111), backend(5, 10)];
    const table = maglevTable(backends, 'TCP', { ...DEFAULTS, tableSize: 251 });
    expect(inRuns(table)).to.equal(
      '2(5),3(1),2(3),1(1),2(2),0(1),2(1),3(1),2(1),3(1),2(1),1(1),2(7),1(1),2(14),3(1),2(1),' +
        '1(2),2(12),3(1),2(3),1(1),2(4),3(1),2(8),3(1),2(2),1(1),2(16),1(2),2(3),3(1),2(11),' +
        '1(2),2(4),3(1),2(3),1(1),2(4),3(1),2(1),0(1),1(1),2(8),1(1),2(7),1(1),2(4),3(1),2(1),' +
        '3(1),2(9),1(2),2(5),1(1),2(7),3(1),2(1),3(1),1(1),2(8),1(1),2(4),0(1),2(1),1(1),2(5),' +
        '3(1),2(3),1(1),2(4),3(1),2(3),1(1),2(12),0(1),3(1),2(3),3(1),2(4),3(1),2(2),1(1),2(7)',
    );
  });

  it('has a slot for each weight (TestWeightedBackendWithRemoval)', () => {
    const backends = [backend(1, 2), backend(2, 13), backend(3, 111), backend(4, 10)];
    expect(counts(maglevTable(backends, 'TCP', SMALL), 4)).to.deep.equal([16, 98, 832, 75]);
  });

  it('gives equal backends equal shares, but for one slot', () => {
    const backends = [1, 2, 3, 4, 5, 6, 7].map((number) => backend(number));
    const shares = counts(maglevTable(backends, 'TCP', DEFAULTS), 7);
    expect(Math.max(...shares) - Math.min(...shares)).to.equal(1);
  });

  it('moves hardly any slot of the others when a backend goes (TestBackendRemoval)', () => {
    const three = [backend(1), backend(2), backend(3)];
    const before = maglevTable(three, 'TCP', SMALL);
    const after = maglevTable(three.slice(0, 2), 'TCP', SMALL);
    const moved = before.filter((index, slot) => index < 2 && after[slot] !== index);
    expect(moved.length / before.length).to.be.lessThan(0.01);
    expect(after.every((index) => index < 2)).to.equal(true);
  });

  it('does not depend on the order of the backends, but on the seed', () => {
    const table = maglevTable([backend(1), backend(2), backend(3)], 'TCP', SMALL);
    const turned = maglevTable([backend(3), backend(2), backend(1)], 'TCP', SMALL);
    expect(turned.map((index) => 2 - index)).to.deep.equal(table);
    const seeded = { ...SMALL, hashSeed: 'AAAAAAAAAAAAAAAA' };
    const other = maglevTable([backend(1), backend(2), backend(3)], 'TCP', seeded);
    expect(other).not.to.deep.equal(table);
  });

  it('is empty without backends', () => {
    expect(maglevTable([], 'TCP', SMALL).every((index) => index === -1)).to.equal(true);
  });
});

function slot(
  protocol: Protocol,
  src: string,
  sport: number | 'any',
  isSticky: boolean,
  to = '::',
) {
  const tuple = { protocol, src: ip(src), sport, dst: ip(to), dport: 30_080 };
  return maglevSlot(tuple, isSticky, DEFAULTS);
}

describe('the slot of a connection', () => {
  it('is that of the real hash, for TCP over IPv4', () => {
    expect(slot('TCP', '203.0.113.100', 40_000, false)).to.equal(333);
    expect(slot('TCP', '10.244.1.3', 54_321, false)).to.equal(11_518);
    expect(slot('TCP', '198.51.100.200', 1_024, false)).to.equal(11_616);
  });

  it('is that of the real hash with affinity, for UDP', () => {
    expect(slot('UDP', '203.0.113.100', 40_000, true)).to.equal(13_877);
    expect(slot('UDP', '10.244.1.3', 54_321, true)).to.equal(1_219);
    expect(slot('UDP', '198.51.100.200', 1_024, true)).to.equal(12_228);
  });

  it('is that of the real hash over IPv6', () => {
    expect(slot('TCP', '2001:db8::100', 40_000, false)).to.equal(7_056);
  });

  it('does not depend on the address that was dialled', () => {
    const one = slot('TCP', '203.0.113.100', 40_000, false, '192.168.1.11');
    const other = slot('TCP', '203.0.113.100', 40_000, false, '192.168.1.12');
    expect(one).to.equal(other);
  });

  it('is open while the port of the client is, unless affinity leaves that out', () => {
    expect(slot('TCP', '203.0.113.100', 'any', false)).to.equal(undefined);
    expect(slot('UDP', '203.0.113.100', 'any', true)).to.equal(13_877);
  });

  it('needs a seed of twelve bytes', () => {
    const tuple = { protocol: 'TCP', src: ip('::1'), sport: 1, dst: ip('::1'), dport: 1 } as const;
    const short = { ...DEFAULTS, hashSeed: 'AAAA' };
    expect(() => maglevSlot(tuple, false, short)).to.throw('a hash seed of 3 bytes, not 12');
  });
});

describe('the hash of a backend', () => {
  // Appleby's own: MurmurHash3_x64_128 of a well-known sentence with seed 0.
  it('is MurmurHash3 in 128 bits', () => {
    const [first, second] = murmur128('The quick brown fox jumps over the lazy dog', 0);
    expect(first.toString(16)).to.equal('e34bbc7bbc071b6c');
    expect(second.toString(16)).to.equal('7a433ca9c49a9347');
  });
});
