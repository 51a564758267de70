// Goal: what answers wrongly is met by everybody as the real thing is: kubelets write again, the
// libraries of clients wait and ask again, and each recovery takes back its own effect alone.

import { expect } from 'chai';

import type { Cluster } from '../../../src/cluster/cluster';
import type { RequestFailure } from '../../../src/cluster/faults/failing';
import { createCluster, loadScenarios } from '../../../src/index';
import type { Instant } from '../../../src/values/time';

const SECOND = 1_000_000;
const { plans } = loadScenarios(['scenarios/faults/node-notready-but-lease-ok.yaml']);
const FREQUENCY = { odds: { numerator: 1, denominator: 1 }, pattern: [] } as const;
const ALL = { verbs: [], kinds: [], clients: [], ...FREQUENCY } as const;

function world(seed = 1): Cluster {
  return createCluster(plans[0]!.cluster, { seed });
}

function runTo({ kernel }: Cluster, seconds: number): void {
  kernel.runUntil((seconds * SECOND) as Instant);
}

const failure = (more: Partial<RequestFailure>): RequestFailure => ({
  ...ALL,
  answer: 'internal-error',
  ...more,
});

const journal = ({ kernel }: Cluster, action: string, detail: RegExp) =>
  kernel.journal
    .all()
    .filter((it) => it.at > 0 && it.action === action && detail.test(it.detail ?? ''))
    .map(({ at, actor }) => ({ at: at / SECOND, actor }));

function readyOf(cluster: Cluster, kind: 'Node' | 'Pod', key: string): string {
  const { conditions = [] } = (cluster.api.store.get(kind, key)?.status ?? {}) as {
    conditions?: readonly { readonly type: string; readonly status: string }[];
  };
  return conditions.find(({ type }) => type === 'Ready')!.status;
}

const firstBackend = (cluster: Cluster) => cluster.podsOf('Deployment', 'shop/backend')[0]!;

describe('a kubelet that says that its node is not ready', () => {
  it('says so until the last of several faults is over', () => {
    const made = world();
    for (const token of ['a', 'b']) made.handles.failNode('worker-1', 'unready', token);
    runTo(made, 15);
    expect(readyOf(made, 'Node', 'worker-1')).to.equal('False');
    made.handles.mendNode('worker-1', 'unready', 'a');
    runTo(made, 30);
    expect(readyOf(made, 'Node', 'worker-1')).to.equal('False');
    made.handles.mendNode('worker-1', 'unready', 'b');
    runTo(made, 45);
    expect(readyOf(made, 'Node', 'worker-1')).to.equal('True');
    expect(readyOf(made, 'Node', 'worker-2')).to.equal('True');
  });

  it('is not contradicted by a runtime that answers again', () => {
    const made = world();
    const runtime = made.components.find(({ actor }) => actor === 'runtime@worker-1')!;
    made.handles.failNode('worker-1', 'unready', 'a');
    made.handles.pauseComponent(runtime, 'p');
    runTo(made, 60);
    made.handles.resumeComponent(runtime, 'p');
    runTo(made, 90);
    expect(readyOf(made, 'Node', 'worker-1')).to.equal('False');
  });

  it('does not hide a runtime that is down', () => {
    const made = world();
    const runtime = made.components.find(({ actor }) => actor === 'runtime@worker-1')!;
    made.handles.pauseComponent(runtime, 'p');
    made.handles.failNode('worker-1', 'unready', 'a');
    runTo(made, 60);
    made.handles.mendNode('worker-1', 'unready', 'a');
    runTo(made, 90);
    expect(readyOf(made, 'Node', 'worker-1')).to.equal('False');
  });

  it('says the same after a reboot', () => {
    const made = world();
    made.handles.failNode('worker-1', 'unready', 'a');
    made.handles.powerOff('worker-1');
    made.handles.powerOn('worker-1');
    runTo(made, 100);
    expect(readyOf(made, 'Node', 'worker-1')).to.equal('False');
  });
});

