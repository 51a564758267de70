// Images that cannot be pulled: which starts need a pull, and how long the kubelet waits between
// two tries. Time is not spent on pulls that succeed.
// source: pkg/kubelet/images/image_manager.go EnsureImageExists, imagePullPrecheck, pullImage;
// pkg/kubelet/kubelet.go imageBackOff; client-go/util/flowcontrol/backoff.go

import type { Container } from '../../apiserver/kinds/pod';
import type { EventArgument, EventKind } from '../../kernel/event-queue';
import { Phase } from '../../kernel/phase';
import type { TimerName, Timing } from '../../timing';
import { later } from '../../values/time';
import type { Duration, Instant } from '../../values/time';
import type { KubeletGround } from './kubelet-ground';
import { subjectOf } from './kubelet-ground';
import { ownerOfContainer } from './kubelet-state';
import type { ContainerRecord, KubeletState, NodeAgent, PodWorker } from './kubelet-state';
import { workersOn } from './resting-pods';

/** What the kubelet says of a container whose image could not be pulled. */
export interface FailedPull {
  readonly error: 'ErrImagePull' | 'ImagePullBackOff';
  /** When the kubelet looks at the pod again. */
  readonly retryAt: Instant;
}

/**
 * The last pull of an image for a pod that failed, for whichever of its containers. A pull that
 * succeeds takes nothing back: twice the longest back-off without a failure does.
 */
export interface PullBackOff {
  readonly failedAt: Instant;
  /** No pull is tried for so long after it. */
  readonly backOff: Duration;
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
    const { agent, pulls } = worker;
    const { now } = kernel;
    const { image = '' } = spec;
    const isMissing = state.nodeFailures.images.has(agent.node);
    const failed = pulls?.get(image);
    const isWaiting = isInBackOff(failed, now);
    if ((!isMissing && !isWaiting) || !needsPull(spec, imagesOn(state, agent))) {
      container.pull = undefined;
      return true;
    }
    if (pull !== undefined && pull.retryAt > now) return false;
    if (!isWaiting) {
      worker.pulls ??= new Map();
      worker.pulls.set(image, nextBackOff(failed, now, timing));
    }
    const error = isWaiting ? 'ImagePullBackOff' : 'ErrImagePull';
    const retryAt = later(now, timing.draw(RETRY, agent.actor));
    container.pull = { error, retryAt };
    const detail = `${error}: image "${image}" cannot be pulled`;
    kernel.note(agent.actor, 'failed', subjectOf(worker), detail);
    const event = isMissing ? this.retryEvent : this.lastRetryEvent;
    kernel.schedule(retryAt, Phase.agent, event, container.id, retryAt, RETRY);
    this.listener.changed(worker);
    return false;
  }

  /** Images can be pulled on the node again: what waits for that is worth waiting for. */
  mended(node: string): void {
    const { kernel, state } = this.ground;
    const waiting: (readonly [id: number, until: Instant])[] = [];
    for (const { id, pull, worker } of state.containers.values()) {
      // A look that is over has found something else in the way, which is looked at in its turn.
      if (pull === undefined || pull.retryAt < kernel.now || worker.agent.node !== node) continue;
      waiting.push([id, pull.retryAt]);
    }
    // Records of pods that rested have come late, not their pods.
    waiting.sort(([one], [other]) => one - other);
    for (const [id, until] of waiting) {
      kernel.schedule(until, Phase.agent, this.lastRetryEvent, id, until, RETRY);
    }
  }
}

/** The images of all containers that were started on the node. */
function imagesOn(state: KubeletState, agent: NodeAgent): ReadonlySet<string> {
  // Those of pods that rest come with their records.
  workersOn(state, agent);
  return agent.images;
}

/** Whether a start asks the registry, on a node that has these images. */
function needsPull(
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
  const colon = name.indexOf(':');
  const tag = colon < 0 ? '' : name.slice(colon + 1);
  return tag === '' || tag === 'latest' ? 'Always' : 'IfNotPresent';
}

/** source: client-go/util/flowcontrol/backoff.go Next */
function nextBackOff(last: PullBackOff | undefined, now: Instant, timing: Timing): PullBackOff {
  const first = timing.delay('kubelet.imagePullBackOff').least;
  const most = timing.delay('kubelet.imagePullBackOffMax').least;
  const isForgotten = last === undefined || now - last.failedAt > 2 * most;
  const backOff = isForgotten ? first : (Math.min(last.backOff * 2, most) as Duration);
  return { failedAt: now, backOff };
}

/** source: client-go/util/flowcontrol/backoff.go IsInBackOffSinceUpdate */
function isInBackOff(last: PullBackOff | undefined, now: Instant): boolean {
  return last !== undefined && now - last.failedAt < last.backOff;
}
