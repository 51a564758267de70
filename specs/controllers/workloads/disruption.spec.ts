// Goal: budgets are counted as pkg/controller/disruption counts them, and evictions are allowed and
// refused as pkg/registry/core/pod/storage/eviction.go does it.

import { expect } from 'chai';

import type { ApiResult } from '../../../src/apiserver/api-server';
import { conditionOf } from '../../../src/apiserver/kinds/pod';
import type { Pod } from '../../../src/apiserver/kinds/pod';
import type { PodDisruptionBudget } from '../../../src/apiserver/kinds/poddisruptionbudget';
import type { KubeObject } from '../../../src/values/kube-object';
import { milliseconds, seconds } from '../../../src/values/time';
import { ControlPlane, deploymentOf } from '../control-plane';

function budget(spec: object, name = 'web'): KubeObject {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name, namespace: 'shop' },
    spec: { selector: { matchLabels: { app: 'web' } }, ...spec },
  };
}

function plane(spec: object, replicas = 4): ControlPlane {
  const subject = new ControlPlane({ nodes: 2 });
  subject.create(deploymentOf('web', replicas));
  subject.create(budget(spec));
  subject.run(seconds(10));
  return subject;
}

function statusOf(subject: ControlPlane): NonNullable<PodDisruptionBudget['status']> {
  return subject.get<PodDisruptionBudget>('PodDisruptionBudget', 'shop/web')!.status!;
}

function evict(subject: ControlPlane, position: number): ApiResult {
  const pod = subject.list('Pod')[position]!;
  const key = `shop/${pod.metadata.name}`;
  return subject.api.commitNow({ verb: 'evict', kind: 'Pod', key, actor: 'spec' });
}

describe('a disruption budget', () => {
  for (const [spec, desired, allowed] of [
    [{ minAvailable: 3 }, 3, 1],
    [{ minAvailable: '50%' }, 2, 2],
    [{ minAvailable: '51%' }, 3, 1],
    [{ maxUnavailable: 1 }, 3, 1],
    [{ maxUnavailable: '30%' }, 2, 2],
    [{ maxUnavailable: 9 }, 0, 4],
    [{ minAvailable: 9 }, 9, 0],
  ] as const) {
    it(`of ${JSON.stringify(spec)} over four pods wants ${desired} and gives ${allowed}`, () => {
      const { expectedPods, desiredHealthy, currentHealthy, disruptionsAllowed, conditions } =
        statusOf(plane(spec));
      expect({ expectedPods, desiredHealthy, currentHealthy, disruptionsAllowed }).to.deep.equal({
        expectedPods: 4,
        desiredHealthy: desired,
        currentHealthy: 4,
        disruptionsAllowed: allowed,
      });
      expect(conditions![0]!.status).to.equal(allowed > 0 ? 'True' : 'False');
      expect(conditions![0]!.reason).to.equal(allowed > 0 ? 'SufficientPods' : 'InsufficientPods');
    });
  }

  it('is about every pod of its namespace with an empty selector, and about none without', () => {
    // api/policy/v1/types.go: in policy/v1beta1 an empty one selected nothing.
    expect(statusOf(plane({ minAvailable: 1, selector: {} })).expectedPods).to.equal(4);
    const bare = new ControlPlane({ nodes: 2 });
    bare.create(deploymentOf('web', 4));
    const { selector: _selector, ...spec } = budget({ minAvailable: 1 })['spec'] as {
      readonly selector: unknown;
    };
    bare.create({ ...budget({}), spec });
    bare.run(seconds(10));
    expect(statusOf(bare)).to.include({ expectedPods: 0, currentHealthy: 0 });
  });

  it('counts the replicas that are wanted, not those that are there', () => {
    const subject = plane({ maxUnavailable: 1 });
    subject.patch('Deployment', 'shop/web', { spec: { replicas: 6 } });
    subject.run(seconds(5));
    expect(statusOf(subject)).to.include({ expectedPods: 6, desiredHealthy: 5 });
  });

  it('cannot say both how many must stay and how many may go', () => {
    const subject = new ControlPlane();
    expect(subject.create(budget({ minAvailable: 1, maxUnavailable: 1 }))).to.equal('invalid');
    expect(subject.create(budget({ minAvailable: '150%' }))).to.equal('invalid');
  });
});

describe('an eviction', () => {
  it('draws upon the budget until it is empty, and is then refused with 429', () => {
    const subject = plane({ minAvailable: 3 });
    expect(evict(subject, 0)).to.equal('ok');
    expect(statusOf(subject)).to.deep.include({ disruptionsAllowed: 0 });
    expect(Object.keys(statusOf(subject).disruptedPods!)).to.have.length(1);
    expect(evict(subject, 1)).to.equal('too-many-requests');
  });

  it('tells the pod why it ends, but for one that is refused', () => {
    const subject = plane({ minAvailable: 3 });
    for (const position of [0, 1]) evict(subject, position);
    const reasons = subject.list<Pod>('Pod').map(({ status }) => {
      return conditionOf(status?.conditions, 'DisruptionTarget')?.reason;
    });
    expect(reasons).to.deep.equal(['EvictionByEvictionAPI', undefined, undefined, undefined]);
  });

  it('is allowed again when the replacement is ready', () => {
    const subject = plane({ minAvailable: 3 });
    evict(subject, 0);
    subject.run(seconds(5));
    expect(statusOf(subject)).to.deep.include({ disruptionsAllowed: 1, disruptedPods: {} });
    expect(evict(subject, 1)).to.equal('ok');
  });

  it('is never counted twice, however late the controller writes', () => {
    const subject = plane({ minAvailable: 3 });
    subject.patch('PodDisruptionBudget', 'shop/web', { spec: { minAvailable: 2 } });
    subject.run(milliseconds(12));
    // The new generation has not been counted yet.
    expect(evict(subject, 0)).to.equal('too-many-requests');
  });

  it('of a pod that is not ready is a matter of the policy', () => {
    for (const [policy, result] of [
      ['IfHealthyBudget', 'too-many-requests'],
      ['AlwaysAllow', 'ok'],
    ] as const) {
      const subject = plane({ minAvailable: 4, unhealthyPodEvictionPolicy: policy });
      const [pod] = subject.list('Pod');
      const conditions = [{ type: 'Ready', status: 'False' }];
      subject.patch('Pod', `shop/${pod!.metadata.name}`, { status: { conditions } });
      subject.run(seconds(1));
      expect(evict(subject, 0), policy).to.equal(result);
    }
  });

  it('asks no budget where none selects the pod', () => {
    const subject = plane({ selector: { matchLabels: { app: 'other' } }, minAvailable: 4 });
    expect(evict(subject, 0)).to.equal('ok');
  });

  it('cannot be judged under two budgets', () => {
    const subject = plane({ minAvailable: 1 });
    subject.create(budget({ minAvailable: 1 }, 'second'));
    expect(evict(subject, 0)).to.equal('internal-error');
  });
});
