// Goal: the Progressing condition of a Deployment goes through the reasons of
// pkg/controller/deployment/progress.go, and its deadline passes when nothing gets on.

import { expect } from 'chai';

import type { Deployment } from '../../../src/apiserver/kinds/deployment';
import { conditionOf } from '../../../src/apiserver/kinds/pod';
import type { Condition } from '../../../src/apiserver/kinds/pod';
import { seconds } from '../../../src/values/time';
import { ControlPlane, deploymentOf } from '../control-plane';

function progressOf(subject: ControlPlane): Condition {
  const { status } = subject.get<Deployment>('Deployment', 'shop/web')!;
  return conditionOf(status?.conditions, 'Progressing')!;
}

describe('the progress of a Deployment', () => {
  it('begins with its ReplicaSet and ends with its last pod', () => {
    const subject = new ControlPlane();
    const reasons: string[] = [];
    subject.api.observeCommits(({ object }) => {
      if (object?.kind !== 'Deployment') return;
      const { reason = '' } =
        conditionOf((object as Deployment).status?.conditions, 'Progressing') ?? {};
      if (reason !== reasons.at(-1)) reasons.push(reason);
    });
    subject.create(deploymentOf('web', 2));
    subject.run(seconds(5));
    expect(reasons.slice(1)).to.deep.equal([
      'NewReplicaSetCreated',
      'ReplicaSetUpdated',
      'NewReplicaSetAvailable',
    ]);
  });

  it('exceeds its deadline a second after it, where no pod becomes ready', () => {
    const subject = new ControlPlane({ kubelet: false });
    subject.create(deploymentOf('web', 2, { progressDeadlineSeconds: 60 }));
    subject.run(seconds(61));
    expect(progressOf(subject)).to.include({ status: 'True', reason: 'ReplicaSetUpdated' });
    subject.run(seconds(2));
    expect(progressOf(subject)).to.include({
      status: 'False',
      reason: 'ProgressDeadlineExceeded',
    });
  });

  it('has no condition without a deadline', () => {
    const subject = new ControlPlane();
    subject.create(deploymentOf('web', 2, { progressDeadlineSeconds: 2_147_483_647 }));
    subject.run(seconds(5));
    expect(progressOf(subject)).to.equal(undefined);
  });

  it('is unknown while the Deployment is paused', () => {
    const subject = new ControlPlane();
    subject.create(deploymentOf('web', 2));
    subject.run(seconds(5));
    subject.patch('Deployment', 'shop/web', { spec: { paused: true } });
    subject.run(seconds(5));
    expect(progressOf(subject)).to.include({ status: 'Unknown', reason: 'DeploymentPaused' });
    subject.patch('Deployment', 'shop/web', { spec: { paused: false } });
    subject.run(seconds(5));
    // It was through before, and is found to be so again.
    expect(progressOf(subject)).to.include({ status: 'True', reason: 'NewReplicaSetAvailable' });
  });

  it('is no work that is left to do while its deadline is watched', () => {
    const subject = new ControlPlane({ kubelet: false });
    subject.create(deploymentOf('web', 2));
    subject.run(seconds(30));
    const left = subject.kernel.pending().map(({ kind }) => kind);
    expect(left.filter((kind) => kind.includes('deployment'))).to.deep.equal([]);
  });
});
