// Goal: `table` judges each cell as `reach` would, shows the difference as a table, and says so
// where a row or column means nothing.

import { expect } from 'chai';
import table from '../../../src/vocabulary/claims/table';
import type { FakeCluster } from '../../runner/fake-cluster';
import { shop, walk } from '../../runner/fake-cluster';

const CONTEXT = { explain: true } as const;

/** The frontend is refused by the backend; everybody else is answered. */
function oneRefusal(): FakeCluster {
  const cluster = shop();
  cluster.walks = (from, to) => {
    const isFrontend = 'pod' in from && from.pod === 'shop/frontend-a';
    return [walk(isFrontend && to.port === 80 ? 'refused-by-listener' : 'answered')];
  };
  return cluster;
}

function observe(cluster: FakeCluster, rows: Parameters<typeof table.observe>[1]['rows']) {
  return table.observe(cluster, { port: 80, rows }, CONTEXT);
}

describe('table', () => {
  it('holds where every cell is as written', () => {
    const rows = {
      'shop/frontend': { 'shop/backend': 'no', 'shop/frontend': 'no' },
      'shop/backend': { 'shop/frontend': 'yes' },
    } as const;
    const { holds, possible, actual } = observe(oneRefusal(), rows);
    expect({ holds, possible, actual }).to.deep.equal({
      holds: true,
      possible: true,
      actual: 'all 3 cells as written',
    });
  });

  it('shows what differs as a table, with the reasons', () => {
    const rows = {
      'shop/frontend': { 'shop/backend': 'yes' },
      'shop/backend': { 'shop/frontend': 'yes' },
    } as const;
    const seen = observe(oneRefusal(), rows);
    expect(seen.holds).to.equal(false);
    expect(seen.possible).to.equal(false);
    expect(seen.actual).to.equal('shop/frontend → shop/backend is no (refused)');
    expect(seen.why.slice(0, 3)).to.deep.equal([
      '               shop/backend        shop/frontend',
      'shop/frontend  no (refused) ✗ yes',
      'shop/backend                       yes',
    ]);
    expect(seen.traces).to.have.length(3);
  });

  it('knows the exact outcome, and what is translated', () => {
    const cluster = oneRefusal();
    expect(observe(cluster, { 'shop/frontend': { 'shop/backend': 'refused' } }).holds).to.equal(
      true,
    );
    expect(observe(cluster, { 'shop/frontend': { 'shop/backend': 'timeout' } }).holds).to.equal(
      false,
    );
    const untranslated = { outcome: 'yes', nat: 'none' } as const;
    cluster.walks = () => [walk('answered', { more: { translations: [] } })];
    expect(observe(cluster, { 'shop/backend': { 'shop/frontend': untranslated } }).holds).to.equal(
      true,
    );
    const translated = { outcome: 'yes', nat: 'both' } as const;
    expect(observe(cluster, { 'shop/backend': { 'shop/frontend': translated } }).actual).to.equal(
      'shop/backend → shop/frontend is yes, nat none',
    );
  });

  it('counts the cells that differ', () => {
    const cluster = shop();
    cluster.walks = () => [walk('dropped')];
    const rows = { 'shop/frontend': { 'shop/backend': 'yes', 'shop/frontend': 'yes' } } as const;
    expect(observe(cluster, rows).actual).to.equal(
      'shop/frontend → shop/backend is no (timeout), and 1 more of 2 cells differ',
    );
  });

  it('does not know what the model does not know', () => {
    const cluster = shop();
    cluster.walks = () => [walk('not-modelled')];
    const seen = observe(cluster, { 'shop/frontend': { 'shop/backend': 'no' } });
    expect(seen.holds).to.equal(undefined);
    expect(seen.possible).to.equal(undefined);
    expect(seen.notModelled).to.be.a('string');
  });

  it('is vacuous where a column means nothing', () => {
    const seen = observe(shop(), { 'shop/frontend': { 'shop/nobody': 'no' } });
    expect(seen.vacuous).to.equal('nothing matches shop/nobody');
    expect(seen.holds).to.equal(false);
  });

  it('wants a port from the column or from the table', () => {
    const rows = { 'shop/frontend': { 'shop/backend': 'no', 'backend:80': 'yes' } } as const;
    expect(table.check!({ port: 80, rows })).to.deep.equal([]);
    expect(table.check!({ rows })).to.deep.equal([
      {
        path: '/rows/shop~1frontend/shop~1backend',
        severity: 'error',
        message: '"shop/backend" has no port, and neither has the table',
        hint: 'give the table a `port`',
      },
    ]);
  });

  it('reads as a sentence, affirmed and denied', () => {
    const args = { rows: { a: { 'b:80': 'yes', 'c:80': 'no' } } } as const;
    expect(table.phrase(args)).to.deep.equal({
      subject: 'the table of 1 × 2',
      predicate: 'is as written',
      negated: 'is not as written',
    });
    expect(table.expected(args)).to.equal('all 2 cells as written');
    expect(table.expectedNever(args)).to.equal('never the table as written');
  });
});
