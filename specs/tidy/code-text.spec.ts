// Goal: the scan under every other check sees code, all of it, and nothing that only looks like
// it. Method: one line for each way in which a word can be hidden.

import { expect } from 'chai';
import { codeOf } from './code-text';

describe('code without its texts', () => {
  const hidden: readonly (readonly [string, string])[] = [
    ['a line comment', 'a; // Date'],
    ['a block comment', 'a; /* Date\n Date */ b;'],
    ['a string', 'a(\'Date\', "Date");'],
    ['an escaped quote in a string', "a('it\\'s Date');"],
    ['a template', 'a(`Date`);'],
    ['a regular expression', 'a.match(/Date/);'],
    ['a slash in a class of a regular expression', 'a.match(/[/"]Date/);'],
  ];
  for (const [what, text] of hidden) {
    it(`blanks ${what}`, () => {
      expect(codeOf(text)).not.to.contain('Date');
      expect(codeOf(text)).to.have.lengthOf(text.length);
    });
  }

  const visible: readonly (readonly [string, string])[] = [
    ['code after a line comment', '// x\nDate'],
    ['code inside of a template', 'a(`x ${Date} y`);'],
    ['code in nested templates', 'a(`x ${b(`y ${{ c: Date }} z`)} y`);'],
    ['code after a regular expression with a quote', "a.match(/'/); Date"],
    ['code after a division', 'a / b; Date / c;'],
    ['code after a string with a comment in it', "a('//'); Date"],
  ];
  for (const [what, text] of visible) {
    it(`keeps ${what}`, () => {
      expect(codeOf(text)).to.contain('Date');
    });
  }

  it('keeps every line where it was', () => {
    expect(codeOf('/*\n*/\nDate\n`\n`').split('\n').indexOf('Date')).to.equal(2);
  });
});
