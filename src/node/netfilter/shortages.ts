// What makes a finite table smaller for a while: somebody else who fills it up to a few places, or
// a lower limit. Each has a token and ends with it.

import { LateMap } from '../../values/late-map';

/** `left`: places that others leave. `cap`: the limit of the whole table. */
export type Shortage = { readonly left: number } | { readonly cap: number };

export class Shortages {
  private readonly lefts = new LateMap<string, number>();
  private readonly caps = new LateMap<string, number>();

  set(token: string, shortage: Shortage): void {
    if ('left' in shortage) this.lefts.set(token, shortage.left);
    else this.caps.set(token, shortage.cap);
  }

  end(token: string): void {
    this.lefts.delete(token);
    this.caps.delete(token);
  }

  clear(): void {
    this.lefts.clear();
    this.caps.clear();
  }

  /** One place more is taken. */
  take(): void {
    for (const [token, left] of this.lefts) this.lefts.set(token, Math.max(0, left - 1));
  }

  /** One place is free again, and nobody else takes it. */
  giveBack(): void {
    for (const [token, left] of this.lefts) this.lefts.set(token, left + 1);
  }

  /** How many places are left; without bound where nobody fills the table. */
  get left(): number {
    return Math.min(Infinity, ...this.lefts.values());
  }

  get cap(): number {
    return Math.min(Infinity, ...this.caps.values());
  }
}
