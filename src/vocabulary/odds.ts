// How likely something has to be: the bounds that a claim sets where chance decides.

import type { FromSchema } from '../language/json-schema';
import { CERTAIN, compareRatios, formatRatio, NEVER, ratio } from '../values/ratio';
import type { Ratio } from '../values/ratio';

/** Bounds of a probability, for schemas. */
export const ODDS = {
  description:
    'How likely it has to be, instead of certain: exact shares, `{atLeast: 9/10, atMost: 1}`.',
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  properties: {
    atLeast: { $ref: '#/$defs/ratio' },
    atMost: { $ref: '#/$defs/ratio' },
  },
} as const;

export type OddsArgs = FromSchema<typeof ODDS>;

export interface Odds {
  readonly least: Ratio;
  readonly most: Ratio;
}

export function readOdds({ atLeast, atMost }: OddsArgs): Odds {
  return {
    least: atLeast === undefined ? NEVER : readShare(atLeast),
    most: atMost === undefined ? CERTAIN : readShare(atMost),
  };
}

export function isLikely(probability: Ratio, { least, most }: Odds): boolean {
  return compareRatios(probability, least) >= 0 && compareRatios(probability, most) <= 0;
}

/** `0.9331` with the exact fraction where that is short: `1/3`. */
export function formatOdds(probability: Ratio): string {
  const exact = formatRatio(probability);
  if (exact.length <= 15) return exact;
  return (probability.numerator / probability.denominator).toFixed(6);
}

/** `with a probability from 9/10 to 1`. */
export function sayBounds({ atLeast, atMost }: OddsArgs): string {
  if (atMost === undefined) return `with a probability of at least ${atLeast}`;
  if (atLeast === undefined) return `with a probability of at most ${atMost}`;
  return atLeast === atMost
    ? `with a probability of ${atLeast}`
    : `with a probability from ${atLeast} to ${atMost}`;
}

function readShare(text: string | number): Ratio {
  const [numerator = '0', denominator = '1'] = String(text).split('/');
  return ratio(Number(numerator), Number(denominator));
}
