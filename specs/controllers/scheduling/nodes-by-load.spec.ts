// Goal: the node with the fewest pods comes first, however full the others were before.

import { expect } from 'chai';
import type { Node } from '../../../src/apiserver/kinds/node';
import type { Pod } from '../../../src/apiserver/kinds/pod';
import { NodesByLoad } from '../../../src/controllers/scheduling/nodes-by-load';

const POD = { spec: { containers: [] } } as unknown as Pod;

function nodeNamed(name: string): Node {
  return { apiVersion: 'v1', kind: 'Node', metadata: { name } };
}

function leastOf(loads: NodesByLoad): string | undefined {
  return loads.firstOfLeast(() => true)?.node.metadata.name;
}

describe('nodes by load', () => {
  let loads: NodesByLoad;

  beforeEach(() => {
    loads = new NodesByLoad();
    for (const name of ['a', 'b']) {
      loads.put(nodeNamed(name));
      for (let pods = 0; pods < 3; pods++) loads.add(name, POD, '');
    }
  });

  it('finds a node that has lost a pod before one that has not', () => {
    expect(leastOf(loads)).to.equal('a');
    loads.remove('b', POD, '');
    expect(leastOf(loads)).to.equal('b');
  });

  it('finds a node that has come since all others were full', () => {
    expect(leastOf(loads)).to.equal('a');
    loads.put(nodeNamed('c'));
    expect(leastOf(loads)).to.equal('c');
  });

  it('finds a node again that did not suit, though others have a gap between them', () => {
    loads.add('b', POD, '');
    loads.add('b', POD, '');
    const isB = ({ node }: { node: Node }): boolean => node.metadata.name === 'b';
    expect(loads.firstOfLeast(isB)?.node.metadata.name).to.equal('b');
    expect(leastOf(loads)).to.equal('a');
  });

  it('finds a node after all of them were forgotten', () => {
    expect(leastOf(loads)).to.equal('a');
    loads.clear();
    expect(leastOf(loads)).to.equal(undefined);
    loads.put(nodeNamed('d'));
    expect(leastOf(loads)).to.equal('d');
  });

  it('counts the pods of an owner on each node, also more than one, and less than none', () => {
    const counts = (): number[] => [0, 1].map((node) => loads.spreadOf('web').get(node));
    const has = (): boolean[] => [0, 1].map((node) => loads.spreadOf('web').has(node));
    const steps: ['add' | 'remove', string, number[], boolean[]][] = [
      ['add', 'a', [1, 0], [true, false]],
      ['add', 'a', [2, 0], [true, false]],
      ['add', 'b', [2, 1], [true, true]],
      ['remove', 'a', [1, 1], [true, true]],
      ['remove', 'a', [0, 1], [false, true]],
      // One that was gone before its node came was never counted.
      ['remove', 'a', [-1, 1], [true, true]],
      ['add', 'a', [0, 1], [false, true]],
    ];
    for (const [step, name, expected, some] of steps) {
      loads[step](name, POD, 'web');
      expect([counts(), has()]).to.deep.equal([expected, some]);
    }
    expect(loads.spreadOf('nobody').has(0)).to.equal(false);
  });
});
