// Text → documents with places. Here, and nowhere else in this folder, files are read.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import type { Dirent } from 'node:fs';
import { posix } from 'node:path';
import { sortedBy } from '../values/order';
import { didYouMean } from './did-you-mean';
import { fixedPart, globToRegExp, isPattern } from './glob';
import { parseDocument } from './parse-document';
import type { Report } from './report';
import type { Dialect } from './scalar';
import { SourceText } from './source-text';
import { splitStream } from './split-stream';
import type { Chunk } from './split-stream';
import { child, textOf } from './tree';
import type { Tree } from './tree';

/** Files larger than this are refused without being read: nobody writes such a scenario by hand. */
const LARGEST_FILE = 10 * 1_024 * 1_024;

/** A document and what it is. */
export interface SourceDocument {
  readonly is: 'scenario' | 'manifest' | 'neither';
  readonly tree: Tree;
}

/** A file after parsing. Broken documents are missing here and named in the report. */
export interface Source {
  readonly text: SourceText;
  readonly documents: readonly SourceDocument[];
  /** Whether a document is broken that may have been a manifest: those that are left lack it. */
  readonly lacksManifests: boolean;
}

/** Where texts come from: the disk, or a table in a specification. */
export interface Files {
  /** The text of a file, or why there is none. */
  read(path: string): FileText;
  /** Files behind a path, sorted: itself, those of a folder with all below, those of a pattern. */
  expand(path: string): readonly string[];
}

export type FileText =
  | { readonly is: 'text'; readonly text: string }
  | { readonly is: 'missing' }
  | { readonly is: 'folder' }
  | { readonly is: 'unreadable'; readonly why: string }
  /** `before`: what stands before the first byte that is none; empty in what is no text at all. */
  | { readonly is: 'not-utf8'; readonly before: string }
  | { readonly is: 'too-large'; readonly bytes: number };

/** Cuts and parses a text. A broken document never hides the others. */
export function parseSource(path: string, text: string, report: Report): Source {
  const source = new SourceText(path, text);
  if (text.length > LARGEST_FILE) {
    reportTooLarge(source, text.length, report);
    return { text: source, documents: [], lacksManifests: true };
  }
  const documents: SourceDocument[] = [];
  let lacksManifests = false;
  for (const chunk of splitStream(text)) {
    const document = readDocument(source, chunk, report);
    if (document === 'broken') lacksManifests ||= !mentionsScenario(source, chunk);
    else if (document !== 'empty') documents.push(document);
  }
  return { text: source, documents, lacksManifests };
}

/** A diagnostic about a file as a whole stands at its first character. */
export function reportTooLarge(source: SourceText, bytes: number, report: Report): void {
  const megabytes = (bytes / 1_048_576).toFixed(1);
  report.error(
    'KD1002',
    { source, start: 0, end: 0 },
    `this file is ${megabytes} MB; more than 10 MB are not read`,
    'split it, or point `manifests` to the files that the scenario needs',
  );
}

/**
 * A binary, or a text of another encoding: guessing it would change what it says. The source ends
 * before the first byte that is not UTF-8.
 */
export function reportNotUtf8(source: SourceText, report: Report): void {
  report.error(
    'KD1003',
    { source, start: source.text.length, end: source.text.length },
    'this is not YAML: the file is not text in UTF-8',
    'save it as UTF-8, or leave it out',
  );
}

/** The system refuses to hand the file out. */
export function reportUnreadable(source: SourceText, why: string, report: Report): void {
  report.error('KD1001', { source, start: 0, end: 0 }, `this cannot be read: ${why}`);
}

function mentionsScenario({ text }: SourceText, { start, end }: Chunk): boolean {
  return /^scenario[ \t]*:/m.test(text.slice(start, end));
}

function readDocument(
  source: SourceText,
  chunk: Chunk,
  report: Report,
): SourceDocument | 'broken' | 'empty' {
  const text = source.text.slice(chunk.start, chunk.end);
  const guess = guessDialect(text);
  const tree = parseDocument(source, chunk, guess, report);
  if (tree === undefined) return 'broken';
  if (tree.value === null) return 'empty';
  const is = whatIs(tree);
  const dialect: Dialect = is === 'scenario' ? 'core' : 'kubernetes';
  if (dialect === guess || is === 'neither') return { is, tree };
  const again = parseDocument(source, chunk, dialect, report);
  return again === undefined ? 'broken' : { is, tree: again };
}

/** Nearly always right, and then the document is parsed only once. */
function guessDialect(text: string): Dialect {
  return /^apiVersion[ \t]*:/m.test(text) && !/^scenario[ \t]*:/m.test(text)
    ? 'kubernetes'
    : 'core';
}

