// Whether the proxy of a cluster starts with its settings, beside the network plug-in: what the
// schemas of single settings cannot say.

import type { ClusterSpec } from '../values/cluster-spec';
import type { Lexicon } from './lexicon';
import type { Report } from './report';
import { child, placeNear, pointer } from './tree';
import type { Tree } from './tree';

/** Reports each problem at the setting that makes it, or as near to that as there is a place. */
export function checkProxy(
  scenario: Tree,
  { proxy, cni }: Pick<ClusterSpec, 'proxy' | 'cni'>,
  lexicon: Lexicon,
  report: Report,
): void {
  const problems = lexicon.proxyProblems(proxy.mode, proxy.options, cni);
  for (const { path, severity, message, hint } of problems) {
    const cluster = child(scenario, 'cluster') ?? scenario;
    const place = placeNear(cluster, ['proxy', ...pointer(path)]);
    if (severity === 'error') report.error('KD1112', place, message, hint);
    else report.warn('KD1407', place, message, hint);
  }
}
