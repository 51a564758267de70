// Goal: `converge` compares what each node with power would choose from with what really serves.

import { expect } from 'chai';
import { START } from '../../../src/values/time';
import converge from '../../../src/vocabulary/claims/converge';
import { shop, walk } from '../../runner/fake-cluster';
import type { FakeCluster } from '../../runner/fake-cluster';

const ARGS = { service: 'shop/backend' };
const NEW = ['10.244.1.5:8080', '10.244.2.8:8080'];
const OLD = ['10.244.1.5:8080', '10.244.2.7:8080'];

function cluster(
  one: readonly string[],
  two: readonly string[],
  spec: object = { clusterIP: '10.96.0.20' },
): FakeCluster {
  const made = shop();
  made.put({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'backend', namespace: 'shop' },
    spec,
  });
  made.serves = NEW;
  made.programs.set('worker-1', one);
  made.programs.set('worker-2', two);
  return made;
}

function observe(of: FakeCluster, args: object = {}) {
  return converge.observe(of, { ...ARGS, ...args }, { explain: true });
}

describe('converge', () => {
  it('holds where every node spreads over exactly what serves, in whatever order', () => {
    expect(observe(cluster(NEW, NEW.toReversed()))).to.include({
      holds: true,
      actual: 'converged',
    });
  });

  it('names the stale nodes, what they keep and what they lack', () => {
    const observation = observe(cluster(OLD, NEW));
    expect(observation).to.include({ holds: false, actual: 'stale on worker-1' });
    expect(observation.why).to.deep.equal([
      'worker-1 still sends to 10.244.2.7:8080, which does not serve and ' +
        'does not know 10.244.2.8:8080, which serves',
    ]);
    expect(observation.blames).to.deep.equal(['kube-proxy@worker-1']);
  });

  it('counts nodes: all, any, 99 of 100, or one', () => {
    const half = cluster(OLD, NEW);
    expect(observe(half, { nodes: 'any' }).holds).to.equal(true);
    expect(observe(half, { nodes: 'p99' }).holds).to.equal(false);
    expect(observe(half, { nodes: 'worker-2' }).holds).to.equal(true);
    expect(observe(half, { nodes: 'worker-1' }).holds).to.equal(false);
  });

  it('leaves out nodes without power', () => {
    const half = cluster(OLD, NEW);
    half.machines.get('worker-1')!.powered = false;
    expect(observe(half).holds).to.equal(true);
  });

  it('has nothing to judge without a Service that nodes program', () => {
    expect(observe(shop()).vacuous).to.equal('there is no Service shop/backend');
    expect(observe(cluster(NEW, NEW, { clusterIP: 'None' })).vacuous).to.match(/is headless/);
    expect(observe(cluster(NEW, NEW, { type: 'ExternalName' })).vacuous).to.match(/ExternalName/);
    expect(observe(cluster(NEW, NEW), { nodes: 'worker-9' }).vacuous).to.equal(
      'there is no node worker-9',
    );
  });

  it('notices a change of what serves and of what is programmed', () => {
    const keys = [cluster(NEW, NEW), cluster(OLD, NEW), cluster(NEW, OLD)].map(
      (it) => observe(it).key,
    );
    const other = cluster(NEW, NEW);
    other.serves = OLD;
    expect(new Set([...keys, observe(other).key]).size).to.equal(4);
  });
});

describe('converge of a policy', () => {
  const POLICY = { policy: 'shop/deny' };

  function guarded(...behind: readonly string[]): FakeCluster {
    const made = shop();
    made.put({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'deny', namespace: 'shop' },
      spec: {},
    });
    for (const node of behind) made.unenforced.add(node);
    return made;
  }
  const of = (made: FakeCluster, args: object = {}) =>
    converge.observe(made, { ...POLICY, ...args }, { explain: true });

  it('holds where every agent has applied what the API holds', () => {
    expect(of(guarded()).holds).to.equal(true);
    expect(of(guarded('worker-2'))).to.include({ holds: false, actual: 'stale on worker-2' });
    expect(of(guarded('worker-2'), { nodes: 'any' }).holds).to.equal(true);
    expect(of(guarded('worker-2')).blames).to.deep.equal([
      'calico-node@worker-2',
      'NetworkPolicy/shop/deny',
    ]);
  });

  it('says why there is nothing to judge', () => {
    expect(of(guarded(), { policy: 'shop/denny' }).vacuous).to.equal(
      'there is no NetworkPolicy shop/denny; did you mean "shop/deny"?',
    );
    const gone = guarded('worker-2');
    gone.api.store.remove('NetworkPolicy', 'shop/deny', START, -1);
    expect(of(gone), 'a policy that was there').to.include({ actual: 'stale on worker-2' });
    const open = guarded();
    open.policyAgent = undefined;
    expect(of(open).vacuous).to.match(/^the network plug-in \S+ enforces no policies$/);
  });
});

