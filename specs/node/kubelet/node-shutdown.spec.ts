// Goal: a kubelet with shutdownGracePeriod ends the pods of its node in order, and says so late
// (pkg/kubelet/nodeshutdown, status_manager.go mergePodStatus, kubernetes/kubernetes#116965).

import { expect } from 'chai';
import { conditionOf } from '../../../src/apiserver/kinds/pod';
import type { BehaviourSpec } from '../../../src/values/cluster-spec';
import { seconds } from '../../../src/values/time';
import { KubeletWorld, WEB } from './kubelet-world';

const GRACE = {
  'kubelet.shutdownGracePeriod': seconds(30),
  'kubelet.shutdownGracePeriodCriticalPods': seconds(10),
};

/** One ordinary pod `web` and one critical one `dns`, which take their time on SIGTERM. */
function world(web: BehaviourSpec['onTerm'], overrides = GRACE): KubeletWorld {
  const made = new KubeletWorld({
    overrides,
    behaviours: [
      { target: 'pod/shop/web', onTerm: web! },
      { target: 'pod/shop/dns', onTerm: { do: 'drain', for: seconds(3) } },
    ],
  });
  made.add('dns', { containers: [WEB], priorityClassName: 'system-cluster-critical' });
  made.run({ containers: [WEB] }, 10);
  made.kubelets.shutdown('worker-1');
  return made;
}

const drain = { do: 'drain', for: seconds(5) } as const;
const ignore = { do: 'ignore', for: seconds(0) } as const;

