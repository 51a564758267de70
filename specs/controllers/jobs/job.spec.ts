// Goal: a Job makes as many pods as it may, counts each once, waits before it tries again, and says
// when it is over. Rules: pkg/controller/job/job_controller.go (syncJob, manageJob,
// trackJobStatusAndRemoveFinalizers), backoff_utils.go, pod_failure_policy.go, and
// pkg/controller/ttlafterfinished.

import { expect } from 'chai';
import type { Job } from '../../../src/apiserver/kinds/job';
import type { Pod } from '../../../src/apiserver/kinds/pod';
import { formatIndexes, parseIndexes } from '../../../src/controllers/jobs/job-indexes';
import type { KubeObject } from '../../../src/values/kube-object';
import { milliseconds, seconds } from '../../../src/values/time';
import { ControlPlane } from '../control-plane';
import type { PlaneOptions } from '../control-plane';

const KEY = 'shop/work';

function jobOf(spec: object, template: object = {}): KubeObject {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'work', namespace: 'shop' },
    spec: {
      ...spec,
      template: {
        spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'v1' }], ...template },
      },
    },
  };
}

function made(spec: object, template: object = {}, options: PlaneOptions = {}): ControlPlane {
  const plane = new ControlPlane(options);
  plane.run(seconds(1));
  expect(plane.create(jobOf(spec, template)), plane.refusal).to.equal('ok');
  plane.run(seconds(2));
  return plane;
}

const podsOf = (plane: ControlPlane) =>
  plane.list<Pod>('Pod').filter(({ metadata }) => metadata.labels?.['job-name'] === 'work');
const running = (plane: ControlPlane) =>
  podsOf(plane).filter(
    ({ status, metadata }) =>
      status?.phase === 'Running' && metadata.deletionTimestamp === undefined,
  );
const statusOf = (plane: ControlPlane) => plane.get<Job>('Job', KEY)!.status!;
const conditionsOf = (plane: ControlPlane) =>
  (statusOf(plane).conditions ?? [])
    .filter(({ status }) => status === 'True')
    .map(({ type }) => type);

/** The kubelet reports that a pod has ended now. */
function end(plane: ControlPlane, pod: Pod, exitCode: number): void {
  const { namespace, name } = pod.metadata;
  const terminated = { exitCode, finishedAt: plane.kernel.now };
  plane.patch('Pod', `${namespace}/${name}`, {
    status: {
      phase: exitCode === 0 ? 'Succeeded' : 'Failed',
      conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: plane.kernel.now }],
      containerStatuses: [{ name: 'main', ready: false, restartCount: 0, state: { terminated } }],
    },
  });
}

