// Whether the nodes of a cluster can begin with the versions that they are given, beside its API
// servers.

import type { ClusterSpec } from '../values/cluster-spec';
import type { Lexicon } from './lexicon';
import type { Report } from './report';
import { child } from './tree';
import type { Tree } from './tree';

/** Reports each problem at the version of its node. */
export function checkVersions(
  scenario: Tree,
  cluster: ClusterSpec,
  lexicon: Lexicon,
  report: Report,
): void {
  const items = child(child(scenario, 'cluster'), 'nodes')?.items ?? [];
  for (const { node, message, hint } of lexicon.versionProblems(cluster)) {
    const index = cluster.nodes.findIndex(({ name }) => name === node);
    const { place } = child(items[index], 'version')!;
    report.error('KD1112', place, message, hint);
  }
}
