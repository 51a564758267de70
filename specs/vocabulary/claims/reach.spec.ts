// Goal: `reach` tells apart what a client observes, which backends are possible and whom they see,
// for new connections and for those that are open already.

import { expect } from 'chai';
import reach from '../../../src/vocabulary/claims/reach';
import { titleOf } from '../../../src/vocabulary/define';
import { ip } from '../../../src/values/ip';
import { seconds } from '../../../src/values/time';
import { backends, lookup, shop, walk } from '../../runner/fake-cluster';
import type { FakeCluster } from '../../runner/fake-cluster';

const ARGS = { from: 'shop/frontend', to: 'backend:80' };
const EXPLAIN = { explain: true };

function observe(cluster: FakeCluster, args: object = {}, context: object = EXPLAIN) {
  return reach.observe(cluster, { ...ARGS, ...args }, { explain: false, ...context });
}

function shopWith(walks: FakeCluster['walks']): FakeCluster {
  const cluster = shop();
  cluster.walks = walks;
  return cluster;
}

const key = (walks: FakeCluster['walks']) => observe(shopWith(walks)).key;

describe('reach', () => {
  it('asks for every possible path; `some` for one', () => {
    const cluster = shopWith(() => backends('answered', 'refused-by-listener', 'answered'));
    expect(observe(cluster)).to.include({ holds: false, possible: true, actual: 'refused' });
    expect(observe(cluster, { some: true }).holds).to.equal(true);
  });

  it('maps every fate to what the client observes', () => {
    const outcomes = {
      answered: 'ok',
      'no-endpoints': 'refused',
      'connection-reset': 'reset',
      'node-down': 'timeout',
      'no-route': 'unreachable',
    } as const;
    for (const [disposition, outcome] of Object.entries(outcomes)) {
      const cluster = shopWith(() => [walk(disposition as keyof typeof outcomes)]);
      expect(observe(cluster, { outcome }).holds, disposition).to.equal(true);
      expect(observe(cluster, { outcome: 'fail' }).holds, disposition).to.equal(outcome !== 'ok');
    }
  });

  it('bounds the time until the client knows, both ends included', () => {
    const late = shopWith(() => [walk('answered', { more: { took: seconds(3) } })]);
    expect(observe(late, { took: { atLeast: '3s', atMost: '3s' } }).holds).to.equal(true);
    expect(observe(late, { took: { atMost: '2999ms' } })).to.include({
      holds: false,
      actual: 'ok, after 3s',
    });
    // Silence lasts for as long as the client, or its system, is patient.
    const silent = shopWith(() => [walk('dropped')]);
    const timeout = { outcome: 'timeout' };
    expect(observe(silent, { ...timeout, took: { atLeast: '127s' } }).holds).to.equal(true);
    const short = { ...timeout, timeout: '3s' };
    expect(observe(silent, { ...short, took: { atMost: '3s' } }).holds).to.equal(true);
    expect(silent.sentWith).to.include({ timeout: seconds(3) });
    expect(observe(shop(), { took: { atMost: '0s' } }).holds).to.equal(true);
  });

  it('adds up how likely it is, from each source', () => {
    const answered = walk('answered', { share: [49, 100] });
    const late = walk('answered', { share: [1, 4], more: { took: seconds(1) } });
    const lost = walk('link-loss', { share: [26, 100] });
    const cluster = shopWith(() => [answered, late, lost]);
    const odds = (atLeast: string, atMost = '1', more: object = {}) =>
      observe(cluster, { odds: { atLeast, atMost }, ...more });
    expect(odds('37/50', '37/50').holds).to.equal(true);
    expect(odds('3/4')).to.include({ holds: false, actual: 'with a probability of 37/50' });
    expect(odds('0', '73/100').holds).to.equal(false);
    expect(odds('49/100', '49/100', { took: { atMost: '0s' } }).holds).to.equal(true);
    expect(odds('13/50', '13/50', { outcome: 'timeout' }).holds).to.equal(true);
    expect(reach.expected({ ...ARGS, took: { atMost: '1s' }, odds: { atLeast: '9/10' } })).to.equal(
      'ok, after at most 1s, with a probability of at least 9/10',
    );
  });

  it('asks for messages of a size, of new connections only', () => {
    const cluster = shop();
    observe(cluster);
    expect(cluster.sentWith ?? {}).not.to.have.property('size');
    observe(cluster, { size: 4_096 });
    expect(cluster.sentWith).to.include({ size: 4_096 });
    expect(titleOf(reach, { ...ARGS, size: 4_096 })).to.contain('messages of 4096 bytes');
    expect(reach.check!({ ...ARGS, size: 1, opened: '5s' })).to.have.length(1);
    expect(reach.check!({ ...ARGS, size: 1 })).to.deep.equal([]);
  });

  it('is unresolved where the name is, with the query that failed', () => {
    const cluster = shop();
    cluster.lookups = () => [
      lookup([], { queries: ['backend.default.svc.cluster.local A', 'backend. A'] }),
    ];
    const observation = observe(cluster);
    expect(observation).to.include({ holds: false, possible: false, actual: 'unresolved' });
    expect(observation.why[0]).to.equal(
      'backend is NXDOMAIN (last query: backend. A): no such Service',
    );
    expect(observation.precluded).to.equal(observation.why[0]);
    expect(observe(cluster, { outcome: 'unresolved' }).holds).to.equal(true);
  });

  it('knows no answer where the resolver is not modelled, though it has asked nobody', () => {
    const cluster = shop();
    cluster.lookups = () => [
      lookup([], { rcode: 'none', notModelled: true, queries: [], reason: 'musl 1.2.3' }),
    ];
    const observation = observe(cluster);
    expect([observation.holds, observation.possible]).to.deep.equal([undefined, undefined]);
    expect(observation.notModelled).to.include('musl 1.2.3');
  });

  it('weighs the answers of a lookup with the paths behind them', () => {
    const cluster = shopWith((_, to) => [
      walk(to.address === '10.244.1.5' ? 'answered' : 'pod-gone'),
    ]);
    cluster.lookups = () => [lookup(['10.244.1.5', '10.244.2.7'])];
    const observation = observe(cluster);
    expect(observation.traces[0]!.probability).to.deep.equal({ numerator: 1, denominator: 2 });
    expect(observation).to.include({ actual: 'timeout', among: 'for 1 of 2 possible paths' });
  });

  it('demands exactly the backends that it lists', () => {
    const cluster = shopWith(() => backends('answered', 'answered', 'answered').slice(0, 2));
    expect(observe(cluster, { backends: ['shop/backend#1', 'shop/backend#2'] }).holds).to.equal(
      true,
    );
    const narrow = observe(cluster, { backends: ['shop/backend#1'] });
    expect(narrow).to.include({ holds: false, actual: 'answered by shop/backend#2' });
    const wide = observe(cluster, { backends: ['shop/backend'] });
    expect(wide).to.include({ holds: false, actual: 'ok, but never from shop/backend#3' });
  });

  it('misses a backend that does not exist yet', () => {
    const cluster = shopWith(() => backends('answered', 'answered', 'answered'));
    expect(observe(cluster, { backends: ['shop/backend', 'shop/backend#4'] }).holds).to.equal(
      false,
    );
  });

  it('compares the source that the backend sees, by address or by name', () => {
    const by = ['shop/backend-a', '10.244.1.5'] as const;
    const cluster = shopWith(() => [walk('answered', { by, seen: '10.244.1.3' })]);
    expect(observe(cluster, { source: '10.244.1.3' }).holds).to.equal(true);
    expect(observe(cluster, { source: 'shop/frontend' }).holds).to.equal(true);
    const masqueraded = observe(cluster, { source: 'node/worker-1' });
    expect(masqueraded).to.include({
      holds: false,
      actual: 'ok, with the source seen as 10.244.1.3',
    });
  });

  it('sends from every running pod of a workload, from nodes and from outside', () => {
    const origins: unknown[] = [];
    const cluster = shopWith((from) => {
      origins.push(from);
      return [walk('answered')];
    });
    cluster.stopPod('shop/backend-b');
    for (const from of ['shop/backend', 'node/worker-1', 'external', 'shop/backend#3']) {
      observe(cluster, { from });
    }
    expect(origins).to.deep.equal([
      { pod: 'shop/backend-a' },
      { pod: 'shop/backend-c' },
      { node: 'worker-1' },
      { external: 'external' },
      { pod: 'shop/backend-c' },
    ]);
  });

  it('names the sources that are worse off than others', () => {
    const cluster = shopWith((from) => [
      walk('pod' in from && from.pod === 'shop/backend-b' ? 'dropped' : 'answered'),
    ]);
    const observation = observe(cluster, { from: 'shop/backend' });
    expect(observation).to.include({ actual: 'timeout', among: 'from shop/backend#2' });
    expect(observation.traces.map(({ sender }) => sender)).to.deep.equal(['shop/backend#2']);
  });

  it('asks an object at each of its own addresses', () => {
    const asked: unknown[] = [];
    const cluster = shopWith((_, to) => {
      asked.push(`${to.address}:${to.port}/${to.protocol}`);
      return [walk('answered')];
    });
    observe(cluster, { to: 'deployment/shop/backend:8080' });
    observe(cluster, { to: 'node/worker-2:30080' });
    observe(cluster, { to: '10.96.0.10:53/udp' });
    expect(asked).to.deep.equal([
      '10.244.1.5:8080/TCP',
      '10.244.2.7:8080/TCP',
      '10.244.2.8:8080/TCP',
      '192.168.1.12:30080/TCP',
      '10.96.0.10:53/UDP',
    ]);
  });

  it('tells of successes where the question is whether there is any', () => {
    const cluster = shopWith(() => backends('dropped', 'answered', 'dropped'));
    const observation = observe(cluster, {}, { explain: true, denied: true });
    expect(observation).to.include({ actual: 'ok', among: 'for 1 of 3 possible backends' });
    expect(observation.traces.map(({ disposition }) => disposition)).to.deep.equal(['answered']);
  });

  it('has one key for equal observations and another for every difference', () => {
    const by = ['shop/backend-a', '10.244.1.5'] as const;
    expect(key(() => [walk('answered')])).to.equal(key(() => [walk('answered')]));
    expect(key(() => [walk('answered')])).to.not.equal(key(() => [walk('dropped')]));
    expect(key(() => [walk('answered', { by })])).to.not.equal(
      key(() => [walk('answered', { by, seen: '192.168.1.11' })]),
    );
  });

  it('explains only where it is asked to', () => {
    const observation = observe(shop(), {}, { explain: false });
    expect([observation.why, observation.traces, observation.blames]).to.deep.equal([[], [], []]);
  });
});

