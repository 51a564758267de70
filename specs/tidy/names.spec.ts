// Goal: empty names and unfinished work do not slip in.

import { expect } from 'chai';
import { formatFinding } from './finding';
import { checkNames, checkUnfinished, MARKS } from './names';

const [MARK = ''] = MARKS;

describe('names', () => {
  it('refuse words that fit everything, for files and for folders', () => {
    const paths = [
      'src/utils.ts',
      'src/common/ip.ts',
      'src/node/helpers.spec.ts',
      'src/utility.ts',
    ];
    expect(checkNames(paths).map(formatFinding)).to.deep.equal([
      'src/utils.ts: "utils" fits everything: name what is in it',
      'src/common/ip.ts: "common" fits everything: name what is in it',
      'src/node/helpers.spec.ts: "helpers" fits everything: name what is in it',
    ]);
  });

  it('leave no unfinished work behind', () => {
    const files = [{ path: 'src/a.ts', text: `a;\n// ${MARK}: b` }];
    expect(checkUnfinished(files).map(formatFinding)).to.deep.equal([
      `src/a.ts:2: ${MARK}: do it, or say in docs/limitations.md that it is missing`,
    ]);
    expect(checkUnfinished([{ path: 'src/a.ts', text: 'a;' }])).to.deep.equal([]);
  });
});
