// `behaviour: {deployment/shop/web: {load: …}}`: what the pods of a workload need together.

import type { LoadStep } from '../values/cluster-spec';
import { millicores } from '../values/millicores';
import { formatInstant, START } from '../values/time';
import { readInstant } from './read-time';
import type { Report } from './report';
import type { Tree } from './tree';
import { child } from './tree';

/** Kinds whose pods can share a load, as targets write them. */
const SHARING = ['deployment', 'replicaset', 'replicationcontroller', 'statefulset'];

/** One quantity, or one from each of several instants on, which must grow. */
export function readLoad(tree: Tree, target: string, report: Report): readonly LoadStep[] {
  const [kind = '', , , container] = target.split('/');
  if (!SHARING.includes(kind) || container !== undefined) {
    const message = `a load is shared by the pods of a workload; "${target}" is none`;
    report.error('KD1606', tree.place, message, `write one of ${SHARING.join(', ')}`);
  }
  if (tree.items === undefined) return [{ at: START, millicores: cpuOf(tree) }];
  const steps: LoadStep[] = [];
  for (const item of tree.items) {
    const written = child(item, 'at')!;
    const at = readInstant(written, report);
    const before = steps.at(-1);
    if (before !== undefined && at <= before.at) {
      const [late, early] = [before.at, at].map(formatInstant);
      const message = `a load at ${early} comes after one at ${late}`;
      report.error('KD1105', written.place, message, 'write the steps by growing instants');
    }
    steps.push({ at, millicores: cpuOf(child(item, 'cpu')!) });
  }
  return steps;
}

function cpuOf(tree: Tree): number {
  return millicores(tree.value as string | number);
}
