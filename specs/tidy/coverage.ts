// Coverage that forgets files looks better than it is: the summary must name every source.

import type { Finding } from './finding';

interface Lines {
  readonly lines: { readonly total: number; readonly covered: number };
}

/**
 * Every source that has code must stand in the summary (its keys are absolute paths, and
 * `total`). Files of types only compile to nothing; they are handed in as `empty`.
 */
export function checkCoverage(
  summary: Readonly<Record<string, Lines>>,
  sources: readonly string[],
  empty: ReadonlySet<string>,
): Finding[] {
  const path = 'coverage/coverage-summary.json';
  const named = Object.keys(summary).map((key) => key.replaceAll('\\', '/'));
  if (sources.length === 0) return [{ path, message: 'no sources to look for' }];
  return sources
    .filter((source) => !empty.has(source))
    .filter((source) => !named.some((name) => name === source || name.endsWith(`/${source}`)))
    .map((source) => ({ path, message: `does not name ${source}: nyc never saw it` }));
}
