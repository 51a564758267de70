// Goal: selectors match as Kubernetes matches.
// source: staging/src/k8s.io/apimachinery/pkg/labels/selector.go (Requirement.Matches)

import { expect } from 'chai';
import { matchesLabels, matchesSelector } from '../../src/values/labels';
import type { LabelExpression } from '../../src/values/labels';

const LABELS = { app: 'shop', tier: 'web' };

describe('a selector', () => {
  it('wants every pair', () => {
    expect(matchesLabels(LABELS, { app: 'shop' })).to.equal(true);
    expect(matchesLabels(LABELS, { app: 'shop', tier: 'db' })).to.equal(false);
    expect(matchesLabels(undefined, { app: 'shop' })).to.equal(false);
  });

  it('matches everything where it is empty', () => {
    expect(matchesSelector(LABELS, {})).to.equal(true);
    expect(matchesSelector(undefined, { matchLabels: {}, matchExpressions: [] })).to.equal(true);
  });

  const expressions: readonly (readonly [LabelExpression, boolean])[] = [
    [{ key: 'app', operator: 'In', values: ['shop', 'cart'] }, true],
    [{ key: 'app', operator: 'In', values: ['cart'] }, false],
    [{ key: 'zone', operator: 'In', values: ['a'] }, false],
    [{ key: 'app', operator: 'NotIn', values: ['cart'] }, true],
    [{ key: 'app', operator: 'NotIn', values: ['shop'] }, false],
    // A missing key satisfies NotIn.
    [{ key: 'zone', operator: 'NotIn', values: ['a'] }, true],
    [{ key: 'app', operator: 'Exists' }, true],
    [{ key: 'zone', operator: 'Exists' }, false],
    [{ key: 'zone', operator: 'DoesNotExist' }, true],
    [{ key: 'app', operator: 'DoesNotExist' }, false],
    // No label, though every JavaScript object answers to the name.
    [{ key: 'constructor', operator: 'Exists' }, false],
  ];
  for (const [line, verdict] of expressions) {
    const values = line.values === undefined ? '' : ` (${line.values.join(', ')})`;
    it(`${line.key} ${line.operator}${values} is ${verdict}`, () => {
      expect(matchesSelector(LABELS, { matchExpressions: [line] })).to.equal(verdict);
    });
  }

  it('joins pairs and expressions with and', () => {
    const exists: LabelExpression = { key: 'tier', operator: 'Exists' };
    const both = { matchLabels: { app: 'cart' }, matchExpressions: [exists] };
    expect(matchesSelector(LABELS, both)).to.equal(false);
  });
});
