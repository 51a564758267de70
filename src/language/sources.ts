// Files, each read and parsed once: many scenarios point to the same manifests, and reading YAML is
// the largest cost of all.

import type { Diagnostic } from '../values/diagnostic';
import { Report } from './report';
import { parseSource, relativeTo, reportNotUtf8, reportTooLarge, reportUnreadable } from './source';
import type { Files, FileText, Source } from './source';
import { SourceText } from './source-text';

/** A parsed file with what was wrong with it, or the reason why there is none. */
export type Loaded =
  | { readonly is: 'source'; readonly source: Source; readonly diagnostics: readonly Diagnostic[] }
  | { readonly is: 'missing' | 'folder' };

/** Kept over loads, which happen file by file; a text that has changed since is parsed anew. */
const PARSED = new Map<string, { readonly text: string; readonly loaded: Loaded }>();

export class Sources {
  private readonly files: Files;
  private readonly loaded = new Map<string, Loaded>();

  constructor(files: Files) {
    this.files = files;
  }

  /** The file at a path seen from the working directory. */
  load(path: string): Loaded {
    let loaded = this.loaded.get(path);
    if (loaded === undefined) {
      loaded = this.read(path);
      this.loaded.set(path, loaded);
    }
    return loaded;
  }

  /** The files that a path means which stands in `file`; empty where it leads nowhere. */
  expand(file: string, path: string): readonly string[] {
    const found = this.files.expand(relativeTo(file, path));
    return found.filter((one) => this.load(one).is === 'source');
  }

  /** Lines of every file that was read, for code frames. */
  linesOf(path: string): readonly string[] | undefined {
    const loaded = this.loaded.get(path);
    return loaded?.is === 'source' ? loaded.source.text.lines : undefined;
  }

  private read(path: string): Loaded {
    const file = this.files.read(path);
    if (file.is === 'missing' || file.is === 'folder') return { is: file.is };
    const report = new Report();
    if (file.is === 'text') {
      const known = PARSED.get(path);
      if (known?.text === file.text) return known.loaded;
      const source = parseSource(path, file.text, report);
      const loaded: Loaded = { is: 'source', source, diagnostics: report.diagnostics };
      PARSED.set(path, { text: file.text, loaded });
      return loaded;
    }
    const text = new SourceText(path, file.is === 'not-utf8' ? file.before : '');
    reportRefused(text, file, report);
    const source: Source = { text, documents: [], lacksManifests: true };
    return { is: 'source', source, diagnostics: report.diagnostics };
  }
}

/** Why there is no text of a file that is there. */
function reportRefused(
  source: SourceText,
  file: Exclude<FileText, { is: 'text' | 'missing' | 'folder' }>,
  report: Report,
): void {
  if (file.is === 'too-large') reportTooLarge(source, file.bytes, report);
  else if (file.is === 'not-utf8') reportNotUtf8(source, report);
  else reportUnreadable(source, file.why, report);
}