describe('a graceful node shutdown', () => {
  it('is off by default: the kubelet is ended like everybody else', () => {
    const made = world(drain, {
      'kubelet.shutdownGracePeriod': seconds(0),
      'kubelet.shutdownGracePeriodCriticalPods': seconds(0),
    });
    made.until(60);
    expect(made.when('lost power')).to.deep.equal([15]);
    expect(made.isReady).to.equal(true);
  });

  it('says at once that the node is not ready, since it is shutting down', () => {
    const made = world(drain);
    made.until(10);
    expect(made.conditionOfNode('Ready')).to.equal('False KubeletNotReady');
    expect(made.when('reported', 'node is shutting down')).to.deep.equal([10]);
  });

  it('ends ordinary pods first, critical ones after them, and then the power goes', () => {
    const made = world(drain);
    made.until(100);
    expect(made.when('killed')).to.deep.equal([10, 15]);
    expect(made.entries('killed').map(({ subject }) => subject)).to.deep.equal([
      'Pod/shop/web',
      'Pod/shop/dns',
    ]);
    expect(made.when('shut down')).to.deep.equal([18]);
    expect(made.when('lost power')).to.deep.equal([18]);
  });

  it('waits for a group no longer than its share, and kills what is left then', () => {
    const made = world(ignore);
    made.until(100);
    // 20 s of the 30 s are for ordinary pods; their own 30 s do not count.
    expect(made.when('killed')).to.deep.equal([10, 30]);
    expect(made.pod!.status).to.include({ phase: 'Failed', reason: 'Terminated' });
    expect(made.when('lost power')).to.deep.equal([33]);
  });

  it('leaves a pod that ends its own grace period before that', () => {
    const made = new KubeletWorld({
      overrides: GRACE,
      behaviours: [{ target: 'pod/shop/web', onTerm: ignore }],
    });
    made.run({ containers: [WEB], terminationGracePeriodSeconds: 7 }, 10);
    made.kubelets.shutdown('worker-1');
    made.until(100);
    expect(made.when('exited', '137')).to.deep.equal([17]);
  });

  it('changes nothing about a pod before its last container has ended', () => {
    const made = world(ignore);
    made.until(29);
    expect(made.isReady).to.equal(true);
    expect(made.pod!.status!.phase).to.equal('Running');
    expect(conditionOf(made.pod!.status!.conditions, 'DisruptionTarget')).to.equal(undefined);
    expect(made.pod!.metadata.deletionTimestamp).to.equal(undefined);
    made.until(31);
    const { conditions, message } = made.pod!.status!;
    expect(message).to.equal('Pod was terminated in response to imminent node shutdown.');
    expect(made.isReady).to.equal(false);
    expect(conditionOf(conditions, 'DisruptionTarget')).to.include({
      status: 'True',
      reason: 'TerminationByKubelet',
    });
  });

  it('lets a pod succeed whose containers exit with 0, without a reason (#118310)', () => {
    const made = world(drain);
    made.until(16);
    const { phase, reason, conditions } = made.pod!.status!;
    expect([phase, reason]).to.deep.equal(['Succeeded', undefined]);
    expect(conditionOf(conditions, 'DisruptionTarget')?.status).to.equal('True');
  });

  it('takes no pod on any more', () => {
    const made = world(ignore);
    made.until(12);
    made.add('late', { containers: [WEB] });
    made.until(13);
    expect(made.podOf('late')!.status).to.include({
      phase: 'Failed',
      reason: 'NodeShutdown',
      message: 'Pod was rejected: Pod was rejected as the node is shutting down.',
    });
  });

  it('ends with the kubelet that held the node up', () => {
    const made = world(ignore);
    made.until(12);
    made.kubelets.processes.kill('worker-1');
    made.until(13);
    expect(made.when('shut down')).to.deep.equal([12]);
  });

  it('is cut short where the power is cycled, and what boots is ready', () => {
    const made = world(ignore);
    made.until(12);
    made.kubelets.powerOn('worker-1');
    made.until(60);
    expect(made.when('booted')).to.deep.equal([12]);
    expect(made.when('shut down')).to.deep.equal([]);
    expect(made.conditionOfNode('Ready')).to.equal('True KubeletReady');
    expect(made.isReady).to.equal(true);
  });

  it('does not happen where more time is kept for critical pods than there is', () => {
    const made = world(drain, {
      'kubelet.shutdownGracePeriod': seconds(5),
      'kubelet.shutdownGracePeriodCriticalPods': seconds(10),
    });
    made.until(10);
    expect(made.when('shut down')).to.deep.equal([10]);
  });

  it('is the work of a kubelet that runs; without it the node just shuts down', () => {
    const made = new KubeletWorld({
      overrides: GRACE,
      behaviours: [{ target: 'pod/shop/web', onTerm: drain }],
    });
    made.run({ containers: [WEB] }, 10);
    made.kubelets.processes.kill('worker-1');
    made.kubelets.shutdown('worker-1');
    made.until(12);
    made.kubelets.shutdown('worker-1');
    made.until(60);
    expect(made.entries('killed')).to.deep.equal([]);
    expect(made.when('shut down')).to.deep.equal([10]);
    expect(made.when('lost power')).to.deep.equal([15]);
    made.kubelets.shutdown('worker-1');
    expect(made.when('shut down'), 'it is off').to.deep.equal([10]);
  });

  it('is off where its feature gate is', () => {
    const featureGates = { GracefulNodeShutdown: false };
    const made = new KubeletWorld({ overrides: GRACE, featureGates });
    made.run({ containers: [WEB] }, 10);
    made.kubelets.shutdown('worker-1');
    made.until(60);
    expect(made.entries('killed')).to.deep.equal([]);
    expect(made.when('lost power')).to.deep.equal([10]);
  });

  it('counts whole seconds for each group', () => {
    const made = world(ignore, { ...GRACE, 'kubelet.shutdownGracePeriod': seconds(20.7) });
    made.until(100);
    expect(made.when('killed')).to.deep.equal([10, 20]);
  });

  it('gives critical pods their share from when the others are through', () => {
    const made = new KubeletWorld({
      overrides: { ...GRACE, 'kubelet.shutdownGracePeriodCriticalPods': seconds(20) },
      behaviours: [{ target: 'pod/shop/dns', onTerm: { do: 'drain', for: seconds(15) } }],
    });
    made.add('dns', { containers: [WEB], priorityClassName: 'system-cluster-critical' });
    made.run({ containers: [WEB] }, 10);
    made.kubelets.shutdown('worker-1');
    made.until(100);
    // The share of the others would have ended at 20 s.
    expect(made.when('killed')).to.deep.equal([10, 10]);
    expect(made.when('shut down')).to.deep.equal([25]);
  });

  it('does not hurry a pod that is being deleted already, which ends with the power', () => {
    const made = new KubeletWorld({
      overrides: GRACE,
      behaviours: [{ target: 'pod/shop/web', onTerm: ignore }],
    });
    made.run({ containers: [WEB], terminationGracePeriodSeconds: 60 }, 8);
    made.delete();
    made.until(10);
    made.kubelets.shutdown('worker-1');
    made.until(200);
    expect(made.when('exited')).to.deep.equal([]);
    expect(made.when('shut down')).to.deep.equal([30]);
    expect(made.when('lost power')).to.deep.equal([120]);
  });

  it('is over when the delay is that the kubelet has asked for, though the kubelet is stopped', () => {
    const made = world(ignore);
    made.until(12);
    made.kernel.pause('kubelet@worker-1', 'spec');
    made.until(39);
    expect(made.when('killed')).to.deep.equal([10]);
    made.until(100);
    expect(made.when('shut down')).to.deep.equal([40]);
  });

  it('is not over when an earlier one would have been', () => {
    const made = world(ignore);
    made.until(12);
    made.kubelets.powerOn('worker-1');
    made.until(30);
    made.kubelets.shutdown('worker-1');
    made.until(100);
    expect(made.when('shut down')).to.deep.equal([53]);
  });
});
