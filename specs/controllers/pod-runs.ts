// Pods of one series that have come one after the other, for specs of those who are told of them.

import type { Pod } from '../../src/apiserver/kinds/pod';
import { LatePod } from '../../src/apiserver/late-pod';
import type { PodMaker } from '../../src/apiserver/late-pod';
import { PodRun } from '../../src/apiserver/pod-run';
import { ip } from '../../src/values/ip';
import { splitKey } from '../../src/values/kube-object';
import type { ObjectMeta } from '../../src/values/kube-object';
import { PodHost } from '../../src/values/pod-host';
import type { Instant } from '../../src/values/time';

interface SeriesOptions {
  /** Told of each whose object is made. */
  readonly made?: (key: string) => void;
  /** The first revision. */
  readonly from?: number;
  readonly node?: string;
}

/** Versions of pods of one series with these keys. */
export function seriesOf(
  keys: readonly string[],
  metadata: Partial<ObjectMeta>,
  { made = () => {}, from = 1, node = 'worker-1' }: SeriesOptions = {},
): LatePod[] {
  const uidOf = ({ key }: LatePod): string => `uid of ${key}`;
  const make = (pod: LatePod): Pod => {
    made(pod.key);
    const own = { ...splitKey(pod.key), ...metadata, uid: uidOf(pod) };
    return { apiVersion: 'v1', kind: 'Pod', metadata: own, spec: { containers: [] } };
  };
  const pattern = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'any', ...metadata } } as Pod;
  const keyOf = ({ end }: LatePod): string => keys[end]!;
  const maker: PodMaker = { pattern, at: 0 as Instant, cause: -1, keyOf, uidOf, make };
  return keys.map((_key, index) => {
    const place = [ip(`10.0.0.${index + 2}`)];
    const host = new PodHost(node, place);
    return new LatePod({ end: index, key: undefined, revision: from + index, host, place }, maker);
  });
}

/** The same as one run. */
export function runOf(keys: readonly string[], metadata: Partial<ObjectMeta>): PodRun {
  return new PodRun(seriesOf(keys, metadata), 0, keys.length);
}
