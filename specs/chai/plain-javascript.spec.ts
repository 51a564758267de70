// Goal: a spec in plain JavaScript, which no compiler has checked, is told what is wrong with its
// arguments: by the call that it made, never by what broke inside of it.

import * as chai from 'chai';
import { expect } from 'chai';
import { buildCluster, kubedrill, loadScenario } from '../../src/chai/plugin';
import type { Drill } from '../../src/chai/plugin';
import { shop } from './shop';

chai.use(kubedrill);

describe('plain JavaScript', () => {
  let drill: Drill;
  before(() => (drill = shop()));

  /** As a caller without types sees it. */
  type Untyped = Record<string, (...given: unknown[]) => Untyped>;

  const client = (): Untyped => expect(drill.pod('shop/client')).to as unknown as Untyped;
  const untyped = (): Untyped => drill as unknown as Untyped;

  const calls: readonly (readonly [string, () => unknown, string])[] = [
    ['a port for a name', () => client().reach!(80), "`reach` is written reach('…', {…}); 80 has"],
    [
      'an outcome for options',
      () => client().reach!('backend:80', 'ok'),
      '"ok" has no place there',
    ],
    ['nothing for options', () => client().reach!('backend:80', null), 'null has no place there'],
    ['no name', () => client().resolve!(), 'the key "name" is missing'],
    ['a name with a space', () => client().resolve!('backend A'), 'it has a space'],
    [
      'a number for an instant',
      () => untyped().runUntil!(5),
      "takes a text: runUntil('10s'), not 5",
    ],
    ['no span', () => untyped().runFor!(), "takes a text: runFor('500ms'), not undefined"],
    ['a fault of nothing', () => untyped().kill!(), '`kill` takes an object'],
    ['an action of nothing', () => untyped().do!(), '`do` takes an object'],
    ['a node that is not there', () => drill.node('worker-9'), 'there is no node "worker-9"; did'],
    ['no node', () => untyped().node!(), "takes a text: node('worker-1'), not undefined"],
    ['no file', () => (loadScenario as never as Untyped[string])(), '`loadScenario` takes a text'],
    ['a slip in an option', () => buildCluster({ node: 3 } as never), 'did you mean "nodes"?'],
    ['a path for options', () => buildCluster('a.yaml' as never), 'are an object, not "a.yaml"'],
    [
      'a seed in words',
      () => buildCluster({ seed: 'x' as never }),
      'a whole number from 0, not "x"',
    ],
    ['one manifest', () => buildCluster({ manifests: 'a.yaml' as never }), 'are a list'],
    [
      'a title for options',
      () => loadScenario('a.yaml', 'first' as never),
      'the options of `loadScenario` are an object, not "first"',
    ],
  ];

  for (const [what, call, message] of calls) {
    it(`is told of ${what}`, () => {
      expect(call).to.throw(what === 'a node that is not there' ? RangeError : TypeError, message);
    });
  }

  it('is not stopped by what is right', () => {
    client().reach!('backend:80', undefined);
    expect(drill.node('node/worker-1').args.from).to.equal('node/worker-1');
  });
});