describe('a pod that says that it is not ready', () => {
  it('is so until the last of several faults is over', () => {
    const made = world();
    const pod = firstBackend(made);
    for (const token of ['a', 'b']) made.handles.failPod(pod, token, { unready: true });
    made.handles.mendPod(pod, 'a');
    runTo(made, 1);
    expect(readyOf(made, 'Pod', pod)).to.equal('False');
    made.handles.mendPod(pod, 'b');
    runTo(made, 2);
    expect(readyOf(made, 'Pod', pod)).to.equal('True');
  });

  it('is so after a restart as well', () => {
    const made = world();
    const pod = firstBackend(made);
    made.handles.failPod(pod, 'a', { unready: true });
    made.handles.crashPod(pod, { exitCode: 1, restart: true });
    runTo(made, 20);
    expect(readyOf(made, 'Pod', pod)).to.equal('False');
  });

  it('tells nobody while its kubelet is stopped', () => {
    const made = world();
    const pod = firstBackend(made);
    const { nodeName } = made.api.store.get('Pod', pod)!.spec as { nodeName: string };
    const kubelet = made.components.find(({ actor }) => actor === `kubelet@${nodeName}`)!;
    made.handles.pauseComponent(kubelet, 'p');
    made.handles.failPod(pod, 'a', { unready: true });
    runTo(made, 5);
    expect(readyOf(made, 'Pod', pod)).to.equal('True');
    made.handles.resumeComponent(kubelet, 'p');
    runTo(made, 6);
    expect(readyOf(made, 'Pod', pod)).to.equal('False');
  });
});

describe('requests that the API server answers wrongly', () => {
  it('are sent again by a kubelet with its next pass over all pods', () => {
    const made = world();
    const pod = firstBackend(made);
    made.handles.failRequests('a', failure({ kinds: ['Pod'], clients: ['kubelet'] }));
    runTo(made, 1);
    made.handles.failPod(pod, 'f', { unready: true });
    runTo(made, 2);
    made.handles.mendRequests('a');
    expect(readyOf(made, 'Pod', pod)).to.equal('True');
    runTo(made, 12.1);
    expect(readyOf(made, 'Pod', pod)).to.equal('False');
  });

  it('wait a second after a 429, and come ten times more', () => {
    const made = world();
    const answer = 'too-many-requests';
    made.handles.failRequests('a', failure({ answer, clients: ['kubectl'] }));
    made.handles.scale('Deployment', 'shop/backend', 1);
    runTo(made, 30);
    const refused = journal(made, 'refused', /429/).map(({ at }) => at);
    expect(refused).to.have.length(11);
    const gaps = refused.slice(1).map((at, index) => at - refused[index]!);
    for (const gap of gaps) expect(gap).to.be.within(1, 1.05);
    expect(made.failures.map(({ reason }) => reason)).to.deep.equal([
      'too many requests, please try again later (429)',
    ]);
  });

  it('leave the last word to what a kubelet has said last', () => {
    const made = world();
    const pod = firstBackend(made);
    const answer = 'too-many-requests';
    const pattern = [true, false];
    made.handles.failRequests(
      'a',
      failure({ answer, kinds: ['Pod'], clients: ['kubelet'], pattern }),
    );
    made.handles.failPod(pod, 'f', { unready: true });
    runTo(made, 0.2);
    made.handles.mendPod(pod, 'f');
    runTo(made, 3);
    expect(readyOf(made, 'Pod', pod)).to.equal('True');
  });

  it('fail a command once, whatever the code', () => {
    for (const answer of ['conflict', 'internal-error', 'invalid'] as const) {
      const made = world();
      made.handles.failRequests('a', failure({ answer, clients: ['kubectl'] }));
      made.handles.scale('Deployment', 'shop/backend', 1);
      runTo(made, 5);
      expect(made.failures, answer).to.have.length(1);
    }
  });

  it('are those of the clients, kinds and verbs that are meant', () => {
    for (const [more, isMeant] of [
      [{}, true],
      [{ verbs: ['patch'] }, true],
      [{ verbs: ['delete', 'create', 'update', 'evict'] }, false],
      [{ kinds: ['Deployment'] }, true],
      [{ kinds: ['Service'] }, false],
      [{ clients: ['kubectl'] }, true],
      [{ clients: ['kube'] }, false],
      [{ clients: ['kubelet', 'scheduler'] }, false],
    ] as const) {
      const made = world();
      made.handles.failRequests('a', failure(more));
      made.handles.scale('Deployment', 'shop/backend', 1);
      runTo(made, 0.1);
      expect(made.failures.length > 0, JSON.stringify(more)).to.equal(isMeant);
    }
  });

  it('follow a pattern, and odds as the seed draws them', () => {
    const outcomes = (more: Partial<RequestFailure>) => {
      const made = world();
      made.handles.failRequests('a', failure({ clients: ['kubectl'], ...more }));
      return Array.from({ length: 60 }, (_, index) => {
        const before = made.failures.length;
        made.handles.scale('Deployment', 'shop/frontend', (index % 2) + 1);
        runTo(made, index + 1);
        return made.failures.length > before;
      });
    };
    expect(outcomes({ pattern: [true, false, false] }).slice(0, 6)).to.deep.equal([
      true,
      false,
      false,
      true,
      false,
      false,
    ]);
    const failed = outcomes({ odds: { numerator: 1, denominator: 4 } }).filter(Boolean).length;
    expect(failed).to.be.within(6, 25);
  });
});

