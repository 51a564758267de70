// The indexes of an indexed Job: which are done, and which pods stand for which.
// source: pkg/controller/job/indexed_job_utils.go

import type { Job } from '../../apiserver/kinds/job';
import type { Pod } from '../../apiserver/kinds/pod';

export const INDEX_LABEL = 'batch.kubernetes.io/job-completion-index';

export function isIndexed({ spec }: Job): boolean {
  return spec.completionMode === 'Indexed';
}

/** The index of a pod; undefined where it has none that the Job knows. */
export function indexOf({ spec }: Job, { metadata }: Pod): number | undefined {
  const text = metadata.annotations?.[INDEX_LABEL] ?? '';
  const index = /^\d+$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
  return index < (spec.completions ?? 0) ? index : undefined;
}

/** `0-2,5` as 0, 1, 2, 5. */
export function parseIndexes(text: string): Set<number> {
  const found = new Set<number>();
  for (const part of text === '' ? [] : text.split(',')) {
    const [from = 0, to = from] = part.split('-').map(Number);
    for (let index = from; index <= to; index++) found.add(index);
  }
  return found;
}

/** The opposite: two neighbours are `3,4`, more are a range. */
export function formatIndexes(indexes: ReadonlySet<number>): string {
  const parts: string[] = [];
  const sorted = [...indexes].sort((a, b) => a - b);
  for (let at = 0; at < sorted.length;) {
    let end = at;
    while (sorted[end + 1] === sorted[end]! + 1) end++;
    const mark = end - at > 1 ? '-' : ',';
    parts.push(end === at ? `${sorted[at]}` : `${sorted[at]}${mark}${sorted[end]}`);
    at = end + 1;
  }
  return parts.join(',');
}

/** The first indexes that are neither done nor worked on. */
export function pendingIndexes(
  job: Job,
  pods: readonly Pod[],
  done: ReadonlySet<number>,
  count: number,
): readonly number[] {
  const taken = new Set([...done, ...pods.map((pod) => indexOf(job, pod))]);
  const found: number[] = [];
  for (let index = 0; index < (job.spec.completions ?? 0) && found.length < count; index++) {
    if (!taken.has(index)) found.push(index);
  }
  return found;
}

/** Pods of no index, and all but one of each. */
export function surplusPods(job: Job, pods: readonly Pod[]): readonly Pod[] {
  const seen = new Set<number>();
  return pods.filter((pod) => {
    const index = indexOf(job, pod);
    if (index === undefined || seen.has(index)) return true;
    seen.add(index);
    return false;
  });
}
