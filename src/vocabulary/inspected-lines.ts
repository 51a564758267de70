// Which lines of the journal may have changed what a query looks at: the chain of causes of an
// `inspect` ends with one of them.

import { names } from '../apiserver/kinds/index';
import type { JournalLine } from './define';
import { query } from './json-path';

const OBJECTS = /^\$\.objects(?:\.([\w-]+)|\[\s*['"]([^'"]+)['"]\s*\])/;
const NODE = /^\$\.nodes(?:\.([\w-]+)|\[\s*['"]([^'"]+)['"]\s*\])?/;

/**
 * Whether a line may be what changed the answer to a query: of objects what the API server did
 * with one of that kind, of a node what its agents did, of the journal what the query finds.
 */
export function isInspected(path: string, line: JournalLine): boolean {
  if (path.startsWith('$.journal')) return query({ journal: [line] }, path).length > 0;
  if (path.startsWith('$.loadBalancers')) return line.action === 'announces';
  const objects = OBJECTS.exec(path);
  if (objects !== null) {
    const plural = objects[1] ?? objects[2] ?? '';
    const kind = names.get(plural.toLowerCase()) ?? plural;
    return line.actor === 'apiserver' && line.subject.startsWith(`${kind}/`);
  }
  const node = NODE.exec(path);
  if (node === null) return false;
  const host = node[1] ?? node[2];
  return host === undefined ? line.actor.includes('@') : line.actor.endsWith(`@${host}`);
}
