// The status that a kubelet makes of a pod: what has not changed since it was sent is the very same,
// so that nobody has to compare it, and whatever has changed is new.
// source: pkg/kubelet/kubelet_pods.go generateAPIPodStatus, status/status_manager.go isPodStatusByKubeletEqual

import { expect } from 'chai';
import { equalJson } from '../../../src/apiserver/json';
import type { Condition, PodStatus } from '../../../src/apiserver/kinds/pod';
import { conditionOf } from '../../../src/apiserver/kinds/pod';
import { Stream } from '../../../src/kernel/random';
import type {
  ContainerRecord,
  PodWorker,
  Seen,
  Termination,
} from '../../../src/node/kubelet/kubelet-state';
import { statusOf } from '../../../src/node/kubelet/pod-status';
import { ip } from '../../../src/values/ip';
import { ZERO } from '../../../src/values/time';
import type { Duration, Instant } from '../../../src/values/time';

type Mutable<T> = { -readonly [Field in keyof T]: T[Field] };

const HOST = [ip('192.168.1.11')];
const RUNNING: Seen = { state: 'running', startedAt: 1 as Instant };
const ENDED: Termination = {
  state: 'terminated',
  exitCode: 1,
  reason: 'Error',
  startedAt: 1 as Instant,
  finishedAt: 5 as Instant,
};

function containerOf(worker: PodWorker, name: string): ContainerRecord {
  const fields: Partial<ContainerRecord> = {
    worker,
    spec: { name, image: 'example/web' },
    role: 'main',
    seen: RUNNING,
    last: undefined,
    restarts: 0,
    started: true,
    inBackOff: false,
    backOff: ZERO,
    pull: undefined,
    probes: [],
  };
  return fields as ContainerRecord;
}

/** A pod with two containers that run. */
function workerOf(): Mutable<PodWorker> {
  const containers: ContainerRecord[] = [];
  const pod = { spec: { containers: [] }, metadata: { name: 'web' } } as unknown;
  const sandbox = { addresses: [ip('10.244.1.2')] } as unknown as PodWorker['sandbox'];
  const fields: Partial<PodWorker> = {
    pod: pod as PodWorker['pod'],
    sandbox,
    containers,
    failures: new Map(),
    addedAt: 0 as Instant,
    outcome: undefined,
    verdict: undefined,
    sent: undefined,
  };
  const worker = fields as Mutable<PodWorker>;
  containers.push(containerOf(worker, 'main'), containerOf(worker, 'helper'));
  return worker;
}

/** What the worker says at `now`, written to the API and seen there. */
function send(worker: Mutable<PodWorker>, now: number): PodStatus {
  const status = statusOf(worker, HOST, now as Instant);
  worker.sent = status;
  worker.pod = { ...worker.pod, status };
  return status;
}

