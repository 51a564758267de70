// Wrong variants of the model, each with the scenario that finds it out. A variant that nobody
// finds out means that a scenario is missing.

import { ADMINISTRATION_MUTANTS } from './administration';
import { CILIUM_MUTANTS } from './cilium';
import { COMPONENT_MUTANTS } from './components';
import { CONTROL_PLANE_MUTANTS } from './control-plane';
import { DATA_PLANE_MUTANTS } from './data-plane';
import { LATENESS_MUTANTS } from './lateness';
import { LOSS_MUTANTS } from './losses';
import { NETWORK_MUTANTS } from './network';
import { NODE_MUTANTS } from './node';
import { DNS_MUTANTS } from './dns';
import { FAILING_MUTANTS } from './failing';
import { OVERRIDING_MUTANTS } from './overriding';
import { PRESSURE_MUTANTS } from './pressure';
import { SERVICE_MUTANTS } from './services';
import { VERDICT_MUTANTS } from './verdicts';
import type { Undo } from './replace';

export interface Mutant {
  readonly name: string;
  /** What is wrong about it, as a sentence about the model. */
  readonly sentence: string;
  /** The scenario that must fail, and a part of the title of the expectation that does. */
  readonly scenario: string;
  readonly expectation: string;
  /** Breaks the model until it is told to take that back. */
  breaks(): Undo;
}

export const MUTANTS: readonly Mutant[] = [
  ...DATA_PLANE_MUTANTS,
  ...SERVICE_MUTANTS,
  ...CONTROL_PLANE_MUTANTS,
  ...NODE_MUTANTS,
  ...COMPONENT_MUTANTS,
  ...NETWORK_MUTANTS,
  ...DNS_MUTANTS,
  ...FAILING_MUTANTS,
  ...CILIUM_MUTANTS,
  ...ADMINISTRATION_MUTANTS,
  ...LATENESS_MUTANTS,
  ...LOSS_MUTANTS,
  ...OVERRIDING_MUTANTS,
  ...PRESSURE_MUTANTS,
  ...VERDICT_MUTANTS,
];
