// `behaviour: {deployment/shop/web: {load: …}}`: what the pods of a workload need together.

import type { LoadStep } from '../values/cluster-spec';
import { millicores } from '../values/millicores';
import { formatInstant, START } from '../values/time';
import { readInstant } from './read-time';
import type { Report } from './report';
import type { Tree } from './tree';
import { child } from './tree';

/** One quantity, or one from each of several instants on, which must grow. */
export function readLoad(tree: Tree, report: Report): readonly LoadStep[] {
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
