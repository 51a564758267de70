// Images that cannot be pulled: which starts need a pull, and how long the kubelet waits between
// two tries. Time is not spent on pulls that succeed.
// source: pkg/kubelet/images/image_manager.go EnsureImageExists; pkg/kubelet/kubelet.go
// (imageBackOff); pkg/kubelet/images/policy.go RequirePullForIfNotPresentImage

import type { Container } from '../apiserver/kinds/pod';
import type { EventArgument, EventKind } from '../kernel/event-queue';
import { Phase } from '../kernel/phase';
import type { TimerName, Timing } from '../timing';
import { later } from '../values/time';
import type { Duration, Instant } from '../values/time';
import type { KubeletGround } from './kubelet-ground';
import { subjectOf } from './kubelet-ground';
import { ownerOfContainer } from './kubelet-state';
import type { ContainerRecord, PodWorker } from './kubelet-state';

/** A pull that has failed, and what the kubelet says of it. */
export interface FailedPull {
  readonly error: 'ErrImagePull' | 'ImagePullBackOff';
  readonly failedAt: Instant;
  /** No pull is tried for so long after the last one. */
  readonly backOff: Duration;
  /** When the kubelet looks at the pod again. */
  readonly retryAt: Instant;
}

export interface PullListener {
  /** What the kubelet says of the pod is something else now. */
  changed(worker: PodWorker): void;
  /** The pod is to be looked at again. */
  retry(worker: PodWorker): void;
}

const RETRY: TimerName = 'kubelet.syncErrorBackOff';

export class ImagePulls {
  private readonly ground: KubeletGround;
  private readonly listener: PullListener;
  private readonly retryEvent: EventKind;
  private readonly lastRetryEvent: EventKind;

  constructor(ground: KubeletGround, listener: PullListener) {
    this.ground = ground;
    this.listener = listener;
    const { kernel, state } = ground;
    const retry = (id: EventArgument, at: EventArgument): void => {
      const container = state.containers.get(Number(id));
      if (container?.pull?.retryAt === at) listener.retry(container.worker);
    };
    const owner = ownerOfContainer(state);
    // What fails for as long as a fault lasts does not keep a run busy.
    this.retryEvent = kernel.declare('kubelet.pull', retry, { owner, background: true });
    this.lastRetryEvent = kernel.declare('kubelet.lastPull', retry, { owner });
  }

  /**
   * Whether the image is there, or can be had. Where it cannot, the pod is looked at again as
   * after every failed sync, and a pull is tried again once its own back-off is over.
   */
  hasImage(container: ContainerRecord): boolean {
    const { kernel, timing, state } = this.ground;
    const { worker, spec, pull } = container;
    const { agent } = worker;
    const { now } = kernel;
    const isMissing = state.nodeFailures.images.has(agent.node) && needsPull(spec, agent.images);
    const isWaiting = pull !== undefined && isInBackOff(pull, now);
    if (!isMissing && !isWaiting) {
      container.pull = undefined;
      return true;
    }
    if (pull !== undefined && pull.retryAt > now) return false;
    const retryAt = later(now, timing.draw(RETRY, agent.actor));
    container.pull = failPull(container, { now, retryAt, timing });
    const detail = `${container.pull.error}: image "${spec.image ?? ''}" cannot be pulled`;
    kernel.note(agent.actor, 'failed', subjectOf(worker), detail);
    const event = isMissing ? this.retryEvent : this.lastRetryEvent;
    kernel.schedule(retryAt, Phase.agent, event, container.id, retryAt, RETRY);
    this.listener.changed(worker);
    return false;
  }

  /** Images can be pulled on the node again: what waits for that is worth waiting for. */
  mended(node: string): void {
    const { kernel, state } = this.ground;
    for (const { id, pull, worker } of state.containers.values()) {
      // A look that is over has found something else in the way, which is looked at in its turn.
      if (pull === undefined || pull.retryAt < kernel.now || worker.agent.node !== node) continue;
      kernel.schedule(pull.retryAt, Phase.agent, this.lastRetryEvent, id, pull.retryAt, RETRY);
    }
  }
}

/** Whether a start asks the registry, on a node that has these images. */
export function needsPull(
  { image = '', imagePullPolicy }: Container,
  present: ReadonlySet<string>,
): boolean {
  const policy = imagePullPolicy ?? defaultPolicy(image);
  if (policy === 'Never') return false;
  return policy === 'Always' || !present.has(image);
}

/** source: pkg/apis/core/v1/defaults.go SetDefaults_Container */
function defaultPolicy(image: string): string {
  const name = image.slice(image.lastIndexOf('/') + 1);
  if (name.includes('@')) return 'IfNotPresent';
  const tag = /:(.+)$/.exec(name)?.[1] ?? 'latest';
  return tag === 'latest' ? 'Always' : 'IfNotPresent';
}

/** What becomes of a start whose image cannot be had, looked at now and again at `retryAt`. */
export function failPull(
  { pull }: ContainerRecord,
  { now, retryAt, timing }: { now: Instant; retryAt: Instant; timing: Timing },
): FailedPull {
  if (pull !== undefined && isInBackOff(pull, now)) {
    return { ...pull, error: 'ImagePullBackOff', retryAt };
  }
  const first = timing.delay('kubelet.imagePullBackOff').least;
  const most = timing.delay('kubelet.imagePullBackOffMax').least;
  const backOff = Math.min(pull === undefined ? first : pull.backOff * 2, most) as Duration;
  return { error: 'ErrImagePull', failedAt: now, backOff, retryAt };
}

/** source: client-go/util/flowcontrol/backoff.go IsInBackOffSinceUpdate */
export function isInBackOff({ failedAt, backOff }: FailedPull, now: Instant): boolean {
  return now - failedAt < backOff;
}
