// Goal: patterns for objects name one kind and match within one segment; a text without a wildcard
// is a reference, and none of ours.

import { expect } from 'chai';

import { parseObjectPattern } from '../../src/language/object-pattern';

describe('a pattern for objects', () => {
  for (const [text, kind, key] of [
    ['EndpointSlice/shop/cart-*', 'EndpointSlice', 'shop/cart-*'],
    ['pods/shop/*', 'Pod', 'shop/*'],
    ['pod/cart-?', 'Pod', 'default/cart-?'],
    ['node/worker-*', 'Node', 'worker-*'],
  ] as const) {
    it(`${text} means ${kind} ${key}`, () => {
      expect(parseObjectPattern(text)).to.deep.equal({ ok: true, value: { kind, key } });
    });
  }

  it('is none without a wildcard', () => {
    expect(parseObjectPattern('deployment/shop/cart')).to.equal(undefined);
  });

  for (const text of ['cart-*', 'shop/cart-*', 'pod/a/b/c-*', 'node/a/b-*', 'pod//a*']) {
    it(`${text} is refused`, () => {
      expect(parseObjectPattern(text)).to.include({ ok: false });
    });
  }
});
