// Which module a file asks for, and which file that is.

import { posix } from 'node:path';
import { codeOf } from './code-text';
import { lineAt } from './finding';
import type { SourceFile } from './finding';

export interface Import {
  readonly line: number;
  /** As written: `./ip`, `../values/ip`, `node:fs`, `yaml`. */
  readonly specifier: string;
}

const IMPORT =
  /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*|\brequire\.resolve\s*\(\s*)(['"])( *)\1/g;

/** Every static, dynamic, type-only or re-exporting import with a literal specifier. */
export function importsOf(file: SourceFile): Import[] {
  return [...codeOf(file.text).matchAll(IMPORT)].map((match) => {
    const end = match.index + match[0].length - 1;
    const specifier = file.text.slice(end - match[2]!.length, end);
    return { line: lineAt(file.text, match.index), specifier };
  });
}

/** The path without ending that a relative specifier means; undefined for packages. */
export function targetOf(file: SourceFile, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return posix.join(posix.dirname(file.path), specifier).replace(/\.(ts|js)$/, '');
}

/** The name under which a package is installed: `ajv/dist/2020` is `ajv`; `node:fs` stays. */
export function packageOf(specifier: string): string {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]!;
}
