// Paths → plans. A broken file, or a broken scenario in a file, never hides the others.

import type { Diagnostic } from '../values/diagnostic';
import { compileScenario } from './compile';
import type { CompileContext } from './compile';
import type { Lexicon } from './lexicon';
import { ManifestReader } from './manifests';
import type { Plan } from './plan';
import { Report } from './report';
import { DISK, reportNeither } from './source';
import type { Files, Source } from './source';
import { SourceText } from './source-text';
import { Sources } from './sources';
import type { SchemaValidator } from './validate';

export interface LoadedFile {
  readonly path: string;
  /** Plans of its scenarios, one for each row of a matrix. */
  readonly plans: readonly Plan[];
  /** Whether anything in it cannot be run. */
  readonly broken: boolean;
}

export interface LoadedScenarios {
  readonly plans: readonly Plan[];
  /** Errors, and warnings about files. Warnings about a scenario that runs are its plan's notes. */
  readonly diagnostics: readonly Diagnostic[];
  /** In the order of the paths, each once. */
  readonly files: readonly LoadedFile[];
  /** The lines of a file that was read, for code frames. */
  readonly linesOf: (path: string) => readonly string[] | undefined;
}

export interface LoadOptions {
  /** The validator of the lexicon's schema; by default the one that the build generated. */
  readonly validator?: SchemaValidator;
}

/** Loads every scenario behind the paths: files, folders and patterns. */
export function loadScenarios(
  paths: readonly string[],
  lexicon: Lexicon,
  files: Files = DISK,
  options: LoadOptions = {},
): LoadedScenarios {
  const sources = new Sources(files);
  const manifests = new ManifestReader(sources, lexicon.kinds);
  const context: CompileContext = { lexicon, sources, manifests, ...options };
  const report = new Report();
  const loaded: LoadedFile[] = [];
  for (const path of new Set(paths.flatMap((one) => existing(one, files, report)))) {
    loaded.push(loadFile(path, context, report));
  }
  return {
    plans: loaded.flatMap((file) => file.plans),
    diagnostics: report.diagnostics,
    files: loaded,
    linesOf: (path) => sources.linesOf(path),
  };
}

function existing(path: string, files: Files, report: Report): readonly string[] {
  const found = files.expand(path.replaceAll('\\', '/'));
  if (found.length === 0) reportMissing(path, `no file matches ${path}`, report);
  return found;
}

function loadFile(path: string, context: CompileContext, report: Report): LoadedFile {
  const loaded = context.sources.load(path);
  if (loaded.is !== 'source') {
    reportMissing(path, `there is no file ${path}`, report);
    return { path, plans: [], broken: true };
  }
  report.include(loaded.diagnostics);
  const plans: Plan[] = [];
  const own = new Report();
  own.include(loaded.diagnostics);
  for (const document of loaded.source.documents) {
    if (document.is === 'neither') reportNeither(document, own);
    if (document.is !== 'scenario') continue;
    const compiled = compileScenario(document.tree, context);
    plans.push(...compiled.plans);
    if (compiled.plans.length === 0) own.include(compiled.diagnostics);
  }
  reportEmpty(loaded.source, own);
  report.include(own.diagnostics);
  return { path, plans, broken: own.hasErrors };
}

function reportEmpty({ text, documents }: Source, report: Report): void {
  if (report.hasErrors || documents.some(({ is }) => is === 'scenario')) return;
  const what = documents.length === 0 ? 'this file is empty' : 'this file holds no scenario';
  report.warn('KD1010', { source: text, start: 0, end: 0 }, what);
}

function reportMissing(path: string, message: string, report: Report): void {
  report.error('KD1001', { source: new SourceText(path, ''), start: 0, end: 0 }, message);
}
