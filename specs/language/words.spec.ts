// Goal: suggestions, patterns of files and frames read as people expect them.

import { expect } from 'chai';
import { formatDiagnostic } from '../../src/language/code-frame';
import { didYouMean, editDistance, nearest } from '../../src/language/did-you-mean';
import { fixedPart, globToRegExp, isPattern } from '../../src/language/glob';
import { DISK } from '../../src/language/source';
import type { Diagnostic } from '../../src/values/diagnostic';

describe('a suggestion', () => {
  it('counts a swap of neighbours once', () => {
    expect(editDistance('recah', 'reach')).to.equal(1);
    expect(editDistance('kitten', 'sitting')).to.equal(3);
    expect(editDistance('', 'abc')).to.equal(3);
  });

  it('is the nearest candidate, the first by name where two are equally near', () => {
    expect(nearest('recah', ['resolve', 'reach', 'request'])).to.equal('reach');
    expect(nearest('bat', ['cat', 'bar', 'hat'])).to.equal('bar');
    expect(didYouMean('Nodes', ['nodes'])).to.equal('did you mean "nodes"?');
  });

  it('is none where nothing is near', () => {
    expect(nearest('colour', ['nodes', 'cni'])).to.equal(undefined);
    expect(nearest('at', ['by', 'for'])).to.equal(undefined);
  });
});

describe('a pattern of files', () => {
  const matching: readonly (readonly [string, string, boolean])[] = [
    ['scenarios/**/*.yaml', 'scenarios/a.yaml', true],
    ['scenarios/**/*.yaml', 'scenarios/b/c/a.yaml', true],
    ['scenarios/*.yaml', 'scenarios/b/a.yaml', false],
    ['a.{yaml,yml}', 'a.yml', true],
    ['a.{yaml,yml}', 'aXyml', false],
    ['file-?.yaml', 'file-1.yaml', true],
    ['file-[!12].yaml', 'file-1.yaml', false],
    ['file-[12].yaml', 'file-1.yaml', true],
    ['all/**', 'all/b/c', true],
    ['a+b(c).yaml', 'a+b(c).yaml', true],
  ];
  for (const [pattern, path, expected] of matching) {
    it(`${pattern} ${expected ? 'matches' : 'does not match'} ${path}`, () => {
      expect(globToRegExp(pattern).test(path)).to.equal(expected);
    });
  }

  it('begins with a folder that is no pattern', () => {
    expect(fixedPart('a/b/*.yaml')).to.equal('a/b');
    expect(fixedPart('**/*.yaml')).to.equal('');
    expect(isPattern('a/b.yaml')).to.equal(false);
  });

  it('finds files of the disk, sorted, and YAML files of a folder', () => {
    const folder = 'specs/language/good/files';
    const all = ['base.yaml', 'more.yaml', 'shop.yaml'].map((name) => `${folder}/${name}`);
    expect(DISK.expand(`${folder}/*.yaml`)).to.deep.equal(all);
    expect(DISK.expand(folder)).to.deep.equal(all);
    expect(DISK.expand('specs/language/g*d/files/m*.yaml')).to.deep.equal([all[1]]);
    expect(DISK.read(folder)).to.deep.equal({ is: 'folder' });
  });
});

describe('a frame', () => {
  const diagnostic: Diagnostic = {
    code: 'KD1101',
    severity: 'error',
    message: 'unknown key "reech"',
    range: { file: 'a.yaml', line: 3, column: 5, endLine: 3, endColumn: 10 },
    hint: 'did you mean "reach"?',
  };

  it('shows two lines around, carets and the hint', () => {
    const lines = ['scenario: x', 'expect:', '  - {reech: {}}', 'end: 5s', 'seed: 3', 'more: 1'];
    expect(formatDiagnostic(diagnostic, lines)).to.equal(
      [
        'error[KD1101]: unknown key "reech"',
        ' --> a.yaml:3:5',
        '  |',
        '1 | scenario: x',
        '2 | expect:',
        '3 |   - {reech: {}}',
        '  |     ^^^^^',
        '4 | end: 5s',
        '5 | seed: 3',
        '  = hint: did you mean "reach"?',
      ].join('\n'),
    );
  });

  it('keeps tabs before the carets, shortens long lines and blots out control characters', () => {
    const range = { ...diagnostic.range, line: 1, column: 2, endLine: 4, endColumn: 1 };
    const lines = [`\tbad\u0007${'x'.repeat(300)}`];
    const [, , , text = '', carets = ''] = formatDiagnostic({ ...diagnostic, range }, lines).split(
      '\n',
    );
    expect(text).to.match(/^1 \| \tbad\uFFFDx+…$/);
    expect(carets).to.match(/^ {2}\| \t\^+$/);
    expect(carets.length).to.be.below(130);
  });

  it('cuts a long line around the carets, and breaks its sentences, at the width of a terminal', () => {
    const line = `${'a'.repeat(150)} here ${'z'.repeat(150)}`;
    const range = { ...diagnostic.range, line: 1, column: 152, endLine: 1, endColumn: 156 };
    const long = { ...diagnostic, range, message: 'a long word '.repeat(9).trim() };
    const text = formatDiagnostic({ ...long, hint: 'write '.repeat(15).trim() }, [line], 80);
    expect(text.split('\n')).to.deep.equal([
      `error[KD1101]: ${'a long word '.repeat(5)}a`,
      '  long word a long word a long word a long word',
      ' --> a.yaml:1:152',
      '  |',
      `1 | …${'a'.repeat(36)} here ${'z'.repeat(32)}…`,
      `  | ${' '.repeat(38)}^^^^`,
      `  = hint: ${'write '.repeat(11).trim()}`,
      `          ${'write '.repeat(4).trim()}`,
    ]);
  });

  it('is one place and one sentence where the text is not there', () => {
    const { hint: _, ...bare } = diagnostic;
    expect(formatDiagnostic(bare)).to.equal('error[KD1101]: unknown key "reech"\n --> a.yaml:3:5');
  });
});
