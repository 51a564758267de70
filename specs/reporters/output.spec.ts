// Goal: a text is as wide as the user says.

import { expect } from 'chai';
import { columnsOf } from '../../reporters/output';

describe('the width of the output', () => {
  it('is what COLUMNS says, where that is a number', () => {
    expect(columnsOf({ COLUMNS: '72' })).to.equal(72);
    expect(columnsOf({})).to.equal(undefined);
    for (const COLUMNS of ['', '0', 'wide', '-5', '1e3']) {
      expect(columnsOf({ COLUMNS }), COLUMNS).to.equal(undefined);
    }
  });
});
