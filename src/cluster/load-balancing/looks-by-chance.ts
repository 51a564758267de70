// Health checks over a line that loses packets: each look fares by itself, always in the same way
// for one seed, and so many in a row turn what is believed.

import { hashText, Stream } from '../../kernel/random';
import type { Ratio } from '../../values/ratio';
import type { Duration, Instant } from '../../values/time';

export interface LooksByChance {
  readonly seed: number;
  /** The stream of the draws. */
  readonly name: string;
  /** How likely a look succeeds. */
  readonly odds: Ratio;
  readonly isHealthy: boolean;
  /** The first look, and how long after each one the next follows. */
  readonly first: Instant;
  readonly period: Duration;
  /** How many in a row turn the state. */
  readonly inARow: number;
}

/** How many looks ahead draws are looked through at a time. */
const FORESIGHT = 200;

/** The look that turns the state; where none does for long, one from which to look on. */
export function turnByChance(looks: LooksByChance): {
  readonly at: Instant;
  readonly turns: boolean;
} {
  const { isHealthy, first, period, inARow } = looks;
  let run = 0;
  for (let look = 0; look < FORESIGHT; look++) {
    const at = (first + look * period) as Instant;
    run = succeeds(looks, at) === isHealthy ? 0 : run + 1;
    if (run === inARow) return { at, turns: true };
  }
  return { at: (first + FORESIGHT * Math.max(1, period)) as Instant, turns: false };
}

function succeeds({ seed, name, odds }: LooksByChance, at: Instant): boolean {
  const draw = new Stream(hashText(`${seed}/${name}/${at}`)).below(odds.denominator);
  return draw < odds.numerator;
}
