// Exact fractions for probabilities. Floating point would make "one third three times" a matter
// of rounding; whole numbers make it 1/1. Where the exact fraction needs numbers beyond 2^53, as
// seven losses in a row of 0.1 % do, it is the nearest one with a denominator of 10^15.

/** A fraction in lowest terms with a positive denominator. */
export interface Ratio {
  readonly numerator: number;
  readonly denominator: number;
}

export const NEVER: Ratio = { numerator: 0, denominator: 1 };
export const CERTAIN: Ratio = { numerator: 1, denominator: 1 };

/** `numerator/denominator` in lowest terms. Throws where the denominator is not positive. */
export function ratio(numerator: number, denominator: number): Ratio {
  if (!Number.isSafeInteger(numerator) || !Number.isSafeInteger(denominator) || denominator <= 0) {
    throw new RangeError(`not a ratio: ${numerator}/${denominator}`);
  }
  const divisor = greatestCommonDivisor(Math.abs(numerator), denominator);
  return { numerator: numerator / divisor, denominator: denominator / divisor };
}

export function multiply(a: Ratio, b: Ratio): Ratio {
  if (a === CERTAIN) return b;
  if (b === CERTAIN) return a;
  const numerator = a.numerator * b.numerator;
  const denominator = a.denominator * b.denominator;
  if (Number.isSafeInteger(denominator)) return ratio(numerator, denominator);
  return nearest(
    BigInt(a.numerator) * BigInt(b.numerator),
    BigInt(a.denominator) * BigInt(b.denominator),
  );
}

export function add(a: Ratio, b: Ratio): Ratio {
  const numerator = a.numerator * b.denominator + b.numerator * a.denominator;
  const denominator = a.denominator * b.denominator;
  if (Number.isSafeInteger(denominator) && Number.isSafeInteger(numerator)) {
    return ratio(numerator, denominator);
  }
  return nearest(
    BigInt(a.numerator) * BigInt(b.denominator) + BigInt(b.numerator) * BigInt(a.denominator),
    BigInt(a.denominator) * BigInt(b.denominator),
  );
}

/** What is left of certainty: 1 − a. */
export function complement(a: Ratio): Ratio {
  return ratio(a.denominator - a.numerator, a.denominator);
}

export function equalRatio(a: Ratio, b: Ratio): boolean {
  return a.numerator === b.numerator && a.denominator === b.denominator;
}

/** `1/3`, or `1` where it is whole. */
export function formatRatio(a: Ratio): string {
  return a.denominator === 1 ? String(a.numerator) : `${a.numerator}/${a.denominator}`;
}

/** Whether `a` is less than, equal to (0) or greater than `b`. */
export function compareRatios(a: Ratio, b: Ratio): number {
  const left = BigInt(a.numerator) * BigInt(b.denominator);
  const right = BigInt(b.numerator) * BigInt(a.denominator);
  return left < right ? -1 : Number(left > right);
}

const FINEST = 1_000_000_000_000_000n;

/** The fraction itself where whole numbers carry it. What is possible stays possible. */
function nearest(numerator: bigint, denominator: bigint): Ratio {
  let [a, b] = [numerator, denominator];
  while (b !== 0n) [a, b] = [b, a % b];
  const [top, bottom] = [numerator / a, denominator / a];
  if (bottom <= BigInt(Number.MAX_SAFE_INTEGER)) return ratio(Number(top), Number(bottom));
  const rounded = (top * FINEST + bottom / 2n) / bottom;
  return ratio(Number(rounded === 0n ? 1n : rounded), Number(FINEST));
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a || 1 : greatestCommonDivisor(b, a % b);
}
