// Goal: `exhaust` fills what it names, of whom it can be said, and takes back what has its token.

import { expect } from 'chai';

import exhaust from '../../../src/vocabulary/faults/exhaust';
import { DEFAULT_KUBELET } from '../../../src/values/kubelet-settings';
import { ZERO } from '../../../src/values/time';
import { FakeCluster } from '../../runner/fake-cluster';

const CONTEXT = { step: 'full', recovers: true };

type Args = Parameters<typeof exhaust.inject>[1];

function injected(args: Args): { cluster: FakeCluster; hits: readonly string[] } {
  const cluster = new FakeCluster();
  cluster.addPod('shop/a', '10.244.1.2');
  const { hits, effects } = exhaust.inject(cluster, args, CONTEXT);
  for (const effect of effects) exhaust.undo(cluster, effect);
  return { cluster, hits };
}

function pathsOf(args: Args): readonly string[] {
  return exhaust.check!(args).map(({ path }) => path);
}

describe('exhaust', () => {
  for (const what of ['conntrack', 'ports', 'ips', 'lock'] as const) {
    it(`leaves nothing of ${what} on a node, until it recovers`, () => {
      const { cluster, hits } = injected({ node: 'worker-2', what });
      expect(hits).to.deep.equal(['node worker-2']);
      expect(cluster.calls).to.deep.equal([
        ['exhaust', 'worker-2', what, 'full', { left: 0 }],
        ['relieve', 'worker-2', what, 'full'],
      ]);
    });
  }

  it('leaves some, or lowers the limit', () => {
    const some = injected({ nodes: 'all', what: 'conntrack', left: 5 });
    expect(some.cluster.calls[0]?.at(-1)).to.deep.equal({ left: 5 });
    const capped = injected({ node: 'worker-1', what: 'ips', cap: 20 });
    expect(capped.cluster.calls[0]?.at(-1)).to.deep.equal({ cap: 20 });
  });

  it('takes the memory and the disk of a node in bytes', () => {
    const { cluster, hits } = injected({ node: 'worker-2', what: 'memory', left: '50Mi' });
    expect(hits).to.deep.equal(['node worker-2']);
    expect(cluster.calls).to.deep.equal([
      ['exhaust', 'worker-2', 'memory', 'full', { left: 52_428_800 }],
      ['relieve', 'worker-2', 'memory', 'full'],
    ]);
    expect(pathsOf({ node: 'worker-2', what: 'memory', cap: 5 })).to.deep.equal(['/cap']);
    expect(pathsOf({ node: 'worker-2', what: 'ips', left: '5Mi' })).to.deep.equal(['/left']);
  });

  it('asks how large a disk is of which nobody says it', () => {
    expect(() => injected({ node: 'worker-2', what: 'disk' })).to.throw(
      'nobody says how large the disk of worker-2 is: in cluster.nodes, give it ' +
        'capacity: {ephemeral-storage: 100Gi}',
    );
  });

  it('has to be of something that a kubelet of the nodes looks at', () => {
    const cluster = new FakeCluster();
    const pids = { signal: 'pid.available', least: { amount: 1_000 }, grace: ZERO } as const;
    const kubelet = { ...DEFAULT_KUBELET, thresholds: [...DEFAULT_KUBELET.thresholds, pids] };
    const [first, second] = cluster.spec.nodes;
    Object.assign(cluster, { spec: { ...cluster.spec, nodes: [{ ...first!, kubelet }, second!] } });
    const hitsOf = (args: Args) => exhaust.inject(cluster, args, CONTEXT).hits;
    expect(hitsOf({ nodes: 'all', what: 'pids' })).to.include('node worker-2');
    expect(hitsOf({ node: 'worker-2', what: 'memory' })).to.deep.equal(['node worker-2']);
    expect(() => hitsOf({ node: 'worker-2', what: 'pids' })).to.throw(
      'no kubelet of worker-2 looks at pid.available: in cluster.kubelet, write ' +
        'evictionHard: {pid.available: 1000}, which replaces all defaults',
    );
  });

  it('kills a pod for memory with 137, and whatever starts in it after', () => {
    const { cluster, hits } = injected({ pod: 'shop/a', what: 'memory' });
    expect(hits).to.deep.equal(['pod shop/a']);
    expect(cluster.calls).to.deep.equal([
      ['failPod', 'shop/a', 'full', { outOfMemory: true }],
      ['crashPod', 'shop/a', { exitCode: 137, restart: true }],
      ['mendPod', 'shop/a', 'full'],
    ]);
  });

  it('hits pods that come to match later', () => {
    const cluster = new FakeCluster();
    cluster.addPod('shop/a', '10.244.1.2');
    const args = { pods: { namespace: 'shop' }, what: 'memory' } as const;
    const { effects } = exhaust.inject(cluster, args, CONTEXT);
    cluster.addPod('shop/b', '10.244.1.3');
    const more = exhaust.extend!(cluster, args, CONTEXT, new Set(effects));
    expect(more.hits).to.deep.equal(['pod shop/b']);
  });

  it('has the API server refuse every write with a 429', () => {
    const { cluster, hits } = injected({ component: 'apiserver', what: 'inflight' });
    expect(hits).to.deep.equal(['component apiserver']);
    expect(cluster.calls.map(([handle]) => handle)).to.deep.equal(['failRequests', 'mendRequests']);
    expect(cluster.calls[0]?.[2]).to.include({ answer: 'too-many-requests' });
  });

  it('knows whose table it is', () => {
    expect(pathsOf({ pod: 'shop/a', what: 'conntrack' })).to.deep.equal(['/pod']);
    expect(pathsOf({ nodes: 'all', what: 'memory' })).to.deep.equal([]);
    expect(pathsOf({ pod: 'shop/a', what: 'disk' })).to.deep.equal(['/pod']);
    expect(pathsOf({ pod: 'shop/a', what: 'pids' })).to.deep.equal(['/pod']);
    expect(pathsOf({ node: 'worker-1', what: 'pids', left: 9 })).to.deep.equal([]);
    expect(pathsOf({ component: 'apiserver', what: 'memory' })).to.deep.equal(['/component']);
    expect(pathsOf({ component: 'etcd', what: 'inflight' })).to.deep.equal(['/component']);
    expect(pathsOf({ node: 'worker-1', what: 'inflight' })).to.deep.equal(['/node']);
    expect(pathsOf({ node: 'worker-1', what: 'ips', left: 3 })).to.deep.equal([]);
  });

  it('says at load time what is not modelled', () => {
    expect(pathsOf({ node: 'worker-1', what: 'ports', left: 10 })).to.deep.equal(['/left']);
    expect(pathsOf({ node: 'worker-1', what: 'lock', cap: 1 })).to.deep.equal(['/cap']);
    expect(pathsOf({ node: 'worker-1', what: 'ips', left: 1, cap: 1 })).to.deep.equal(['/cap']);
    expect(pathsOf({ node: 'worker-1', what: 'pids', left: '9Mi' })).to.deep.equal(['/left']);
    expect(pathsOf({ node: 'worker-1', what: 'pids', cap: 9 })).to.deep.equal(['/cap']);
  });
});
