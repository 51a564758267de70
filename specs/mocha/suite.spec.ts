// Goal: a scenario behaves as a mocha suite should: it runs once, its expectations are judged one
// by one, and every failure leads to its line.

import { expect } from 'chai';
import { drive } from '../../src/mocha/drive';
import { describePlans, describeProblems } from '../../src/mocha/suite';
import type { Selected, Tools } from '../../src/mocha/suite';
import type { RecordedTest } from '../../src/runner/recorded';
import type { Outcome } from '../../src/runner/result';
import { diagnostic, outcome, planOf, range, result } from '../reporters/fixtures';

interface Heard {
  readonly passed: string[];
  readonly skipped: RecordedTest[];
  readonly failed: { readonly title: string; readonly test: RecordedTest; readonly error: Error }[];
  runs: number;
}

const holds = outcome({ title: 'holds' });
const fails = outcome({ title: 'fails', status: 'failed', range: range('shop.yaml', 31, 5) });
const undecided = outcome({ title: 'undecided', status: 'error', code: 'not-modelled' });

async function hear(
  outcomes: readonly Outcome[],
  selected: Omit<Selected, 'plan'> = {},
  broken?: Error,
): Promise<Heard> {
  const heard: Heard = { passed: [], skipped: [], failed: [], runs: 0 };
  class Listener {
    readonly heard = heard;

    constructor(runner: Mocha.Runner) {
      runner.on('pass', ({ title }) => heard.passed.push(title));
      runner.on('pending', (test) => heard.skipped.push(test as RecordedTest));
      runner.on('fail', (test, error: Error) => {
        heard.failed.push({ title: test.title, test: test as RecordedTest, error });
      });
    }
  }
  const run = result({ outcomes });
  const tools: Tools = {
    run() {
      heard.runs += 1;
      if (broken !== undefined) throw broken;
      return run;
    },
    titles: () => outcomes.map(({ title }) => title),
    failureText: ({ title }) => `✗ ${title}`,
    frame: ({ line }) => `frame of line ${line}`,
    diagnosticText: ({ code }) => `error[${code}]`,
  };
  await drive(
    (bdd) => {
      if (outcomes.length === 0) describeProblems(bdd, 'x.yaml', [diagnostic()], tools);
      else describePlans(bdd, [{ plan: planOf(run), ...selected }], tools);
    },
    { bail: false, reporter: Listener, reporterOptions: {} },
  );
  return heard;
}

describe('a scenario as a mocha suite', () => {
  it('skips what is said of another seed, and hands over how it went', async () => {
    const pinned = outcome({ title: 'pinned', status: 'skipped' });
    const { passed, skipped, failed } = await hear([holds, pinned]);
    expect([passed, failed]).to.deep.equal([['holds'], []]);
    expect(skipped.map((test) => test.outcome)).to.deep.equal([pinned]);
  });

  it('runs once, whatever number of expectations it has', async () => {
    const heard = await hear([holds, fails, undecided, holds]);
    expect(heard.runs).to.equal(1);
    expect(heard.passed).to.deep.equal(['holds', 'holds']);
    expect(heard.failed.map(({ title }) => title)).to.deep.equal(['fails', 'undecided']);
  });

  it('throws a failed outcome as an AssertionError that carries it', async () => {
    const [{ error }] = (await hear([fails])).failed as [Heard['failed'][number]];
    expect(error.name).to.equal('AssertionError');
    expect(error).to.have.property('outcome', fails);
    expect(error.message).to.equal('✗ fails');
  });

  it('throws what is undecided as an error of another name', async () => {
    const [{ error }] = (await hear([undecided])).failed as [Heard['failed'][number]];
    expect(error.name).to.equal('UndecidedExpectation');
    expect(error).to.have.property('outcome', undecided);
  });

  it('leads to the line of the expectation by one line of stack', async () => {
    const [{ error, test }] = (await hear([fails])).failed as [Heard['failed'][number]];
    expect(error.stack!.split('\n').slice(1)).to.deep.equal([
      '    at Context.<reach> (shop.yaml:31:5)',
    ]);
    expect(test.place).to.deep.equal({ file: 'shop.yaml', line: 31, column: 5 });
    expect(test.frame).to.equal('frame of line 31');
  });

  it('judges only what was selected', async () => {
    const heard = await hear([holds, fails], { outcomes: new Set([0]) });
    expect(heard.passed).to.deep.equal(['holds']);
    expect(heard.failed).to.deep.equal([]);
  });

  it('fails each test with the error where the run itself breaks off', async () => {
    const heard = await hear([holds, holds], {}, new TypeError('lost'));
    expect(heard.failed.map(({ error }) => error.message)).to.deep.equal(['lost', 'lost']);
    expect(heard.failed[0]!.test.internal).to.include({ message: 'lost' });
    expect(heard.failed[0]!.test.outcome).to.equal(undefined);
  });

  it('has one failing test for each thing that is wrong, with the file that is wrong', async () => {
    const heard = await hear([]);
    expect(heard.failed.map(({ title }) => title)).to.deep.equal([
      'KD1101 unknown key "reech" (scenarios/broken.yaml:17:13)',
    ]);
    expect(heard.failed[0]!.error.stack).to.contain('(scenarios/broken.yaml:17:13)');
    expect(heard.failed[0]!.test.diagnostic).to.deep.equal(diagnostic());
  });
});
