// Deletes the pods of a node with a NoExecute taint when their patience ends.
// source: pkg/controller/tainteviction/taint_eviction.go

import { tolerates } from '../../apiserver/kinds/node';
import type { Node } from '../../apiserver/kinds/node';
import { disruptionTarget, isPodActive } from '../../apiserver/kinds/pod';
import type { Pod, Toleration } from '../../apiserver/kinds/pod';
import { equalJson } from '../../apiserver/json';
import type { Change } from '../../apiserver/informer';
import { NOT_READY_TAINT } from '../../apiserver/pod-admission';
import type { TimerName } from '../../timing';
import type { Taint } from '../../values/cluster-spec';
import { keyOf } from '../../values/kube-object';
import type { ObjectKey } from '../../values/kube-object';
import { between, later, seconds } from '../../values/time';
import type { Instant } from '../../values/time';
import { defineController } from '../define';
import type { ControllerLogic, Workplace } from '../define';
import { NOBODY } from '../owner';
import type { Pass } from '../pass';

export const taintEviction = defineController({
  name: 'taint-eviction',
  kind: 'Pod',
  latency: 'none',
  create: (workplace) => new TaintEvictionLogic(workplace),
});

class TaintEvictionLogic implements ControllerLogic {
  readonly watches: ControllerLogic['watches'];
  private readonly place: Workplace;
  /** Nodes with a taint that evicts; most clusters have none. */
  private readonly tainted = new Set<string>();
  /** Since when a pod has been counting. */
  private readonly since = new Map<ObjectKey, Instant>();

  constructor(workplace: Workplace) {
    this.place = workplace;
    this.watches = { Node: (change) => this.onNode(change), Pod: (change) => this.onPod(change) };
  }

  reconcile(key: ObjectKey, pass: Pass): void {
    const pod = this.place.view.get('Pod', key) as Pod | undefined;
    const node = this.place.view.get('Node', pod?.spec.nodeName ?? '') as Node | undefined;
    const taints = noExecute(node);
    if (pod === undefined || !isPodActive(pod) || taints.length === 0) {
      this.since.delete(key);
      return;
    }
    const patience = patienceOf(pod, taints);
    if (patience === undefined) {
      this.since.delete(key);
      return;
    }
    const { now } = this.place.kernel;
    const since = this.since.get(key) ?? now;
    this.since.set(key, since);
    const at = later(since, seconds(Math.max(0, patience)));
    if (at > now) {
      pass.requeueAfter(between(now, at), timerOf(taints));
      return;
    }
    this.since.delete(key);
    pass.effect = 'loss';
    pass.summary = `evicted: ${taints.map((it) => it.key).join(', ')}`;
    // source: pkg/controller/tainteviction/taint_eviction.go addConditionAndDeletePod
    const why = 'Taint manager: deleting due to NoExecute taint';
    pass.patchStatus(pod, { conditions: [disruptionTarget('DeletionByTaintManager', why, now)] });
    pass.then();
    pass.delete(pod);
  }

  reset(): void {
    this.tainted.clear();
    this.since.clear();
  }

  private onNode({ key, before, after }: Change): readonly ObjectKey[] {
    const [was, is] = [noExecute(before as Node | undefined), noExecute(after as Node | undefined)];
    if (is.length > 0) this.tainted.add(key);
    else this.tainted.delete(key);
    return equalJson(was, is) ? [] : Array.from(this.place.view.listIn('Pod', key), keyOf);
  }

  passesOver(kind: string): boolean {
    return kind === 'Pod' && this.tainted.size === 0 && this.since.size === 0;
  }

  private onPod({ key, before, after }: Change): readonly ObjectKey[] {
    const pod = after as Pod | undefined;
    if (pod === undefined) {
      this.since.delete(key);
      return NOBODY;
    }
    if (!this.tainted.has(pod.spec.nodeName ?? '')) return NOBODY;
    return equalJson(before?.spec, pod.spec) ? [] : [key];
  }
}

function noExecute(node: Node | undefined): Taint[] {
  return (node?.spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute');
}

function timerOf(taints: readonly Taint[]): TimerName {
  const saysItself = taints.some(({ key }) => key === NOT_READY_TAINT);
  return `apiserver.default${saysItself ? 'NotReady' : 'Unreachable'}Toleration`;
}

/**
 * Seconds that the pod may stay: the least of its tolerations that are used; zero where a taint is
 * not tolerated; undefined for ever.
 */
function patienceOf({ spec }: Pod, taints: readonly Taint[]): number | undefined {
  const used: Toleration[] = [];
  for (const taint of taints) {
    const found = (spec.tolerations ?? []).find((it) => tolerates(it, taint));
    if (found === undefined) return 0;
    used.push(found);
  }
  const limits = used.map((it) => it.tolerationSeconds).filter((it) => it !== undefined);
  return limits.length === 0 ? undefined : Math.min(...limits);
}
