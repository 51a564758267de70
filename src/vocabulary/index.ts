// The whole language, one line for each word, sorted by name.
//
// Responsible for what a word of a scenario means in the model. May not: read YAML, move time,
// decide when something is looked at (runner), print.

import applyAction from './actions/apply';
import cordonAction from './actions/cordon';
import deleteAction from './actions/delete';
import drainAction from './actions/drain';
import labelAction from './actions/label';
import lookupAction from './actions/lookup';
import patchAction from './actions/patch';
import restartAction from './actions/restart';
import rolloutAction from './actions/rollout';
import scaleAction from './actions/scale';
import taintAction from './actions/taint';
import uncordonAction from './actions/uncordon';
import upgradeAction from './actions/upgrade';
import affinity from './claims/affinity';
import converge from './claims/converge';
import inspect from './claims/inspect';
import outage from './claims/outage';
import path from './claims/path';
import reach from './claims/reach';
import resolve from './claims/resolve';
import share from './claims/share';
import table from './claims/table';
import translate from './claims/translate';
import type { Action, Claim, Fault, Trigger } from './define';
import cut from './faults/cut';
import degrade from './faults/degrade';
import exhaust from './faults/exhaust';
import fail from './faults/fail';
import kill from './faults/kill';
import pause from './faults/pause';
import skew from './faults/skew';
import slow from './faults/slow';
import stale from './faults/stale';
import wipe from './faults/wipe';
import type { Operator } from './operator';
import after from './operators/after';
import always from './operators/always';
import at from './operators/at';
import during from './operators/during';
import eventually from './operators/eventually';
import never from './operators/never';
import sometimes from './operators/sometimes';
import objectTrigger from './triggers/object';
import rolloutTrigger from './triggers/rollout';

/** Every word by its name. */
export const LANGUAGE = {
  /** What breaks. */
  faults: byName<Fault>([cut, degrade, exhaust, fail, kill, pause, skew, slow, stale, wipe]),
  /** What an administrator does. */
  actions: byName<Action>([
    applyAction,
    cordonAction,
    deleteAction,
    drainAction,
    labelAction,
    lookupAction,
    patchAction,
    restartAction,
    rolloutAction,
    scaleAction,
    taintAction,
    uncordonAction,
    upgradeAction,
  ]),
  /** What must be true. */
  claims: byName<Claim>([
    affinity,
    converge,
    inspect,
    outage,
    path,
    reach,
    resolve,
    share,
    table,
    translate,
  ]),
  /** What a step waits for. */
  triggers: byName<Trigger>([objectTrigger, rolloutTrigger]),
  /** When it must be true. */
  operators: byName<Operator>([after, always, at, during, eventually, never, sometimes]),
} as const;

/** The claim of that name. Throws for a word that the language does not have. */
export function claimNamed(name: string): Claim {
  return named(LANGUAGE.claims, name);
}

export function triggerNamed(name: string): Trigger {
  return named(LANGUAGE.triggers, name);
}

export function operatorNamed(name: string): Operator {
  return named(LANGUAGE.operators, name);
}

export function faultNamed(name: string): Fault {
  return named(LANGUAGE.faults, name);
}

export function actionNamed(name: string): Action {
  return named(LANGUAGE.actions, name);
}

function named<T>(words: ReadonlyMap<string, T>, name: string): T {
  const word = words.get(name);
  if (word === undefined) throw new RangeError(`the language has no word "${name}"`);
  return word;
}

function byName<T extends { readonly name: string }>(words: readonly T[]): ReadonlyMap<string, T> {
  return new Map(words.map((word) => [word.name, word]));
}
