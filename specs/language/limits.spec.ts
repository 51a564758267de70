// Goal: inputs that are too large, too deep or not there are refused quickly, with a position, and
// never hide the results of the others.

import { expect } from 'chai';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadScenarios } from '../../src/language/load';
import type { LoadedScenarios } from '../../src/language/load';
import type { Files } from '../../src/language/source';
import { DISK } from '../../src/language/source';
import { formatDiagnostics } from '../../src/language/code-frame';
import { expectGolden } from '../tidy/golden';
import { LEXICON, VALIDATOR } from './fixture-lexicon';

/** Files in memory. */
function table(files: Readonly<Record<string, string>>): Files {
  return {
    read: (path) => {
      const text = files[path];
      return text === undefined ? { is: 'missing' } : { is: 'text', text };
    },
    expand: (path) => [path],
  };
}

function load(paths: readonly string[], files: Files) {
  return loadScenarios(paths, LEXICON, files, { validator: VALIDATOR });
}

/** The words in which a made input is refused, without the folder that it stood in. */
function expectRefusal(loaded: LoadedScenarios, path: string, folder = ''): void {
  const text = formatDiagnostics(loaded.diagnostics, loaded.linesOf).replaceAll(`${folder}/`, '');
  expectGolden(path, `${text}\n`);
}

const SOUND = 'scenario: sound\nexpect: [{at: 1s, reach: {from: external, to: "10.96.0.1:443"}}]\n';

describe('a file that cannot be used', () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'limits-'))));
  after(() => rmSync(folder, { recursive: true }));

  it('of 50 MB is refused without being read', () => {
    const path = join(folder, 'large.yaml');
    writeFileSync(path, `scenario: large\nabout: ${'x'.repeat(50 * 1_048_576)}\n`);
    const before = process.memoryUsage().arrayBuffers;
    const loaded = load([path], DISK);
    const [diagnostic] = loaded.diagnostics;
    expect(diagnostic).to.include({ code: 'KD1002', severity: 'error' });
    expect(diagnostic!.message).to.contain('50.0 MB');
    expect(diagnostic!.range).to.include({ file: path, line: 1, column: 1 });
    expectRefusal(loaded, 'specs/language/bad/KD1002.made.diagnostics.txt', folder);
    expect(process.memoryUsage().arrayBuffers - before).to.be.below(10 * 1_048_576);
  });

  for (const [what, bytes, place] of [
    ['Latin-1', Buffer.from('# one\nscenario: caf\u00e9\n', 'latin1'), { line: 2, column: 14 }],
    ['UTF-16', Buffer.from('\ufeffscenario: x\n', 'utf16le'), { line: 1, column: 1 }],
    ['a program', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0xff, 0xfe, 0]), { line: 1, column: 1 }],
  ] as const) {
    it(`is refused where it is ${what} and not UTF-8, and never read with other letters`, () => {
      const path = join(folder, 'foreign.yaml');
      writeFileSync(path, bytes);
      const [diagnostic, ...more] = load([path], DISK).diagnostics;
      expect(more).to.deep.equal([]);
      expect(diagnostic).to.include({ code: 'KD1003', severity: 'error' });
      expect(diagnostic!.message).to.contain('not text in UTF-8');
      expect(diagnostic!.range).to.include(place);
    });
  }

  it('says where the system does not hand it out', () => {
    const loaded = load(['a.yaml'], {
      read: () => ({ is: 'unreadable', why: 'permission denied' }),
      expand: (path) => [path],
    });
    const messages = loaded.diagnostics.map(({ code, message }) => `${code} ${message}`);
    expect(messages).to.deep.equal(['KD1001 this cannot be read: permission denied']);
  });

  it('is told of a folder that the system does not list: it is not empty', function () {
    const isRoot = process.getuid?.() === 0;
    if (process.platform === 'win32') this.skip();
    const secret = join(folder, 'secret');
    mkdirSync(secret);
    chmodSync(secret, 0o000);
    chmodSync(folder, 0o755);
    // Root may list everything, so it is somebody else for a moment.
    if (isRoot) process.seteuid!(65_534);
    try {
      for (const path of [folder, secret, `${folder}/**/*.yaml`]) {
        const found = load([path], DISK).diagnostics.find(({ code }) => code === 'KD1001');
        expect(found?.range.file).to.equal(secret);
        expect(found?.message).to.equal(
          'this cannot be read: permission to list this folder is denied',
        );
      }
    } finally {
      if (isRoot) process.seteuid!(0);
      chmodSync(secret, 0o700);
    }
  });

  it('is refused for its size also where somebody else has read it', () => {
    const loaded = load(
      ['a.yaml'],
      table({ 'a.yaml': `scenario: x\nabout: ${'x'.repeat(11e6)}\n` }),
    );
    expect(loaded.diagnostics.map(({ code }) => code)).to.deep.equal(['KD1002']);
  });

  it('is refused where it is nested beyond reason', () => {
    const deep = `scenario: deep\ntags: ${'['.repeat(100_000)}${']'.repeat(100_000)}\n`;
    const loaded = load(['deep.yaml'], table({ 'deep.yaml': deep }));
    expect(loaded.diagnostics.map(({ code }) => code)).to.deep.equal(['KD1008']);
    expectRefusal(loaded, 'specs/language/bad/KD1008.made.diagnostics.txt');
  });

  it('is named where it does not exist, as are patterns that match nothing', () => {
    const loaded = load(['nowhere.yaml', `${folder}/*.none`], DISK);
    expectRefusal(loaded, 'specs/language/bad/KD1001.made.diagnostics.txt', folder);
  });

  it('does not hide the others, nor the other scenarios of its own', () => {
    const files = table({
      'broken.yaml': 'scenario: [\n',
      'half.yaml': `${SOUND}---\nscenario: no end\nexpcet: []\n`,
      'sound.yaml': SOUND,
    });
    const loaded = load(['broken.yaml', 'half.yaml', 'sound.yaml', 'sound.yaml'], files);
    expect(loaded.plans.map(({ file, title }) => `${file} ${title}`)).to.deep.equal([
      'half.yaml sound',
      'sound.yaml sound',
    ]);
    expect(loaded.files.map(({ path, broken }) => `${path} ${broken}`)).to.deep.equal([
      'broken.yaml true',
      'half.yaml true',
      'sound.yaml false',
    ]);
  });

  it('takes its scenarios along where its own manifests are broken: they would lack objects', () => {
    const files = table({ 'a.yaml': `${SOUND}---\napiVersion: v1\nkind: [\n` });
    const loaded = load(['a.yaml'], files);
    expect(loaded.plans).to.deep.equal([]);
    expect(loaded.diagnostics.map(({ code }) => code)).to.deep.equal(['KD1003']);
  });
});

describe('a mapping with very many keys', () => {
  it('is judged in time that grows with it, not with its square', () => {
    const keys = Array.from({ length: 40_000 }, (_, index) => `  key-${index}: 1\n`).join('');
    const text = `${SOUND}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: many}\ndata:\n${keys}`;
    const loaded = load(['many.yaml'], table({ 'many.yaml': text }));
    expect(loaded.plans).to.have.length(1);
  }).timeout(10_000);
});

describe('a text that has changed', () => {
  it('is read anew, although parsed files are kept', () => {
    const first = load(['kept.yaml'], table({ 'kept.yaml': SOUND }));
    const second = load(['kept.yaml'], table({ 'kept.yaml': SOUND.replace('sound', 'changed') }));
    expect([first, second].map(({ plans }) => plans[0]!.title)).to.deep.equal(['sound', 'changed']);
  });
});
