// Goal: a file that nobody imports is found, and the finding says which line is missing.

import { expect } from 'chai';
import { checkDeadFiles, entryPoints } from './dead-files';
import { formatFinding } from './finding';

const files = [
  { path: 'src/cli/main.ts', text: "import '../vocabulary/index';\nvoid import('./lazy');" },
  { path: 'src/cli/lazy.ts', text: '' },
  { path: 'src/vocabulary/index.ts', text: "export { kill } from './faults/kill';" },
  { path: 'src/vocabulary/faults/kill.ts', text: '' },
  { path: 'reporters/json.ts', text: '' },
];
const manifest = {
  main: './dist/src/cli/main.js',
  bin: { kubedrill: 'dist/src/cli/main.js' },
  exports: { './reporters/*': './dist/reporters/*.js' },
  scripts: { build: 'tsc && node dist/src/schema/generate.js' },
};

describe('dead files', () => {
  it('are none where every file is reached', () => {
    const entries = entryPoints(manifest, files);
    expect(entries).to.deep.equal(['src/cli/main.ts', 'reporters/json.ts']);
    expect(checkDeadFiles(entries, files)).to.deep.equal([]);
  });

  it('are named with the line that is missing', () => {
    const forgotten = [...files, { path: 'src/vocabulary/faults/cut-off.ts', text: '' }];
    const findings = checkDeadFiles(entryPoints(manifest, forgotten), forgotten);
    expect(findings.map(formatFinding)).to.deep.equal([
      'src/vocabulary/faults/cut-off.ts: nothing imports it; ' +
        "add to src/vocabulary/index.ts: import { cutOff } from './faults/cut-off';",
    ]);
  });

  it('are not kept alive by each other', () => {
    const island = [
      ...files,
      { path: 'src/node/a.ts', text: "import './b';" },
      { path: 'src/node/b.ts', text: "import './a';" },
    ];
    const findings = checkDeadFiles(entryPoints(manifest, island), island);
    expect(findings.map(({ path }) => path)).to.deep.equal(['src/node/a.ts', 'src/node/b.ts']);
  });

  it('cannot be judged without an entry point', () => {
    expect(checkDeadFiles([], files)[0]?.message).to.equal('names no entry point');
  });
});
