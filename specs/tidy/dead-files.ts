// Files that nothing reaches from an entry point of the package.

import { posix } from 'node:path';
import { importsOf, targetOf } from './imports';
import type { Finding, SourceFile } from './finding';

interface Manifest {
  readonly main: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
}

/** The sources behind `main`, `bin`, `exports` and the scripts of package.json. */
export function entryPoints(manifest: Manifest, files: readonly SourceFile[]): string[] {
  const targets = [
    manifest.main,
    ...Object.values(manifest.bin),
    ...Object.values(manifest.exports),
    ...Object.values(manifest.scripts).flatMap(
      (script) => script.match(/dist\/[\w/.-]+\.js/g) ?? [],
    ),
  ];
  const sources = targets.map((it) => it.replace(/^(\.\/)?dist\//, '').replace(/\.js$/, '.ts'));
  return files
    .map(({ path }) => path)
    .filter((path) => sources.some((source) => matchesPattern(path, source)));
}

/** `reporters/*.ts` names each file of that folder, as an export pattern does. */
function matchesPattern(path: string, pattern: string): boolean {
  const [before, after] = pattern.split('*');
  if (after === undefined) return path === pattern;
  return path.startsWith(before!) && path.endsWith(after);
}

/** Every file that no entry point reaches, with the line that is missing. */
export function checkDeadFiles(
  entries: readonly string[],
  files: readonly SourceFile[],
): Finding[] {
  if (entries.length === 0) return [{ path: 'package.json', message: 'names no entry point' }];
  const alive = reachable(entries, files);
  return files
    .filter(({ path }) => !alive.has(path))
    .map(({ path }) => ({ path, message: `nothing imports it; ${missingLine(path, files)}` }));
}

function reachable(entries: readonly string[], files: readonly SourceFile[]): Set<string> {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const alive = new Set<string>();
  const queue = [...entries];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    const file = byPath.get(path);
    if (file === undefined || alive.has(path)) continue;
    alive.add(path);
    for (const { specifier } of importsOf(file)) {
      const target = targetOf(file, specifier);
      if (target !== undefined) queue.push(`${target}.ts`, `${target}/index.ts`);
    }
  }
  return alive;
}

/** The import as it would stand in the nearest list above the file. */
function missingLine(path: string, files: readonly SourceFile[]): string {
  const word = posix.basename(path, '.ts');
  const name = word.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  for (let folder = posix.dirname(path); folder !== '.'; folder = posix.dirname(folder)) {
    const index = `${folder}/index.ts`;
    if (index === path || !files.some((file) => file.path === index)) continue;
    const from = `./${posix.relative(folder, path).replace(/\.ts$/, '')}`;
    return `add to ${index}: import { ${name} } from '${from}';`;
  }
  return 'import it where it is needed, or delete it';
}
