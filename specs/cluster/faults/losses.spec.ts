// Goal: tables of a whole cluster fill up and are emptied with the effects that clients see, and
// each owner repairs what it has lost as upstream does. services.md §11, timing.md §4, faults.md §4.

import { expect } from 'chai';

import type { Drill } from '../../../src/chai/plugin';
import type { Cluster } from '../../../src/cluster/cluster';
import { createCluster, loadScenarios } from '../../../src/index';
import type { Instant } from '../../../src/values/time';
import { shop } from '../../chai/shop';

const CLIENT = { pod: 'shop/client' };
const SERVICE = { name: 'backend', port: 80, protocol: 'TCP' };

function outcomesOf({ cluster }: Drill): readonly string[] {
  const to = { address: '10.96.0.20', port: SERVICE.port, protocol: 'TCP' };
  const traces = cluster.send(CLIENT, to as never);
  return [...new Set(traces.map(({ disposition }) => disposition))];
}

function nodeOfClient({ cluster }: Drill): string {
  const spec = cluster.api.store.get('Pod', 'shop/client')!.spec as { nodeName: string };
  return spec.nodeName;
}

describe('a table that is full', () => {
  it('of connections drops what is new, two faults end one by one', () => {
    const drill = shop({ nodes: 2 }).runUntil('5s');
    const node = nodeOfClient(drill);
    drill.exhaust({ node, what: 'conntrack' }, { for: '10s' });
    drill.runUntil('7s').exhaust({ node, what: 'conntrack', cap: 1 }, { for: '20s' });
    expect(outcomesOf(drill)).to.deep.equal(['conntrack-full']);
    drill.runUntil('16s');
    expect(outcomesOf(drill)).to.deep.equal(['answered']);
    const opened = drill.cluster.open(CLIENT, {
      address: '10.96.0.20',
      port: 80,
      protocol: 'TCP',
    } as never);
    expect(opened).to.have.length.above(0);
    expect(outcomesOf(drill)).to.deep.equal(['conntrack-full']);
    drill.runUntil('28s');
    expect(outcomesOf(drill)).to.deep.equal(['answered']);
  });

  it('is empty after a loss of power', () => {
    const drill = shop({ nodes: 2 }).runUntil('5s');
    const machine = drill.cluster.machines.get('worker-2')!;
    drill.exhaust({ node: 'worker-2', what: 'conntrack' });
    drill.exhaust({ node: 'worker-2', what: 'ports' });
    drill.kill({ node: 'worker-2', how: 'reboot' });
    expect(machine.conntrack.isFull(drill.now)).to.equal(false);
    expect(machine.portsTakenBy.size).to.equal(0);
  });

  it('goes with a fork, and its end in the fork is not its end in the origin', () => {
    const { plans } = loadScenarios(['scenarios/faults/conntrack-full.yaml']);
    const cluster = createCluster(plans[0]!.cluster, { seed: 1 });
    cluster.handles.exhaust('worker-1', 'conntrack', 'flood', { left: 0 });
    const fork = cluster.fork();
    fork.handles.relieve('worker-1', 'conntrack', 'flood');
    const isFull = ({ machines, kernel }: Cluster): boolean =>
      machines.get('worker-1')!.conntrack.isFull(kernel.now);
    expect([isFull(cluster), isFull(fork)]).to.deep.equal([true, false]);
  });

  it('of routes comes back in a fork too', () => {
    const { plans } = loadScenarios(['scenarios/faults/routes-wiped.yaml']);
    const cluster = createCluster(plans[0]!.cluster, { seed: 1 });
    const routes = ({ machines }: Cluster): number =>
      machines.get('worker-1')!.routing.list().length;
    const before = routes(cluster);
    cluster.handles.deleteRoutes('worker-1', undefined);
    const fork = cluster.fork();
    fork.kernel.runUntil((15 * 1_000_000) as Instant);
    expect([routes(cluster) < before, routes(fork)]).to.deep.equal([true, before]);
  });

  it('of requests lets a write wait for a second and come again', () => {
    const drill = shop({ nodes: 1 }).runUntil('5s');
    drill.exhaust({ component: 'apiserver', what: 'inflight' }, { for: '1500ms' });
    drill.do({ scale: 'deployment/shop/backend', replicas: 1 });
    const replicas = (): unknown =>
      (drill.cluster.api.store.get('Deployment', 'shop/backend')!.spec as { replicas: number })
        .replicas;
    drill.runUntil('6900ms');
    expect(replicas()).to.equal(3);
    drill.runUntil('7100ms');
    expect(replicas()).to.equal(1);
  });
});

