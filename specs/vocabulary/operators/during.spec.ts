// Goal: `during` by itself is for claims about a stretch of time, from its first instant up to its
// last one, which no longer belongs to it; beside other operators it is their bound.

import { expect } from 'chai';
import { runInline } from '../../cli/inline';
import { backends } from '../../runner/fake-cluster';
import type { Change } from '../../runner/fake-cluster';
import { outcomeOf, REACH, t } from '../../runner/plans';

const REFUSED = backends('answered', 'refused-by-listener', 'answered');
const FINE = backends('answered', 'answered', 'answered');

function refusedFrom(start: number, end: number): readonly Change[] {
  return [
    [start, (it) => void (it.walks = () => REFUSED)],
    [end, (it) => void (it.walks = () => FINE)],
  ];
}

function gap(length: string, script: readonly Change[]) {
  const args = { ...REACH, gap: length };
  const during = { from: t(5), to: t(8) };
  return outcomeOf({ operator: 'during', during, claim: 'outage', args }, script, []);
}

describe('during', () => {
  it('is about the stretch alone', () => {
    expect(gap('0s', refusedFrom(1, 5)).status).to.equal('passed');
    expect(gap('0s', refusedFrom(8, 9)).status).to.equal('passed');
    expect(gap('10ms', refusedFrom(7.99, 9)).status).to.equal('passed');
  });

  it('measures what is open at its end up to there', () => {
    expect(gap('1s', refusedFrom(7, 30)).status).to.equal('passed');
  });

  /** What the language says of one expectation. */
  async function said(expectation: string): Promise<string> {
    const text = `scenario: x\ncluster: {nodes: 1}\nexpect:\n  - ${expectation}\n`;
    const { out, err } = await runInline({ 's.yaml': text }, ['lint', '@/s.yaml']);
    return out + err;
  }
  const OUTAGE = 'outage: {from: external, to: "10.96.0.1:443", gap: 0s}';
  const REACHES = 'reach: {from: external, to: "10.96.0.1:443"}';

  it('is no operator of claims about an instant', async () => {
    expect(await said(`{during: 1s..2s, ${REACHES}}`)).to.contain('`reach` is about an instant');
    expect(await said(`{during: 1s..2s, never: {${REACHES}}}`)).to.not.contain('KD1112');
  });

  it('or `after` is what a claim about a stretch stands beside', async () => {
    expect(await said(`{during: 1s..2s, ${OUTAGE}}`)).to.not.contain('KD11');
    for (const wrong of [`{at: 5s, ${OUTAGE}}`, `{always: {${OUTAGE}}, during: 1s..2s}`]) {
      expect(await said(wrong)).to.contain('`outage` is about a stretch of time');
    }
    expect(await said(`{during: 1s..2s, by: 2s, ${OUTAGE}}`)).to.contain(
      '`by` means nothing to what is about a stretch of time',
    );
  });
});
