// Goal: of the ways of a packet, only those are walked again on which something has moved, and the
// traces are to the letter those of a walk of all of them. Method: one settled cluster for each
// kind of rules lives through crashes and a cut; whoever reads gets what is remembered, whoever
// does not gets a walk.

import { expect } from 'chai';
import type { Cluster } from '../../src/cluster/cluster';
import { createCluster } from '../../src/cluster/create-cluster';
import { answerOf, nextRound } from '../../src/kernel/readings';
import { Walk } from '../../src/network/walk';
import type { IP } from '../../src/values/ip';
import type { Destination, Origin } from '../../src/values/origin';
import { formatRatio } from '../../src/values/ratio';
import { later, seconds } from '../../src/values/time';
import type { Trace } from '../../src/values/trace';
import { FRONTEND, planOf, serviceOf } from '../../bench/scenario';

function settled(options = ''): Cluster {
  const plan = planOf(`
scenario: a Service of three
cluster: {nodes: 3${options}}
expect: [{at: 1s, reach: {from: frontend, to: near:80}}]
---
${FRONTEND}
---
${serviceOf('near', 3)}
`);
  return createCluster(plan.cluster, { seed: 1 });
}

const FROM_POD: Origin = { pod: 'default/frontend' };

function toService(cluster: Cluster): Destination {
  const { spec } = cluster.api.store.get('Service', 'default/near')!;
  return { address: (spec as { clusterIP: IP }).clusterIP, port: 80, protocol: 'TCP' };
}

function remembered(cluster: Cluster, from: Origin = FROM_POD): readonly Trace[] {
  return answerOf(() => cluster.send(from, toService(cluster))).value;
}

function crash(cluster: Cluster, backend: number, restart = true): void {
  const pod = cluster.podsOf('Deployment', 'default/near')[backend]!;
  cluster.handles.crashPod(pod, { exitCode: 1, restart });
}

function live(cluster: Cluster, span: number): void {
  cluster.kernel.runUntil(later(cluster.kernel.now, seconds(span)));
  nextRound();
}

/** How many ways came to an end in a walk while this was done. */
function walkedWays(act: () => unknown): number {
  const prototype = Walk.prototype as { end: Walk['end'] };
  const { end } = prototype;
  let count = 0;
  prototype.end = function (this: Walk, ...args) {
    count++;
    return end.apply(this, args);
  };
  try {
    act();
  } finally {
    prototype.end = end;
  }
  return count;
}

describe('the ways of a packet', () => {
  it('are all walked once, and then only the one on which a process has moved', () => {
    const cluster = settled();
    expect(walkedWays(() => remembered(cluster))).to.equal(3);
    crash(cluster, 1);
    nextRound();
    expect(walkedWays(() => remembered(cluster))).to.equal(1);
  });

  it('are not walked again for being fewer, but are likelier', () => {
    const cluster = settled();
    remembered(cluster);
    crash(cluster, 0, false);
    live(cluster, 30);
    let traces: readonly Trace[] = [];
    expect(walkedWays(() => (traces = remembered(cluster)))).to.equal(0);
    expect(traces.map(({ probability }) => formatRatio(probability))).to.deep.equal(['1/2', '1/2']);
  });

  it('are all walked again where something of the network has moved', () => {
    const cluster = settled();
    remembered(cluster);
    cluster.handles.powerOff('worker-3');
    nextRound();
    expect(walkedWays(() => remembered(cluster))).to.equal(3);
  });

  it('are walked where nobody reads', () => {
    const cluster = settled();
    remembered(cluster);
    expect(walkedWays(() => cluster.send(FROM_POD, toService(cluster)))).to.equal(3);
  });

  for (const options of [
    '',
    ', proxy: {mode: nftables}',
    ', proxy: {mode: ipvs}',
    ', cni: calico',
    ', cni: cilium',
    ', ipFamilies: [IPv6]',
  ]) {
    it(`are those of a walk, hop by hop (${options === '' ? 'defaults' : options.slice(2)})`, () => {
      const cluster = settled(options);
      const senders: Origin[] = [FROM_POD, { node: 'worker-1' }, { node: 'worker-2' }];
      const same = (): void => {
        for (const from of senders) {
          const walked = cluster.send(from, toService(cluster));
          const known = remembered(cluster, from);
          expect(JSON.stringify(known, undefined, 1)).to.equal(
            JSON.stringify(walked, undefined, 1),
          );
        }
      };
      same();
      for (const backend of [0, 1, 2]) {
        crash(cluster, backend, backend !== 2);
        nextRound();
        same();
        for (let time = 0; time < 4; time++) {
          live(cluster, 1);
          same();
        }
      }
      expect(walkedWays(() => remembered(cluster))).to.equal(0);
    });
  }
});
