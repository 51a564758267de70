// Goal: `--tags` reads as the sentence that it is.

import { expect } from 'chai';
import { parseTags } from '../../src/cli/tags';

describe('a tag expression', () => {
  const cases: readonly [expression: string, tags: string, chosen: boolean][] = [
    ['dns', 'dns', true],
    ['dns', 'services', false],
    ['not dns', 'services', true],
    ['not dns', 'dns', false],
    ['not not dns', 'dns', true],
    ['dns and slow', 'dns slow', true],
    ['dns and slow', 'dns', false],
    ['dns or slow', 'slow', true],
    ['dns or slow and new', 'dns', true],
    ['(dns or slow) and new', 'dns', false],
    ['not dns and slow', 'slow', true],
    ['not (dns and slow)', 'slow', true],
    ['not (dns or slow)', 'slow', false],
    ['services and not (slow or dns)', 'services', true],
    ['T-12', 'T-12', true],
  ];
  for (const [expression, tags, chosen] of cases) {
    it(`"${expression}" ${chosen ? 'chooses' : 'passes over'} [${tags}]`, () => {
      expect(parseTags(expression)(tags.split(' '))).to.equal(chosen);
    });
  }

  const mistakes: readonly [expression: string, message: RegExp, column: number][] = [
    ['', /expected a tag/, 0],
    ['dns and', /expected a tag/, 7],
    ['and dns', /found "and"/, 0],
    ['(dns or slow', /closing parenthesis/, 12],
    ['dns slow', /expected "and" or "or", found "slow"/, 4],
    ['dns)', /found "\)"/, 3],
  ];
  for (const [expression, message, column] of mistakes) {
    it(`"${expression}" is refused, and the place is shown`, () => {
      expect(() => parseTags(expression))
        .to.throw(message)
        .with.property('message')
        .that.satisfies((text: string) => text.endsWith(`\n  ${' '.repeat(column)}^`));
    });
  }
});