describe('failures and forks', () => {
  const DNS = { names: [], answer: { kind: 'code', rcode: 'SERVFAIL' }, ...FREQUENCY } as const;
  const nameservers = (made: Cluster) => made.podsOf('Deployment', 'kube-system/coredns');
  const codes = (made: Cluster) => {
    const [frontend] = made.podsOf('Deployment', 'shop/frontend');
    const name = 'www.example.com.';
    return made.resolve({ pod: frontend! }, name, { types: ['A'] }).map(({ rcode }) => rcode);
  };

  it('what fails goes on in a fork, and ends there by itself', () => {
    const made = world();
    const pod = firstBackend(made);
    made.handles.failPod(pod, 'a', { unready: true });
    made.handles.failNode('worker-1', 'unready', 'a');
    made.handles.failDns('a', nameservers(made), { ...DNS, behindCache: true });
    runTo(made, 15);
    const fork = made.fork();
    made.handles.mendPod(pod, 'a');
    made.handles.mendNode('worker-1', 'unready', 'a');
    for (const server of nameservers(made)) made.handles.mendDns('a', server);
    for (const one of [made, fork]) runTo(one, 40);
    const states = [made, fork].map((it) => [
      readyOf(it, 'Pod', pod),
      readyOf(it, 'Node', 'worker-1'),
      ...new Set(codes(it)),
    ]);
    expect(states).to.deep.equal([
      ['True', 'True', 'NXDOMAIN'],
      ['False', 'False', 'SERVFAIL'],
    ]);
  });

  it('what fails in a fork does not fail in its origin', () => {
    const made = world();
    const pod = firstBackend(made);
    const fork = made.fork();
    fork.handles.failPod(pod, 'a', { unready: true, refuses: 'all' });
    fork.handles.failDns('a', nameservers(fork), { ...DNS, behindCache: false });
    fork.handles.failRequests('a', failure({ clients: ['kubectl'] }));
    for (const one of [made, fork]) {
      one.handles.scale('Deployment', 'shop/frontend', 2);
      runTo(one, 2);
    }
    const states = [made, fork].map((it) => [
      readyOf(it, 'Pod', pod),
      it.failures.length,
      ...new Set(codes(it)),
    ]);
    expect(states).to.deep.equal([
      ['True', 0, 'NXDOMAIN'],
      ['False', 1, 'SERVFAIL'],
    ]);
  });
});
