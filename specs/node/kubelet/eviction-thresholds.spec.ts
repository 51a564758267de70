// Goal: how much a threshold of a kubelet asks for: an amount, or a share of what the node has, which
// real kubelets hold in 32 bits (pkg/kubelet/eviction/helpers.go parsePercentage, api/types.go
// GetThresholdQuantity: float64(capacity) * float64(float32(10) / 100)).

import { expect } from 'chai';

import { leastOf, look } from '../../../src/node/kubelet/eviction-thresholds';
import { bytes } from '../../../src/values/bytes';
import type { EvictionThreshold, Quantity } from '../../../src/values/kubelet-settings';
import { START, ZERO } from '../../../src/values/time';

function threshold(least: Quantity, more: Partial<EvictionThreshold> = {}): EvictionThreshold {
  return { signal: 'nodefs.available', least, grace: ZERO, ...more };
}

function supply(capacity: string, available = 0) {
  return { capacity: () => bytes(capacity), available: () => available };
}

describe('the least that a threshold asks for', () => {
  it('is the amount that it says', () => {
    expect(leastOf(threshold({ amount: bytes('10Gi') }), supply('100Gi'))).to.equal(bytes('10Gi'));
  });

  it('is a share of the whole, whose 32 bits show in bytes', () => {
    const tenth = (capacity: string): number =>
      leastOf(threshold({ share: 0.1 }), supply(capacity));
    expect(tenth('100Gi')).to.equal(10_737_418_400);
    expect(tenth('1000')).to.equal(100);
    expect(leastOf(threshold({ share: 0.15 }), supply('100Gi'))).to.equal(16_106_128_000);
    expect(leastOf(threshold({ share: 0.5 }), supply('100Gi'))).to.equal(bytes('50Gi'));
  });

  it('is met by one byte less, and so is what is to be reclaimed beyond it', () => {
    const all = [threshold({ share: 0.1 }, { reclaim: { share: 0.05 } })];
    const numbers = (available: number, driving: readonly number[]): readonly number[] => {
      const before = { seen: new Map(), driving: new Set(driving) };
      return [...look(all, before, supply('100Gi', available), START).driving];
    };
    expect(numbers(10_737_418_400, [])).to.deep.equal([]);
    expect(numbers(10_737_418_399, [])).to.deep.equal([0]);
    // A twentieth of 100Gi in 32 bits is 5,368,709,200.
    expect(numbers(16_106_127_600, [0])).to.deep.equal([]);
    expect(numbers(16_106_127_599, [0])).to.deep.equal([0]);
  });
});