describe('the status of a pod', () => {
  it('is the one that was sent where it says the same', () => {
    const worker = workerOf();
    const sent = send(worker, 10);
    expect(statusOf(worker, HOST, 20 as Instant)).to.equal(sent);
  });

  it('keeps the parts that say the same when a container ends', () => {
    const worker = workerOf();
    const sent = send(worker, 10);
    worker.containers[0]!.seen = ENDED;
    const status = statusOf(worker, HOST, 20 as Instant);
    expect(status.podIPs).to.equal(sent.podIPs);
    expect(status.hostIPs).to.equal(sent.hostIPs);
    expect(status.containerStatuses![1]).to.equal(sent.containerStatuses![1]);
    expect(status.containerStatuses![0]!.state).to.have.property('terminated');
    const initialized = (it: PodStatus) => conditionOf(it.conditions, 'Initialized');
    expect(initialized(status)).to.equal(initialized(sent));
    expect(conditionOf(status.conditions, 'Ready')).to.deep.equal({
      type: 'Ready',
      status: 'False',
      reason: 'ContainersNotReady',
      message: 'containers with unready status: [main]',
      lastTransitionTime: 20,
    });
    expect(conditionOf(sent.conditions, 'Ready')?.status).to.equal('True');
  });

  it('takes conditions of others over as they are, also in other objects that say the same', () => {
    const worker = workerOf();
    send(worker, 10);
    const own = worker.pod.status!.conditions!;
    const gate: Condition = { type: 'example.com/gate', status: 'True', lastTransitionTime: 3 };
    worker.pod = { ...worker.pod, status: { conditions: [...own, gate] } };
    const sent = send(worker, 20);
    expect(sent.conditions).to.include(gate);
    worker.pod = { ...worker.pod, status: { conditions: [...own, { ...gate }] } };
    expect(statusOf(worker, HOST, 30 as Instant)).to.equal(sent);
    const closed: Condition = { ...gate, status: 'False' };
    worker.pod = { ...worker.pod, status: { conditions: [...own, closed] } };
    expect(statusOf(worker, HOST, 30 as Instant).conditions).to.include(closed);
  });

  it('says again what somebody else has overwritten, with the old instant', () => {
    const worker = workerOf();
    const sent = send(worker, 10);
    const conditions = sent.conditions!.map((it): Condition => {
      return it.type === 'Ready' ? { type: 'Ready', status: 'False', lastTransitionTime: 15 } : it;
    });
    worker.pod = { ...worker.pod, status: { ...sent, conditions } };
    const status = statusOf(worker, HOST, 20 as Instant);
    const ready = conditionOf(status.conditions, 'Ready');
    expect(ready).to.deep.equal({ type: 'Ready', status: 'True', lastTransitionTime: 10 });
  });

  it('says what one says that was made anew, and is the one before where that says the same', () => {
    const random = new Stream(7);
    const worker = workerOf();
    let [same, other] = [0, 0];
    for (let step = 1; step <= 2_000; step++) {
      change(worker, random);
      const status = statusOf(worker, HOST, step as Instant);
      const anew = statusOf({ ...worker, sent: undefined }, HOST, step as Instant);
      expect(told(status), `step ${step}`).to.deep.equal(told(anew));
      const isSame = equalJson(status, worker.sent);
      expect(status === worker.sent, `step ${step}`).to.equal(isSame);
      if (isSame) same++;
      else other++;
      // It is written, but may not have come back yet.
      if (random.below(2) === 0) send(worker, step);
      else worker.sent = status;
    }
    expect(Math.min(same, other)).to.be.above(100);
  });
});

/** Without the instants of transitions, which depend on what was sent before. */
function told({ conditions = [], ...rest }: PodStatus): object {
  const words = conditions.map(({ type, status, reason = '', message = '' }) => {
    return `${type} ${status} ${reason} ${message}`;
  });
  return { ...rest, conditions: words.sort() };
}

/** One of the things that may happen to a pod, or nothing. */
function change(worker: Mutable<PodWorker>, random: Stream): void {
  const container = worker.containers[random.below(2)]!;
  switch (random.below(8)) {
    case 0:
      container.seen = [RUNNING, ENDED, { ...ENDED }, { state: 'waiting' } as Seen][
        random.below(4)
      ]!;
      break;
    case 1:
      container.inBackOff = !container.inBackOff;
      container.backOff = (random.below(2) * 10_000_000) as Duration;
      break;
    case 2:
      container.last = container.last === undefined ? ENDED : undefined;
      break;
    case 3:
      container.restarts = random.below(2);
      break;
    case 4:
      container.started = !container.started;
      break;
    case 5:
      worker.outcome = worker.outcome === undefined ? 'Failed' : undefined;
      break;
    case 6:
      worker.verdict = {
        reason: ['Evicted', 'Terminated'][random.below(2)]!,
        message: ['no memory', 'no disk'][random.below(2)]!,
        disrupts: random.below(2) === 0,
      };
      break;
    default:
  }
}
