// What autoscalers scale, and the pods that count for it.

import type { HorizontalPodAutoscaler } from '../../apiserver/kinds/horizontalpodautoscaler';
import type { Pod } from '../../apiserver/kinds/pod';
import type { Workload } from '../../apiserver/kinds/workload';
import type { Labels, LabelSelector } from '../../values/labels';
import { matchesSelector } from '../../values/labels';
import type { View } from '../define';

/** Kinds with a scale. */
const SCALED: readonly string[] = [
  'Deployment',
  'ReplicaSet',
  'ReplicationController',
  'StatefulSet',
];

export class ScaleTargets {
  private readonly view: View;

  constructor(view: View) {
    this.view = view;
  }

  /** The workload, if it is there and can be scaled. */
  of({ metadata, spec }: HorizontalPodAutoscaler): Workload | undefined {
    const { kind, name } = spec.scaleTargetRef;
    if (!SCALED.includes(kind)) return undefined;
    return this.view.get(kind, `${metadata.namespace}/${name}`) as Workload | undefined;
  }

  /** The pods that the selector of the workload means, whoever owns them. */
  podsOf(target: Workload): readonly Pod[] {
    return ([...this.view.list('Pod')] as Pod[]).filter((pod) => selects(target, pod));
  }

  /** Whether another autoscaler of the namespace takes any of the pods for its own. */
  isShared({ metadata }: HorizontalPodAutoscaler, pods: readonly Pod[]): boolean {
    for (const other of this.view.list('HorizontalPodAutoscaler')) {
      const { namespace, name } = other.metadata;
      if (namespace !== metadata.namespace || name === metadata.name) continue;
      const target = this.of(other as HorizontalPodAutoscaler);
      if (target !== undefined && pods.some((pod) => selects(target, pod))) return true;
    }
    return false;
  }
}

function selects({ kind, metadata, spec }: Workload, pod: Pod): boolean {
  if (pod.metadata.namespace !== metadata.namespace || spec.selector === undefined) return false;
  const selector: LabelSelector =
    kind === 'ReplicationController' ? { matchLabels: spec.selector as Labels } : spec.selector;
  return matchesSelector(pod.metadata.labels, selector);
}
