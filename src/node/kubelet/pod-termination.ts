// How a pod ends on its node: hooks and signals, its sandbox, at last its object.
// source: pkg/kubelet/pod_workers.go, pkg/kubelet/kubelet.go SyncTerminatingPod/SyncTerminatedPod

import type { EventArgument, EventKind } from '../../kernel/event-queue';
import { Phase } from '../../kernel/phase';
import { later, seconds } from '../../values/time';
import type { Duration } from '../../values/time';
import type { ContainerRuntime } from './container-runtime';
import type { KubeletGround } from './kubelet-ground';
import { subjectOf } from './kubelet-ground';
import { isAlive, ownerOfWorker } from './kubelet-state';
import type { ContainerRecord, PodWorker, Verdict } from './kubelet-state';
import type { StatusManager } from './status-manager';

export class PodTermination {
  private readonly ground: KubeletGround;
  private readonly runtime: ContainerRuntime;
  private readonly statuses: StatusManager;
  private readonly onGone: (worker: PodWorker) => void;
  private readonly teardownEvent: EventKind;

  constructor(
    ground: KubeletGround,
    runtime: ContainerRuntime,
    statuses: StatusManager,
    onGone: (worker: PodWorker) => void,
  ) {
    this.ground = ground;
    this.runtime = runtime;
    this.statuses = statuses;
    this.onGone = onGone;
    const teardown = (id: EventArgument): void => {
      const worker = ground.state.workers.get(Number(id));
      if (worker !== undefined) this.requestDeletion(worker);
    };
    const owner = ownerOfWorker(ground.state);
    this.teardownEvent = ground.kernel.declare('kubelet.teardown', teardown, { owner });
  }

  /**
   * The kubelet itself ends the pod. What it says of it shows with the end of the last container:
   * until then the pod stays what it is, ready ones included.
   * source: pkg/kubelet/status/status_manager.go mergePodStatus; kubernetes/kubernetes#116965
   * A pod that is ending already ends as it does: nobody asks for the new verdict.
   * source: pkg/kubelet/pod_workers.go acknowledgeTerminating
   */
  condemn(worker: PodWorker, grace: Duration, verdict: Verdict): void {
    if (isEnding(worker)) return;
    worker.verdict = verdict;
    this.begin(worker, grace, `${verdict.reason}: ${verdict.message}`);
  }

  /** The kubelet does not take the pod on. source: pkg/kubelet/kubelet.go rejectPod */
  reject(worker: PodWorker, { reason, message }: Omit<Verdict, 'disrupts'>): void {
    const { kernel } = this.ground;
    worker.stage = 'ended';
    worker.outcome = 'Failed';
    worker.verdict = { reason, message: `Pod was rejected: ${message}`, disrupts: false };
    kernel.note(worker.agent.actor, 'rejected', subjectOf(worker), `${reason}: ${message}`);
    this.statuses.sync(worker);
  }

  /**
   * Begins to end the pod. Containers first, sidecars after them, all within `grace`. Whoever asks
   * again with less grace is heard when the runtime has stopped all of it: the worker waits for
   * that, and what would call it off does not reach the runtime, which has a context of its own.
   * source: pkg/kubelet/kubelet.go SyncTerminatingPod; kubernetes/kubernetes#83916
   */
  begin(worker: PodWorker, grace: Duration, why: string): void {
    if (isEnding(worker)) return;
    const { kernel } = this.ground;
    worker.stage = 'terminating';
    worker.deadline = later(kernel.now, grace);
    kernel.note(worker.agent.actor, 'killed', subjectOf(worker), why);
    for (const container of worker.containers) {
      container.creating = false;
      container.inBackOff = false;
      container.restartAt = undefined;
    }
    for (const container of worker.containers) {
      if (container.role !== 'sidecar') this.runtime.stop(container, worker.deadline);
    }
    this.proceed(worker);
  }

  /** Called when a process of an ending pod has exited: what is left to stop? */
  proceed(worker: PodWorker): void {
    if (worker.stage !== 'terminating') return;
    const alive = worker.containers.filter(isAlive);
    if (alive.some(({ role }) => role !== 'sidecar')) return;
    // Sidecars end one after the other, the last one first.
    const sidecar = alive.at(-1);
    if (sidecar === undefined) this.finish(worker);
    else if (sidecar.killAt === undefined) this.runtime.stop(sidecar, worker.deadline!);
  }

  private finish(worker: PodWorker): void {
    const { kernel, timing } = this.ground;
    worker.stage = 'ended';
    for (const container of worker.containers) recordEnd(container);
    this.removeSandbox(worker);
    worker.outcome ??= worker.containers.some(hasFailed) ? 'Failed' : 'Succeeded';
    if (worker.removed) {
      this.onGone(worker);
      return;
    }
    this.statuses.sync(worker);
    if (worker.pod.metadata.deletionTimestamp === undefined) return;
    worker.tearingDown = true;
    const delay = timing.draw('kubelet.podTeardown', worker.agent.actor, 'loss');
    kernel.after(delay, Phase.agent, this.teardownEvent, worker.id, 0, 'kubelet.podTeardown');
  }

  /** The deletion of a pod was asked for when it had ended already: only its object is left. */
  deleteObject(worker: PodWorker): void {
    if (worker.tearingDown) return;
    worker.tearingDown = true;
    this.requestDeletion(worker);
  }

  /** Has the object removed; once more where the first request never arrived. */
  requestDeletion(worker: PodWorker): void {
    const { kernel, unsent } = this.ground;
    if (worker.removed || worker.stage !== 'ended' || !worker.agent.running) return;
    kernel.note(worker.agent.actor, 'finished', subjectOf(worker), 'nothing of it is left here');
    unsent.delete(worker);
  }

  private removeSandbox(worker: PodWorker): void {
    const { network, behaviours, touch } = this.ground;
    const { sandbox, agent } = worker;
    behaviours.forget(worker.pod);
    if (sandbox === undefined) return;
    agent.machine.removeSandbox(sandbox);
    if (!sandbox.hostNetwork) network.detachPod(agent.node, worker.key);
    worker.sandbox = undefined;
    touch?.(agent.node);
  }
}

/** The grace period that a pod asks for, or was given by whoever deletes it. */
export function graceOf(worker: PodWorker): Duration {
  const { metadata, spec } = worker.pod;
  const given = metadata.deletionGracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? 30;
  // source: pkg/kubelet/pod_workers.go calculateEffectiveGracePeriod: never less than 1 s
  return seconds(Math.max(1, given));
}

/** The kubelet waits for the runtime to stop a container, so it knows of the end at once. */
export function recordEnd(container: ContainerRecord): void {
  const { process, attempt, seen, seenAttempt } = container;
  if (process?.state !== 'exited') return;
  if (seen.state === 'terminated') {
    if (seenAttempt === attempt) return;
    container.last = seen;
  }
  const { exitCode, startedAt, exitedAt } = process;
  const reason = exitCode === 0 ? 'Completed' : 'Error';
  container.seen = { state: 'terminated', exitCode, reason, startedAt, finishedAt: exitedAt };
  container.seenAttempt = attempt;
}

function isEnding({ stage }: PodWorker): boolean {
  return stage === 'terminating' || stage === 'ended';
}

function hasFailed({ role, seen }: ContainerRecord): boolean {
  return role !== 'sidecar' && (seen.state !== 'terminated' || seen.exitCode !== 0);
}

/** How long a pod has whose object was removed under it. */
export function forcedGrace({ timing }: KubeletGround): Duration {
  return timing.delay('kubelet.minimumGracePeriod').least;
}
