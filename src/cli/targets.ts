// What the user names on the command line: files, folders, globs, and `file.yaml:31`.

import { isPattern } from '../language/glob';
import type { Files } from '../language/source';
import { compareText } from '../values/order';

const DEFAULT_TARGETS = ['scenarios/**/*.yaml'];

export interface Targets {
  /** Sorted, each once, with forward slashes as the user began them. */
  readonly files: readonly string[];
  /** Lines asked for by file; a file that is not in here is wanted as a whole. */
  readonly lines: ReadonlyMap<string, readonly number[]>;
  /** Those that were named by themselves, not found by a folder or a glob. */
  readonly named: ReadonlySet<string>;
  /** What does not exist or matches nothing. */
  readonly problems: readonly string[];
}

/** Finds the files of every argument; without any, the scenarios where they belong. */
export function findTargets(given: readonly string[], files: Files): Targets {
  const found = new Set<string>();
  const whole = new Set<string>();
  const named = new Set<string>();
  const lines = new Map<string, number[]>();
  const problems: string[] = [];
  for (const text of given.length === 0 ? DEFAULT_TARGETS : given) {
    const { path, line } = splitLine(text, files);
    const matches = files.expand(path);
    if (matches.length === 0) problems.push(problemOf(path));
    for (const file of matches) {
      if (files.read(file).is === 'missing') {
        problems.push(`no such file: ${file}`);
        continue;
      }
      found.add(file);
      if (file === path) named.add(file);
      if (line === undefined) whole.add(file);
      else lines.set(file, [...(lines.get(file) ?? []), line]);
    }
  }
  for (const file of whole) lines.delete(file);
  return { files: [...found].sort(compareText), lines, named, problems };
}

/** A file of that very name comes first, whatever characters it holds. */
function splitLine(text: string, files: Files): { path: string; line?: number } {
  const path = text.replaceAll('\\', '/').replace(/^(\.\/)+/, '');
  const match = /^(.+?):(\d+)(?::\d+)?$/.exec(path);
  if (match === null || files.read(path).is === 'text') return { path };
  return { path: match[1]!, line: Number(match[2]) };
}

function problemOf(path: string): string {
  return isPattern(path) ? `no file matches ${path}` : `no YAML file below ${path}`;
}
