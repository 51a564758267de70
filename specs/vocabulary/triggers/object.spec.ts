// Goal: `object` concerns the objects that it names, and is met as its condition says.

import { expect } from 'chai';
import object from '../../../src/vocabulary/triggers/object';
import { shop } from '../../runner/fake-cluster';

const READY = { query: '$.status.ready', equals: true };

describe('the trigger object', () => {
  it('concerns one object by its reference, or several by a pattern', () => {
    const one = object.watch(shop(), { object: 'deployment/shop/backend', becomes: READY });
    expect(one.kinds).to.deep.equal(['Deployment']);
    expect([
      one.concerns('Deployment', 'shop/backend'),
      one.concerns('Deployment', 'a/backend'),
    ]).to.deep.equal([true, false]);
    const some = object.watch(shop(), { object: 'EndpointSlice/shop/cart-*', becomes: READY });
    expect(some.kinds).to.deep.equal(['EndpointSlice']);
    expect(some.concerns('EndpointSlice', 'shop/cart-x7k')).to.equal(true);
    expect(some.concerns('EndpointSlice', 'shop/web-x7k')).to.equal(false);
  });

  it('finds nothing in an object that does not exist', () => {
    const gone = { query: '$.metadata.name', absent: true as const };
    const { isMet } = object.watch(shop(), { object: 'pod/shop/a-*', becomes: gone });
    expect(isMet(undefined)).to.equal(true);
    expect(isMet({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } })).to.equal(false);
  });

  it('wants anything where nothing more is said', () => {
    const { isMet } = object.watch(shop(), {
      object: 'pod/shop/a',
      becomes: { query: '$.status' },
    });
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } };
    expect([isMet(pod), isMet({ ...pod, status: {} })]).to.deep.equal([false, true]);
  });

  it('refuses a malformed query, and a pattern without a kind', () => {
    const [problem] = object.check!({ object: 'pod/shop/a', becomes: { query: 'status' } });
    expect(problem!.path).to.equal('/becomes/query');
    expect(() => object.watch(shop(), { object: 'shop/cart-*', becomes: READY })).to.throw(
      'needs a kind',
    );
  });
});
