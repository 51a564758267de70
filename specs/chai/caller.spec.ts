// Goal: a failure leads to the line of the spec, not into the plugin.

import { expect } from 'chai';
import { callerRange } from '../../src/chai/caller';

describe('the place of an assertion', () => {
  it('is the nearest line outside of the plugin and of packages', () => {
    const folder = `${process.cwd()}/${__dirname.slice(process.cwd().length + 1)}`;
    const own = folder.replace(/specs\/chai$/, 'src/chai');
    const stack = [
      'Error: where',
      `    at callerRange (${own}/caller.js:12:5)`,
      `    at Proxy.methodWrapper (file://${process.cwd()}/node_modules/chai/index.js:1:2)`,
      '    at node:internal/main/run:1:2',
      `    at Context.<anonymous> (${process.cwd()}/specs/mine.spec.js:31:7)`,
      `    at Runner.run (${process.cwd()}/specs/other.spec.js:1:1)`,
    ].join('\n');
    expect(callerRange(stack)).to.include({ file: 'specs/mine.spec.js', line: 31, column: 7 });
  });

  it('is empty where there is no stack', () => {
    expect(callerRange('Error')).to.include({ file: '', line: 1 });
  });

  it('is this file here', () => {
    expect(callerRange().file).to.contain('caller.spec');
  });
});
