// The handles of a fake cluster for stale views, slow work and wrong clocks: they record their calls,
// and every one of them finds what it is to hit.

import type { Handles } from '../../src/cluster/cluster';
import type { ClockSkewHandles } from '../../src/cluster/faults/clock-skew';
import type { SlowingHandles } from '../../src/cluster/faults/slowing';
import type { StaleViewHandles } from '../../src/cluster/faults/stale-views';

type Recording = (...args: readonly unknown[]) => void;
type Lateness = ClockSkewHandles & SlowingHandles & StaleViewHandles;

/** `record` makes a handle of that name that writes its calls down. */
export function latenessHandles(record: (handle: keyof Handles) => Recording): Lateness {
  const hitting = (handle: keyof Handles) => {
    const call = record(handle);
    return (...args: readonly unknown[]): boolean => {
      call(...args);
      return true;
    };
  };
  return {
    watchersOf: ({ actor }) => [actor],
    watcherIn: (pod) => `coredns@${pod}`,
    holdWatches: record('holdWatches'),
    releaseWatches: record('releaseWatches'),
    rewindLists: hitting('rewindLists'),
    unwindLists: record('unwindLists'),
    missChange: hitting('missChange'),
    attendChanges: record('attendChanges'),
    breakWatches: hitting('breakWatches'),
    slowDown: record('slowDown'),
    speedUp: record('speedUp'),
    delayAnswers: hitting('delayAnswers'),
    hastenAnswers: record('hastenAnswers'),
    skewClock: record('skewClock'),
    putClockRight: record('putClockRight'),
  };
}