function whatIs(tree: Tree): SourceDocument['is'] {
  if (child(tree, 'scenario') !== undefined) return 'scenario';
  const manifest =
    textOf(child(tree, 'apiVersion')) !== undefined && textOf(child(tree, 'kind')) !== undefined;
  return manifest ? 'manifest' : 'neither';
}

/** Says what a document that is neither a scenario nor a manifest was probably meant to be. */
export function reportNeither({ tree }: SourceDocument, report: Report): void {
  const keys = [...(tree.entries?.keys() ?? [])];
  const slip = keys.find((key) => didYouMean(key, ['scenario']) !== undefined);
  const half = ['apiVersion', 'kind'].filter((key) => keys.includes(key));
  if (half.length === 1) {
    const missing = half[0] === 'kind' ? 'apiVersion' : 'kind';
    report.error('KD1201', firstKey(tree), `this manifest has no ${missing}`);
  } else {
    report.error(
      'KD1009',
      slip === undefined ? firstKey(tree) : tree.entries!.get(slip)!.key,
      'this document is neither a scenario nor a manifest',
      slip === undefined
        ? 'a scenario has the key `scenario`, a manifest has `apiVersion` and `kind`'
        : 'did you mean "scenario"?',
    );
  }
}

function firstKey(tree: Tree) {
  return [...(tree.entries?.values() ?? [])][0]?.key ?? tree.place;
}

/** Refuses what is no UTF-8, and keeps a byte order mark: the parser knows it. */
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Says U+FFFD where a byte is no UTF-8. */
const LOSSY_UTF8 = new TextDecoder('utf-8', { ignoreBOM: true });

function textBeforeBroken(path: string): string {
  const [before = ''] = LOSSY_UTF8.decode(readFileSync(path)).split('\ufffd', 1);
  const isText = [...before].every((letter) => letter >= ' ' || '\t\r\n'.includes(letter));
  return isText && !before.includes('\x7f') ? before : '';
}

/** The files of the disk. Paths are relative to the working directory. */
export const DISK: Files = {
  read(path) {
    try {
      const status = statSync(path);
      if (status.isDirectory()) {
        // A folder that cannot be listed must not pass for an empty one.
        if (entriesOf(path) !== undefined) return { is: 'folder' };
        return { is: 'unreadable', why: 'permission to list this folder is denied' };
      }
      if (status.size > LARGEST_FILE) return { is: 'too-large', bytes: status.size };
      return { is: 'text', text: UTF8.decode(readFileSync(path)) };
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
        return { is: 'not-utf8', before: textBeforeBroken(path) };
      }
      return /^E(ACCES|PERM)$/.test(code)
        ? { is: 'unreadable', why: 'permission denied' }
        : { is: 'missing' };
    }
  },
  expand(path) {
    const clean = path.replaceAll('\\', '/');
    if (isPattern(clean)) {
      const wanted = globToRegExp(clean);
      return filesBelow(fixedPart(clean), (file) => wanted.test(file));
    }
    return kindOfFile(clean) === 'folder' ? filesBelow(clean, isYaml) : [clean];
  },
};

function isYaml(path: string): boolean {
  return /\.(ya?ml|json)$/.test(path);
}

function kindOfFile(path: string): 'file' | 'folder' | 'missing' {
  try {
    return statSync(path).isDirectory() ? 'folder' : 'file';
  } catch {
    return 'missing';
  }
}

/**
 * Every file below a folder that is wanted, sorted, and every folder that cannot be listed: reading
 * it tells why. Hidden folders and node_modules are not entered.
 */
function filesBelow(folder: string, isWanted: (file: string) => boolean): readonly string[] {
  const here = folder === '' ? '.' : folder;
  if (kindOfFile(here) !== 'folder') return [];
  const entries = entriesOf(here);
  if (entries === undefined) return [folder];
  const found: string[] = [];
  const prefix = folder === '' ? '' : `${folder.replace(/\/$/, '')}/`;
  for (const entry of sortedBy(entries, ({ name }) => name)) {
    const path = `${prefix}${entry.name}`;
    if (entry.isDirectory()) {
      if (/^\.|^node_modules$/.test(entry.name)) continue;
      // One by one: a whole disk has more files than a call may have arguments.
      for (const file of filesBelow(path, isWanted)) found.push(file);
    } else if (isWanted(path)) {
      found.push(path);
    }
  }
  return found;
}

/** What a folder contains; undefined where the system refuses to list it. */
function entriesOf(folder: string): readonly Dirent[] | undefined {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    if (/^E(ACCES|PERM)$/.test(code)) return undefined;
    throw error;
  }
}

/** A path as written in a file, seen from the working directory. */
export function relativeTo(file: string, path: string): string {
  const clean = path.replaceAll('\\', '/');
  return posix.isAbsolute(clean) ? clean : posix.join(posix.dirname(file), clean);
}
