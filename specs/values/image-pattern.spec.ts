// Goal: a pattern means the images that people mean by it, whatever registry, tag or digest.

import { expect } from 'chai';
import { matchesImage } from '../../src/values/image-pattern';

describe('a pattern of images', () => {
  const image = 'registry.example:5000/shop/backend:2.0';
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['backend', image, true],
    ['backend:2.0', image, true],
    ['shop/backend', image, true],
    ['registry.example:5000/shop/backend', image, true],
    [image, image, true],
    ['back*', image, true],
    ['registry*backend', image, true],
    ['backen?', image, true],
    ['backend', `${image}@sha256:00`, true],
    ['backend', 'backend', true],
    ['end', image, false],
    ['back', image, false],
    ['shop', image, false],
    ['registry.example', image, false],
    ['backend:2', image, false],
    ['registryXexample:5000/*', image, false],
    ['{backend,cart}', image, false],
  ];
  for (const [pattern, reference, expected] of cases) {
    it(`${pattern} ${expected ? 'means' : 'does not mean'} ${reference}`, () => {
      expect(matchesImage(pattern, reference)).to.equal(expected);
    });
  }
});
