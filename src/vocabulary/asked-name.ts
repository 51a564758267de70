// The names that clients ask for, as far as a look at the text tells what is none.

import type { ManifestProblem } from '../language/lexicon';

/**
 * What is wrong with a name that stands at `path` of the arguments of a word. A space in it is
 * never meant: no record of a cluster has one, and the answer would be NXDOMAIN for that alone.
 * source: RFC 952 (ASSUMPTIONS 1: no blank characters as part of a name)
 */
export function nameProblems(name: string, path: string): readonly ManifestProblem[] {
  if (!/\s/.test(name)) return [];
  const message = `"${name}" is no name of a host: it has a space`;
  const hint = 'one lookup is of one name, without its type or its server';
  return [{ path, severity: 'error', message, hint }];
}
