// Network policies that the chosen network plug-in does not enforce. The API server takes them,
// and nothing happens: the commonest surprise of all, so it is said once for each scenario.

import type { KubeObject } from '../values/kube-object';
import { nameOf } from '../values/kube-object';
import type { Lexicon } from './lexicon';
import type { Plan } from './plan';
import type { Report } from './report';
import type { Place } from './source-text';

/** One warning for a scenario, whatever the number of its rows and policies. */
export function reportIdlePolicies(
  plans: readonly Plan[],
  place: Place,
  lexicon: Lexicon,
  report: Report,
): void {
  const plugins = new Set<string>();
  const idle = new Set<string>();
  for (const { cluster, timeline } of plans) {
    const enforced = lexicon.enforcedPolicies(cluster.cni.name, cluster.cni.options);
    const applied = timeline.flatMap(({ args }) => objectsIn(args));
    for (const object of [...cluster.manifests, ...applied]) {
      const { kind } = object;
      if (!lexicon.policyKinds.includes(kind) || enforced.includes(kind)) continue;
      plugins.add(cluster.cni.name);
      idle.add(nameOf(object));
    }
  }
  if (idle.size === 0) return;
  const [first, ...others] = [...idle];
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  const verb = idle.size === 1 ? 'has' : 'have';
  const where = [...plugins].join(' and ');
  const does = plugins.size === 1 ? 'does' : 'do';
  report.warn(
    'KD1208',
    place,
    `${first}${more} ${verb} no effect: ${where} ${does} not enforce what the API server accepts`,
    'for policies that work, set cluster.cni to a plug-in that enforces them, as calico',
  );
}

/** The objects that a step applies. */
function objectsIn(args: unknown): readonly KubeObject[] {
  if (typeof args !== 'object' || args === null) return [];
  return Object.values(args).flatMap((value: unknown) =>
    Array.isArray(value) ? value.filter(isObject) : [],
  );
}

function isObject(value: unknown): value is KubeObject {
  return typeof value === 'object' && value !== null && 'apiVersion' in value && 'kind' in value;
}
