// Goal: `patch` merges fields into an object that is there.

import { expect } from 'chai';
import patch from '../../../src/vocabulary/actions/patch';
import { shop } from '../../runner/fake-cluster';

describe('patch', () => {
  it('sends the patch to the object', () => {
    const cluster = shop();
    const change = { spec: { paused: true } };
    expect(patch.perform(cluster, { patch: 'shop/backend', with: change })).to.deep.equal([
      'Deployment/shop/backend',
    ]);
    expect(cluster.calls).to.deep.equal([
      ['patch', 'Deployment', 'shop/backend', change, 'strategic'],
    ]);
  });

  it('sends the type that is asked for', () => {
    const cluster = shop();
    const operations = [{ op: 'remove', path: '/spec/paused' }];
    patch.perform(cluster, { patch: 'shop/backend', type: 'json', with: operations });
    expect(cluster.calls[0]!.at(-1)).to.equal('json');
  });

  it('takes a list of operations for `type: json` and for nothing else', () => {
    const operations = [{ op: 'remove', path: '/spec/paused' }];
    const wrong = patch.check!({ patch: 'shop/backend', with: operations });
    expect(wrong.map(({ message }) => message)).to.deep.equal([
      'a list of operations is a patch of `type: json`',
    ]);
    expect(patch.check!({ patch: 'shop/backend', with: {}, type: 'json' })).to.have.length(1);
    expect(patch.check!({ patch: 'shop/backend', with: operations, type: 'json' })).to.deep.equal(
      [],
    );
  });

  it('asks for no more pods than any cluster has', () => {
    const spec = { replicas: 150_001, parallelism: 2 };
    const [merged] = patch.check!({ patch: 'shop/backend', with: { spec } });
    const operations = [{ op: 'replace', path: '/spec/replicas', value: 150_001 }];
    const [set] = patch.check!({ patch: 'shop/backend', type: 'json', with: operations });
    const message = '150001 pods are not modelled: no cluster has more than 150000';
    expect(merged).to.include({ path: '/with/spec/replicas', message });
    expect(set).to.include({ path: '/with/0/value', message });
    expect(patch.check!({ patch: 'a', with: { spec: { replicas: 150_000 } } })).to.deep.equal([]);
  });

  it('hits nothing where the object is gone', () => {
    expect(patch.perform(shop(), { patch: 'service/shop/ghost', with: { a: 1 } })).to.deep.equal(
      [],
    );
  });
});
