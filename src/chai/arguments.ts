// The arguments of the language's words as TypeScript types, drawn from the same schema literals
// by which scenarios are validated.

import type { Action, Claim, Fault } from '../vocabulary/define';
import type applyAction from '../vocabulary/actions/apply';
import type cordonAction from '../vocabulary/actions/cordon';
import type deleteAction from '../vocabulary/actions/delete';
import type drainAction from '../vocabulary/actions/drain';
import type labelAction from '../vocabulary/actions/label';
import type lookupAction from '../vocabulary/actions/lookup';
import type patchAction from '../vocabulary/actions/patch';
import type restartAction from '../vocabulary/actions/restart';
import type rolloutAction from '../vocabulary/actions/rollout';
import type scaleAction from '../vocabulary/actions/scale';
import type taintAction from '../vocabulary/actions/taint';
import type uncordonAction from '../vocabulary/actions/uncordon';
import type upgradeAction from '../vocabulary/actions/upgrade';
import type affinity from '../vocabulary/claims/affinity';
import type converge from '../vocabulary/claims/converge';
import type inspect from '../vocabulary/claims/inspect';
import type outage from '../vocabulary/claims/outage';
import type path from '../vocabulary/claims/path';
import type reach from '../vocabulary/claims/reach';
import type resolve from '../vocabulary/claims/resolve';
import type share from '../vocabulary/claims/share';
import type table from '../vocabulary/claims/table';
import type translate from '../vocabulary/claims/translate';
import type cut from '../vocabulary/faults/cut';
import type degrade from '../vocabulary/faults/degrade';
import type exhaust from '../vocabulary/faults/exhaust';
import type fail from '../vocabulary/faults/fail';
import type kill from '../vocabulary/faults/kill';
import type pause from '../vocabulary/faults/pause';
import type skew from '../vocabulary/faults/skew';
import type slow from '../vocabulary/faults/slow';
import type stale from '../vocabulary/faults/stale';
import type wipe from '../vocabulary/faults/wipe';

interface Faults {
  readonly cut: typeof cut;
  readonly degrade: typeof degrade;
  readonly exhaust: typeof exhaust;
  readonly fail: typeof fail;
  readonly kill: typeof kill;
  readonly pause: typeof pause;
  readonly skew: typeof skew;
  readonly slow: typeof slow;
  readonly stale: typeof stale;
  readonly wipe: typeof wipe;
}

interface Claims {
  readonly affinity: typeof affinity;
  readonly converge: typeof converge;
  readonly inspect: typeof inspect;
  readonly outage: typeof outage;
  readonly path: typeof path;
  readonly reach: typeof reach;
  readonly resolve: typeof resolve;
  readonly share: typeof share;
  readonly table: typeof table;
  readonly translate: typeof translate;
}

type Actions =
  | typeof applyAction
  | typeof cordonAction
  | typeof deleteAction
  | typeof drainAction
  | typeof labelAction
  | typeof lookupAction
  | typeof patchAction
  | typeof restartAction
  | typeof rolloutAction
  | typeof scaleAction
  | typeof taintAction
  | typeof uncordonAction
  | typeof upgradeAction;

type ArgsOf<Word> =
  Word extends Claim<infer Args>
    ? Args
    : Word extends Fault<infer Args>
      ? Args
      : Word extends Action<infer Args>
        ? Args
        : never;

export type FaultName = keyof Faults;
export type FaultArgs<Name extends keyof Faults> = ArgsOf<Faults[Name]>;
export type ActionArgs = ArgsOf<Actions>;
export type ClaimName = keyof Claims;
export type ClaimArgs<Name extends ClaimName> = ArgsOf<Claims[Name]>;
