// Goal: `kubedrill run --seeds A..B` reports what every seed of the range came to, in all reports,
// and its exit code is the worst of all. Method: a small scenario through the whole command line.

import { expect } from 'chai';
import { runInline, scenario } from './inline';

const PASSES = '{at: 1s, reach: {from: client, to: web:80}}';
const FAILS = '{at: 1s, reach: {from: client, to: web:80, outcome: refused}}';
const green = scenario('green', PASSES);
const red = scenario('red', PASSES, FAILS);

describe('kubedrill run --seeds', function () {
  this.timeout(60_000);

  it('passes where every seed does, and names the range', async () => {
    const given = ['run', '@/a.yaml', '--seeds', '2..4'];
    const { code, out, err } = await runInline({ 'a.yaml': green }, given);
    expect(code, err).to.equal(0);
    expect(out.trimEnd().split('\n').at(-1)).to.match(/ 0 errors.*seeds 2\.\.4\)$/);
  });

  it('fails where a seed does, and says which, and how to repeat it', async () => {
    const given = ['run', '@/a.yaml', '--seeds', '2..4'];
    const { code, out } = await runInline({ 'a.yaml': red }, given);
    expect(code).to.equal(1);
    expect(out).to.match(/seeds +0 of 3 passed, not 2, 3, 4/);
    expect(out).to.match(/repeat +npx kubedrill run a\.yaml:5 --seed 2/);
  });

  it('has the figures in the JSON report', async () => {
    const given = ['run', '@/a.yaml', '--seeds', '2..4', '--reporter', 'json'];
    const { out } = await runInline({ 'a.yaml': red }, given);
    const [run] = (JSON.parse(out) as { runs: { seeds: object; outcomes: object[] }[] }).runs;
    expect(run!.seeds).to.deep.equal({ first: 2, last: 4 });
    expect(run!.outcomes[1]).to.have.deep.property('spread', {
      passed: 0,
      failed: 3,
      error: 0,
      seed: 2,
      failing: [2, 3, 4],
    });
  });

  it('has them as properties in the JUnit report', async () => {
    const given = ['run', '@/a.yaml', '--seeds', '2..4', '--reporter', 'junit'];
    const { out } = await runInline({ 'a.yaml': red }, given);
    expect(out).to.contain('<property name="seed" value="2..4"/>');
    expect(out).to.contain('<property name="seeds.failing" value="2 3 4"/>');
  });

  it('refuses what is no range, and a single seed beside it', async () => {
    const files = { 'a.yaml': green };
    const odd = await runInline(files, ['run', '@/a.yaml', '--seeds', '9..2']);
    expect([odd.code, odd.err]).to.deep.equal([
      2,
      'kubedrill: --seeds 9..2: write a range of whole numbers, as in 1..200\n',
    ]);
    const both = await runInline(files, ['run', '@/a.yaml', '--seeds', '1..2', '--seed', '3']);
    expect(both.code).to.equal(2);
  });
});
