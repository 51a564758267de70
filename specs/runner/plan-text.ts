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

/** What is wrong with a text. */
export function errorsIn(text: string, file: string): string[] {
  return loadText(text, file)
    .diagnostics.filter(({ severity }) => severity === 'error')
    .map(({ message }) => message);
}

function loadText(text: string, file: string): ReturnType<typeof load> {
  return load([file], {
    read: (path) => (path.endsWith(file) ? { is: 'text', text } : DISK.read(path)),
    expand: (path) => (path === file ? [file] : DISK.expand(path)),
  });
}
