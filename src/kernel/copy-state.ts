// Carries the state of one model over into another one that was built in the same way, so that a
// run can go on in both. The parts that both have keep their own functions; what came about since
// is made anew with the same prototypes; each reference leads to the counterpart of what it meant.
//
// What is frozen never changes and is shared, and so is a WeakMap: what a memo says depends on its
// key alone. State that only functions can see is out of reach: a part that keeps such state hands
// it to Kernel.keep.

import {
  emptyLike,
  forEachPart,
  isGetter,
  isLiteral,
  isMap,
  isObject,
  isSet,
  partAt,
} from './parts';

/** State that cannot be carried over: a function that came about during the run. */
export class UnforkableError extends Error {
  readonly code = 'UNFORKABLE';
}

/** How an object was found: the last step and the way there. */
export interface Place {
  readonly before: Place | undefined;
  readonly step: unknown;
}

/** What was found in both, or was made for the target, by the place at which it was met first. */
export interface Pair {
  readonly origin: object;
  readonly target: object;
  readonly place: Place | undefined;
}

type Fields = Record<PropertyKey, unknown>;
type Callable = (...args: never[]) => unknown;

/**
 * Makes `target` what `origin` is. Listeners of whoever looks on from outside stay behind: returns
 * the places of those. Throws UnforkableError, with its place, for a function that `target` does
 * not have; `target` is of no use then.
 */
export function copyState(origin: object, target: object): readonly string[] {
  const copier = new Copier();
  copier.match(origin, target);
  copier.carry();
  return copier.leftBehind;
}

/** One copy: first `match`, then `carry`. */
export class Copier {
  /** Where a listener was left behind because the target has none at its place. */
  readonly leftBehind: string[] = [];
  /** In the order in which they are filled; `carry` adds those that it makes. */
  readonly pairs: Pair[] = [];
  /** By the part of the origin; what both share is its own. */
  readonly counterparts = new Map<object, object>();
  private readonly functions = new Map<Callable, Callable>();
  private readonly taken = new Set<object>();

  /** Finds out which parts of the two are each other's counterparts, by the way to them. */
  match(origin: object, target: object): void {
    const waiting: Pair[] = [{ origin, target, place: undefined }];
    // The list grows while it is read: nearer parts are matched before those further away.
    for (const pair of waiting) {
      if (this.counterparts.has(pair.origin)) continue;
      if (pair.origin === pair.target) {
        this.share(pair.origin);
      } else if (this.areAlike(pair)) {
        this.counterparts.set(pair.origin, pair.target);
        this.taken.add(pair.target);
        this.pairs.push(pair);
        this.matchParts(pair, waiting);
      }
    }
  }

  /** Fills every counterpart, and what has to be made on the way. */
  carry(): void {
    for (const { origin, target, place } of this.pairs) {
      if (Array.isArray(origin)) this.fillArray(origin, target as unknown[], place);
      else if (isMap(origin)) this.fillMap(origin, target as typeof origin, place);
      else if (isSet(origin)) this.fillSet(origin, target as typeof origin, place);
      else this.fillFields(origin as Fields, target as Fields, place);
    }
  }

  private areAlike({ origin, target }: Pair): boolean {
    if (isShared(origin) || isShared(target) || this.taken.has(target)) return false;
    // Bytes have no way to grow: a copy takes the place of what the target has.
    if (ArrayBuffer.isView(origin)) return false;
    return Object.getPrototypeOf(origin) === Object.getPrototypeOf(target);
  }

  private matchParts({ origin, target, place }: Pair, waiting: Pair[]): void {
    forEachPart(target, (step, other) => {
      const one = partAt(origin, step);
      if (typeof one === 'function' && typeof other === 'function') {
        if (!this.functions.has(one as Callable)) {
          this.functions.set(one as Callable, other as Callable);
        }
      } else if (isObject(one) && isObject(other)) {
        waiting.push({ origin: one, target: other, place: { before: place, step } });
      }
    });
  }

