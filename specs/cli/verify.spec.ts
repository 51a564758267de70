// Goal: `kubedrill verify` finds two processes equal to the last event where the model is
// deterministic, and where it is not, it names the first event at which they part (dst.md §2.1).

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'chai';
import { divergences, readJournals } from '../../src/cli/divergence';

const MAIN = join(__dirname, '../../src/cli/main.js');
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

  it('has nothing to say of files that cannot be loaded, or are not there', () => {
    expect(verify(['scenarios/none.yaml'])).to.include({ code: 2, out: '' });
    expect(verify(['--seed', 'x'])).to.include({ code: 2 });
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
