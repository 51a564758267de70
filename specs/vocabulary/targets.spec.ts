// Goal: what a scenario names is found as language.md "References and targets" says: by kind, by
// number, by selector; pods whose processes run, nodes with power, and else a reason.

import { expect } from 'chai';

import { respondersOf, sourceAddresses } from '../../src/vocabulary/responders';
import {
  containersOfReference,
  describe as describeTarget,
  isFrozen,
  nodesOfTarget,
  objectOf,
  podEverOf,
  podsOfTarget,
  readReference,
  sourcesOf,
  UnknownTargetError,
} from '../../src/vocabulary/targets';
import { addressesOfObject } from '../../src/vocabulary/walks';
import type { Walk } from '../../src/vocabulary/walks';
import { shop } from '../runner/fake-cluster';
import type { FakeCluster } from '../runner/fake-cluster';

const BACKENDS = ['shop/backend-a', 'shop/backend-b', 'shop/backend-c'];

function pods(text: string, cluster: FakeCluster = shop()): readonly string[] {
  return podsOfTarget(cluster, text, 'spec');
}

function withService(spec: object): FakeCluster {
  const cluster = shop();
  const metadata = { name: 'backend', namespace: 'shop' };
  cluster.put({ apiVersion: 'v1', kind: 'Service', metadata, spec });
  return cluster;
}

describe('a reference to pods', () => {
  it('means the pod of that name, or every pod of the workload', () => {
    expect(pods('shop/backend-b')).to.deep.equal(['shop/backend-b']);
    expect(pods('shop/backend')).to.deep.equal(BACKENDS);
    expect(pods('deployment/shop/backend')).to.deep.equal(BACKENDS);
    expect(pods('statefulset/shop/backend')).to.deep.equal([]);
    expect(pods('shop/nothing')).to.deep.equal([]);
  });

  it('means one pod of a workload by its number, while it is there', () => {
    const cluster = shop();
    expect(pods('shop/backend#2', cluster)).to.deep.equal(['shop/backend-b']);
    expect(pods('pod/shop/backend#2', cluster)).to.deep.equal(['shop/backend-b']);
    expect(pods('shop/backend#4', cluster)).to.deep.equal([]);
    cluster.api.commitNow({ verb: 'delete', kind: 'Pod', key: 'shop/backend-b', actor: 'spec' });
    expect(pods('shop/backend#2', cluster)).to.deep.equal([]);
    expect(podEverOf(cluster, readReference('shop/backend#2'))).to.equal('shop/backend-b');
  });

  it('means the pods that a Service selects, and none where it selects none', () => {
    const selecting = withService({ selector: { app: 'backend' } });
    expect(pods('service/shop/backend', selecting)).to.deep.equal(BACKENDS);
    expect(pods('service/shop/backend', withService({}))).to.deep.equal([]);
    expect(pods('service/shop/nothing')).to.deep.equal([]);
  });

  it('by the name coredns alone means what stands behind the Service kube-dns', () => {
    const cluster = shop();
    cluster.addPod('kube-system/dns-a', '10.244.1.20');
    cluster.put({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'kube-dns', namespace: 'kube-system' },
      spec: { selector: { app: 'dns-a' } },
    });
    expect(pods('coredns', cluster)).to.deep.equal(['kube-system/dns-a']);
  });

  it('that may mean two workloads is refused', () => {
    const cluster = shop();
    cluster.addPod('shop/backend-0', '10.244.1.30', 'worker-1', 'StatefulSet shop/backend');
    expect(() => pods('shop/backend', cluster)).to.throw(UnknownTargetError, /write the kind/);
    expect(pods('statefulset/shop/backend', cluster)).to.deep.equal(['shop/backend-0']);
  });

  it('may end with a container, which must be in it', () => {
    const cluster = shop();
    expect(containersOfReference(cluster, 'shop/frontend-a/app')).to.deep.equal([
      { pod: 'shop/frontend-a', container: 'app' },
    ]);
    expect(containersOfReference(cluster, 'shop/frontend-a/other')).to.deep.equal([]);
    expect(() => containersOfReference(cluster, 'shop/frontend-a')).to.throw(/names no container/);
  });
});

