// What somebody meant who named an object that is not there, in the form in which it was named: a
// hint that can be pasted.

import { nearest } from './did-you-mean';
import type { Reference } from './reference';

/** An object that there is: `namespace/name`, or the name of what lies in no namespace. */
export interface Known {
  readonly kind: string;
  readonly key: string;
}

/**
 * `did you mean "deployment/web"?`, or undefined where nothing is near. `others` are the objects of
 * further kinds that may be meant where a name is right and its kind is not.
 */
export function meantBy(
  reference: Reference,
  known: readonly Known[],
  others: readonly Known[] = [],
): string | undefined {
  const { name, namespace = 'default' } = reference;
  const key = `${namespace}/${name}`;
  const meant =
    known.find((it) => it.key.endsWith(`/${name}`)) ??
    others.find((it) => it.key === key) ??
    nearestOf([key, name], known);
  return meant && `did you mean "${asWritten(reference, meant)}"?`;
}

function nearestOf(words: readonly string[], known: readonly Known[]): Known | undefined {
  for (const word of words) {
    const alike = known.filter(({ key }) => key.includes('/') === word.includes('/'));
    const key = nearest(
      word,
      alike.map((it) => it.key),
    );
    if (key !== undefined) return alike.find((it) => it.key === key);
  }
  return undefined;
}

/** The object in the place of the one that was named. */
function asWritten(reference: Reference, { kind, key }: Known): string {
  const { text, ordinal, container } = reference;
  const [, namespace, name] = /^(?:(.*)\/)?(.*)$/.exec(key)!;
  const parts = [
    reference.kind === kind ? text.slice(0, text.indexOf('/')) : kind.toLowerCase(),
    namespace,
    `${name}${ordinal === undefined ? '' : `#${ordinal}`}`,
    container,
  ];
  if (reference.kind === undefined) parts[0] = undefined;
  const isSaid = text.includes(`${reference.namespace}/`);
  if (namespace === 'default' && !isSaid) parts[1] = undefined;
  return parts.filter((part) => part !== undefined).join('/');
}