describe('reach, on connections that were opened earlier', () => {
  const OPENED = { ...ARGS, opened: '5s' };

  it('opens one connection for each possible path, at that instant', () => {
    const cluster = shopWith(() => backends('answered', 'dropped', 'answered'));
    expect(reach.preparedAt!(OPENED)).to.equal(5_000_000);
    const prepared = reach.prepare!(cluster, OPENED) as readonly unknown[];
    expect(prepared).to.have.length(2);
    expect(cluster.calls).to.deep.equal([
      [
        'open',
        { pod: 'shop/frontend-a' },
        { address: ip('10.96.0.20'), port: 80, protocol: 'TCP' },
      ],
    ]);
  });

  it('judges their next packets, not new connections', () => {
    const cluster = shop();
    const prepared = reach.prepare!(cluster, OPENED);
    cluster.walks = () => [walk('no-endpoints')];
    expect(observe(cluster, OPENED, { prepared }).holds).to.equal(true);
    cluster.continued = [walk('connection-reset')];
    expect(observe(cluster, OPENED, { prepared }).actual).to.equal('reset');
  });

  it('fails where none could be opened', () => {
    const cluster = shopWith(() => [walk('dropped')]);
    const observation = observe(cluster, OPENED, { prepared: reach.prepare!(cluster, OPENED) });
    expect(observation).to.include({ holds: false, actual: 'no connection could be opened at 5s' });
  });
});

const said = (args: object) =>
  [false, true].map((denied) => titleOf(reach, { ...ARGS, ...args }, denied));

describe('the sentences of reach', () => {
  it('affirm and deny each outcome', () => {
    expect(said({})).to.deep.equal([
      'shop/frontend reaches backend:80',
      'shop/frontend does not reach backend:80',
    ]);
    expect(said({ outcome: 'refused' })).to.deep.equal([
      'shop/frontend is refused by backend:80',
      'shop/frontend is not refused by backend:80',
    ]);
    expect(said({ opened: '5s' })[0]).to.match(/on the connections opened at 5s$/);
    expect(
      said({ from: { pods: { namespace: 'shop', labels: { app: 'web' } }, pick: 'one' } })[0],
    ).to.equal('one of pods with app=web in shop reaches backend:80');
  });
});
