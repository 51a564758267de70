// Goal: `npx mocha` runs scenarios as the command line does, serially and in parallel, and a
// broken file is one failing test and not the end of the run. Method: mocha as its users start it.

import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { scenario } from '../cli/inline';
import type { JsonReport } from '../../reporters/json';

const ROOT = path.join(__dirname, '../..');
const MOCHA = path.join(process.cwd(), 'node_modules/mocha/bin/mocha.js');

const FILES = {
  'green.yaml': scenario('green', '{at: 1s, reach: {from: client, to: web:80}}'),
  'red.yml': scenario('red', '{at: 1s, reach: {from: client, to: web:80, outcome: refused}}'),
  'broken.yaml': 'scenario: [',
};

interface Finished {
  readonly status: number | null;
  readonly out: string;
}

describe('kubedrill/register', function () {
  this.timeout(60_000);
  let folder = '';

  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kubedrill-'));
    for (const [name, text] of Object.entries(FILES)) {
      fs.writeFileSync(path.join(folder, name), text);
    }
  });

  after(() => {
    fs.rmSync(folder, { recursive: true });
  });

  function mocha(...given: readonly string[]): Finished {
    const fixed = ['--no-config', '--no-package', '--no-color', '--posix-exit-codes'];
    const register = ['--require', path.join(ROOT, 'src/mocha/register.js')];
    const kinds = ['--extension', 'yaml', '--extension', 'yml'];
    const argv = [MOCHA, ...fixed, ...register, ...kinds, ...given];
    const { status, stdout, stderr } = spawnSync(process.execPath, argv, {
      cwd: folder,
      encoding: 'utf8',
    });
    return { status, out: stdout + stderr };
  }

  it('makes suites of files, and failing tests of what is wrong with them', () => {
    const { status, out } = mocha('green.yaml', 'red.yml', 'broken.yaml');
    expect(status, out).to.equal(1);
    expect(out).to.contain('✔ client reaches web:80 at 1s');
    expect(out).to.contain('at Context.<reach> (red.yml:4:5)');
    expect(out).to.contain('broken.yaml: scenario loads');
    expect(out).to.match(/at Context\.<scenario loads> \(broken\.yaml:1:\d+\)/);
  });

  it('passes where everything passes, also under the interface tdd', () => {
    expect(mocha('green.yaml').status).to.equal(0);
    expect(mocha('--ui', 'tdd', 'green.yaml').status).to.equal(0);
  });

  it('gives the same reports in parallel', () => {
    const multi = ['--reporter', path.join(ROOT, 'reporters/multi.js')];
    const [serial, parallel] = [[], ['--parallel', '--jobs', '2']].map((mode) => {
      const file = `${mode.length}.json`;
      const { out } = mocha(...mode, ...multi, '-O', `use=console+json:${file}`, '*.y*ml');
      return { out, json: fs.readFileSync(path.join(folder, file), 'utf8') };
    });
    expect(parallel!.json).to.equal(serial!.json);
    const report = JSON.parse(serial!.json) as JsonReport;
    expect(report.runs.map(({ file }) => file)).to.deep.equal(['green.yaml', 'red.yml']);
    expect(report.totals).to.include({ failed: 1, errors: 1 });
    expect(parallel!.out).to.contain('✗ client is refused by web:80 at 1s');
  });

  it('can be required by nobody else', () => {
    const code = "require('./src/mocha/register.js'); require(process.argv[1])";
    const file = path.join(folder, 'green.yaml');
    const { stderr } = spawnSync(process.execPath, ['-e', code, file], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    expect(stderr).to.contain('can only be loaded by mocha');
  });
});
