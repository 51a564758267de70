// Goal: the time of a cause is the earliest one that no look has seen, wherever its pod stands.
// Rules: staging/src/k8s.io/endpointslice/util/trigger_time_tracker.go

import { expect } from 'chai';

import type { Condition, Pod } from '../../../src/apiserver/kinds/pod';
import type { Service } from '../../../src/apiserver/kinds/service';
import { TriggerTimes } from '../../../src/controllers/endpointslices/trigger-times';
import { versionsOf } from './slices-of-pods';

const SERVICE = {
  metadata: { name: 'web', namespace: 'shop', creationTimestamp: 9 },
} as unknown as Service;

function readySince(lastTransitionTime: number): readonly Condition[] {
  return [{ type: 'Ready', status: 'True', lastTransitionTime }];
}

function podOf(name: string, conditions: readonly Condition[]): Pod {
  return { metadata: { name, namespace: 'shop' }, status: { conditions } } as unknown as Pod;
}

/** What each look at the Service comes to. */
function looks(...pods: readonly (readonly Pod[])[]): (number | undefined)[] {
  const times = new TriggerTimes();
  return pods.map((those) => times.earliestChange('shop/web', SERVICE, versionsOf(those)));
}

const A = podOf('a', readySince(5));
const B = podOf('b', readySince(3));
const C = podOf('c', readySince(4));

describe('the earliest change of a Service', () => {
  it('is that of the pod that was ready first, in whatever order they come', () => {
    for (const pods of [
      [A, B, C],
      [B, C, A],
      [C, A, B],
    ]) {
      expect(looks(pods)).to.deep.equal([3]);
    }
  });

  it('is its own creation where that was earlier', () => {
    expect(looks([], [podOf('a', readySince(12))])).to.deep.equal([9, 12]);
    expect(looks([podOf('a', readySince(12))])).to.deep.equal([9]);
  });

  it('is nothing where a look has seen all of it, although pods have gone or stand elsewhere', () => {
    const none = [undefined, undefined, undefined];
    expect(looks([A, B, C], [A, B, C], [B, C], [C, B])).to.deep.equal([3, ...none]);
  });

  it('is that of the one that is new, or has changed to a later time', () => {
    const later = podOf('b', readySince(8));
    expect(looks([A, B], [A, B, C])).to.deep.equal([3, 4]);
    expect(looks([A, B], [A, later])).to.deep.equal([3, 8]);
    expect(looks([A, later], [A, B])).to.deep.equal([5, undefined]);
  });

  it('tells pods apart that share their conditions, and those beside them that do not', () => {
    const shared = readySince(7);
    const pods = [podOf('x', shared), podOf('y', shared), B, podOf('z', shared)];
    expect(looks(pods)).to.deep.equal([3]);
    expect(looks([B], pods)).to.deep.equal([3, 7]);
  });

  it('is told anew of a pod that has lost its readiness and is there with the same time', () => {
    const unknown = podOf('a', []);
    expect(looks([A], [unknown], [A])).to.deep.equal([5, undefined, 5]);
  });
});
