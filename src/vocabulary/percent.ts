// Shares as people write them: `30%`, exact to a thousandth of a percent.

import { ratio } from '../values/ratio';
import type { Ratio } from '../values/ratio';

/** From `0%` to `100%`, for schemas. */
export const PERCENT = '^(100|[0-9]{1,2}(\\.[0-9]{1,3})?)%$';

/** `12.5%` as the fraction that it is: 1/8. */
export function readPercent(text: string): Ratio {
  return ratio(Math.round(Number(text.slice(0, -1)) * 1_000), 100_000);
}
