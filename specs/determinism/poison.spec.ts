// Goal: whatever would let the machine into a run throws, and is whole again afterwards.

import { expect } from 'chai';
import { withoutMachine } from './poison';

describe('a run without the machine', () => {
  const uses: readonly (readonly [string, () => unknown])[] = [
    ['Date', () => new Date()],
    ['Date', () => Date.now()],
    ['Math.random', () => Math.random()],
    ['performance', () => performance.now()],
    ['process.hrtime', () => process.hrtime()],
    ['setTimeout', () => setTimeout(() => {}, 0)],
    ['setInterval', () => setInterval(() => {}, 0)],
    ['setImmediate', () => setImmediate(() => {})],
    ['queueMicrotask', () => queueMicrotask(() => {})],
  ];
  for (const [name, use] of uses) {
    it(`cannot use ${name}`, () => {
      expect(() => withoutMachine(use)).to.throw(`a run used ${name}`);
    });
  }

  it('gives everything back, also after an error', () => {
    const before = [Date, Math.random, performance, setTimeout, process.hrtime];
    expect(() => withoutMachine(() => Date.now())).to.throw();
    expect(withoutMachine(() => 7)).to.equal(7);
    expect([Date, Math.random, performance, setTimeout, process.hrtime]).to.deep.equal(before);
    expect(Date.now()).to.be.a('number');
  });
});
