// Goal: a scenario's result depends on the scenario and the seed, and on nothing else. Method: run
// the whole library in fresh processes: as it is, under another locale and time zone, and with
// its manifests in another order. Journals must be equal line by line; verdicts always. While a
// scenario runs, the clock, the timers and unseeded chance throw (determinism/poison.ts).

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { differingOutcomes, differingRuns, firstDivergence } from './determinism/divergence';
import type { Record, RecordWithParts } from './determinism/divergence';
import { formatFingerprints, movedSince } from './determinism/fingerprint';
import { expectGolden } from './tidy/golden';
import { pathsBelow } from './tidy/tree';

const DRIVE = join(__dirname, 'determinism/drive.js');
const GOLDEN = 'specs/fingerprints.golden.txt';
const REWRITE = 'UPDATE_GOLDEN=1 npm test rewrites the fingerprints: these moved';
const ELSEWHERE = { LC_ALL: 'sv_SE.UTF-8', LANG: 'sv_SE.UTF-8', TZ: 'Pacific/Chatham' };

/** Manifests stand beside the scenarios in the same folders; a scenario says so. */
const LIBRARY = pathsBelow('scenarios').filter(
  (path) => path.endsWith('.yaml') && /^scenario:/m.test(readFileSync(path, 'utf8')),
);

describe('determinism', function () {
  this.timeout(300_000);
  const folder = mkdtempSync(join(tmpdir(), 'kubedrill-determinism-'));

  after('remove the journals', () => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs files in a process of its own; `name` is where it leaves its records. */
  function drive(name: string, files: readonly string[], flags: readonly string[] = [], env = {}) {
    const out = join(folder, name);
    execFileSync(process.execPath, [DRIVE, out, ...flags, ...files], {
      env: { ...process.env, ...env },
    });
    return JSON.parse(readFileSync(join(out, 'records.json'), 'utf8')) as RecordWithParts[];
  }

  /** The library as it is, run once for all. */
  let known: RecordWithParts[] | undefined;
  function library(): RecordWithParts[] {
    return (known ??= drive('first', LIBRARY));
  }

  function journal(name: string, index: number): string[] {
    return readFileSync(join(folder, name, `${index}.journal`), 'utf8').split('\n');
  }

  /** For each run that differs: its name and the first event at which the two part. */
  function divergences(one: string, other: string, records: readonly Record[], others: Record[]) {
    return differingRuns(records, others).map((run) => {
      const index = records.findIndex(({ name }) => name === run);
      return `${run}\n${firstDivergence(journal(one, index), journal(other, index))}`;
    });
  }

  it('gives the same journal in another process, locale and time zone', () => {
    const first = library();
    const second = drive('second', LIBRARY, [], ELSEWHERE);
    expect(first, 'the library has scenarios').to.have.length.of.at.least(12);
    expect(divergences('first', 'second', first, second)).to.deep.equal([]);
  });

  it('has the fingerprint of every scenario on file', () => {
    const runs = new Map(
      library().map(({ name, parts }, index) => [
        `seed 1 ${name}`,
        { ...parts, trace: journal('first', index) },
      ]),
    );
    if (process.env['UPDATE_GOLDEN'] !== '1') {
      expect(movedSince(readFileSync(GOLDEN, 'utf8'), runs), REWRITE).to.deep.equal([]);
    }
    expectGolden(GOLDEN, formatFingerprints(runs));
  });

  it('gives the same verdicts with the manifests in another order', () => {
    const plain = library();
    const other = drive('shuffled', LIBRARY, ['--shuffle'], ELSEWHERE);
    expect(differingOutcomes(plain, other)).to.deep.equal([]);
    expect(differingRuns(plain, other), 'the order did change something').not.to.deep.equal([]);
  });

  it('finds the canary: a model whose chance depends on its process', () => {
    const file = 'scenarios/timing/pod-death.yaml';
    const one = drive('canary-1', [file], ['--canary']);
    const other = drive('canary-2', [file], ['--canary']);
    const found = divergences('canary-1', 'canary-2', one, other);
    expect(found).not.to.deep.equal([]);
    expect(found[0]).to.match(/one run {2}t=.*\n {2}another {2}t=/);
  });
});
