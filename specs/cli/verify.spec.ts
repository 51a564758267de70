// Goal: `kubedrill verify` finds two processes equal to the last event where the model is
// deterministic, and where it is not, it names the first event at which they part (dst.md §2.1).

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { divergences, readJournals } from '../../src/cli/divergence';
import { loadScenarios } from '../../src/index';
import { RECORD } from '../determinism/record-process';
import type { Recorded } from '../determinism/record-process';

const MAIN = join(__dirname, '../../src/cli/main.js');
const JOURNAL = join(__dirname, '../../src/cli/journal-process.js');
const RECORDER = join(__dirname, '../determinism/record-process.js');
const CANARY = join(__dirname, '../determinism/release-canary.js');

function verify(args: readonly string[], env = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'verify', ...args], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  return { code: status, out: stdout, err: stderr };
}

describe('kubedrill verify', function () {
  this.timeout(60_000);

  it('passes where two processes agree on every event', () => {
    const files = ['scenarios/timing/pod-death.yaml', 'scenarios/timing/outage.yaml'];
    const { code, out } = verify(files);
    expect(out).to.match(/^\d+ runs with \d{3,} events \(seed 1\): the same in two processes\n$/);
    expect(code).to.equal(0);
    expect(verify([...files, '--seed', '7']).out).to.contain('(seed 7)');
  });

  it('finds the canary, and names the first event at which the runs part', () => {
    const { code, out } = verify(['scenarios/timing/pod-death.yaml'], {
      NODE_OPTIONS: `--require ${CANARY}`,
    });
    expect(out).to.match(/✗ .*scenarios\/timing\/pod-death\.yaml: /);
    expect(out).to.match(/part after \d+ events?\n {4}after {4}.*\n {4}one run {2}.*t=/);
    expect(out).to.contain('in two processes');
    expect(code).to.equal(3);
  });

  it('has the second process differ in all that must not matter', () => {
    const folder = mkdtempSync(join(tmpdir(), 'verify-'));
    const files = ['scenarios/timing/outage.yaml', 'scenarios/timing/pod-death.yaml'];
    const { code } = verify(files, {
      NODE_OPTIONS: `--require ${RECORDER}`,
      [RECORD]: join(folder, 'record'),
    });
    const lines = readFileSync(join(folder, 'record'), 'utf8').trim().split('\n');
    rmSync(folder, { recursive: true });
    expect(code).to.equal(0);
    const [first, second] = lines.map((line) => JSON.parse(line) as Recorded);
    expect(second!.files).to.deep.equal(first!.files.toReversed());
    expect(first!.files).to.have.length(2);
    for (const key of ['cwd', 'zone', 'locale', 'flags'] as const) {
      expect(second![key], key).to.not.deep.equal(first![key]);
    }
  });

  it('has nothing to compare where there is no scenario', () => {
    const { code, out, err } = verify(['scenarios/manifests/shop.yaml']);
    expect([code, out]).to.deep.equal([2, '']);
    expect(err).to.not.equal('');
  });

  it('has nothing to say of files that cannot be loaded, or are not there', () => {
    expect(verify(['scenarios/none.yaml'])).to.include({ code: 2, out: '' });
    expect(verify(['--seed', 'x'])).to.include({ code: 2 });
  });
});

describe('the journal of a process', () => {
  it('is a line for each event and each verdict, under the name of its run', () => {
    const file = 'scenarios/policy/no-enforcement.yaml';
    const printed = execFileSync(process.execPath, [JOURNAL, '1', file], { encoding: 'utf8' });
    const lines = printed.trim().split('\n');
    for (const line of lines) expect(line).to.match(/^(# |[0-9a-f]{8} )/);
    const { plans } = loadScenarios([file]);
    const runs = lines.filter((line) => line.startsWith('# '));
    expect(runs).to.have.length(plans.length).and.to.have.length.above(1);
    expect(new Set(runs).size, 'rows have names of their own').to.equal(runs.length);
    const verdicts = lines.filter((line) => /^[0-9a-f]{8} passed /.test(line));
    const expected = plans.reduce((sum, { expectations }) => sum + expectations.length, 0);
    expect(verdicts).to.have.length.of.at.least(expected);
  });

  it('breaks no line where a name has two', () => {
    const folder = mkdtempSync(join(tmpdir(), 'verify-'));
    const file = join(folder, 'lines.yaml');
    const expectation = '{title: "and\\nfour", at: 1s, resolve: {from: node/worker-1, name: a.b}}';
    writeFileSync(file, `scenario: "one\\ntwo"\ncluster: {nodes: 1}\nexpect: [${expectation}]\n`);
    const printed = execFileSync(process.execPath, [JOURNAL, '1', file], { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    const lines = printed.trim().split('\n');
    expect(lines[0]).to.match(/^# .*one\\ntwo$/);
    expect(lines.filter((line) => /^[0-9a-f]{8} \w+ and\\nfour/.test(line))).to.have.length(1);
  });
});

describe('two journals', () => {
  const one = readJournals('# a\n01 first\n02 second\n# b\n03 third\n');

  it('that are equal do not part', () => {
    expect(
      divergences(one, readJournals('# b\n03 third\n# a\n01 first\n02 second\n')),
    ).to.deep.equal([]);
  });

  it('part at the first event that differs, or that one of them lacks', () => {
    const other = readJournals('# a\n01 first\n04 other\n');
    expect(divergences(one, other)).to.deep.equal([
      { run: 'a', position: 1, before: 'first', one: 'second', other: 'other' },
      { run: 'b', position: 0, before: undefined, one: 'third', other: undefined },
    ]);
  });

  it('part by their hashes, too: what looks alike may have another past', () => {
    const other = readJournals('# a\n09 first\n02 second\n# b\n05 third\n');
    expect(divergences(one, other).map(({ run }) => run)).to.deep.equal(['b']);
  });
});