describe('a Job', () => {
  it('runs one pod where it says nothing, and is complete with it', () => {
    const plane = made({});
    expect(running(plane)).to.have.length(1);
    expect(statusOf(plane)).to.include({ active: 1, ready: 1 });
    end(plane, running(plane)[0]!, 0);
    plane.run(seconds(3));
    expect(statusOf(plane)).to.include({ active: 0, succeeded: 1, failed: 0 });
    expect(conditionsOf(plane)).to.deep.equal(['SuccessCriteriaMet', 'Complete']);
    expect(statusOf(plane).completionTime).to.be.greaterThan(statusOf(plane).startTime!);
  });

  it('looks at its pods a second after the first of them has changed', () => {
    const plane = made({});
    plane.run(seconds(5));
    const ended = plane.kernel.now;
    end(plane, running(plane)[0]!, 0);
    plane.run(milliseconds(1_000));
    expect(conditionsOf(plane)).to.deep.equal([]);
    plane.run(seconds(1));
    // The watch, a second, the pass, and three writes one after the other; the condition is dated
    // when the pass began.
    expect(statusOf(plane).completionTime! - ended).to.equal(1_005_000);
  });

  it('never runs more pods than are missing', () => {
    const plane = made({ completions: 3, parallelism: 2 });
    expect(running(plane)).to.have.length(2);
    for (const pod of running(plane)) end(plane, pod, 0);
    plane.run(seconds(3));
    expect(running(plane)).to.have.length(1);
    end(plane, running(plane)[0]!, 0);
    plane.run(seconds(3));
    expect(statusOf(plane)).to.include({ succeeded: 3, active: 0 });
    expect(conditionsOf(plane)).to.contain('Complete');
  });

  it('without a number of completions lets its pods finish after the first success', () => {
    const plane = made({ parallelism: 3 });
    const [first, second, third] = running(plane);
    end(plane, first!, 0);
    plane.run(seconds(3));
    expect(running(plane)).to.have.length(2);
    expect(conditionsOf(plane)).to.deep.equal([]);
    for (const pod of [second!, third!]) end(plane, pod, 1);
    plane.run(seconds(30));
    expect(podsOf(plane)).to.have.length(3);
    expect(statusOf(plane)).to.include({ succeeded: 1, failed: 2 });
    expect(conditionsOf(plane)).to.contain('Complete');
  });

  it('replaces failed pods after 10 s, 20 s, 40 s, counted from the failure', () => {
    const plane = made({ backoffLimit: 6 });
    for (const wait of [10, 20, 40]) {
      end(plane, running(plane)[0]!, 1);
      plane.run(seconds(wait));
      expect(running(plane), `before ${wait} s`).to.have.length(0);
      plane.run(seconds(1));
      expect(running(plane), `after ${wait} s`).to.have.length(1);
    }
    expect(statusOf(plane).failed).to.equal(3);
  });

  it('fails when there are more failures than its limit', () => {
    const plane = made({ backoffLimit: 1, completions: 2, parallelism: 2 });
    const [first, second] = running(plane);
    end(plane, first!, 1);
    end(plane, second!, 1);
    plane.run(seconds(3));
    expect(conditionsOf(plane)).to.deep.equal(['FailureTarget', 'Failed']);
    expect(statusOf(plane).conditions![1]).to.include({ reason: 'BackoffLimitExceeded' });
    expect(statusOf(plane)).to.include({ failed: 2, active: 0 });
  });

  it('that has failed deletes what still runs, and counts it as failed', () => {
    const plane = made({ backoffLimit: 0, completions: 2, parallelism: 2 });
    end(plane, running(plane)[0]!, 1);
    plane.run(seconds(4));
    expect(running(plane)).to.have.length(0);
    expect(podsOf(plane)).to.have.length(1);
    expect(statusOf(plane).failed).to.equal(2);
    expect(conditionsOf(plane)).to.contain('Failed');
  });

  it('counts restarts in place where its pods restart', () => {
    const plane = made({ backoffLimit: 2 }, { restartPolicy: 'OnFailure' });
    const pod = running(plane)[0]!;
    const statuses = (restartCount: number) => ({
      status: { containerStatuses: [{ name: 'main', ready: true, restartCount }] },
    });
    plane.patch('Pod', `shop/${pod.metadata.name}`, statuses(1));
    plane.run(seconds(3));
    expect(conditionsOf(plane)).to.deep.equal([]);
    plane.patch('Pod', `shop/${pod.metadata.name}`, statuses(2));
    plane.run(seconds(4));
    expect(conditionsOf(plane)).to.contain('Failed');
    expect(running(plane)).to.have.length(0);
  });

  it('fails at its deadline', () => {
    const plane = made({ activeDeadlineSeconds: 30 });
    plane.run(seconds(27));
    expect(conditionsOf(plane)).to.deep.equal([]);
    plane.run(seconds(4));
    const { conditions } = statusOf(plane);
    expect(conditions!.map(({ type }) => type)).to.deep.equal(['FailureTarget', 'Failed']);
    expect(conditions![0]!.lastTransitionTime! - statusOf(plane).startTime!).to.equal(30_000_000);
    expect(conditions![0]).to.include({ reason: 'DeadlineExceeded' });
  });

  it('makes nothing while it is suspended, and begins its deadline anew when it goes on', () => {
    const plane = made({ suspend: true, activeDeadlineSeconds: 60 });
    expect(podsOf(plane)).to.have.length(0);
    expect(conditionsOf(plane)).to.deep.equal(['Suspended']);
    plane.run(seconds(100));
    plane.patch('Job', KEY, { spec: { suspend: false } });
    const resumed = plane.kernel.now;
    plane.run(seconds(2));
    expect(running(plane)).to.have.length(1);
    expect(conditionsOf(plane)).to.deep.equal([]);
    expect(statusOf(plane).startTime! - resumed).to.equal(5_000);
    plane.patch('Job', KEY, { spec: { suspend: true } });
    plane.run(seconds(3));
    expect(podsOf(plane)).to.have.length(0);
    // Pods that were taken away are no failures.
    expect(statusOf(plane)).to.include({ active: 0, failed: 0 });
  });

  it('removes pods when its parallelism shrinks, without counting them', () => {
    const plane = made({ completions: 5, parallelism: 3 });
    plane.patch('Job', KEY, { spec: { parallelism: 1 } });
    plane.run(seconds(3));
    expect(podsOf(plane)).to.have.length(1);
    expect(statusOf(plane)).to.include({ active: 1, failed: 0 });
  });

  it('counts a pod that somebody deletes as failed, and replaces it', () => {
    const plane = made({});
    const pod = running(plane)[0]!;
    plane.delete('Pod', `shop/${pod.metadata.name}`, 0);
    expect(podsOf(plane), 'its finalizer keeps it until it is counted').to.have.length(1);
    plane.run(seconds(15));
    expect(statusOf(plane)).to.include({ failed: 1, active: 1 });
    expect(podsOf(plane).map(({ metadata }) => metadata.name)).to.not.contain(pod.metadata.name);
  });

  it('lets go of its pods when it is deleted', () => {
    const plane = made({ parallelism: 2, completions: 2 });
    end(plane, running(plane)[0]!, 0);
    plane.delete('Job', KEY);
    plane.run(seconds(3));
    expect(podsOf(plane)).to.deep.equal([]);
  });

  it('is counted right when its controller has died in between', () => {
    const plane = made({ completions: 2, parallelism: 2 });
    const controller = plane.controllers.find(({ name }) => name === 'job')!;
    controller.stop();
    for (const pod of running(plane)) end(plane, pod, 0);
    plane.run(seconds(5));
    controller.start();
    plane.run(seconds(5));
    expect(statusOf(plane)).to.include({ succeeded: 2, failed: 0, active: 0 });
    expect(conditionsOf(plane)).to.contain('Complete');
  });

  it('before 1.31 is complete at once', () => {
    const plane = made({}, {}, { kubernetes: '1.30' });
    end(plane, running(plane)[0]!, 0);
    plane.run(seconds(3));
    expect(conditionsOf(plane)).to.deep.equal(['Complete']);
  });
});

