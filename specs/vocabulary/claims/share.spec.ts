// Goal: `share` compares exact fractions, and counts draws that the seed fixes.

import { expect } from 'chai';
import share from '../../../src/vocabulary/claims/share';
import { backends, shop } from '../../runner/fake-cluster';
import type { FakeOptions } from '../../runner/fake-cluster';
import { errorsIn } from '../../runner/plan-text';

const ARGS = { from: 'shop/frontend', to: 'backend:80' };
const THIRDS = { 'shop/backend#1': '1/3', 'shop/backend#2': '1/3', 'shop/backend#3': '1/3' };

function observe(
  args: object,
  walks = backends('answered', 'answered', 'answered'),
  options: FakeOptions = {},
) {
  const cluster = shop(options);
  cluster.walks = () => walks;
  return share.observe(cluster, { ...ARGS, ...args }, { explain: true });
}

describe('share', () => {
  it('is exact: three times one third', () => {
    expect(observe({ of: THIRDS }).holds).to.equal(true);
    expect(observe({ of: { ...THIRDS, 'shop/backend#3': '33/100' } }).holds).to.equal(false);
    expect(observe({ of: { 'shop/backend': 1 } }).holds).to.equal(true);
    expect(observe({ even: 'deployment/shop/backend' }).holds).to.equal(true);
  });

  it('gives nothing to backends that are not listed', () => {
    const { holds, actual } = observe({ of: { 'shop/backend#1': '1/3', 'shop/backend#2': '1/3' } });
    expect(holds).to.equal(false);
    expect(actual).to.equal('shop/backend#1 1/3, shop/backend#2 1/3, shop/backend#3 1/3');
  });

  it('counts what is not answered under its outcome', () => {
    const observation = observe(
      { even: 'shop/backend' },
      backends('answered', 'refused-by-listener', 'answered'),
    );
    expect(observation.actual).to.equal('refused 1/3, shop/backend#1 1/3, shop/backend#3 1/3');
    expect(observation.traces[0]!.disposition).to.equal('refused-by-listener');
  });

  it('draws connections from the seed, the same ones whenever it is asked', () => {
    const counts = { 'shop/backend#1': { atLeast: 70, atMost: 130 } };
    const drawn = (seed: number) => observe({ connections: 300, counts }, undefined, { seed });
    expect(drawn(1)).to.include({ holds: true, actual: drawn(1).actual });
    expect(drawn(2).actual).to.not.equal(drawn(1).actual);
    const total = drawn(1)
      .actual.match(/ (\d+)(?=,|$)/g)!
      .map(Number)
      .reduce((a, b) => a + b);
    expect(total).to.equal(300);
    expect(
      observe({ connections: 300, counts: { 'shop/backend#1': { atMost: 10 } } }).holds,
    ).to.equal(false);
  });

  it('draws the same connections twice in one run', () => {
    const cluster = shop();
    cluster.walks = () => backends('answered', 'answered', 'answered');
    const counts = { 'shop/backend': { atLeast: 9, atMost: 9 } };
    const args = { ...ARGS, connections: 9, counts };
    const [one, two] = [1, 2].map(() => share.observe(cluster, args, { explain: false }));
    expect(one!.key).to.equal(two!.key);
    expect(one!.holds).to.equal(true);
  });

  it('knows no share where a path is not modelled', () => {
    expect(
      observe({ of: THIRDS }, backends('answered', 'not-modelled', 'answered')).holds,
    ).to.equal(undefined);
  });

  // At most five of nobody would hold for ever.
  for (const args of ['of: {backnd: 1}', 'counts: {backnd: {atMost: 5}}, connections: 9']) {
    it(`names backends that are there (${args})`, () => {
      const text = [
        'scenario: one',
        'manifests: [scenarios/manifests/shop.yaml]',
        `expect: [{at: 1s, share: {from: shop/frontend, to: backend:80, ${args}}}]`,
      ].join('\n');
      expect(errorsIn(text, 'share.yaml')).to.deep.equal([
        'there is neither a pod nor a workload "backnd"',
      ]);
    });
  }
});
