// Texts that are stored and compared to the byte. UPDATE_GOLDEN=1 writes them anew.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';

/** Compares `text` with the file; writes the file instead where UPDATE_GOLDEN is set. */
export function expectGolden(path: string, text: string): void {
  if (process.env['UPDATE_GOLDEN'] === '1') return writeFileSync(path, text);
  const stored = existsSync(path) ? readFileSync(path, 'utf8') : '';
  expect(text, `${path} differs; UPDATE_GOLDEN=1 npm test rewrites it`).to.equal(stored);
}
