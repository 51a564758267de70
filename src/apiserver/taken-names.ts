// Which generated names pods have had, for who draws the next one: most of them are of pods that
// nobody looks up by name.

import type { ObjectKey } from '../values/kube-object';
import { splitEnd } from './identity';

/** From so many on they are looked up in a table. */
const FEW = 32;

/** The ends of names that begin alike. */
export class TakenEnds {
  private readonly few: number[] = [];
  private all: Set<number> | undefined;

  has(end: number): boolean {
    return this.all === undefined ? this.few.includes(end) : this.all.has(end);
  }

  add(end: number): void {
    if (this.all !== undefined) this.all.add(end);
    else if (this.few.push(end) === FEW) this.all = new Set(this.few);
  }
}

export class TakenNames {
  private readonly byStem = new Map<string, TakenEnds>();

  /** Those that begin with `stem` and go on as a drawn name does. */
  of(stem: string): TakenEnds {
    let ends = this.byStem.get(stem);
    if (ends === undefined) this.byStem.set(stem, (ends = new TakenEnds()));
    return ends;
  }

  /** Notes a key, whoever has come up with it. */
  add(key: ObjectKey): void {
    const parts = splitEnd(key);
    if (parts !== undefined) this.of(parts.stem).add(parts.end);
  }

  clear(): void {
    this.byStem.clear();
  }
}