  /** What both have in common was handed to both, or belongs to the program itself. */
  private share(shared: object): void {
    const waiting = [shared];
    for (const part of waiting) {
      if (this.counterparts.has(part) || Object.isFrozen(part)) continue;
      this.counterparts.set(part, part);
      forEachPart(part, (_step, one) => {
        if (typeof one === 'function') this.functions.set(one as Callable, one as Callable);
        else if (isObject(one)) waiting.push(one);
      });
    }
  }

  private valueOf(value: unknown, before: Place | undefined, step: unknown): unknown {
    if (typeof value === 'function') {
      return this.functions.get(value as Callable) ?? refuse(value, before, step);
    }
    // Most of all there is never changes: what is frozen has no counterpart.
    if (!isObject(value) || Object.isFrozen(value)) return value;
    return this.counterparts.get(value) ?? this.copyOf(value, before, step);
  }

  /** A counterpart that is filled in its turn. */
  private copyOf(origin: object, before: Place | undefined, step: unknown): object {
    if (isShared(origin)) return origin;
    const target = isPlain(origin) ? { ...origin } : emptyLike(origin);
    this.counterparts.set(origin, target);
    if (!ArrayBuffer.isView(origin)) this.pairs.push({ origin, target, place: { before, step } });
    return target;
  }

  private fillArray(origin: readonly unknown[], target: unknown[], place: Place | undefined): void {
    const values: unknown[] = [];
    for (let index = 0; index < origin.length; index++) {
      const value = origin[index];
      if (typeof value === 'function' && !this.functions.has(value as Callable)) {
        this.leftBehind.push(tell({ before: place, step: index }));
      } else {
        values.push(this.valueOf(value, place, index));
      }
    }
    target.length = 0;
    for (const value of values) target.push(value);
  }

  private fillMap(
    origin: Map<unknown, unknown>,
    target: Map<unknown, unknown>,
    place: Place | undefined,
  ): void {
    target.clear();
    for (const [key, value] of origin) {
      target.set(this.valueOf(key, place, 'a key'), this.valueOf(value, place, key));
    }
  }

  private fillSet(origin: Set<unknown>, target: Set<unknown>, place: Place | undefined): void {
    target.clear();
    for (const value of origin) target.add(this.valueOf(value, place, 'an element'));
  }

  private fillFields(origin: Fields, target: Fields, place: Place | undefined): void {
    for (const key of Object.keys(target)) if (!Object.hasOwn(origin, key)) delete target[key];
    const mayFindOut = isLiteral(origin);
    for (const key of Object.keys(origin)) {
      const getter = mayFindOut ? Object.getOwnPropertyDescriptor(origin, key)!.get : undefined;
      if (getter !== undefined) {
        if (!Object.hasOwn(target, key)) refuse(getter, place, key);
        continue;
      }
      const own = this.valueOf(origin[key], place, key);
      if (target[key] !== own || own === undefined) target[key] = own;
    }
  }
}

function refuse({ name }: { name: string }, before: Place | undefined, step: unknown): never {
  const what = name === '' ? 'a function' : `the function "${name}"`;
  const why = 'came about during the run: no fork can have it';
  throw new UnforkableError(`${tell({ before, step })} is ${what} that ${why}`);
}

/** Whether it is the same for all who know it, and never changes. */
function isShared(value: object): boolean {
  return (
    Object.isFrozen(value) ||
    value instanceof WeakMap ||
    value instanceof RegExp ||
    value instanceof Error
  );
}

/** Whether all that stands in it are values: a getter would have to be asked. */
function isPlain(value: object): boolean {
  return isLiteral(value) && !Object.keys(value).some((key) => isGetter(value, key));
}

/** `.servers.pods.shop/web`. */
function tell({ before, step }: Place): string {
  const way = before === undefined ? '' : tell(before);
  return `${way}.${tellStep(step)}`;
}

function tellStep(step: unknown): string {
  return typeof step === 'string' || typeof step === 'number' ? String(step) : 'an object';
}
