// Which changes of pods and namespaces can change a verdict. The others, heartbeats and
// conditions, wake nobody.

import type { Change } from '../../apiserver/informer';
import { equalJson } from '../../apiserver/json';
import type { Pod } from '../../apiserver/kinds/pod';
import type { KubeObject } from '../../values/kube-object';

/** Whether policies could see the difference. */
export function isRelevant(kind: string, { before, after }: Change): boolean {
  if (kind === 'Pod') return !equalJson(factsOf(before), factsOf(after));
  if (kind === 'Namespace') return !equalJson(before?.metadata.labels, after?.metadata.labels);
  return !equalJson(before?.spec, after?.spec);
}

/** What `read-pod.ts` reads. Container ports of a pod never change. */
function factsOf(object: KubeObject | undefined): unknown {
  if (object === undefined) return undefined;
  const { status = {}, spec, metadata } = object as Pod;
  const isOver = status.phase === 'Succeeded' || status.phase === 'Failed';
  const addresses = isOver || spec.hostNetwork === true ? [] : (status.podIPs ?? []);
  if (addresses.length === 0) return undefined;
  return { labels: metadata.labels ?? {}, addresses, node: spec.nodeName };
}
