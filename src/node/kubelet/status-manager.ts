// Writes pod statuses to the API: at once when they change, again when somebody else has
// overwritten what the kubelet said.
// source: pkg/kubelet/status/status_manager.go

import { conditionOf } from '../../apiserver/kinds/pod';
import type { PodStatus } from '../../apiserver/kinds/pod';
import type { EventArgument, EventKind } from '../../kernel/event-queue';
import { Phase } from '../../kernel/phase';
import { ZERO } from '../../values/time';
import type { KubeletGround } from './kubelet-ground';
import { subjectOf } from './kubelet-ground';
import { ownerOfWorker } from './kubelet-state';
import type { PodWorker } from './kubelet-state';
import { statusOf } from './pod-status';

export class StatusManager {
  private readonly ground: KubeletGround;
  private readonly repairEvent: EventKind;
  private readonly changedEvent: EventKind;

  constructor(ground: KubeletGround) {
    this.ground = ground;
    const repair = (id: EventArgument): void => {
      const worker = ground.state.workers.get(Number(id));
      if (worker !== undefined) this.repair(worker);
    };
    const owner = ownerOfWorker(ground.state);
    const changed = (id: EventArgument): void => {
      const worker = ground.state.workers.get(Number(id));
      if (worker?.stage === 'running') this.sync(worker);
    };
    this.changedEvent = ground.kernel.declare('kubelet.statusChanged', changed, { owner });
    this.repairEvent = ground.kernel.declare('kubelet.statusSync', repair, { owner });
  }

  /** Writes the pod's status if it is not what was written last. */
  sync(worker: PodWorker): void {
    // Who is about to be stored is stored with its status.
    if (!worker.stored) return;
    if (worker.removed || !worker.agent.running) return;
    const status = this.current(worker);
    if (status !== worker.sent) this.write(worker, status);
  }

  /** The status that a pod is stored with, which has been running for long. */
  initial(worker: PodWorker): PodStatus {
    worker.sent = this.current(worker);
    return worker.sent;
  }

  /** The same as soon as the kubelet does anything at all. */
  syncSoon(worker: PodWorker): void {
    this.ground.kernel.after(ZERO, Phase.agent, this.changedEvent, worker.id);
  }

  /** The API shows a state of the pod: is it the one that this kubelet wrote? */
  compare(worker: PodWorker): void {
    if (worker.repairAt !== undefined || !isOverwritten(worker)) return;
    const { kernel } = this.ground;
    const at = worker.agent.ticks.nextStatusSync(kernel.now);
    worker.repairAt = at;
    const timer = 'kubelet.statusSyncPeriod';
    kernel.schedule(at, Phase.agent, this.repairEvent, worker.id, 0, timer);
  }

  private repair(worker: PodWorker): void {
    worker.repairAt = undefined;
    if (worker.removed || !worker.agent.running || !isOverwritten(worker)) return;
    this.write(worker, this.current(worker));
  }

  private current(worker: PodWorker): PodStatus {
    const { kernel, timing } = this.ground;
    const { actor, machine } = worker.agent;
    return statusOf(worker, machine.addresses, timing.clocks.reading(actor, kernel.now));
  }

  private write(worker: PodWorker, status: PodStatus): void {
    const { kernel, unsent } = this.ground;
    const { actor } = worker.agent;
    const was = isReadyIn(worker.sent ?? worker.pod.status);
    const is = isReadyIn(status);
    if (was !== is) {
      kernel.note(
        actor,
        'marked',
        subjectOf(worker),
        is ? 'Ready' : `not Ready: ${whyNot(status)}`,
      );
    }
    worker.sent = status;
    unsent.patch(worker, { status }, was && !is ? 'loss' : 'gain');
  }
}

function isOverwritten({ pod, sent }: PodWorker): boolean {
  return sent !== undefined && isReadyIn(pod.status) !== isReadyIn(sent);
}

function isReadyIn(status: PodStatus | undefined): boolean {
  return conditionOf(status?.conditions, 'Ready')?.status === 'True';
}

function whyNot(status: PodStatus): string {
  const condition = conditionOf(status.conditions, 'Ready');
  return condition?.message ?? condition?.reason ?? '';
}
