// The bounds of the temporal operators.

import type { PlannedExpectation } from '../language/plan';
import { formatDuration, START } from '../values/time';
import type { Duration } from '../values/time';
import type { Span } from './history';
import { FOREVER } from './operator';

/** `during`, or the whole run. */
export function spanOf({ during }: PlannedExpectation): Span {
  return during ?? { from: START, to: FOREVER };
}

/** Adds `from 10s to 30s` to a title where the expectation is bounded. */
export function titleDuring(title: string, { during }: PlannedExpectation): string {
  if (during === undefined) return title;
  const from = formatDuration(during.from as number as Duration);
  const to = formatDuration(during.to as number as Duration);
  return `${title} from ${from} to ${to}`;
}
