// Goal: what only a process of its own can show: exit codes, pipes that close, no colour.

import { expect } from 'chai';
import { spawn, spawnSync } from 'node:child_process';
import * as path from 'node:path';
import { EXIT, exitCodeOf, highest } from '../../src/cli/exit-code';
import { execute } from '../../src/cli/main';
import { Memory } from '../reporters/fixtures';

const MAIN = path.join(__dirname, '../../src/cli/main.js');

describe('the process', () => {
  it('ends with the exit code of the command', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'lnit'], {
      encoding: 'utf8',
    });
    expect(status).to.equal(2);
    expect(stdout).to.equal('');
    expect(stderr).to.equal('kubedrill: unknown command lnit; did you mean lint?\n');
  });

  it('takes it calmly where the reader of its output goes away', async () => {
    const child = spawn(process.execPath, [MAIN, 'schema']);
    let complaint = '';
    child.stderr.on('data', (text: Buffer) => void (complaint += text.toString()));
    // Gone before the first word, whatever a pipe would hold.
    child.stdout.destroy();
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(code).to.equal(0);
    expect(complaint).to.equal('');
  });

  it('writes all of a long output to a pipe before it ends', () => {
    const { stdout } = spawnSync(process.execPath, [MAIN, 'schema'], { encoding: 'utf8' });
    expect(() => JSON.parse(stdout) as unknown).not.to.throw();
  });
});

describe('an error of kubedrill itself', () => {
  it('is told as one, with its stack, by exit code 3', async () => {
    let told = '';
    const out = new Memory();
    out.write = () => {
      throw new TypeError('torn');
    };
    const code = await execute(['--version'], { out, complain: (text) => void (told += text) });
    expect(code).to.equal(EXIT.internal);
    expect(told).to.match(
      /^kubedrill: this is an error of kubedrill itself\nTypeError: torn\n +at /,
    );
  });
});

describe('the exit code', () => {
  const fields = { title: '', milliseconds: 0, message: '', text: '' };

  it('is the highest of all', () => {
    expect(highest([])).to.equal(EXIT.passed);
    expect(highest([EXIT.failed, EXIT.unusable, EXIT.passed])).to.equal(EXIT.unusable);
  });

  it('tells a failure from what is undecided, and both from an error of kubedrill', () => {
    expect(exitCodeOf({ ...fields, status: 'passed' })).to.equal(0);
    expect(exitCodeOf({ ...fields, status: 'skipped' })).to.equal(0);
    expect(exitCodeOf({ ...fields, status: 'failed' })).to.equal(1);
    expect(exitCodeOf({ ...fields, status: 'error' })).to.equal(2);
    expect(exitCodeOf({ ...fields, status: 'error', internal: true })).to.equal(3);
  });
});
