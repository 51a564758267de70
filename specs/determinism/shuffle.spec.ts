// Goal: the shuffled order is another one, of the same objects; pools keep theirs.

import { expect } from 'chai';
import type { KubeObject } from '../../src/values/kube-object';
import { shuffled, shuffledByPool } from './shuffle';

function objects(...names: readonly string[]): KubeObject[] {
  return names.map((text) => {
    const [kind = '', name = ''] = text.split('/');
    return { apiVersion: 'v1', kind, metadata: { name } };
  });
}

const MIXED = objects('Pod/a', 'Service/a', 'Pod/b', 'Service/b', 'ConfigMap/a', 'Deployment/c');
const names = (list: readonly KubeObject[]) => list.map((it) => `${it.kind}/${it.metadata.name}`);

describe('shuffled manifests', () => {
  it('are the same objects in another order', () => {
    const order = names(shuffled(MIXED, 1));
    expect(order).to.have.members(names(MIXED)).and.not.to.deep.equal(names(MIXED));
    expect(names(shuffled(MIXED, 1))).to.deep.equal(order);
  });

  it('may keep the order of those that draw from one pool', () => {
    for (const seed of [1, 2, 3, 4]) {
      const order = names(shuffledByPool(MIXED, seed));
      expect(order).to.have.members(names(MIXED));
      expect(order.filter((it) => it.startsWith('Service'))).to.deep.equal([
        'Service/a',
        'Service/b',
      ]);
      const pods = order.filter((it) => /^(Pod|Deployment)/.test(it));
      expect(pods).to.deep.equal(['Pod/a', 'Pod/b', 'Deployment/c']);
    }
  });
});
