// Settings of evictions that belong to a threshold which no kubelet has.
// source: pkg/kubelet/eviction/helpers.go ParseThresholdConfig (both are looked up by the signals
// of thresholds), eviction_manager.go synchronize (MaxPodGracePeriodSeconds: soft ones alone)

import type { NodeSpec } from '../values/cluster-spec';
import { DEFAULT_THRESHOLDS, SIGNALS } from '../values/kubelet-settings';
import type { Signal } from '../values/kubelet-settings';
import type { IdleSetting } from './lexicon';
import { child } from './tree';
import type { Path, Tree } from './tree';

const GRACE = 'evictionSoftGracePeriod';
const RECLAIM = 'evictionMinimumReclaim';
const MAX_GRACE = 'evictionMaxPodGracePeriod';

/** One setting as one kubelet has it. */
interface Reading extends IdleSetting {
  readonly isRead: boolean;
}

/** Those that no kubelet of the nodes reads. What is said of all may serve a few. */
export function idleEvictionSettings(
  cluster: Tree,
  nodes: readonly NodeSpec[],
): readonly IdleSetting[] {
  const written = child(cluster, 'nodes')?.items;
  const says = [cluster, ...(written ?? [])].some((it) => child(it, 'kubelet') !== undefined);
  if (!says) return [];
  const all = nodes.flatMap((node, index) => readingsOf(node, index, written?.[index], cluster));
  const read = new Set(all.filter(({ isRead }) => isRead).map(({ path }) => path.join(' ')));
  return all.filter(({ path }) => !read.has(path.join(' ')));
}

function readingsOf(
  { kubelet }: NodeSpec,
  index: number,
  node: Tree | undefined,
  cluster: Tree,
): readonly Reading[] {
  const own = child(node, 'kubelet');
  const common = child(cluster, 'kubelet');
  const said = (key: string): Tree | undefined => child(own, key) ?? child(common, key);
  const pathOf = (key: string): Path =>
    child(own, key) === undefined ? ['kubelet', key] : ['nodes', index, 'kubelet', key];
  const thresholds = kubelet?.thresholds ?? DEFAULT_THRESHOLDS;
  const has = (signal: Signal): boolean => thresholds.some((it) => it.signal === signal);
  const isSoft = (signal: Signal): boolean =>
    has(signal) && child(said('evictionSoft'), signal) !== undefined;
  const graces = writtenIn(said(GRACE)).map((signal): Reading => ({
    path: [...pathOf(GRACE), signal],
    isRead: isSoft(signal),
    message: `no soft threshold of ${signal} waits for this grace period`,
    hint: `a threshold is evictionSoft: {${signal}: …}; without one, leave it out`,
  }));
  const reclaims = writtenIn(said(RECLAIM)).map((signal): Reading => ({
    path: [...pathOf(RECLAIM), signal],
    isRead: has(signal),
    message: `no threshold of ${signal} asks for this minimum reclaim`,
    hint: `a threshold is evictionHard: {${signal}: …}; without one, leave it out`,
  }));
  if (said(MAX_GRACE) === undefined) return [...graces, ...reclaims];
  const max: Reading = {
    path: pathOf(MAX_GRACE),
    isRead: SIGNALS.some(isSoft),
    message: `${MAX_GRACE} is for soft thresholds, and there is none`,
    hint: 'hard thresholds give pods no time; a soft one is evictionSoft: {memory.available: …}',
  };
  return [...graces, ...reclaims, max];
}

function writtenIn(tree: Tree | undefined): readonly Signal[] {
  return SIGNALS.filter((signal) => child(tree, signal) !== undefined);
}