describe('a reference to an object', () => {
  it('is its kind and its key', () => {
    const cluster = shop();
    const found = (text: string) => Object.values(objectOf(cluster, text)).join(' ');
    expect(found('service/shop/backend')).to.equal('Service shop/backend');
    expect(found('service/backend')).to.equal('Service default/backend');
    expect(found('node/worker-1')).to.equal('Node worker-1');
    expect(found('shop/backend')).to.equal('Deployment shop/backend');
    expect(found('shop/backend-a')).to.equal('Pod shop/backend-a');
    expect(found('shop/backend#3')).to.equal('Pod shop/backend-c');
  });

  it('that is not there is refused where only the cluster could tell what it is', () => {
    expect(() => objectOf(shop(), 'shop/nothing')).to.throw('nothing is called shop/nothing');
    expect(() => objectOf(shop(), 'shop/backend#9')).to.throw('there is no pod shop/backend#9 now');
  });
});

describe('the sources of a claim', () => {
  it('are pods by the names of their workloads', () => {
    const { sources, single } = sourcesOf(shop(), 'shop/backend');
    expect(sources.map(({ name }) => name)).to.deep.equal([
      'shop/backend#1',
      'shop/backend#2',
      'shop/backend#3',
    ]);
    expect(single).to.equal(false);
  });

  it('are only those that run; it is said where there is none', () => {
    const cluster = shop();
    cluster.stopPod('shop/frontend-a');
    const { sources, missing, single } = sourcesOf(cluster, 'shop/frontend');
    expect([sources, missing, single]).to.deep.equal([
      [],
      'no process of shop/frontend runs',
      true,
    ]);
    expect(sourcesOf(cluster, 'shop/nothing').missing).to.equal('nothing matches shop/nothing');
  });

  it('may be one container of a pod', () => {
    const origins = (text: string) => sourcesOf(shop(), text).sources.map(({ origin }) => origin);
    expect(origins('shop/frontend-a/app')).to.deep.equal([
      { pod: 'shop/frontend-a', container: 'app' },
    ]);
    expect(origins('shop/frontend-a/other')).to.deep.equal([]);
  });

  it('may be machines outside of the cluster, and nodes with power', () => {
    const cluster = shop();
    expect(sourcesOf(cluster, 'external/office').sources).to.deep.equal([
      { name: 'external/office', origin: { external: 'office' } },
    ]);
    cluster.machines.get('worker-1')!.powerOff();
    expect(sourcesOf(cluster, 'node/worker-1').missing).to.equal('worker-1: no node has power');
    expect(sourcesOf(cluster, { nodes: 'all' }).sources.map(({ name }) => name)).to.deep.equal([
      'node/worker-2',
    ]);
    cluster.machines.get('worker-2')!.powerOff();
    expect(sourcesOf(cluster, { nodes: 'all' })).to.include({
      missing: 'the selection: no node has power',
      single: false,
    });
  });

  it('may be selected by labels, of all namespaces or of one', () => {
    const names = (selector: object) =>
      sourcesOf(shop(), { pods: selector }).sources.map(({ name }) => name);
    expect(names({ labels: { app: 'frontend' } })).to.deep.equal(['shop/frontend#1']);
    expect(names({ namespace: 'shop' })).to.have.length(4);
    expect(names({ namespace: 'other' })).to.deep.equal([]);
  });

  it('may be as many of them as it picks', () => {
    const count = (from: Parameters<typeof sourcesOf>[1]) => sourcesOf(shop(), from).sources.length;
    expect(count({ pods: { namespace: 'shop' }, pick: 3 })).to.equal(3);
    expect(count({ nodes: 'all', pick: 'one' })).to.equal(1);
  });
});

describe('a target of nodes', () => {
  it('is one by its name, or those that match', () => {
    const cluster = shop();
    const nodes = (target: Parameters<typeof nodesOfTarget>[1]) =>
      nodesOfTarget(cluster, target, 'spec');
    expect(nodes('node/worker-2')).to.deep.equal(['worker-2']);
    expect(nodes('worker-9')).to.deep.equal([]);
    expect(nodes({ nodes: 'all', pick: 'newest' })).to.deep.equal(['worker-2']);
    const metadata = { name: 'worker-1', labels: { disk: 'ssd' } };
    cluster.put({ apiVersion: 'v1', kind: 'Node', metadata });
    expect(nodes({ nodes: { labels: { disk: 'ssd' } } })).to.deep.equal(['worker-1']);
    expect(nodes({ nodes: { zone: 'nowhere' } })).to.deep.equal([]);
  });
});

