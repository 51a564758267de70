// Goal: what is one line too long is found, what just fits is not. Method: texts made to measure.

import { expect } from 'chai';
import { formatFinding } from './finding';
import { checkSizes } from './sizes';

function findingsIn(text: string, path = 'src/a.ts'): string[] {
  return checkSizes([{ path, text }]).map(formatFinding);
}

function body(head: string, lines: number, end = '}', indent = ''): string {
  const middle = Array<string>(lines - 2).fill(`${indent}  work();`);
  return [`${indent}${head}`, ...middle, `${indent}${end}`].join('\n');
}

describe('sizes', () => {
  it('stop a file at 400 lines', () => {
    expect(findingsIn('a;\n'.repeat(400))).to.deep.equal([]);
    expect(findingsIn('a;\n'.repeat(401))).to.deep.equal([
      'src/a.ts: 401 lines; at most 400: split it by subject',
    ]);
  });

  it('stop a line at 100 columns, in specs at 140', () => {
    expect(findingsIn(`x;\n${'x'.repeat(100)}`)).to.deep.equal([]);
    expect(findingsIn(`x;\n${'x'.repeat(101)}`)).to.deep.equal([
      'src/a.ts:2: 101 columns; at most 100',
    ]);
    expect(findingsIn('x'.repeat(140), 'specs/a.spec.ts')).to.deep.equal([]);
    expect(findingsIn('x'.repeat(141), 'specs/a.spec.ts')).to.have.lengthOf(1);
  });

  const heads: readonly (readonly [string, string, string])[] = [
    ['a function', 'export function run(a: number): void {', '}'],
    ['an arrow function', 'const run = (a: number) => {', '};'],
    ['a callback', 'items.forEach((item) => {', '});'],
    ['a method', 'private run(a: number): void {', '}'],
    ['a getter', 'get size(): number {', '}'],
  ];
  for (const [what, head, end] of heads) {
    it(`stop ${what} at 70 lines`, () => {
      expect(findingsIn(body(head, 70, end, '  '))).to.deep.equal([]);
      expect(findingsIn(body(head, 71, end, '  '))).to.deep.equal([
        'src/a.ts:1: a function of 71 lines; at most 70: name its parts',
      ]);
    });
  }

  it('count a header over several lines', () => {
    const head = 'function run(\n  a: number,\n): void {';
    expect(findingsIn(`${head}\n${'  work();\n'.repeat(67)}}`)).to.have.lengthOf(1);
    expect(findingsIn(`${head}\n${'  work();\n'.repeat(66)}}`)).to.deep.equal([]);
  });

  it('leave the tables of describe alone', () => {
    expect(findingsIn(body("describe('all', () => {", 90, '});'))).to.deep.equal([]);
  });
});
