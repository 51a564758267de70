// What the API says of the pods of a node, and what its kubelet does about it.
// source: pkg/kubelet/kubelet.go (syncLoopIteration: HandlePodAdditions, HandlePodUpdates,
// HandlePodRemoves); pkg/kubelet/pod_workers.go UpdatePod

import type { Change } from '../../apiserver/informer';
import { isPodTerminal } from '../../apiserver/kinds/pod';
import type { Pod } from '../../apiserver/kinds/pod';
import type { ObjectKey } from '../../values/kube-object';
import { seconds } from '../../values/time';
import { rejectionOf } from './kubelet-admission';
import type { KubeletGround } from './kubelet-ground';
import type { NodeAgent, PodWorker } from './kubelet-state';
import type { PodLifecycle } from './pod-lifecycle';
import { forcedGrace, graceOf } from './pod-termination';
import type { PodTermination } from './pod-termination';
import { newWorker } from './pod-worker';
import { workerOf } from './resting-pods';
import type { StatusManager } from './status-manager';

interface UpdateParts {
  readonly lifecycle: PodLifecycle;
  readonly statuses: StatusManager;
  readonly termination: PodTermination;
}

export class PodUpdates {
  private readonly ground: KubeletGround;
  private readonly parts: UpdateParts;
  private readonly onGone: (worker: PodWorker) => void;

  /** `onGone`: nothing is left of a pod, neither here nor in the API. */
  constructor(ground: KubeletGround, parts: UpdateParts, onGone: (worker: PodWorker) => void) {
    this.ground = ground;
    this.parts = parts;
    this.onGone = onGone;
  }

  /** A change of a pod reaches the kubelet. */
  podChanged(agent: NodeAgent, change: Change): void {
    const { key, cause } = change;
    // A list shows what was written long ago: then whatever led to the list is the cause.
    this.ground.kernel.needed(cause, 'apiserver.watch');
    if (this.staysAtRest(agent, change)) return;
    const { after } = change;
    const worker = this.current(agent, key);
    const uid = after?.metadata.uid ?? '';
    const isSame = after !== undefined && worker?.uid === uid;
    if (worker !== undefined && !isSame) this.objectRemoved(worker);
    if (after === undefined) return;
    if (isSame) this.objectChanged(worker, after as Pod);
    else this.add(agent, key, after as Pod);
  }

  /** Whether the pod rests, and what has changed of its object is nothing to its kubelet. */
  private staysAtRest(agent: NodeAgent, change: Change): boolean {
    const { late } = change;
    const { arrivals, byPod } = this.ground.state;
    if (late !== undefined && arrivals.holds(late)) return true;
    const known = byPod.get(change.key);
    if (known?.stage !== 'resting' || known.agent !== agent) return false;
    if (known.isOf(late)) return true;
    const { after } = change;
    if (after === undefined) return false;
    const pod = after as Pod;
    const { uid = '', deletionTimestamp } = pod.metadata;
    const isSteady = pod.spec === known.pod.spec && pod.status === known.sent;
    if (!isSteady || uid !== known.uid || deletionTimestamp !== undefined) return false;
    known.pod = pod;
    return true;
  }

  /** The worker of the pod that has this name now; earlier ones are only ending. */
  private current(agent: NodeAgent, key: ObjectKey): PodWorker | undefined {
    const worker = workerOf(this.ground.state, key);
    return worker?.agent === agent && !worker.removed ? worker : undefined;
  }

  private add(agent: NodeAgent, key: ObjectKey, pod: Pod): void {
    const { kernel, state } = this.ground;
    const worker = newWorker(state, { agent, key, pod, now: kernel.now });
    if (isPodTerminal(pod)) {
      worker.stage = 'ended';
      if (pod.metadata.deletionTimestamp !== undefined) this.parts.termination.deleteObject(worker);
    } else if (pod.metadata.deletionTimestamp !== undefined) {
      this.parts.termination.begin(worker, graceOf(worker), 'deleted while it was not running');
    } else {
      const rejection = rejectionOf(this.ground, agent, pod);
      if (rejection === undefined) this.parts.lifecycle.begin(worker);
      else this.parts.termination.reject(worker, rejection);
    }
  }

  private objectChanged(worker: PodWorker, pod: Pod): void {
    worker.pod = pod;
    if (pod.metadata.deletionTimestamp === undefined) {
      this.parts.statuses.compare(worker);
      // source: pkg/kubelet/kubelet.go HandlePodReconcile: others may have opened a readiness gate
      if (pod.spec.readinessGates !== undefined) this.parts.statuses.sync(worker);
      return;
    }
    const grace = graceOf(worker);
    if (worker.stage === 'ended') {
      this.parts.termination.deleteObject(worker);
    } else {
      this.parts.termination.begin(worker, grace, `deleted, grace period ${grace / seconds(1)}s`);
    }
  }

  /** The object is gone: what nobody has ended yet has no grace. */
  objectRemoved(worker: PodWorker): void {
    worker.removed = true;
    if (worker.stage === 'ended') this.onGone(worker);
    else this.parts.termination.begin(worker, forcedGrace(this.ground), 'its object was removed');
  }
}
