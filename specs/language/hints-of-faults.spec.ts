// Goal: a fault that says a number where a text with a unit belongs is told the text to write.

import { expect } from 'chai';
import { loadText } from '../runner/plan-text';

function hintsOf(args: string): readonly (string | undefined)[] {
  const text = [
    'scenario: hints',
    'cluster: {nodes: 2}',
    `timeline: [{at: 5s, degrade: {from: node/worker-1, to: node/worker-2, ${args}}}]`,
    'expect: [{at: 9s, inspect: {query: $.now, count: 1}}]',
  ].join('\n');
  return loadText(text, 'hints.yaml').diagnostics.map(({ hint }) => hint);
}

describe('a number in place of a text', () => {
  it('lacks its unit: quotes alone would not do', () => {
    expect(hintsOf('loss: 30')).to.deep.equal(['write 30%']);
    expect(hintsOf('rate: 10')).to.deep.equal(['for example 1mbit']);
    expect(hintsOf('delay: 5')).to.deep.equal(['write 5s or 5ms']);
  });

  it('is told of examples where its unit is none', () => {
    expect(hintsOf('rate: 10MB')).to.deep.equal(['for example 1mbit, 10gbit']);
  });
});
