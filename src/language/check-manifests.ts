// What manifests ask for that this cluster cannot give: more pods than there can be, and nodes that
// are not there. The API server takes both, so it is said where it stands.

import { didYouMean } from './did-you-mean';
import { MOST_PODS } from './inventory';
import type { Inventory } from './inventory';
import type { PlacedObject } from './manifests';
import type { Report } from './report';
import { child, textOf } from './tree';
import type { Tree } from './tree';

/** Counts of pods by the keys of the specs of workloads. */
const COUNTS = ['replicas', 'parallelism'] as const;

/** Reports counts beyond all clusters, and warns of pods that are bound to no node. */
export function checkManifests(
  placed: readonly PlacedObject[],
  { nodes }: Inventory,
  report: Report,
): void {
  const names = nodes.map(({ name }) => name);
  for (const { object, tree } of placed) {
    const spec = child(tree, 'spec');
    for (const key of COUNTS) checkCount(child(spec, key), report);
    const pod = object.kind === 'Pod' ? spec : child(child(spec, 'template'), 'spec');
    const node = child(pod, 'nodeName');
    const name = textOf(node);
    if (node === undefined || name === undefined || names.includes(name)) continue;
    const hint = didYouMean(name, names) ?? `the nodes are ${names.slice(0, 8).join(', ')}`;
    report.warn('KD1601', node.place, `there is no node "${name}": this never runs`, hint);
  }
}

function checkCount(tree: Tree | undefined, report: Report): void {
  if (tree === undefined || typeof tree.value !== 'number' || tree.value <= MOST_PODS) return;
  const message = `${tree.value} pods are not modelled: no cluster has more than ${MOST_PODS}`;
  report.error('KD1207', tree.place, message);
}
