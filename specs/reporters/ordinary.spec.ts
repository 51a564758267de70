// Goal: in a run of mocha that mixes scenarios with ordinary specs, the specs are reported as
// well as any: assertions as failures, exceptions and hooks as errors, pending tests as skipped.

import { expect } from 'chai';
import type { JsonReport } from '../../reporters/json';
import MultiReporter from '../../reporters/multi';
import { drive } from '../../src/mocha/drive';
import { Memory } from './fixtures';
import { all, parseXml } from './xml-parser';

async function reported(name: string): Promise<string> {
  const sink = new Memory();
  await drive(
    (bdd) => {
      bdd.describe('outer', () => {
        bdd.describe('inner', () => {
          bdd.it('passes', () => undefined);
          bdd.it('fails', () => expect(1).to.equal(2));
          bdd.it('throws', () => {
            throw new TypeError('x is undefined');
          });
          bdd.it('is pending', undefined as never);
        });
        bdd.describe('broken', () => {
          bdd.before('sets up', () => {
            throw new Error('no set-up');
          });
          bdd.it('is never reached', () => undefined);
        });
      });
    },
    { bail: false, reporter: MultiReporter, reporterOptions: { sink, reporters: [{ name }] } },
  );
  return sink.text;
}

describe('ordinary specs', () => {
  it('are cases of the JUnit report', async () => {
    const root = parseXml(await reported('junit'));
    expect(root.children.map(({ attributes }) => attributes['name'])).to.deep.equal([
      'outer inner',
      'outer broken',
    ]);
    expect(root.attributes).to.include({ tests: '5', failures: '1', errors: '2', skipped: '1' });
    const [failure] = all(root, 'failure');
    expect(failure!.attributes).to.include({ type: 'AssertionError' });
    expect(failure!.attributes['message']).to.equal('expected 1 to equal 2');
    expect(failure!.text).to.match(/\n {4,}at .*ordinary\.spec/);
    expect(all(root, 'error').map(({ attributes }) => attributes['message'])).to.deep.equal([
      'x is undefined',
      'no set-up',
    ]);
  });

  it('are listed by the JSON report, apart from runs', async () => {
    const report = JSON.parse(await reported('json')) as JsonReport;
    expect(report.runs).to.deep.equal([]);
    expect(report.specs.map(({ status }) => status)).to.deep.equal([
      'passed',
      'failed',
      'error',
      'skipped',
      'error',
    ]);
  });

  it('stand in the tree of the console', async () => {
    const text = await reported('console');
    expect(text).to.contain(
      '  outer inner\n    ✓ passes\n    ✗ fails\n    ! throws\n    - is pending',
    );
    expect(text).to.contain('TypeError: x is undefined').and.to.contain('no set-up');
    expect(text).to.contain('1 passed, 1 failed, 2 errors, 1 skipped');
  });
});
