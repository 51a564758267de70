// Whether objects have the shape of their kind: mappings and lists where the API has some. What
// they say is another question.

import { definitionOf } from '../../src/apiserver/kinds/index';
import { fieldPath } from '../../src/apiserver/kinds/define';
import { unmodelledFields } from '../../src/apiserver/kinds/fields';
import type { KubeObject } from '../../src/values/kube-object';

/** The first place that holds something else, as a sentence; undefined where there is none. */
export function misshapenIn(object: unknown): string | undefined {
  const { apiVersion, kind, metadata, spec } = (object ?? {}) as Partial<KubeObject>;
  if (typeof kind !== 'string' || typeof metadata !== 'object') {
    return 'must be an object with kind and metadata';
  }
  if ((kind === 'Service' || kind === 'Pod') && spec === undefined) return 'must have a spec';
  const definition = definitionOf(String(apiVersion), kind);
  if (definition === undefined) return undefined;
  const problems = unmodelledFields(object as KubeObject, definition.fields);
  const problem = problems.find(({ message }) => /^must be a (list|mapping)/.test(message));
  return problem && `${fieldPath(problem.path)} ${problem.message}`;
}
