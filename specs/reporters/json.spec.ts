// Goal: the JSON report holds the whole of every result, and nothing of the wall clock.

import { expect } from 'chai';
import type { JsonReport } from '../../reporters/json';
import { diagnostic, outcome, report, result } from './fixtures';
import type { Inline } from './fixtures';

async function json(inline: Inline): Promise<JsonReport> {
  const { text } = await report(inline, { reporters: [{ name: 'json' }] });
  return JSON.parse(text) as JsonReport;
}

describe('the json reporter', () => {
  const run = result({
    outcomes: [
      outcome({ title: 'holds' }),
      outcome({ title: 'fails', status: 'failed', why: ['the endpoint is gone'] }),
    ],
  });

  it('holds every run as the runner returned it', async () => {
    const found = await json({ results: [run] });
    expect(found).to.include({ format: 'kubedrill-report', version: 2 });
    expect(found.runs).to.deep.equal([JSON.parse(JSON.stringify(run))]);
    expect(found.totals).to.deep.equal({ passed: 1, failed: 1, errors: 0, skipped: 0 });
  });

  it('names why a file could not be loaded', async () => {
    const found = await json({ broken: { 'scenarios/broken.yaml': [diagnostic()] } });
    expect(found.problems).to.deep.equal([diagnostic()]);
    expect(found.totals.errors).to.equal(1);
  });

  it('names a run that broke off, once', async () => {
    const crash = { title: run.title, error: new Error('lost count') };
    const found = await json({ results: [run], crash });
    expect(found.internal.map(({ message }) => message)).to.deep.equal(['lost count']);
    expect(found.runs).to.deep.equal([]);
  });

  it('sorts by file, whatever the order of the runs', async () => {
    const files = ['scenarios/z.yaml', 'scenarios/a.yaml'];
    const found = await json({ results: files.map((file) => result({ ...run, file })) });
    expect(found.runs.map(({ file }) => file)).to.deep.equal(files.toReversed());
  });

  it('is equal, byte by byte, for equal results', async () => {
    const [first, second] = await Promise.all(
      [1, 2].map(() => report({ results: [run] }, { reporters: [{ name: 'json' }] })),
    );
    expect(first!.text).to.equal(second!.text);
  });
});
