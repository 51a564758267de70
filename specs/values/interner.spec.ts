// Goal: texts have dense numbers in the order of their first sight, and keep them.

import { expect } from 'chai';
import { Interner } from '../../src/values/interner';

describe('Interner', () => {
  it('numbers texts from zero, each once', () => {
    const interner = new Interner();
    expect(['b', 'a', 'b', ''].map((text) => interner.intern(text))).to.deep.equal([0, 1, 0, 2]);
    expect(interner.size).to.equal(3);
    expect(interner.textOf(1)).to.equal('a');
    expect(interner.find('')).to.equal(2);
    expect(interner.find('c')).to.equal(undefined);
    expect(() => interner.textOf(3)).to.throw(RangeError);
  });
});
