// What many seeds came to, in words.

import { formatDuration } from '../values/time';
import type { Distribution, Spread } from './result';

/** `min 40.1s, p50 48.2s, p90 53.8s, p99 55s, max 55.1s`; `always 350ms` where all are alike. */
export function tellDistribution({ min, p50, p90, p99, max }: Distribution): string {
  if (min === max) return `always ${formatDuration(min)}`;
  return Object.entries({ min, p50, p90, p99, max })
    .map(([name, duration]) => `${name} ${formatDuration(duration)}`)
    .join(', ');
}

/** `197 of 200 passed, not 7, 19, 44`; `1 of 1 passed; 199 not judged: it is said of seed 1`. */
export function tellSeeds(spread: Spread): string {
  const { passed, failed, error, skipped = 0, pinned } = spread;
  const judged = passed + failed + error > 0 ? [tellJudged(spread)] : [];
  const others = skipped > 0 ? [`${skipped} not judged: it is said of seed ${pinned}`] : [];
  return [...judged, ...others].join('; ');
}

function tellJudged({ passed, failed, error, failing }: Spread): string {
  const rest = failed + error;
  const head = `${passed} of ${passed + rest} passed`;
  if (rest === 0) return head;
  const more = rest > failing.length ? `, … (${rest - failing.length} more)` : '';
  return `${head}, not ${failing.join(', ')}${more}`;
}
