// Reads the project for the checks. Everything else in this folder is a pure function.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SourceFile } from './finding';

/** Paths of all files below `folder`, sorted, with forward slashes. */
export function pathsBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).replaceAll('\\', '/'))
    .sort();
}

/** The files below the folders whose names end so, with their texts. */
export function filesBelow(folders: readonly string[], ending: string): SourceFile[] {
  return folders
    .flatMap((folder) => pathsBelow(folder))
    .filter((path) => path.endsWith(ending))
    .map(readSource);
}

export function readSource(path: string): SourceFile {
  return { path, text: readFileSync(path, 'utf8') };
}
