// Goal: statuses that say the same are one object where they come one after the other, and those
// that differ in anything are not. Deployments of a cluster that settles share theirs, and one that
// changes changes alone.

import { expect } from 'chai';

import type { Deployment } from '../../../src/apiserver/kinds/deployment';
import type { ReplicaStatus } from '../../../src/apiserver/kinds/workload';
import { sharedStatus } from '../../../src/controllers/workloads/shared-status';
import { seconds } from '../../../src/values/time';
import { ControlPlane, deploymentOf } from '../control-plane';

function statusOf(more: Partial<ReplicaStatus> = {}): ReplicaStatus {
  const condition = {
    type: 'Available',
    status: 'True',
    reason: 'Enough',
    message: 'all',
    lastUpdateTime: 1,
    lastTransitionTime: 2,
  } as const;
  return {
    observedGeneration: 1,
    replicas: 2,
    updatedReplicas: 3,
    readyReplicas: 4,
    availableReplicas: 5,
    unavailableReplicas: 6,
    conditions: [condition],
    ...more,
  };
}

describe('a status that is shared', () => {
  it('is the one that said the same, frozen to its depth', () => {
    const first = sharedStatus(statusOf());
    expect(sharedStatus(statusOf())).to.equal(first);
    expect(Object.isFrozen(first.conditions![0])).to.equal(true);
    const plain = sharedStatus({ replicas: 1 });
    expect(sharedStatus({ replicas: 1 })).to.equal(plain);
  });

  it('is another one where anything differs', () => {
    const [condition] = statusOf().conditions!;
    const others: Partial<ReplicaStatus>[] = [
      ...Object.keys(statusOf())
        .filter((field) => field !== 'conditions')
        .map((field) => ({ [field]: 9 })),
      ...Object.keys(condition!).map((field) => ({
        conditions: [{ ...condition!, [field]: 'another' }],
      })),
      { conditions: [] },
      { conditions: [condition!, condition!] },
    ];
    expect(others).to.have.length(14);
    for (const other of others) {
      const first = sharedStatus(statusOf());
      const second = sharedStatus(statusOf(other));
      expect(second, JSON.stringify(other)).to.not.equal(first);
      expect(second).to.deep.equal(statusOf(other));
    }
    const { conditions: _none, ...without } = statusOf();
    expect(sharedStatus(without)).to.deep.equal(without);
  });

  it('says what it is to say, also where it was forgotten', () => {
    const first = sharedStatus(statusOf());
    for (let replicas = 10; replicas < 30; replicas++) sharedStatus(statusOf({ replicas }));
    expect(sharedStatus(statusOf())).to.deep.equal(first);
  });
});

describe('Deployments that come about together', () => {
  it('share their statuses, and so do their sets, until one of them changes', () => {
    const subject = new ControlPlane({ profile: 'instant' });
    const names = ['a', 'b', 'c', 'd'];
    for (const name of names) subject.create(deploymentOf(name, 2));
    subject.run(seconds(5));
    const statuses = (kind: string): unknown[] => [
      ...new Set(subject.list(kind).map(({ status }) => status)),
    ];
    expect(statuses('Deployment')).to.have.length(1);
    expect(statuses('ReplicaSet')).to.have.length(1);
    subject.patch('Deployment', 'shop/b', { spec: { replicas: 3 } });
    subject.run(seconds(5));
    const replicas = names.map(
      (name) => subject.get<Deployment>('Deployment', `shop/${name}`)!.status!.replicas,
    );
    expect(replicas).to.deep.equal([2, 3, 2, 2]);
  });
});
