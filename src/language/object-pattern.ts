// Objects whose names nobody can know beforehand: `EndpointSlice/shop/cart-*`.

import type { Reading } from './duration';
import { REFERENCE_KINDS } from './reference';

/** The objects of one kind whose keys match a pattern. */
export interface ObjectPattern {
  readonly kind: string;
  /** `shop/cart-*`; of kinds without namespaces the name alone. */
  readonly key: string;
}

const UNNAMESPACED: ReadonlySet<string> = new Set(['Node', 'Namespace']);

/** Reads a pattern; undefined where the text has no wildcard and is a reference. */
export function parseObjectPattern(
  text: string,
  kinds: ReadonlyMap<string, string> = REFERENCE_KINDS,
): Reading<ObjectPattern> | undefined {
  if (!/[*?]/.test(text)) return undefined;
  const hint = 'write kind/namespace/name with * in the name: EndpointSlice/shop/cart-*';
  const segments = text.split('/');
  const [word = '', ...rest] = segments;
  const kind = kinds.get(word.toLowerCase()) ?? REFERENCE_KINDS.get(word.toLowerCase());
  if (segments.length < 2 || kind === undefined) {
    return { ok: false, message: `the pattern "${text}" needs a kind`, hint };
  }
  const most = UNNAMESPACED.has(kind) ? 1 : 2;
  if (rest.length > most || rest.some((part) => part === '')) {
    return { ok: false, message: `"${text}" is no pattern for objects`, hint };
  }
  const key = UNNAMESPACED.has(kind) || rest.length === 2 ? rest.join('/') : `default/${rest[0]}`;
  return { ok: true, value: { kind, key } };
}