describe('an indexed Job', () => {
  const indexes = (plane: ControlPlane) =>
    podsOf(plane)
      .map(({ metadata }) => metadata.annotations!['batch.kubernetes.io/job-completion-index'])
      .sort();

  it('has a pod with its own name for each index', () => {
    const plane = made({ completionMode: 'Indexed', completions: 3, parallelism: 2 });
    expect(indexes(plane)).to.deep.equal(['0', '1']);
    const [first] = podsOf(plane);
    expect(first!.metadata.name).to.match(/^work-[01]-\w{5}$/);
    expect(first!.spec.hostname).to.match(/^work-[01]$/);
  });

  it('replaces a pod under its index, and counts indexes', () => {
    const plane = made({ completionMode: 'Indexed', completions: 3, parallelism: 3 });
    const byIndex = new Map(podsOf(plane).map((pod) => [pod.spec.hostname, pod]));
    end(plane, byIndex.get('work-1')!, 1);
    end(plane, byIndex.get('work-2')!, 0);
    plane.run(seconds(15));
    expect(statusOf(plane)).to.include({ succeeded: 1, failed: 1, completedIndexes: '2' });
    expect(
      running(plane)
        .map(({ spec }) => spec.hostname)
        .sort(),
    ).to.deep.equal(['work-0', 'work-1']);
    for (const pod of running(plane)) end(plane, pod, 0);
    plane.run(seconds(3));
    expect(statusOf(plane)).to.include({ succeeded: 3, completedIndexes: '0-2' });
    expect(conditionsOf(plane)).to.contain('Complete');
  });

  it('writes its indexes as ranges', () => {
    for (const text of ['', '3', '0,1', '0-2', '0-2,5,6,9-11']) {
      expect(formatIndexes(parseIndexes(text)), text).to.equal(text);
    }
  });
});

describe('the failure policy of a Job', () => {
  const policy = (action: string, operator = 'In') => ({
    backoffLimit: 0,
    podFailurePolicy: { rules: [{ action, onExitCodes: { operator, values: [42] } }] },
  });

  it('fails it at once', () => {
    const plane = made({ ...policy('FailJob'), backoffLimit: 6 });
    end(plane, running(plane)[0]!, 42);
    plane.run(seconds(3));
    expect(statusOf(plane).conditions![1]).to.include({
      type: 'Failed',
      reason: 'PodFailurePolicy',
    });
  });

  it('lets failures go by', () => {
    const plane = made(policy('Ignore'));
    end(plane, running(plane)[0]!, 42);
    plane.run(seconds(15));
    expect(conditionsOf(plane)).to.deep.equal([]);
    expect(statusOf(plane).failed).to.equal(0);
    expect(running(plane)).to.have.length(1);
  });

  it('tells exit codes apart', () => {
    const plane = made(policy('Ignore', 'NotIn'));
    end(plane, running(plane)[0]!, 42);
    plane.run(seconds(3));
    expect(conditionsOf(plane)).to.contain('Failed');
  });
});

describe('a Job that is over', () => {
  it('is deleted with its pods when its time is up', () => {
    const plane = made({ ttlSecondsAfterFinished: 20 });
    end(plane, running(plane)[0]!, 0);
    plane.run(seconds(3));
    expect(conditionsOf(plane)).to.contain('Complete');
    plane.run(seconds(17));
    expect(plane.list('Job')).to.have.length(1);
    plane.run(seconds(2));
    expect(plane.list('Job')).to.have.length(0);
    expect(podsOf(plane)).to.have.length(0);
  });
});
