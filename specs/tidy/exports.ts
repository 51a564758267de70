// The public names, read off the files that package.json exports. A change of them is a change
// that users see: it stands in a golden, and so in every review.

import type { SourceFile } from './finding';

/** `src/index.ts: createCluster` and `src/index.ts: type Cluster`, sorted. */
export function exportsOf(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, text }) => namesOf(text).map((name) => `${path}: ${name}`)).sort();
}

const DECLARED =
  /^export (?:declare )?(?:default )?(?:abstract )?(const|let|function\*?|class|interface|type) (\w+)/gm;
const LISTED = /^export (type )?\{([^}]*)\}/gm;
const STARRED = /^export (?:type )?\* .*/gm;

function namesOf(text: string): string[] {
  const declared = [...text.matchAll(DECLARED)].map(([, word, name]) =>
    word === 'interface' || word === 'type' ? `type ${name}` : name!,
  );
  const listed = [...text.matchAll(LISTED)].flatMap(([, type, list]) =>
    list!
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '')
      .map((item) => `${type ?? ''}${item.replace(/^.* as /, '')}`),
  );
  return [...declared, ...listed, ...(text.match(STARRED) ?? []), ...defaultOf(text)];
}

function defaultOf(text: string): string[] {
  return /^export (?:default |= )(?!function|class)/m.test(text) ? ['default'] : [];
}