describe('what is removed', () => {
  it('from conntrack is what matches, and nothing else', () => {
    const drill = shop({ nodes: 1 }).runUntil('5s');
    const { cluster } = drill;
    const { conntrack } = cluster.machines.get('worker-1')!;
    const front = { address: '10.96.0.20', port: 80, protocol: 'TCP' } as never;
    cluster.open(CLIENT, front);
    const before = conntrack.count(drill.now);
    expect(() =>
      drill.wipe({ node: 'worker-1', what: 'conntrack', match: { port: 5_432 } }),
    ).to.throw();
    expect(conntrack.count(drill.now)).to.equal(before);
    drill.wipe({ node: 'worker-1', what: 'conntrack', match: { service: 'shop/backend' } });
    expect(conntrack.count(drill.now)).to.equal(before - 3);
  });

  it('of kube-proxy is nothing where it is not known who repairs it', () => {
    const drill = shop({ nodes: 1, proxy: 'ipvs' }).runUntil('5s');
    expect(() => drill.wipe({ node: 'worker-1', what: 'rules' })).to.throw('in mode ipvs');
    expect(() => drill.exhaust({ node: 'worker-1', what: 'lock' })).to.throw('in mode ipvs');
  });

  it('of routes comes back by the agent, unless that is dead', () => {
    const drill = shop({ nodes: 2, cni: 'calico' }).runUntil('5s');
    const { routing } = drill.cluster.machines.get('worker-1')!;
    const before = routing.list().length;
    drill.kill({ component: 'cni', node: 'worker-1' }, { for: '30s' });
    drill.wipe({ node: 'worker-1', what: 'routes' });
    expect(routing.list()).to.have.length.below(before);
    drill.runUntil('34s');
    expect(routing.list()).to.have.length.below(before);
    drill.runUntil('60s');
    expect(routing.list()).to.have.length(before);
  });

  it('of bridges is back when the node has booted', () => {
    const drill = shop({ nodes: 2, cni: 'flannel' }).runUntil('5s');
    drill.wipe({ nodes: 'all', what: 'bridge-netfilter' });
    const { machines } = drill.cluster;
    expect([...machines.values()].map((it) => it.filtersBridges)).to.deep.equal([false, false]);
    drill.kill({ node: 'worker-2', how: 'reboot' });
    expect(machines.get('worker-2')!.filtersBridges).to.equal(true);
  });

  it('from caches of CoreDNS is asked for anew', () => {
    const drill = shop({ nodes: 1 }).runUntil('5s');
    expect(() => drill.wipe({ component: 'coredns', what: 'cache' })).not.to.throw();
    expect(() => drill.wipe({ pod: 'shop/client', what: 'cache' })).to.throw();
  });

  it('from the store is written again by its controller', () => {
    const drill = shop({ nodes: 1 }).runUntil('5s');
    const { store } = drill.cluster.api;
    const match = { kind: 'Deployment', namespace: 'shop', name: 'backend' };
    drill.wipe({ what: 'object', match, with: { spec: { replicas: 5 } } });
    drill.runUntil('10s');
    expect(
      [...store.list('Pod')].filter(({ metadata }) => metadata.namespace === 'shop'),
    ).to.have.length(6);
    const pods = { kind: 'Pod', namespace: 'shop', labels: { app: 'backend' } };
    drill.wipe({ what: 'object', match: pods });
    drill.runUntil('20s');
    expect(
      [...store.list('Pod')].filter(({ metadata }) => metadata.namespace === 'shop'),
    ).to.have.length(6);
  });
});
