// Goal: what becomes of a packet is found again exactly when a chain or a process on its way has
// moved, and not when others have. Method: a settled cluster with two Services; one of them, or one
// process, is changed, and the answer of each way is asked whether it stands.

import { expect } from 'chai';
import type { Cluster } from '../../src/cluster/cluster';
import { createCluster } from '../../src/cluster/create-cluster';
import { answerOf, nextRound, stillHolds } from '../../src/kernel/readings';
import type { Answer } from '../../src/kernel/readings';
import { noteListeners, rulesetsOn } from '../../src/network/node-readings';
import type { IP } from '../../src/values/ip';
import { later, seconds } from '../../src/values/time';
import type { Trace } from '../../src/values/trace';
import { FRONTEND, planOf, serviceOf } from '../../bench/scenario';

const SCENARIO = (proxy: string): string => `
scenario: two Services
cluster: {nodes: 3, proxy: {mode: ${proxy}}}
expect: [{at: 1s, reach: {from: frontend, to: near:80}}]
---
${FRONTEND}
---
${serviceOf('near', 2)}
---
${serviceOf('far', 3)}
`;

function settled(proxy = 'iptables'): Cluster {
  return createCluster(planOf(SCENARIO(proxy)).cluster, { seed: 1 });
}

function walkTo(cluster: Cluster, service: string): Answer<readonly Trace[]> {
  const { clusterIP } = cluster.api.store.get('Service', `default/${service}`)!.spec as {
    clusterIP: IP;
  };
  const destination = { address: clusterIP, port: 80, protocol: 'TCP' } as const;
  return answerOf(() => cluster.send({ pod: 'default/frontend' }, destination));
}

/** Which of the answers stand after something was done and its consequences have come. */
function standing(
  cluster: Cluster,
  answers: readonly Answer<unknown>[],
  act: () => void,
): readonly boolean[] {
  act();
  cluster.kernel.runUntil(later(cluster.kernel.now, seconds(30)));
  nextRound();
  return answers.map(stillHolds);
}

function podOf(cluster: Cluster, deployment: string): string {
  return cluster.podsOf('Deployment', `default/${deployment}`)[0]!;
}

describe('what a walk has read of nodes', () => {
  it('is not moved by the rules of another Service', () => {
    const cluster = settled();
    const ways = [walkTo(cluster, 'near'), walkTo(cluster, 'far')];
    const crash = (): void =>
      cluster.handles.crashPod(podOf(cluster, 'far'), { exitCode: 1, restart: false });
    expect(standing(cluster, ways, crash)).to.deep.equal([true, false]);
    expect(cluster.programmed('worker-1', 'default/far')).to.have.length(2);
  });

  it('is moved by one chain also after others have been', () => {
    const cluster = settled();
    const { nodeName } = cluster.api.store.get('Pod', 'default/frontend')!.spec as {
      nodeName: string;
    };
    const { proxyRules } = cluster.machines.get(nodeName)!;
    const ways = [walkTo(cluster, 'near')];
    const crash = (): void =>
      cluster.handles.crashPod(podOf(cluster, 'far'), { exitCode: 1, restart: false });
    expect(standing(cluster, ways, crash)).to.deep.equal([true]);
    const rules = proxyRules.get('IPv4')!;
    const nat = rules.tables.get('nat')!;
    const chains = new Map(nat.chains);
    chains.set('KUBE-SERVICES', { ...chains.get('KUBE-SERVICES')! });
    proxyRules.set('IPv4', {
      ...rules,
      tables: new Map(rules.tables).set('nat', { ...nat, chains }),
    });
    nextRound();
    expect(ways.map(stillHolds)).to.deep.equal([false]);
  });

  it('is moved by the processes that the packet meets, before any rule is', () => {
    const cluster = settled();
    const ways = [walkTo(cluster, 'near'), walkTo(cluster, 'far')];
    cluster.handles.crashPod(podOf(cluster, 'near'), { exitCode: 1, restart: false });
    nextRound();
    expect(ways.map(stillHolds)).to.deep.equal([false, true]);
  });

  it('is moved by a flush of the rules on its node', () => {
    const cluster = settled();
    const { nodeName } = cluster.api.store.get('Pod', 'default/frontend')!.spec as {
      nodeName: string;
    };
    const ways = [walkTo(cluster, 'near'), walkTo(cluster, 'far')];
    cluster.machines.get(nodeName)!.proxyRules.clear();
    nextRound();
    expect(ways.map(stillHolds)).to.deep.equal([false, false]);
  });

  it('is moved by any change of rules that are no chains of iptables', () => {
    for (const mode of ['ipvs', 'nftables']) {
      const cluster = settled(mode);
      const ways = [walkTo(cluster, 'near'), walkTo(cluster, 'far')];
      const crash = (): void =>
        cluster.handles.crashPod(podOf(cluster, 'far'), { exitCode: 1, restart: false });
      expect(standing(cluster, ways, crash), mode).to.deep.equal([false, false]);
    }
  });

  it('is moved by the rules of either family, where it has asked which ports are taken', () => {
    for (const family of ['IPv4', 'IPv6'] as const) {
      const machine = settled().machines.get('worker-1')!;
      const ports = answerOf(() => noteListeners(machine));
      machine.proxyRules.set(family, { ...machine.proxyRules.get('IPv4')! });
      nextRound();
      expect(stillHolds(ports), family).to.equal(false);
    }
  });

  it('is moved by the same rules in another back end of iptables, and not by a copy', () => {
    const machine = settled().machines.get('worker-1')!;
    const rules = machine.proxyRules.get('IPv4')!;
    const shape = answerOf(() => rulesetsOn(machine, 'IPv4'));
    machine.proxyRules.set('IPv4', { ...rules });
    nextRound();
    expect(stillHolds(shape)).to.equal(true);
    machine.proxyRules.set('IPv4', { ...rules, backend: 'legacy' });
    nextRound();
    expect(stillHolds(shape)).to.equal(false);
  });

  it('is of its own cluster: a fork has none of it, once and again', () => {
    const cluster = settled();
    walkTo(cluster, 'near');
    const machines = [...cluster.machines.values()];
    const readOf = (all: readonly object[]) =>
      all.flatMap((it) => Object.getOwnPropertySymbols(it));
    expect(readOf(machines)).not.to.deep.equal([]);
    for (let count = 0; count < 4; count++) {
      expect(readOf([...cluster.fork().machines.values()])).to.deep.equal([]);
    }
  });

  it('stands again for the same walk', () => {
    const cluster = settled();
    const crash = (): void =>
      cluster.handles.crashPod(podOf(cluster, 'near'), { exitCode: 1, restart: false });
    standing(cluster, [], crash);
    const way = walkTo(cluster, 'near');
    expect(way.value).to.have.length(1);
    nextRound();
    expect(stillHolds(way)).to.equal(true);
  });
});
