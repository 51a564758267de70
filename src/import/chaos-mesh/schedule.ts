// A Schedule repeats an object that is written inside of it.
// source: chaos-mesh api/v1alpha1/schedule_types.go; controllers/schedule/cron

import { formatDuration, seconds } from '../../values/time';
import type { Duration } from '../../values/time';
import type { Fields } from '../fields';
import type { Occasion } from '../timeline';
import { parseCron } from './cron';

/** What is repeated: how long it lasts, or that it is over at once. */
export interface Repeated {
  readonly isOnce: boolean;
  readonly lasts: Duration | undefined;
}

/** When schedules begin, and how long they are followed. */
export interface Span {
  readonly start: Duration;
  readonly length: Duration;
}

/** When the `spec` of a Schedule falls due; undefined, and remarked on, where that is unknown. */
export function readOccasions(
  spec: Fields,
  repeated: Repeated,
  { start, length }: Span,
): readonly Occasion[] | undefined {
  const text = spec.text('schedule') ?? '';
  const due = parseCron(text);
  if (due === undefined) {
    spec.remark('skipped', `"${text}" is no schedule that ever falls due`, 'schedule');
    return undefined;
  }
  const first = (start + (due.first ?? 0)) as Duration;
  const window = (start + length - first) as Duration;
  const times = window < 0 ? ([0] as Duration[]) : due.within(window);
  const kept = allowed(spec, times, repeated);
  const calendar = due.first === undefined ? 'its first time is the start, and ' : '';
  const end = formatDuration(length);
  spec.remark('differs', `${calendar}a timeline ends: it is followed for ${end}`, 'schedule');
  // How many finished objects are kept is of no account.
  spec.ignore('historyLimit', 'type');
  return occasionsOf(kept, first);
}

/** The times at which the policy lets something begin. */
function allowed(
  spec: Fields,
  due: readonly Duration[],
  { isOnce, lasts }: Repeated,
): readonly Duration[] {
  const deadline = spec.text('startingDeadlineSeconds');
  const isForbidden = (spec.text('concurrencyPolicy') ?? 'Forbid') !== 'Allow';
  if (isOnce) return due;
  // What never ends is there once, however often it begins.
  if (lasts === undefined) return due.slice(0, 1);
  if (!isForbidden) return due;
  const late = deadline === undefined ? Number.POSITIVE_INFINITY : seconds(Number(deadline));
  const kept: Duration[] = [];
  const last = due.at(-1) ?? 0;
  for (let at: number | undefined = due[0]; at !== undefined && at <= last;) {
    kept.push(at as Duration);
    const [begun, end]: [number, number] = [at, at + lasts];
    // Whoever was missed meanwhile begins when the other is over.
    const isMissed = due.some((it) => it > Math.max(begun, end - late) && it <= end);
    at = isMissed ? end : due.find((it) => it > end);
  }
  return kept;
}

/** Equal distances are one repetition. */
function occasionsOf(times: readonly Duration[], first: Duration): readonly Occasion[] {
  const at = (time: number): Duration => (first + time) as Duration;
  const every = (times[1] ?? 0) - (times[0] ?? 0);
  const isEven = times.every((time, index) => time === index * every);
  if (times.length < 2) return [{ at: first }];
  if (!isEven) return times.map((time) => ({ at: at(time) }));
  return [{ at: first, every: every as Duration, times: times.length }];
}
