// Goal: a source that coverage forgot is named.

import { expect } from 'chai';
import { checkCoverage } from './coverage';
import { formatFinding } from './finding';

const LINES = { lines: { total: 1, covered: 1 } };

describe('the coverage summary', () => {
  it('names every source with code', () => {
    const summary = { total: LINES, '/home/u/kubedrill/src/a.ts': LINES };
    expect(
      checkCoverage(summary, ['src/a.ts', 'src/types.ts'], new Set(['src/types.ts'])),
    ).to.deep.equal([]);
  });

  it('is refused where it forgot one, or where nothing was looked for', () => {
    const findings = checkCoverage({ total: LINES }, ['src/a.ts'], new Set());
    expect(findings.map(formatFinding)).to.deep.equal([
      'coverage/coverage-summary.json: does not name src/a.ts: nyc never saw it',
    ]);
    expect(checkCoverage({ total: LINES }, [], new Set())).to.have.lengthOf(1);
  });
});
