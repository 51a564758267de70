// All that stands in a model as one text, for whoever compares two of them: each object has the
// number of its turn, so that two models say the same where they are of the same build, with the
// same references. What is frozen, a memo or a function has no turn: it is meant by what it is.

import { isMap, isSet } from '../../src/kernel/parts';

const names = new WeakMap<object, number>();
let named = 0;

/** One line for each object that is not frozen, in the order in which a walk meets them. */
export function printOf(root: object): string[] {
  const numbers = new Map<object, number>([[root, 0]]);
  const tell = (value: unknown): string => {
    if (typeof value === 'function') return `function ${value.name}`;
    if (typeof value !== 'object' || value === null) return `${typeof value} ${String(value)}`;
    if (isFixed(value)) return `fixed ${nameOf(value)}`;
    if (!numbers.has(value)) numbers.set(value, numbers.size);
    return `#${numbers.get(value)}`;
  };
  const lines: string[] = [];
  for (const [one] of numbers) {
    const parts = partsOf(one).map(([step, part]) => `${tell(step)}: ${tell(part)}`);
    lines.push(`${one.constructor?.name ?? 'record'} {${parts.join(', ')}}`);
  }
  return lines;
}

/** Every object that can be written into. */
export function writableIn(root: object): Set<object> {
  const found = new Set<object>([root]);
  for (const one of found) {
    for (const part of partsOf(one).flat()) {
      if (typeof part === 'object' && part !== null && !isFixed(part)) found.add(part);
    }
  }
  return found;
}

function partsOf(whole: object): [unknown, unknown][] {
  // A list with holes says the same as one with nothing at those places.
  if (Array.isArray(whole)) return [...(whole as unknown[]).entries()];
  if (isMap(whole)) return [...whole];
  if (isSet(whole)) return [...whole].map((part) => ['', part]);
  if (ArrayBuffer.isView(whole)) return [['bytes', String(whole)]];
  const fields = Object.entries(Object.getOwnPropertyDescriptors(whole));
  const own = fields.filter(([, { get }]) => get === undefined);
  return own.map(([key, { value }]) => [key, value]);
}

function isFixed(value: object): boolean {
  return Object.isFrozen(value) || value instanceof WeakMap;
}

function nameOf(value: object): number {
  if (!names.has(value)) names.set(value, named++);
  return names.get(value)!;
}
