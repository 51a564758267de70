// Goal: an import that the map forbids is found, with the words that tell what is allowed.
// Method: a map of three rows and files that break it in each possible way.

import { expect } from 'chai';
import { formatFinding } from './finding';
import { checkImports, checkMap, parseMap } from './layers';

const MAP = parseMap({
  path: 'src/README.md',
  text: [
    '| Folder | Purpose | May import |',
    '|---|---|---|',
    '| `values` | words | — |',
    '| `node/proxy` | rules | `values` |',
    '| `timing.ts` | delays | `values` |',
    '| `node` | machines | `values` `node/proxy` |',
    '| `../reporters` | text | everything above |',
    '',
    '| Package | Allowed in |',
    '|---|---|',
    '| `yaml` | `values` |',
  ].join('\n'),
});

const files = [
  { path: 'src/values/ip.ts', text: '' },
  { path: 'src/timing.ts', text: "import type { IP } from './values/ip';" },
  { path: 'src/node/proxy/iptables.ts', text: "import { ip } from '../../values/ip';" },
  { path: 'src/node/node.ts', text: "export { a } from './proxy/iptables';\nimport './cni';" },
  { path: 'reporters/json.ts', text: "const timing = require('../src/timing');" },
];

function importFindings(path: string, text: string): string[] {
  return checkImports(MAP, [{ path, text }]).map(formatFinding);
}

describe('the map', () => {
  it('lets through what it allows', () => {
    expect(checkMap(MAP, files)).to.deep.equal([]);
    expect(checkImports(MAP, files)).to.deep.equal([]);
  });

  it('stops an import of a row that is not listed', () => {
    expect(importFindings('src/values/ip.ts', "\nimport { a } from '../node/node';")).to.deep.equal(
      [
        'src/values/ip.ts:2: src/values may not import src/node; by src/README.md it may import nothing',
      ],
    );
  });

  it('takes a folder inside of another for a row of its own', () => {
    expect(importFindings('src/node/proxy/a.ts', "import '../node';")[0]).to.contain(
      'src/node/proxy may not import src/node',
    );
  });

  it('makes no exception for types and dynamic imports', () => {
    expect(importFindings('src/values/a.ts', "import type { A } from '../timing';")).to.have.length(
      1,
    );
    expect(importFindings('src/values/a.ts', "void import('../timing');")).to.have.length(1);
  });

  it('stops a package outside of its rooms, and one without a row', () => {
    expect(importFindings('src/node/a.ts', "import 'yaml';")[0]).to.contain('src/values only');
    expect(importFindings('src/values/a.ts', "import 'node:fs';")[0]).to.contain('has no row');
  });

  it('stops an import of what is no part of the map', () => {
    expect(importFindings('src/values/a.ts', "import '../../specs/a';")[0]).to.contain('no part');
  });

  it('wants a row for every file and a file for every row', () => {
    const moved = [...files.slice(1), { path: 'src/extra/a.ts', text: '' }];
    expect(checkMap(MAP, moved).map(formatFinding)).to.deep.equal([
      'src/README.md:3: src/values has a row but no file',
      'src/extra/a.ts: has no row in src/README.md: give its folder one, or move it into a folder with one',
    ]);
  });

  it('refuses a row that imports a row below it', () => {
    const text =
      '| Folder | Purpose | May import |\n|---|---|---|\n| `a` | x | `b` |\n| `b` | y | — |';
    const upward = parseMap({ path: 'src/README.md', text });
    const both = [
      { path: 'src/a/a.ts', text: '' },
      { path: 'src/b/b.ts', text: '' },
    ];
    expect(checkMap(upward, both).map(formatFinding)).to.deep.equal([
      'src/README.md:3: src/a may import src/b, which is no row above',
    ]);
  });

  it('refuses to be empty', () => {
    const empty = parseMap({ path: 'src/README.md', text: '# Map' });
    expect(checkMap(empty, files)[0]?.message).to.equal('the map has no rows');
  });
});
