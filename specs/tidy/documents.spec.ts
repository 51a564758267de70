// Goal: a page without title, a dead link, an undocumented word, a figure without a source, a
// changelog without room and a lockfile with a host are each found.

import { expect } from 'chai';
import {
  checkChangelog,
  checkDocumented,
  checkLinks,
  checkLockfile,
  checkSources,
  checkTitles,
} from './documents';
import { formatFinding } from './finding';

function page(text: string, path = 'docs/a.md') {
  return { path, text };
}

describe('pages', () => {
  it('have one title, on the first line', () => {
    expect(checkTitles([page('# A\n```sh\n# no title\n```\n## B')])).to.deep.equal([]);
    expect(checkTitles([page('## B')])[0]?.message).to.contain('no title');
    expect(checkTitles([page('# A\n\n# B')])[0]?.line).to.equal(3);
    expect(checkTitles([page('\n# A')])[0]?.line).to.equal(2);
  });

  it('link to what is there', () => {
    const there = new Set(['docs/b.md']);
    const findings = checkLinks(
      [page('# Part\n[b](b.md) [w](https://x.y) [h](#part)\n[c](c.md#part)')],
      (path) => there.has(path),
    );
    expect(findings.map(formatFinding)).to.deep.equal([
      'docs/a.md:3: links to c.md, which is not there',
    ]);
  });

  it('link to headings that are there, as GitHub names them', () => {
    const part = '## A `part`, of it';
    const other = page(`# Title\n${part}\n${part}\n\`\`\`sh\n# no heading\n\`\`\``, 'docs/c/b.md');
    const links = '[1](#here) [2](c/b.md#a-part-of-it-1) [3](c/b.md#no-heading)\n[4](#there)';
    const back = page('# Back\n[5](../a.md#here) [6](../a.md#nowhere) [7](x.ts#L1)', 'docs/c/d.md');
    const findings = checkLinks([page(`# Here\n${links}`), other, back], () => true);
    expect(findings.map(formatFinding)).to.deep.equal([
      'docs/a.md:2: links to #no-heading, which is no heading of docs/c/b.md',
      'docs/a.md:3: links to #there, which is no heading of docs/a.md',
      'docs/c/d.md:2: links to #nowhere, which is no heading of docs/a.md',
    ]);
  });

  it('document every entry of a list, and the list is not empty', () => {
    const listed = page('| `kill` | x |\n## `slow`');
    expect(checkDocumented('fault', ['kill', 'slow'], listed, 'docs/a.md')).to.deep.equal([]);
    expect(checkDocumented('fault', ['cut'], listed, 'docs/a.md').map(formatFinding)).to.deep.equal(
      ['docs/a.md: fault cut has no row: npm run docs'],
    );
    expect(checkDocumented('fault', [], listed, 'docs/a.md')).to.have.lengthOf(1);
    expect(checkDocumented('fault', ['kill'], undefined, 'docs/a.md')).to.have.lengthOf(1);
  });
});

describe('tables and lists of the project', () => {
  it('name a source for every delay', () => {
    expect(checkSources({ 'a.b': { source: 'pkg/a.go' } })).to.deep.equal([]);
    expect(checkSources({ 'a.b': { source: ' ' } }).map(formatFinding)).to.deep.equal([
      'src/timers: a.b has no source',
    ]);
    expect(checkSources({})).to.have.lengthOf(1);
  });

  it('leave room in the changelog for the next change', () => {
    expect(checkChangelog(page('# Changelog\n\n## Unreleased\n\n## 0.1.0'))).to.deep.equal([]);
    expect(checkChangelog(page('# Changelog\n\n## 0.1.0'))).to.have.lengthOf(1);
    expect(checkChangelog(page('# Changelog'))).to.have.lengthOf(1);
  });

  it('name no host in the lockfile', () => {
    expect(checkLockfile(page('{"integrity": "sha512-x"}'))).to.deep.equal([]);
    const named = page('{\n"resolved": "https://registry.example/a.tgz"}');
    expect(checkLockfile(named)[0]).to.include({ line: 2 });
  });
});
