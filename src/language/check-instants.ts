// Whether what a scenario says of time fits together: nothing beyond its end, and what can have
// happened before an instant.

import type { Instant } from '../values/time';
import { formatDuration, later, ZERO } from '../values/time';
import type { Duration } from '../values/time';
import type { ReadExpectation } from './expectations';
import type { PlannedExpectation, PlannedStep } from './plan';
import type { Report } from './report';
import { earliestEdge, earliestStart } from './timeline';
import type { Timeline, TimelineStep } from './timeline';
import { child } from './tree';

/** Reports steps and expectations that the run ends before. */
export function checkInstants(
  timeline: Timeline,
  expectations: readonly ReadExpectation[],
  end: Instant | undefined,
  report: Report,
): void {
  if (end === undefined) return;
  const limit = formatDuration(end as number as Duration);
  const byId = new Map(timeline.steps.map((one) => [one.step.id, one]));
  for (const one of timeline.steps) {
    const start = earliestStart(one, byId);
    if (start === undefined || start <= end) continue;
    const place = (child(one.tree, 'at') ?? child(one.tree, 'after') ?? one.tree).place;
    report.error('KD1506', place, `this step comes after the end of the run at ${limit}`);
  }
  for (const { planned, tree } of expectations) {
    const last = planned.at ?? planned.during?.to ?? heldUntil(planned, byId);
    if (last === undefined || last <= end) continue;
    const place = (child(tree, 'at') ?? child(tree, 'during') ?? child(tree, 'hold') ?? tree).place;
    report.error('KD1506', place, `the run ends at ${limit}, before this can be judged`);
  }
}

/** To when a claim is looked at whose `hold` says how long it must stay true. */
function heldUntil(
  { after, by = ZERO, hold }: PlannedExpectation,
  steps: ReadonlyMap<string, TimelineStep>,
): Instant | undefined {
  if (after === undefined || hold === undefined) return undefined;
  const start = earliestEdge(after, steps);
  return start === undefined ? undefined : later(later(start, by), hold);
}

/** Whether no other step can have begun when this one is looked at. */
export function isUntouchedAt(timeline: Timeline, item: PlannedStep | PlannedExpectation): boolean {
  const latest = 'when' in item ? lookedAt(item) : (item.at ?? item.during?.to);
  if (latest === undefined) return timeline.steps.length === 0;
  const byId = new Map(timeline.steps.map((one) => [one.step.id, one]));
  return timeline.steps.every((one) => {
    if (one.step === item) return true;
    const start = earliestStart(one, byId);
    // A step that waits for something unknown may have begun only if that something has.
    return start === undefined ? waitsForOthers(one.step) : start > latest;
  });
}

function lookedAt({ when, repeat }: PlannedStep): Instant | undefined {
  if (repeat !== undefined || 'after' in when || 'on' in when) return undefined;
  return 'at' in when ? when.at : when.to;
}

function waitsForOthers({ when }: PlannedStep): boolean {
  return 'after' in when;
}
