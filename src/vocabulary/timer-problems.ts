// Why `cluster.timing` cannot set a timer: the model does not have it, something else sets it, or
// the components of the cluster's version have no knob for it.

import type { ForeignTimer, Lexicon } from '../language/lexicon';
import { NOT_MODELLED, SET_ELSEWHERE, sinceText, TIMERS } from '../timing';
import type { TimerName, TimerRow } from '../timing';
import { isAtLeast } from '../values/kube-version';

/** The feature gates that knobs of timers stand behind. */
export const GATES_OF_TIMERS: readonly string[] = Object.values<TimerRow>(TIMERS).flatMap(
  ({ since }) => (since?.gate === undefined ? [] : [since.gate.name]),
);

/** What a timer is that is no row of the table; undefined for a name that nobody knows. */
export function foreignTimer(name: string): ForeignTimer | undefined {
  const missing = Object.hasOwn(NOT_MODELLED, name) ? NOT_MODELLED[name] : undefined;
  if (missing !== undefined) {
    const message = `the timer "${name}" is not modelled`;
    return { isModelled: false, message, hint: missing.without };
  }
  const elsewhere = Object.hasOwn(SET_ELSEWHERE, name) ? SET_ELSEWHERE[name] : undefined;
  if (elsewhere === undefined) return undefined;
  const { setBy } = elsewhere;
  const message = `\`cluster.timing\` does not set the timer "${name}"`;
  const hint = setBy === undefined ? 'it is a constant of the model' : `it is set by ${setBy}`;
  return { isModelled: true, message, hint };
}

/** Why the cluster has no knob for a timer of the table; undefined where it has. */
export const timerProblem: Lexicon['timerProblem'] = (name, { kubernetes, featureGates }) => {
  const row: TimerRow | undefined = Object.hasOwn(TIMERS, name)
    ? TIMERS[name as TimerName]
    : undefined;
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
