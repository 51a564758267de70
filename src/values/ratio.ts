// Exact fractions for probabilities. Floating point would make "one third three times" a matter
// of rounding; whole numbers make it 1/1.

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
  return ratio(a.numerator * b.numerator, a.denominator * b.denominator);
}

export function add(a: Ratio, b: Ratio): Ratio {
  return ratio(
    a.numerator * b.denominator + b.numerator * a.denominator,
    a.denominator * b.denominator,
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

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a || 1 : greatestCommonDivisor(b, a % b);
}
