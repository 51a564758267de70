// Goal: a table that somebody fills up takes as many entries as they leave, and no more; what
// stood before stands; each shortage ends with its own token. net/netfilter/nf_conntrack_core.c

import { expect } from 'chai';

import { Conntrack, CONNTRACK_LIMIT } from '../../../src/node/netfilter/conntrack';
import { newEntry } from '../../../src/node/netfilter/conntrack-entry';
import { Shortages } from '../../../src/node/netfilter/shortages';
import { reversed } from '../../../src/values/flow';
import { ip } from '../../../src/values/ip';
import { START } from '../../../src/values/time';

function entryOf(sport: number) {
  const addresses = { src: ip('10.244.1.2'), dst: ip('10.244.2.2') };
  const tuple = { protocol: 'TCP', ...addresses, sport, dport: 80 } as const;
  return newEntry(tuple, reversed(tuple), START);
}

describe('a table that is filled', () => {
  it('takes as many entries as are left', () => {
    const table = new Conntrack();
    table.fill('flood', { left: 1 });
    expect(table.isFull(START)).to.equal(false);
    table.put(entryOf(1_000));
    expect(table.isFull(START)).to.equal(true);
    table.put(entryOf(1_000));
    table.relieve('flood');
    expect([table.isFull(START), table.capacity]).to.deep.equal([false, CONNTRACK_LIMIT]);
  });

  it('loses the places that become free to whoever fills it', () => {
    const table = new Conntrack();
    table.put(entryOf(1_000));
    table.fill('flood', { left: 0 });
    table.delete(entryOf(1_000));
    expect(table.isFull(START)).to.equal(true);
  });

  it('counts what stands where its limit is lowered', () => {
    const table = new Conntrack();
    table.put(entryOf(1_000));
    table.fill('sysctl', { cap: 2 });
    expect(table.isFull(START)).to.equal(false);
    table.put(entryOf(1_001));
    expect(table.isFull(START)).to.equal(true);
    table.delete(entryOf(1_001));
    expect(table.isFull(START)).to.equal(false);
  });

  it('is full for a walk that has written its last place, and not for another', () => {
    const table = new Conntrack();
    table.fill('flood', { left: 1 });
    const walk = table.overlay();
    walk.put(entryOf(1_000));
    expect([walk.isFull(START), walk.overlay().isFull(START)]).to.deep.equal([true, true]);
    expect(table.overlay().isFull(START)).to.equal(false);
    walk.commit();
    expect(table.isFull(START)).to.equal(true);
  });

  it('is emptied of strangers too by a flush', () => {
    const table = new Conntrack();
    table.fill('flood', { left: 0 });
    table.flush();
    expect(table.isFull(START)).to.equal(false);
  });

  it('is as small as the worst of two shortages, and each ends by itself', () => {
    const shortages = new Shortages();
    shortages.set('a', { left: 3 });
    shortages.set('b', { left: 1 });
    shortages.take();
    expect(shortages.left).to.equal(0);
    shortages.end('b');
    expect([shortages.left, shortages.cap]).to.deep.equal([2, Infinity]);
    shortages.giveBack();
    expect(shortages.left).to.equal(3);
  });
});
