// Scenarios written inside of specs: compiled as if they stood in a file of the repository.

import { expect } from 'chai';
import { load } from '../../src/chai/load';
import { DISK } from '../../src/language/source';
import type { Plan } from '../../src/language/plan';

/** The plan of a text that has no errors; `file` is the name that its places carry. */
export function planText(text: string, file: string): Plan {
  expect(errorsIn(text, file)).to.deep.equal([]);
  return loadText(text, file).plans[0]!;
}

/** The diagnostics in a text, as `severity line:column message`. */
export function diagnosticsIn(text: string, file: string): string[] {
  return loadText(text, file)
    .diagnostics.filter(({ range }) => range !== undefined && range.file.endsWith(file))
    .map(({ severity, message, range }) => `${severity} ${range.line}:${range.column} ${message}`);
}

/** What is wrong with a text. */
export function errorsIn(text: string, file: string): string[] {
  return loadText(text, file)
    .diagnostics.filter(({ severity }) => severity === 'error')
    .map(({ message }) => message);
}

/** What is loaded of a text; other files are those of the repository. */
export function loadText(text: string, file: string): ReturnType<typeof load> {
  return load([file], {
    read: (path) => (path.endsWith(file) ? { is: 'text', text } : DISK.read(path)),
    expand: (path) => (path === file ? [file] : DISK.expand(path)),
  });
}
