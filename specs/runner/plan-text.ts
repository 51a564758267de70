// Scenarios written inside of specs: compiled as if they stood in a file of the repository.

import { expect } from 'chai';
import { load } from '../../src/chai/load';
import { DISK } from '../../src/language/source';
import type { Plan } from '../../src/language/plan';

/** The plan of a text that has no errors; `file` is the name that its places carry. */
export function planText(text: string, file: string): Plan {
  const { plans, diagnostics } = load([file], {
    read: (path) => (path.endsWith(file) ? { is: 'text', text } : DISK.read(path)),
    expand: (path) => (path === file ? [file] : DISK.expand(path)),
  });
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  expect(errors.map(({ message }) => message)).to.deep.equal([]);
  return plans[0]!;
}
