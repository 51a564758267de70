// Goal: `path` finds places in the order in which a packet meets them, and its tunnel.

import { expect } from 'chai';
import path from '../../../src/vocabulary/claims/path';
import { ip } from '../../../src/values/ip';
import type { Hop } from '../../../src/values/trace';
import { shop, walk } from '../../runner/fake-cluster';

const ARGS = { from: 'shop/frontend', to: 'pod/shop/backend-b:8080' };
const [BASE] = walk('answered').hops;

function hop(
  node: string,
  device: string,
  places: readonly string[],
  outer?: readonly [string, string],
): Hop {
  const steps = places.map((place) => ({ place, action: 'pass', detail: '' }));
  const encapsulation =
    outer === undefined
      ? {}
      : { encapsulation: { kind: 'vxlan', src: ip(outer[0]), dst: ip(outer[1]) } as const };
  return { ...BASE!, node, device, steps, ...encapsulation };
}

/** Tutorial row T4: to a pod on the other node, by VXLAN between the node addresses. */
const HOPS = [
  hop('worker-1', 'flannel.1', ['veth', 'cni0', 'route'], ['192.168.1.11', '192.168.1.12']),
  hop('worker-2', 'cni0', ['flannel.1', 'route']),
  hop('worker-2', 'veth', ['pod']),
];

function observe(args: object, hops: readonly Hop[] = HOPS) {
  const cluster = shop();
  cluster.walks = () => [
    walk('answered', {
      more: { hops, answerHops: [hop('worker-2', 'flannel.1', ['veth', 'cni0'])] },
    }),
  ];
  return path.observe(cluster, { ...ARGS, ...args }, { explain: true });
}

const check = (outer: string) => path.check!({ ...ARGS, encapsulation: { outer } });

describe('path', () => {
  it('finds places in their order, with others between them', () => {
    expect(
      observe({ hops: ['veth', 'cni0', 'flannel.1', 'worker-2', 'cni0', 'veth'] }).holds,
    ).to.equal(true);
    expect(observe({ hops: ['worker-1', 'worker-2'] }).holds).to.equal(true);
    expect(observe({ hops: ['worker-2', 'worker-1'] }).holds).to.equal(false);
    expect(observe({ hops: ['veth', 'eth1'] }).holds).to.equal(false);
  });

  it('finds the way back by itself', () => {
    expect(observe({ back: ['worker-2', 'cni0', 'flannel.1'] }).holds).to.equal(true);
    expect(observe({ back: ['worker-1'] }).holds).to.equal(false);
  });

  it('sees to it that places are avoided, on both ways', () => {
    expect(observe({ avoids: ['eth1'] }).holds).to.equal(true);
    expect(observe({ avoids: ['flannel.1'] }).holds).to.equal(false);
  });

  it('compares the tunnel and its outer addresses', () => {
    expect(observe({ encapsulation: 'vxlan' }).holds).to.equal(true);
    expect(observe({ encapsulation: 'ipip' }).holds).to.equal(false);
    expect(observe({ encapsulation: 'none' }).holds).to.equal(false);
    expect(observe({ encapsulation: 'none' }, HOPS.slice(1)).holds).to.equal(true);
    const outer = '192.168.1.11 > 192.168.1.12';
    expect(observe({ encapsulation: { kind: 'vxlan', outer } }).holds).to.equal(true);
    expect(observe({ encapsulation: { outer: '192.168.1.12 > 192.168.1.11' } }).holds).to.equal(
      false,
    );
  });

  it('tells the places that were met', () => {
    expect(observe({ hops: ['eth1'] }).actual).to.equal(
      'by worker-1, veth, cni0, route, flannel.1, worker-2, flannel.1, route, cni0, pod, veth',
    );
    expect(observe({ encapsulation: 'none' }).actual).to.equal('vxlan 192.168.1.11 > 192.168.1.12');
  });

  it('refuses outer addresses that are none', () => {
    expect(check('10.0.0.1 > fd00::1')).to.deep.equal([]);
    expect(check('10.0.0.999 > 10.0.0.1')).to.have.length(1);
  });
});
