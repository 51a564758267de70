// Why `cluster.timing` cannot set a timer: the model does not have it, the components
// of the cluster's version have no knob for it, or the knob does not go so far.

import type { Lexicon, TimerProblem } from '../language/lexicon';
import { boundsText, isWithin, NOT_MODELLED, sinceText, TIMERS } from '../timing';
import type { TimerName, TimerRow } from '../timing';
import { isAtLeast } from '../values/kube-version';
import { formatDuration } from '../values/time';
import type { Duration } from '../values/time';

/** The feature gates that knobs of timers stand behind. */
export const GATES_OF_TIMERS: readonly string[] = Object.values<TimerRow>(TIMERS).flatMap(
  ({ since }) => (since?.gate === undefined ? [] : [since.gate.name]),
);

/** Why a timer of real clusters is no row of the table; undefined for a name that nobody knows. */
export function missingTimer(name: string): TimerProblem | undefined {
  const missing = Object.hasOwn(NOT_MODELLED, name) ? NOT_MODELLED[name] : undefined;
  if (missing === undefined) return undefined;
  return { message: `the timer "${name}" is not modelled`, hint: missing.without };
}

/** Why its knob does not take a delay; undefined where it does. */
export function delayProblem(name: string, delay: Duration): TimerProblem | undefined {
  const row = rowOf(name);
  if (row?.bounds === undefined || isWithin(delay, row.bounds)) return undefined;
  const message = `"${name}" takes ${boundsText(row.bounds)}, not ${formatDuration(delay)}`;
  return { message, hint: `it is set by ${row.knob ?? 'nobody: a constant'} (${row.source})` };
}

/** Why the cluster has no knob for a timer of the table; undefined where it has. */
export const timerProblem: Lexicon['timerProblem'] = (name, { kubernetes, featureGates }) => {
  const row = rowOf(name);
  if (row?.since === undefined) return undefined;
  const { version, gate } = row.since;
  const isOpen = gate === undefined ? undefined : featureGates[gate.name];
  const hasGate = gate !== undefined && isAtLeast(kubernetes, gate.from);
  if (isOpen === false && hasGate) {
    const message = `the feature gate "${gate.name}" is closed: "${name}" cannot be set`;
    return { message, hint: `with the gate it is ${row.knob}` };
  }
  if (isAtLeast(kubernetes, version) || (isOpen === true && hasGate)) return undefined;
  const message = `Kubernetes ${kubernetes} has no knob for "${name}"`;
  return { message, hint: `${row.knob} exists ${sinceText(row.since)}` };
};

function rowOf(name: string): TimerRow | undefined {
  return Object.hasOwn(TIMERS, name) ? TIMERS[name as TimerName] : undefined;
}
