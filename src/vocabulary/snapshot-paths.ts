// Queries that could never find anything: `inspect` with `absent` or `count: 0` would hold for
// ever because of a slip in the first names of its path.

import { KINDS, names } from '../apiserver/kinds/index';
import { OPAQUE_KINDS } from '../apiserver/kinds/opaque';
import { didYouMean } from '../language/did-you-mean';

/** The branches of a snapshot. source: cluster/snapshot.ts takeSnapshot */
const ROOTS: readonly string[] = ['journal', 'loadBalancers', 'nodes', 'now', 'objects'];

const PLURALS: ReadonlyMap<string, string> = new Map(
  [...KINDS, ...OPAQUE_KINDS].map(({ kind, plural }) => [kind, plural]),
);

const NAME = /^(?:\.([A-Za-z_][\w-]*)|\[\s*(?:'([^']*)'|"([^"]*)")\s*\])/;

/** What is wrong with the first names of a path, and what was probably meant. */
export function checkRoot(path: string): { message: string; hint: string } | undefined {
  const root = nameAt(path, 1);
  if (root === undefined) return undefined;
  if (!ROOTS.includes(root.name)) {
    const hint = didYouMean(root.name, ROOTS) ?? `the state has ${ROOTS.join(', ')}`;
    return { message: `the state has no "${root.name}"`, hint };
  }
  const list = root.name === 'objects' ? nameAt(path, root.end) : undefined;
  if (list === undefined || [...PLURALS.values()].includes(list.name)) return undefined;
  const kind = names.get(list.name.toLowerCase());
  const plural = kind === undefined ? undefined : PLURALS.get(kind);
  // Objects of other groups are listed as well, by plurals that only they know.
  const hint =
    plural === undefined ? didYouMean(list.name, PLURALS.values()) : `did you mean "${plural}"?`;
  if (hint === undefined) return undefined;
  return {
    message: `the objects of the state are listed by plural, and "${list.name}" is none`,
    hint,
  };
}

function nameAt(path: string, position: number): { name: string; end: number } | undefined {
  const found = NAME.exec(path.slice(position));
  if (found === null) return undefined;
  return { name: found[1] ?? found[2] ?? found[3] ?? '', end: position + found[0].length };
}
