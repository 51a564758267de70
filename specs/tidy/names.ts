// Names that say nothing, and marks of unfinished work.

import type { Finding, SourceFile } from './finding';

const EMPTY_NAMES = new Set(['util', 'utils', 'common', 'misc', 'helper', 'helpers']);

/** No part of a path may be a word that fits everything. */
export function checkNames(paths: readonly string[]): Finding[] {
  return paths.flatMap((path) => {
    const parts = path.replace(/\.[^/]*$/, '').split('/');
    const empty = parts.filter((part) => EMPTY_NAMES.has(part.toLowerCase()));
    const message = `"${empty[0]}" fits everything: name what is in it`;
    return empty.length === 0 ? [] : [{ path, message }];
  });
}

// Written in two parts, so that this file has none itself.
export const MARKS: readonly string[] = [
  ['FIX', 'ME'],
  ['TO', 'DO'],
  ['X', 'XX'],
].map((it) => it.join(''));
const UNFINISHED = new RegExp(`\\b(?:${MARKS.join('|')})\\b`);

/** What is not finished is finished, or written down as a limitation. */
export function checkUnfinished(files: readonly SourceFile[]): Finding[] {
  return files.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => {
      const mark = UNFINISHED.exec(line)?.[0];
      if (mark === undefined) return [];
      const message = `${mark}: do it, or say in docs/limitations.md that it is missing`;
      return [{ path, line: index + 1, message }];
    }),
  );
}
