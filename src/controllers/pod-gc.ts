// Removes the pods of nodes that are no longer there.
// source: pkg/controller/podgc/gc_controller.go gcOrphaned

import { disruptionTarget, isPodTerminal } from '../apiserver/kinds/pod';
import type { Pod } from '../apiserver/kinds/pod';
import type { Change } from '../apiserver/informer';
import { Loop, tickAt } from '../timing';
import type { ObjectKey } from '../values/kube-object';
import { between, later } from '../values/time';
import type { Instant } from '../values/time';
import { defineController } from './define';
import type { ControllerLogic, Workplace } from './define';
import { NOBODY } from './owner';
import type { Pass } from './pass';

const PERIOD = 'controller-manager.podgc.period';
const QUARANTINE = 'controller-manager.podgc.quarantine';

export const podGc = defineController({
  name: 'pod-gc',
  kind: 'Node',
  latency: 'none',
  create: (workplace) => new PodGcLogic(workplace),
});

class PodGcLogic implements ControllerLogic {
  readonly watches: ControllerLogic['watches'];
  readonly comings: NonNullable<ControllerLogic['comings']>;
  private readonly place: Workplace;
  private readonly loop: Loop;
  private readonly nodes = new Set<string>();
  /** The pass that missed the node first. */
  private readonly missedAt = new Map<string, Instant>();

  constructor(workplace: Workplace) {
    const { timing, actor } = workplace;
    this.place = workplace;
    this.loop = new Loop(timing, PERIOD, actor);
    this.watches = { Node: (change) => this.onNode(change), Pod: (change) => this.onPod(change) };
    // They were made for nodes that were there, and told of before.
    this.comings = { Pod: () => NOBODY };
  }

  reconcile(node: ObjectKey, pass: Pass): void {
    const { view } = this.place;
    const isThere = view.get('Node', node) !== undefined;
    const orphans = isThere ? [] : ([...view.listIn('Pod', node)] as Pod[]);
    if (orphans.length === 0) {
      this.missedAt.delete(node);
      return;
    }
    const { kernel, timing } = this.place;
    const missed = this.missedAt.get(node) ?? tickAt(this.loop.ticks, kernel.now);
    this.missedAt.set(node, missed);
    const at = tickAt(this.loop.ticks, later(missed, timing.delay(QUARANTINE).least));
    if (at > kernel.now) {
      pass.requeueAfter(between(kernel.now, at), QUARANTINE);
      return;
    }
    pass.summary = `${orphans.length} pods of a node that is gone`;
    for (const pod of orphans) this.markFailed(pod, pass);
    pass.then();
    for (const pod of orphans) pass.delete(pod, 0);
  }

  /** source: gc_controller.go markFailedAndDeletePodWithCondition */
  private markFailed(pod: Pod, pass: Pass): void {
    if (isPodTerminal(pod)) return;
    const why = disruptionTarget(
      'DeletionByPodGC',
      'PodGC: node no longer exists',
      this.place.kernel.now,
    );
    pass.patchStatus(pod, { phase: 'Failed', conditions: [why] });
  }

  reset(): void {
    this.nodes.clear();
    this.missedAt.clear();
  }

  private onNode({ key, after }: Change): readonly ObjectKey[] {
    if (after === undefined) {
      this.nodes.delete(key);
      return [key];
    }
    this.nodes.add(key);
    return [];
  }

  private onPod(change: Change): readonly ObjectKey[] {
    const { late } = change;
    const node = late === undefined ? (change.after as Pod | undefined)?.spec.nodeName : late.scope;
    return node && !this.nodes.has(node) ? [node] : NOBODY;
  }
}
