// Goal: each form in which a name can be exported is seen.

import { expect } from 'chai';
import { exportsOf } from './exports';

describe('public names', () => {
  it('are read off every form of export', () => {
    const text = [
      'export const A = 1;',
      'export function b() {}',
      'export interface C {}',
      'export class D {}',
      "export { e, f as g } from './e';",
      "export type {\n  H,\n  I,\n} from './h';",
      'const hidden = 1;',
      'export default kill;',
    ].join('\n');
    expect(exportsOf([{ path: 'src/index.ts', text }])).to.deep.equal([
      'src/index.ts: A',
      'src/index.ts: D',
      'src/index.ts: b',
      'src/index.ts: default',
      'src/index.ts: e',
      'src/index.ts: g',
      'src/index.ts: type C',
      'src/index.ts: type H',
      'src/index.ts: type I',
    ]);
  });
});
