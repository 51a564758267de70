// Goal: `rollout` is complete when `kubectl rollout status` says so
// (staging/src/k8s.io/kubectl/pkg/polymorphichelpers/rollout_status.go).

import { expect } from 'chai';
import { isRolledOut } from '../../../src/vocabulary/rollout-status';
import rollout from '../../../src/vocabulary/triggers/rollout';
import { shop } from '../../runner/fake-cluster';

function judge(kind: string, status: object, spec: object = { replicas: 3 }): boolean {
  const metadata = { name: 'web', generation: 2 };
  return isRolledOut({ apiVersion: 'apps/v1', kind, metadata, spec, status });
}

describe('a rollout', () => {
  const done = { observedGeneration: 2, replicas: 3, updatedReplicas: 3, availableReplicas: 3 };
  for (const [what, status, complete] of [
    ['with every replica new and available', done, true],
    [
      'whose controller has not seen the newest generation',
      { ...done, observedGeneration: 1 },
      false,
    ],
    ['with an old replica left', { ...done, replicas: 4 }, false],
    ['with a new replica missing', { ...done, updatedReplicas: 2 }, false],
    ['with one that is not available', { ...done, availableReplicas: 2 }, false],
  ] as const) {
    it(`${what} is ${complete ? '' : 'not '}complete`, () => {
      expect(judge('Deployment', status)).to.equal(complete);
    });
  }

  it('of a StatefulSet ends with its revision, or with its partition', () => {
    const status = { observedGeneration: 2, readyReplicas: 3, currentRevision: 'a' };
    expect(judge('StatefulSet', { ...status, updateRevision: 'a' })).to.equal(true);
    expect(judge('StatefulSet', { ...status, updateRevision: 'b' })).to.equal(false);
    const spec = { replicas: 3, updateStrategy: { rollingUpdate: { partition: 2 } } };
    const part = { ...status, updateRevision: 'b', updatedReplicas: 1 };
    expect(judge('StatefulSet', part, spec)).to.equal(true);
  });

  it('of a DaemonSet ends with the last node', () => {
    const status = { observedGeneration: 2, desiredNumberScheduled: 3, numberAvailable: 3 };
    expect(judge('DaemonSet', { ...status, updatedNumberScheduled: 3 })).to.equal(true);
    expect(judge('DaemonSet', { ...status, updatedNumberScheduled: 2 })).to.equal(false);
  });

  it('is waited for of a kind that has rollouts', () => {
    const args = { rollout: 'service/shop/backend', is: 'complete' as const };
    expect(() => rollout.watch(shop(), args)).to.throw('a Service has no rollout');
  });
});
