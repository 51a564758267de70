// Drains nodes as `kubectl drain` does: cordon, look which pods may go, evict them all at once, and
// wait until they are gone.
// source: staging/src/k8s.io/kubectl/pkg/drain/{drain,filters}.go, pkg/cmd/drain/drain.go RunDrain

import type { Pod } from '../../apiserver/kinds/pod';
import type { ApiResult } from '../../apiserver/api-server';
import type { EventKind } from '../../kernel/event-queue';
import { Phase } from '../../kernel/phase';
import { keyOf } from '../../values/kube-object';
import type { ObjectKey } from '../../values/kube-object';
import type { Duration } from '../../values/time';
import { drainVerdict } from './drain-filters';
import type { DrainFlags } from './drain-filters';
import { Evictions } from './evictions';
import type { EvictionsContext } from './evictions';

/** The flags of `kubectl drain`. */
export interface DrainOptions extends DrainFlags {
  /** In seconds; absent means each pod's own. */
  readonly grace?: number;
  /** Absent means without end. */
  readonly timeout?: Duration;
}

interface Drain {
  readonly node: string;
  readonly options: DrainOptions;
  /** The evictions that are under way. */
  readonly open: Set<number>;
}

export class Drains {
  private readonly context: EvictionsContext;
  private readonly evictions: Evictions;
  private readonly drains = new Map<number, Drain>();
  /** Which drain an eviction belongs to; those of faults belong to none. */
  private readonly owners = new Map<number, number>();
  private nextId = 0;
  private readonly cordonedEvent: EventKind;
  private readonly deadlineEvent: EventKind;

  constructor(context: EvictionsContext) {
    this.context = context;
    this.evictions = new Evictions(context, (id, reason) => this.evicted(id, reason));
    const { kernel } = context;
    this.cordonedEvent = kernel.declare('kubectl.cordoned', (id, result) => {
      this.cordoned(Number(id), result as ApiResult);
    });
    this.deadlineEvent = kernel.declare('kubectl.drainTimeout', (id) => this.expire(Number(id)));
  }

  /** Evicts one pod, whenever its budget allows; nobody waits for its end. */
  evict(pod: ObjectKey): void {
    this.evictions.begin(pod, { waits: false });
  }

  drain(node: string, options: DrainOptions): void {
    const id = this.nextId++;
    this.drains.set(id, { node, options, open: new Set() });
    const patch = { spec: { unschedulable: true } };
    this.context.kubectl.ask(
      { verb: 'patch', kind: 'Node', key: node, patch },
      { kind: this.cordonedEvent, a: id },
    );
  }

  private cordoned(id: number, result: ApiResult): void {
    const { kernel, kubectl } = this.context;
    const { node, options, open } = this.drains.get(id)!;
    if (result !== 'ok') {
      // What the API server refuses has been told with its reason.
      if (result !== 'invalid') kubectl.fail(`Node/${node}`, `unable to cordon node: ${result}`);
      this.drains.delete(id);
      return;
    }
    const { going, obstacles } = this.judge(this.podsOn(node), options);
    if (obstacles !== '') {
      kubectl.fail(`Node/${node}`, `unable to drain node: ${obstacles}`);
      this.drains.delete(id);
      return;
    }
    kernel.note('kubectl', 'drains', `Node/${node}`, `${going.length} pods to evict`);
    if (options.timeout !== undefined) {
      kernel.after(options.timeout, Phase.control, this.deadlineEvent, id);
    }
    const { grace } = options;
    for (const pod of going) {
      const waiting = { waits: true, ...(grace !== undefined && { grace }) };
      const eviction = this.evictions.begin(keyOf(pod), waiting);
      open.add(eviction);
      this.owners.set(eviction, id);
    }
    if (going.length === 0) this.finish(id);
  }

  private evicted(eviction: number, reason: string | undefined): void {
    const id = this.owners.get(eviction);
    if (id === undefined) return;
    this.owners.delete(eviction);
    const { node, open } = this.drains.get(id)!;
    open.delete(eviction);
    if (reason !== undefined) this.context.kubectl.fail(`Node/${node}`, reason);
    if (open.size === 0) this.finish(id);
  }

  private expire(id: number): void {
    const drain = this.drains.get(id);
    if (drain === undefined) return;
    const pods = [...drain.open].map((eviction) => {
      this.owners.delete(eviction);
      return this.evictions.abandon(eviction);
    });
    this.drains.delete(id);
    const left = pods.filter((pod) => pod !== undefined).join(', ');
    this.context.kubectl.fail(`Node/${drain.node}`, `global timeout reached; left are ${left}`);
  }

  private finish(id: number): void {
    const { node } = this.drains.get(id)!;
    this.drains.delete(id);
    this.context.kernel.note('kubectl', 'drained', `Node/${node}`);
  }

  /** Which pods go, and why kubectl drains nothing at all: empty where it drains. */
  private judge(pods: readonly Pod[], options: DrainOptions) {
    const { store } = this.context.api;
    const isThere = (key: ObjectKey): boolean => store.get('DaemonSet', key) !== undefined;
    const going: Pod[] = [];
    const stopped = new Map<string, ObjectKey[]>();
    for (const pod of pods) {
      const verdict = drainVerdict(pod, options, isThere);
      if (verdict === 'go') going.push(pod);
      if (verdict === 'go' || verdict === 'stay') continue;
      stopped.set(verdict.obstacle, [...(stopped.get(verdict.obstacle) ?? []), keyOf(pod)]);
    }
    const sentences = [...stopped].map(([why, keys]) => `cannot delete ${why}: ${keys.join(', ')}`);
    return { going, obstacles: sentences.join('; ') };
  }

  private podsOn(node: string): readonly Pod[] {
    return [...this.context.api.store.listScope('Pod', node)] as unknown as readonly Pod[];
  }
}
