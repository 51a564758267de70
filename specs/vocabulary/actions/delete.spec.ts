// Goal: `delete` is graceful, by the object's own grace or by the one that is given.

import { expect } from 'chai';
import remove from '../../../src/vocabulary/actions/delete';
import { UnknownTargetError } from '../../../src/vocabulary/targets';
import { shop } from '../../runner/fake-cluster';

function perform(args: object) {
  const cluster = shop();
  return { hits: remove.perform(cluster, args as never), calls: cluster.calls };
}

describe('delete', () => {
  it('deletes a pod by number, a workload by name, any object by kind', () => {
    expect(perform({ delete: 'shop/backend#2' }).calls).to.deep.equal([
      ['delete', 'Pod', 'shop/backend-b'],
    ]);
    expect(perform({ delete: 'pod/shop/backend-a' }).hits).to.deep.equal(['Pod/shop/backend-a']);
    expect(perform({ delete: 'shop/backend' }).hits).to.deep.equal(['Deployment/shop/backend']);
  });

  it('finds a pod by its number whatever kind is written', () => {
    for (const text of ['shop/backend#2', 'pod/shop/backend#2', 'deployment/shop/backend#2']) {
      expect(perform({ delete: text }).hits).to.deep.equal(['Pod/shop/backend-b']);
    }
    expect(() => perform({ delete: 'shop/backend#9' })).to.throw(UnknownTargetError, /no pod/);
  });

  it('takes a grace in whole seconds', () => {
    expect(perform({ delete: 'shop/backend#1', grace: '5s' }).calls).to.deep.equal([
      ['delete', 'Pod', 'shop/backend-a', 5],
    ]);
    expect(remove.check!({ delete: 'a', grace: '0s' })).to.deep.equal([]);
    expect(remove.check!({ delete: 'a', grace: '1500ms' })).to.have.length(1);
  });

  it('hits nothing where the object is gone, and refuses what it cannot name', () => {
    expect(perform({ delete: 'service/shop/ghost' }).hits).to.deep.equal([]);
    expect(() => perform({ delete: 'shop/ghost' })).to.throw(
      UnknownTargetError,
      /nothing is called/,
    );
  });
});
