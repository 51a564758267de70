// Goal: `pick: leader` means the process that holds the lease at that instant (faults.md §4.2);
// where nobody does, or nobody ever could, the step hits nothing and says so.

import { expect } from 'chai';
import { createCluster } from '../../src/cluster/create-cluster';
import type { Cluster } from '../../src/cluster/cluster';
import { loadPlans } from '../../src/mocha/load-plans';
import { later, seconds, START } from '../../src/values/time';
import { componentsOfTarget } from '../../src/vocabulary/component-targets';
import { podsOfTarget, UnknownTargetError } from '../../src/vocabulary/targets';

const [PLAN] = loadPlans(['scenarios/faults/leader-after-leader.yaml']).plans;

function leader(cluster: Cluster, component: 'controller-manager' | 'kube-proxy' | 'scheduler') {
  const found = componentsOfTarget(cluster, { component, pick: 'leader' }, 'step/spec');
  return found.map(({ actor }) => actor);
}

describe('pick: leader', () => {
  const cluster = createCluster(PLAN!.cluster, { seed: 1 });

  it('is the process that holds the lease', () => {
    expect(leader(cluster, 'controller-manager')).to.deep.equal(['controller-manager@cp-1']);
    expect(leader(cluster, 'scheduler')).to.deep.equal(['scheduler@cp-1']);
  });

  it('is nobody on the other hosts', () => {
    const other = { component: 'scheduler', pick: 'leader', node: 'cp-2' } as const;
    expect(() => componentsOfTarget(cluster, other, 'step/spec')).to.throw(
      UnknownTargetError,
      'no scheduler leads now',
    );
  });

  it('is nobody until the lease of a dead one has expired, and then another one', () => {
    const { kernel, handles, components } = cluster;
    const dead = components.find(({ actor }) => actor === 'controller-manager@cp-1')!;
    handles.killComponent(dead, { restart: false });
    const lead = () => leader(cluster, 'controller-manager');
    kernel.runUntil(later(START, seconds(12)));
    expect(lead).to.throw(UnknownTargetError, 'no controller-manager leads now');
    kernel.runUntil(later(START, seconds(24)));
    expect(lead()).to.have.lengthOf(1);
    expect(lead()).to.not.include('controller-manager@cp-1');
    expect(leader(cluster, 'scheduler')).to.deep.equal(['scheduler@cp-1']);
  });

  it('is no choice where nobody is elected', () => {
    expect(() => leader(cluster, 'kube-proxy')).to.throw(
      UnknownTargetError,
      'kube-proxy elects no leader',
    );
    const pods = { pods: { namespace: 'shop' }, pick: 'leader' } as const;
    expect(() => podsOfTarget(cluster, pods, 'step/spec')).to.throw(
      UnknownTargetError,
      /elects one/,
    );
  });
});
