// A word of the language is four things that belong together: its file, its spec, a scenario
// that uses it, and its place in the reference.

import { posix } from 'node:path';
import type { Finding, SourceFile } from './finding';

export type WordFolder = 'faults' | 'actions' | 'claims' | 'operators';

export interface Word {
  readonly folder: WordFolder;
  readonly name: string;
}

export interface VocabularyFiles {
  /** Paths of all files of src and specs. */
  readonly paths: readonly string[];
  readonly scenarios: readonly SourceFile[];
  /** The pages of docs/reference. */
  readonly pages: readonly SourceFile[];
}

/** What each word lacks. A language without words is a finding too. */
export function checkVocabulary(words: readonly Word[], files: VocabularyFiles): Finding[] {
  if (words.length === 0) {
    return [{ path: 'src/vocabulary/index.ts', message: 'the language has no words' }];
  }
  return words.flatMap((word) => lacking(word, files));
}

function lacking({ folder, name }: Word, { paths, scenarios, pages }: VocabularyFiles): Finding[] {
  const path = `src/vocabulary/${folder}/${name}.ts`;
  const spec = `specs/vocabulary/${folder}/${name}.spec.ts`;
  const page = `docs/reference/${folder}.md`;
  const text = pages.find((it) => it.path === page)?.text ?? '';
  const lacks = [
    paths.includes(path) ? '' : `the word "${name}" has no file of its own`,
    paths.includes(spec) ? '' : `has no spec: write ${spec}`,
    scenarios.some((scenario) => usesWord(scenario.text, name))
      ? ''
      : `no scenario uses "${name}": write one under scenarios/`,
    text.includes(`\`${name}\``) ? '' : `is not in ${page}: npm run docs`,
  ];
  return lacks.filter((message) => message !== '').map((message) => ({ path, message }));
}

/** Whether the word stands as a key, in block or flow style, outside of comments. */
function usesWord(text: string, word: string): boolean {
  const key = new RegExp(`(?:^|[-{,]|\\s)\\s*${word}:(?:\\s|$)`, 'm');
  return key.test(text.replace(/^\s*#.*$/gm, ''));
}

export interface DiagnosticFiles {
  readonly sources: readonly SourceFile[];
  /** The expected diagnostics of broken inputs: specs/language/bad/*.diagnostics.txt. */
  readonly goldens: readonly SourceFile[];
  readonly page: SourceFile | undefined;
}

/** Every code that the sources give is in the reference, and some broken input provokes it. */
export function checkDiagnostics({ sources, goldens, page }: DiagnosticFiles): Finding[] {
  const path = 'docs/reference/diagnostics.md';
  const codes = codesOf(sources);
  if (codes.length === 0) return [{ path, message: 'no source gives any diagnostic' }];
  return codes.flatMap((code) => [
    ...(page?.text.includes(`\`${code}\``) ? [] : [{ path, message: `${code} is missing` }]),
    ...(goldens.some(({ text }) => text.includes(code))
      ? []
      : [{ path: 'specs/language/bad', message: `no broken input provokes ${code}` }]),
  ]);
}

function codesOf(sources: readonly SourceFile[]): string[] {
  const codes = sources.flatMap(({ text }) => text.match(/\bKD\d{4}\b/g) ?? []);
  return [...new Set(codes)].sort();
}

/**
 * A golden belongs to somebody: an input beside it (`a.yaml` for `a.plan.json`), or a spec that
 * names it. One that belongs to nobody would never fail.
 */
export function checkGoldens(paths: readonly string[], specs: readonly SourceFile[]): Finding[] {
  const all = new Set(paths);
  return paths.filter(isGolden).flatMap((path) => {
    const stem = path.replace(/\.(?:plan\.json|diagnostics\.txt|golden\.\w+)$/, '');
    if (all.has(`${stem}.yaml`) || all.has(`${stem}.yml`)) return [];
    const name = posix.basename(path);
    if (specs.some(({ text }) => text.includes(name))) return [];
    return [{ path, message: 'is a golden of nothing: delete it, or name it in a spec' }];
  });
}

function isGolden(path: string): boolean {
  return /\.(?:plan\.json|diagnostics\.txt|golden\.\w+)$/.test(path);
}