describe('converge since a change', () => {
  it('holds against what the API says, not against what runs', () => {
    const made = cluster(OLD, OLD);
    made.announces = { endpoints: OLD };
    expect(observe(made).holds).to.equal(false);
    expect(observe(made, { since: 'change' }).holds).to.equal(true);
  });

  it('is about a stretch of time, and then only', () => {
    expect(converge.stretch!({ ...ARGS, since: 'change' })).to.equal('by');
    expect(converge.stretch!({ ...ARGS, each: true })).to.equal('by');
    expect(converge.stretch!(ARGS)).to.equal(undefined);
  });
});

describe('converge of a route', () => {
  const ROUTE = { route: 'shop/frontend' };

  function routed(): FakeCluster {
    const made = shop();
    made.put({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'lonely', namespace: 'shop' },
      spec: { nodeName: 'worker-1' },
      status: { podIP: '10.244.1.9' },
    });
    return made;
  }
  const of = (made: FakeCluster, route = 'pod/shop/lonely') =>
    converge.observe(made, { ...ROUTE, route }, { explain: true });

  it('holds where a packet of every node gets to the machine that has the address', () => {
    expect(of(routed())).to.include({ holds: true });
    const made = routed();
    made.walks = (from) => [walk('node' in from && from.node === 'worker-2' ? 'no-route' : 'lost')];
    expect(of(made)).to.include({ holds: false, actual: 'stale on worker-1, worker-2' });
    made.walks = (from) => [
      walk('node' in from && from.node === 'worker-2' ? 'no-route' : 'refused-by-listener'),
    ];
    expect(of(made)).to.include({ holds: false, actual: 'stale on worker-2' });
    expect(of(made).why).to.deep.equal(['worker-2 has no route to 10.244.1.9 on worker-1']);
  });

  it('says why there is nothing to judge', () => {
    expect(of(routed(), 'node/worker-9').vacuous).to.equal('there is no node worker-9');
    expect(of(routed(), 'deployment/shop/nothing').vacuous).to.match(
      /^no pod of .* has an address$/,
    );
  });
});

describe('converge of a name', () => {
  const WHY = 'its question can go too many ways to be followed to their ends';

  /** Two servers, of which one says what the API does; `other` is what the other one says. */
  function of(other: readonly string[] | string, nodes: string) {
    const made = cluster(NEW, NEW, { clusterIP: '10.96.0.20', clusterIPs: ['10.96.0.20'] });
    made.put({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'kube-dns', namespace: 'kube-system' },
      spec: { selector: { app: 'coredns' } },
    });
    for (const [name, answers] of [['a', ['10.96.0.20']] as const, ['b', other] as const]) {
      made.addPod(
        `kube-system/${name}`,
        '10.244.1.2',
        'worker-1',
        'Deployment kube-system/coredns',
      );
      made.dnsAnswers.set(`kube-system/${name}`, answers);
    }
    return converge.observe(made, { name: 'backend.shop', nodes }, { explain: true });
  }

  it('compares what each server would answer with what the API says', () => {
    expect(of(['10.96.0.20'], 'all')).to.include({ holds: true });
    expect(of([], 'all').why).to.deep.equal([
      'kube-system/coredns#2 answers nothing instead of 10.96.0.20',
    ]);
  });

  it('is not modelled where it depends on a server whose answers are not known', () => {
    expect(of(WHY, 'all')).to.include({ holds: undefined, possible: undefined, notModelled: WHY });
    expect(of(WHY, 'any')).to.include({ holds: true }).and.not.to.have.property('notModelled');
    expect(of(WHY, 'kube-system/coredns#1')).to.include({ holds: true });
    expect(of(WHY, 'kube-system/coredns#2')).to.include({ holds: undefined, notModelled: WHY });
  });
});
