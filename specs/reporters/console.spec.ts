// Goal: a person sees what ran, what failed and why, in 80 columns and without a terminal.
// Method: results made by hand; the whole text is compared.

import { expect } from 'chai';
import type { Diagnostic } from '../../src/values/diagnostic';
import type { Instant } from '../../src/values/time';
import { diagnostic, Memory, outcome, range, report, result, withEnvironment } from './fixtures';
import type { Inline } from './fixtures';

const STILL = { SOURCE_DATE_EPOCH: '0', NO_COLOR: undefined, FORCE_COLOR: undefined };

const converged = outcome({
  title: 'service shop/backend converges within 2s of "crash"',
  operator: 'after',
  at: 11_075_000 as Instant,
});

const failed = outcome({
  title: 'shop/frontend reaches backend:80',
  status: 'failed',
  expected: 'ok',
  actual: 'refused',
});

async function text(inline: Inline, options = {}, sink = new Memory()): Promise<string> {
  const all = { reporters: [{ name: 'console' }], ...options };
  return (await withEnvironment(STILL, () => report(inline, all, sink))).text;
}

describe('the console reporter', () => {
  it('shows a tree, with the instant at which a wait was over', async () => {
    const passing = result({ outcomes: [outcome({ title: 'a reaches b' }), converged] });
    expect(await text({ results: [passing] })).to.equal(
      [
        '',
        'scenarios/shop.yaml',
        '  the shop keeps answering',
        '    ✓ a reaches b',
        '    ✓ service shop/backend converges within 2s of "crash"  t=11.075s',
        '',
        '2 passed, 0 failed, 0 errors (1m30s of virtual time, seed 1)',
        '',
      ].join('\n'),
    );
  });

  it('says why an expectation was not judged', async () => {
    const actual = 'not judged: it is said of seed 7, and this is seed 1';
    const pinned = outcome({ title: 'a reaches b', status: 'skipped', actual });
    const shown = await text({ results: [result({ outcomes: [pinned] })] });
    expect(shown).to.contain(`    - a reaches b\n      ${actual}\n`);
  });

  it('writes the instant on a line of its own where the title fills the last one', async () => {
    const title = 'shop/frontend reaches backend:80 on shop/backend#1 within 2s of "the crash"';
    const long = outcome({ title, operator: 'after', at: 11_075_000 as Instant });
    const lines = (await text({ results: [result({ outcomes: [long] })] })).split('\n');
    const first = lines.findIndex((line) => line.includes('✓'));
    expect(lines.slice(first, first + 3)).to.deep.equal([
      '    ✓ shop/frontend reaches backend:80 on shop/backend#1 within 2s of "the',
      '      crash"  t=11.075s',
      '',
    ]);
    const full = outcome({ ...long, title: title.slice(0, 74) });
    const [, second] = (await text({ results: [result({ outcomes: [full] })] }))
      .split('\n')
      .slice(first);
    expect(second).to.equal('      t=11.075s');
  });

  it('prints the failure text in full, below the tree', async () => {
    const lines = (await text({ results: [result({ outcomes: [failed] })] })).split('\n');
    expect(lines).to.include('    ✗ shop/frontend reaches backend:80');
    expect(lines.slice(-6)).to.deep.equal([
      '✗ shop/frontend reaches backend:80  scenarios/shop.yaml:31:5',
      '    expected  ok',
      '    actual    refused',
      '',
      '0 passed, 1 failed, 0 errors (1m30s of virtual time, seed 1)',
      '',
    ]);
  });

  it('names the row of the matrix and shows each file once', async () => {
    const rows = ['iptables', 'ipvs'].map((mode) =>
      result({ row: { 'cluster.proxy': mode }, outcomes: [outcome({ title: 'x' })] }),
    );
    const shown = await text({ results: rows });
    expect(shown.match(/^scenarios\/shop\.yaml$/gm)).to.have.length(1);
    expect(shown).to.contain('the shop keeps answering [cluster.proxy=ipvs]');
  });

  it('marks what is undecided apart from what failed', async () => {
    const undecided = outcome({ title: 'x', status: 'error', code: 'vacuous' });
    const shown = await text({ results: [result({ outcomes: [undecided] })] });
    expect(shown).to.contain('    ! x').and.to.contain('0 passed, 0 failed, 1 error (');
  });

  it('tells of a file that does not load and still shows the others', async () => {
    const shown = await text({
      results: [result({ outcomes: [outcome({ title: 'x' })] })],
      broken: { 'scenarios/broken.yaml': [diagnostic()] },
    });
    expect(shown).to.contain('error[KD1101]: unknown key "reech"');
    expect(shown).to.contain('1 passed, 0 failed, 1 error (');
  });

  it('tells of a run that broke off once, whatever number of tests it had', async () => {
    const crash = { title: 'the shop keeps answering', error: new TypeError('x is undefined') };
    const outcomes = [outcome({ title: 'one' }), outcome({ title: 'two' })];
    const shown = await text({ results: [result({ outcomes })], crash });
    expect(shown.match(/TypeError: x is undefined/g)).to.have.length(1);
    expect(shown).to.contain('0 passed, 0 failed, 2 errors');
  });

  it('notes each warning once, with its place, and counts those it leaves out', async () => {
    const notes = Array.from({ length: 12 }, (_, index) =>
      diagnostic({
        severity: 'warning',
        message: `spec.field${index} is not modelled`,
        range: range('shop.yaml', index + 1, 3),
      }),
    );
    const twice = [1, 2].map(() => result({ notes, outcomes: [outcome({ title: 'x' })] }));
    const shown = await text({ results: twice });
    expect(shown.match(/^ {2}shop\.yaml:\d+:3 warning spec/gm)).to.have.length(10);
    expect(shown).to.contain('12 notes\n').and.to.contain('… and 2 more');
  });

  it('notes of an expectation what is so in every row that has it', async () => {
    const note = diagnostic({
      severity: 'warning',
      message: 'it held from the start',
      range: range('scenarios/shop.yaml', 31),
    });
    const outcomes = [outcome({ title: 'x' })];
    const rows = (...notes: readonly (readonly Diagnostic[])[]) => ({
      results: notes.map((each, n) => result({ notes: each, outcomes, row: { n: `${n}` } })),
    });
    expect(await text(rows([note], [note]))).to.contain('shop.yaml:31:5 warning it held');
    expect(await text(rows([note], []))).to.not.contain('it held');
    const without = result({ outcomes: [], row: { n: '2' } });
    const some = { results: [...rows([note]).results, without] };
    expect(await text(some), 'a row without it').to.contain('it held');
  });

  it('shows failures and totals only when it shall be quiet', async () => {
    const outcomes = [outcome({ title: 'fine' }), failed];
    const shown = await text({ results: [result({ outcomes })] }, { quiet: true });
    expect(shown).not.to.contain('fine');
    expect(shown).to.contain('✗ shop/frontend').and.to.contain('1 passed, 1 failed');
  });

  it('blots out control characters of titles: they could move the cursor', async () => {
    const odd = outcome({ title: 'two\r lines \u001b[31m red' });
    const shown = await text({
      results: [result({ title: '\u0007bell', outcomes: [odd] })],
    });
    // eslint-disable-next-line no-control-regex
    expect(shown).to.not.match(/[\u0000-\u0009\u000B-\u001F]/);
    expect(shown).to.contain('two lines \uFFFD[31m red').and.to.contain('\uFFFDbell');
  });

  it('breaks long titles at 80 columns', async () => {
    const title = Array.from({ length: 30 }, (_, index) => `word${index}`).join(' ');
    const shown = await text({ results: [result({ outcomes: [outcome({ title })] })] });
    expect(Math.max(...shown.split('\n').map((line) => line.length))).to.be.at.most(80);
    expect(shown.replace(/\s+/g, ' ')).to.contain(title);
  });

  it('writes neither colour nor cursor movements to a pipe', async () => {
    const shown = await text({ results: [result({ outcomes: [failed] })] });
    expect(shown).not.to.contain('\u001b').and.not.to.contain('\r');
  });

  it('shows progress on a terminal and wipes it away', async () => {
    const inline = { results: [result({ outcomes: [outcome({ title: 'x' })] })] };
    const shown = await text(inline, { color: false }, new Memory(true));
    expect(shown).to.contain('  0/1  scenarios/shop.yaml');
    const left = shown.split('\n').map((line) => line.split('\r\u001b[2K').at(-1));
    expect(left.join('\n')).not.to.contain('0/1').and.not.to.contain('1/1');
  });

  it('colours where FORCE_COLOR asks for it, unless NO_COLOR or a flag forbids', async () => {
    const inline = { results: [result({ outcomes: [failed] })] };
    const shown = async (environment: object, options = {}): Promise<string> => {
      const all = { reporters: [{ name: 'console' }], ...options };
      const values = { ...STILL, ...environment };
      return (await withEnvironment(values, () => report(inline, all))).text;
    };
    expect(await shown({ FORCE_COLOR: '1' })).to.contain('\u001b[31m');
    expect(await shown({ FORCE_COLOR: '0' })).not.to.contain('\u001b');
    expect(await shown({ FORCE_COLOR: '1', NO_COLOR: '1' })).not.to.contain('\u001b');
    expect(await shown({ FORCE_COLOR: '1' }, { color: false })).not.to.contain('\u001b');
  });

  it('leaves nothing out after the first failure, unless told to bail', async () => {
    const outcomes = [failed, outcome({ title: 'later' })];
    const inline = { results: [result({ outcomes })] };
    expect(await text(inline)).to.contain('1 passed, 1 failed');
    expect(await text({ ...inline, bail: true })).to.contain('0 passed, 1 failed');
  });
});
