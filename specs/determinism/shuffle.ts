// Manifests in another order, for a run whose verdicts must not depend on it.

import { Random } from '../../src/kernel/random';
import type { KubeObject } from '../../src/values/kube-object';

/** Kinds whose objects draw addresses from one pool: from their order follows who gets which. */
const POOLS: Readonly<{ [kind: string]: string }> = {
  Service: 'service addresses',
  Pod: 'pod addresses',
  Deployment: 'pod addresses',
  ReplicaSet: 'pod addresses',
};

/** Another order of the same objects, drawn from a seed. */
export function shuffled(objects: readonly KubeObject[], seed: number): KubeObject[] {
  const stream = new Random(seed).stream('manifests');
  const order = [...objects];
  for (let last = order.length - 1; last > 0; last--) {
    const chosen = stream.below(last + 1);
    [order[last], order[chosen]] = [order[chosen]!, order[last]!];
  }
  return order;
}

/**
 * The same, but objects that draw from one pool keep their order among themselves: for scenarios
 * that name addresses which they did not choose.
 */
export function shuffledByPool(objects: readonly KubeObject[], seed: number): KubeObject[] {
  const waiting = new Map<string, KubeObject[]>();
  for (const object of objects) {
    const pool = POOLS[object.kind] ?? '';
    waiting.set(pool, [...(waiting.get(pool) ?? []), object]);
  }
  return shuffled(objects, seed).map((object) => {
    const pool = POOLS[object.kind];
    return pool === undefined ? object : waiting.get(pool)!.shift()!;
  });
}