describe('a target in a sentence', () => {
  it('is said in words', () => {
    const said: readonly (readonly [Parameters<typeof describeTarget>[0], string])[] = [
      ['shop/backend', 'shop/backend'],
      [{ pods: {} }, 'pods'],
      [
        { pods: { namespace: 'shop', labels: { tier: 'web', app: 'x' } }, pick: 'one' },
        'one of pods with app=x,tier=web in shop',
      ],
      [{ nodes: 'all', pick: 'all' }, 'all nodes'],
      [{ nodes: 'all', pick: 'minority' }, 'minority of all nodes'],
      [{ nodes: { zone: 'a', labels: { disk: 'ssd' } } }, 'nodes with disk=ssd in zone a'],
      [{ nodes: { zone: 'a' } }, 'nodes in zone a'],
    ];
    for (const [target, text] of said) expect(describeTarget(target)).to.equal(text);
  });

  it('is fixed where a number or a choice says which, else it may grow', () => {
    expect(isFrozen('shop/backend#1')).to.equal(true);
    expect(isFrozen('shop/backend')).to.equal(false);
    expect(isFrozen({ pods: {} })).to.equal(false);
    expect(isFrozen({ pods: {}, pick: 'all' })).to.equal(false);
    expect(isFrozen({ pods: {}, pick: 'one' })).to.equal(true);
    expect(isFrozen({ pods: {}, members: 'frozen' })).to.equal(true);
  });
});

describe('those who may answer', () => {
  const found = (...texts: string[]) => [...respondersOf(shop(), texts)];

  it('are pods by their keys, nodes and externals by their names', () => {
    expect(found('shop/backend')).to.deep.equal(BACKENDS);
    expect(found('shop/backend#2', 'node/worker-1', 'external/office')).to.deep.equal([
      'shop/backend-b',
      'node/worker-1',
      'external/office',
    ]);
  });

  it('stay there under their own names where they do not exist, and so are missed', () => {
    expect(found('deployment/shop/nothing')).to.deep.equal(['deployment/shop/nothing']);
  });
});

describe('the addresses', () => {
  const cluster = shop();
  const walkFrom = (pod: string) => ({ source: { name: pod, origin: { pod } } }) as unknown as Walk;
  const seenAs = (text: string, pod = 'shop/frontend-a') => [
    ...sourceAddresses(cluster, text, walkFrom(pod)),
  ];

  it('as which a sender is seen are its own where it is one of those meant', () => {
    expect(seenAs('shop/backend', 'shop/backend-b')).to.deep.equal(['10.244.2.7']);
    expect(seenAs('shop/backend')).to.have.length(3);
  });

  it('as which a sender is seen may be written out, or those of a node', () => {
    expect(seenAs('203.0.113.9')).to.deep.equal(['203.0.113.9']);
    const { addresses } = cluster.machines.get('worker-1')!;
    expect(seenAs('node/worker-1')).to.deep.equal([...addresses]);
    expect(seenAs('node/worker-9')).to.deep.equal([]);
    expect(seenAs('external/nobody')).to.deep.equal([]);
  });

  it('of an object are the first of each of its kind', () => {
    const of = (text: string, subject: FakeCluster = cluster) =>
      addressesOfObject(subject, readReference(text));
    expect(of('shop/backend')).to.deep.equal(['10.244.1.5', '10.244.2.7', '10.244.2.8']);
    expect(of('node/worker-1')).to.deep.equal([cluster.machines.get('worker-1')!.addresses[0]]);
    expect(of('node/worker-9')).to.deep.equal([]);
    const clusterIPs = ['10.96.0.20', 'fd00::20'];
    expect(of('service/shop/backend', withService({ clusterIPs }))).to.deep.equal(['10.96.0.20']);
    const headless = withService({ clusterIP: 'None' });
    expect(of('service/shop/backend', headless)).to.deep.equal([]);
    expect(of('service/shop/nothing')).to.deep.equal([]);
  });
});
