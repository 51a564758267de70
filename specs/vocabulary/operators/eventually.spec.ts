// Goal: `eventually` asks for one instant, by its deadline or by the settled end.

import { expect } from 'chai';
import { runPlan } from '../../../src/chai/model';
import { formatDiagnostics } from '../../../src/language/code-frame';
import type { PlannedExpectation } from '../../../src/language/plan';
import { drop, heal, walk } from '../../runner/fake-cluster';
import type { Change } from '../../runner/fake-cluster';
import { planText } from '../../runner/plan-text';
import { outcomeOf, plan, runScript, s, t } from '../../runner/plans';
import { expectGolden } from '../../tidy/golden';

const EVENTUALLY = { operator: 'eventually' } as const;

const TRUE_FROM_THE_START = [
  'scenario: s',
  'manifests: [scenarios/manifests/shop.yaml]',
  'expect:',
  '  - eventually: {reach: {from: shop/frontend, to: backend:80}}',
  '    by: 30s',
].join('\n');

describe('eventually', () => {
  it('passes at the first instant at which the claim is true, though it may not stay so', () => {
    const outcome = outcomeOf(EVENTUALLY, [drop(0), heal(7), drop(8)]);
    expect(outcome).to.include({ status: 'passed', actual: 'ok at t=7s', at: t(7) });
    expect(outcome.title).to.equal('shop/frontend eventually reaches backend:80');
  });

  it('says so where it is true from the start', () => {
    expect(outcomeOf(EVENTUALLY).actual).to.equal('ok from the start');
  });

  it('warns where it is true before anything happens: nothing is shown by it', () => {
    const notesOf = (more: Partial<PlannedExpectation>, script: readonly Change[] = []) =>
      runScript(plan([{ ...EVENTUALLY, ...more }]), script).notes.map(({ code }) => code);
    expect(notesOf({})).to.deep.equal(['KD1508']);
    expect(notesOf({ during: { from: t(5), to: t(20) } })).to.deep.equal(['KD1508']);
    expect(notesOf({}, [drop(0), heal(7)]), 'it became true').to.deep.equal([]);
    expect(notesOf({ operator: 'always' }), 'always may be so').to.deep.equal([]);
    const atStep = { from: t(10), to: t(20) };
    expect(notesOf({ during: atStep }), 'the step may have made it so').to.deep.equal([]);
  });

  it('warns with its place and with what else to say', () => {
    const text = planText(TRUE_FROM_THE_START, 'early.yaml');
    const { notes } = runPlan(text, 1);
    const linesOf = () => TRUE_FROM_THE_START.split('\n');
    const told = `${formatDiagnostics(notes, linesOf)}\n`;
    expectGolden('specs/language/bad/KD1508.made.diagnostics.txt', told);
  });

  it('has a deadline, which belongs to it', () => {
    expect(outcomeOf({ ...EVENTUALLY, by: s(7) }, [drop(0), heal(7)]).status).to.equal('passed');
    const late = outcomeOf({ ...EVENTUALLY, by: s(6) }, [drop(0), heal(7)]);
    expect(late.status).to.equal('failed');
    expect(late.expected).to.equal('ok by t=6s');
    expect(late.title).to.equal('shop/frontend eventually reaches backend:80 within 6s');
  });

  it('waits for the settling where it has none', () => {
    expect(outcomeOf(EVENTUALLY, [drop(0), heal(500)]).status).to.equal('passed');
    const outcome = outcomeOf(EVENTUALLY, [drop(0)]);
    expect(outcome.actual).to.equal('timeout until the end of the run');
  });

  it('is an error over nothing and over what is not modelled', () => {
    const args = { from: { pods: { labels: { app: 'ghost' } } }, to: 'backend:80' };
    expect(outcomeOf({ ...EVENTUALLY, args }).code).to.equal('vacuous');
    const unknown: Change = [0, (it) => void (it.walks = () => [walk('not-modelled')])];
    expect(outcomeOf(EVENTUALLY, [unknown]).code).to.equal('not-modelled');
  });
});
