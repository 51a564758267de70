// Evicts pods as `kubectl drain` does: a request to the eviction subresource, tried again while a
// budget refuses it, and then a look every second until the pod is gone.
// source: staging/src/k8s.io/kubectl/pkg/drain/drain.go evictPods, waitForDelete;
//   pkg/cmd/drain/drain.go EvictErrorRetryDelay

import type { ApiResult, ApiServer } from '../../apiserver/api-server';
import type { EventKind } from '../../kernel/event-queue';
import type { Kernel } from '../../kernel/kernel';
import { Phase } from '../../kernel/phase';
import type { Timing } from '../../timing';
import type { ObjectKey } from '../../values/kube-object';
import type { Kubectl } from './kubectl';

export interface EvictionsContext {
  readonly kernel: Kernel;
  readonly api: ApiServer;
  readonly timing: Timing;
  readonly kubectl: Kubectl;
}

export interface EvictionOptions {
  /** In seconds; absent means the pod's own. */
  readonly grace?: number;
  /** Whether it is waited until the pod is gone; otherwise an eviction that is allowed is all. */
  readonly waits: boolean;
}

/** How one eviction ended: without a reason, well. */
export type OnEvicted = (id: number, reason: string | undefined) => void;

interface Eviction extends EvictionOptions {
  readonly pod: ObjectKey;
  readonly uid: string | undefined;
}

export class Evictions {
  private readonly context: EvictionsContext;
  private readonly onEnd: OnEvicted;
  private readonly running = new Map<number, Eviction>();
  private nextId = 0;
  private readonly tryEvent: EventKind;
  private readonly answerEvent: EventKind;
  private readonly pollEvent: EventKind;

  constructor(context: EvictionsContext, onEnd: OnEvicted) {
    this.context = context;
    this.onEnd = onEnd;
    const { kernel } = context;
    this.tryEvent = kernel.declare('kubectl.evict', (id) => this.attempt(Number(id)));
    this.answerEvent = kernel.declare('kubectl.evicted', (id, result) => {
      this.answered(Number(id), result as ApiResult);
    });
    this.pollEvent = kernel.declare('kubectl.wait', (id) => this.poll(Number(id)));
  }

  /** Begins to evict a pod; returns the number by which its end is told. */
  begin(pod: ObjectKey, options: EvictionOptions): number {
    const id = this.nextId++;
    const uid = this.context.api.store.get('Pod', pod)?.metadata.uid;
    this.running.set(id, { pod, uid, ...options });
    this.attempt(id);
    return id;
  }

  /** Stops what is under way; the pods that were evicted go on ending. */
  abandon(id: number): ObjectKey | undefined {
    const eviction = this.running.get(id);
    this.running.delete(id);
    return eviction?.pod;
  }

  private attempt(id: number): void {
    const eviction = this.running.get(id);
    if (eviction === undefined) return;
    const { pod, grace } = eviction;
    this.context.kubectl.ask(
      {
        verb: 'evict',
        kind: 'Pod',
        key: pod,
        effect: 'loss',
        ...(grace !== undefined && { grace }),
      },
      { kind: this.answerEvent, a: id },
    );
  }

  private answered(id: number, result: ApiResult): void {
    const eviction = this.running.get(id);
    if (eviction === undefined) return;
    const { kernel, timing, api } = this.context;
    if (result === 'too-many-requests') {
      const delay = timing.delay('kubectl.evictRetry').least;
      kernel.after(delay, Phase.control, this.tryEvent, id, 0, 'kubectl.evictRetry');
    } else if (result === 'not-found' || result === 'internal-error') this.end(id, undefined);
    else if (result !== 'ok') this.end(id, `error when evicting pods ${eviction.pod}: ${result}`);
    else if (!eviction.waits) this.end(id, undefined);
    else {
      const uid = api.store.get('Pod', eviction.pod)?.metadata.uid ?? eviction.uid;
      this.running.set(id, { ...eviction, uid });
      this.poll(id);
    }
  }

  private poll(id: number): void {
    const eviction = this.running.get(id);
    if (eviction === undefined) return;
    const { kernel, timing, api } = this.context;
    const pod = api.store.get('Pod', eviction.pod);
    if (pod === undefined || pod.metadata.uid !== eviction.uid) {
      this.end(id, undefined);
      return;
    }
    const delay = timing.delay('kubectl.deletePoll').least;
    kernel.after(delay, Phase.control, this.pollEvent, id, 0, 'kubectl.deletePoll');
  }

  private end(id: number, reason: string | undefined): void {
    this.running.delete(id);
    this.onEnd(id, reason);
  }
}
