// Goal: of a broken text, the line that stands in a column of its own is found, and compared with
// what it should stand like; of a text in order nothing is said.

import { expect } from 'chai';
import { findMisplaced } from '../../src/language/indentation';

function found(...lines: readonly string[]): string | undefined {
  return findMisplaced(lines, 0, lines.length - 1)?.hint;
}

describe('a line in a column of its own', () => {
  it('is compared with its like: an item with items, a key with keys', () => {
    expect(found('expect:', '  - at: 5s', '    by: 2s', '     - at: 6s')).to.equal(
      'the items of one list begin in one column: "- at" in column 6, "- at" of line 2 in 3',
    );
    expect(found('expect:', '  - at: 5s', '   by: 2s')).to.equal(
      'keys of one mapping begin in one column: "by" in column 4, "at" of line 2 in 5',
    );
  });

  it('is none of a text, of a comment or between brackets', () => {
    const text = ['about: >', '    two', '      by: 3', '     # four', 'tags: [', ' by: 1,', '  ]'];
    expect(found(...text, 'end: 5s')).to.equal(undefined);
    expect(found(...text, ' end: 5s')).to.contain('"end" in column 2, "tags" of line 5 in 1');
  });

  it('is none of a list in the column of its key, nor of an empty key', () => {
    expect(found('expect:', '- at: 5s', '  by: 1s', '- at: 6s', 'end: 9s')).to.equal(undefined);
    expect(found('cluster:', 'expect:', '  - &one', '    at: 5s')).to.equal(undefined);
  });

  it('is looked for no further than the line at which the text broke, and the one after it', () => {
    const lines = ['a: 1', 'b: 2', 'c: 3', '  d: 4'];
    expect(findMisplaced(lines, 0, 0)).to.equal(undefined);
    expect(findMisplaced(lines, 0, 2)).to.include({ line: 3, column: 2, text: 'd' });
    expect(findMisplaced(lines, 3, 3)).to.equal(undefined);
  });
});
