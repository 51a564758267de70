// `pick`: which of the matching things a target means. The choice is drawn from the seed, and the
// same question asked again gets the same answer.

import type { Cluster } from '../cluster/cluster';
import { UnknownTargetError } from './unknown-target';

/**
 * The chosen ones of `candidates`, which stand in order of creation, in that order. `chooser` names
 * the stream: each step and each repetition of it chooses anew, a claim always alike.
 */
export function picked(
  cluster: Cluster,
  candidates: readonly string[],
  pick: string | number | undefined,
  chooser: string,
): readonly string[] {
  if (pick === undefined || pick === 'all') return candidates;
  if (pick === 'leader') {
    throw new UnknownTargetError('`pick: leader` is for a component that elects one');
  }
  if (pick === 'oldest') return candidates.slice(0, 1);
  if (pick === 'newest') return candidates.slice(-1);
  const count = Math.min(countOf(pick, candidates.length), candidates.length);
  // A fork of the stream: asking again draws the same numbers.
  const stream = cluster.kernel.random.stream(`pick/${chooser}`).fork();
  const left = candidates.map((_, index) => index);
  const chosen: number[] = [];
  for (let drawn = 0; drawn < count; drawn++) {
    chosen.push(...left.splice(stream.below(left.length), 1));
  }
  return chosen.sort((a, b) => a - b).map((index) => candidates[index]!);
}

/** How many of `total` a pick means. Shares round up: 30% of one is one. */
function countOf(pick: string | number, total: number): number {
  if (typeof pick === 'number') return pick;
  if (pick === 'one') return 1;
  // A minority is the largest part that is less than a half, as in Jepsen's partitions.
  if (pick === 'minority') return Math.max(0, Math.ceil(total / 2) - 1);
  if (pick === 'majority') return Math.floor(total / 2) + 1;
  if (pick.endsWith('%')) return Math.ceil((total * Number(pick.slice(0, -1))) / 100);
  return Number(pick);
}
