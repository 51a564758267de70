// The one order of names. The platform's default order depends on its locale, which would make
// a run depend on the machine; code units do not.

/** Orders two strings by code unit. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Up to so many, to put them in their places costs less than the call of a sort. */
const FEW = 16;

/** The keys of a record in the one order, whatever the order of its writing. */
export function sortedKeys(record: Readonly<Record<string, unknown>>): string[] {
  const keys = Object.keys(record);
  if (keys.length > FEW) return keys.sort(compareText);
  for (let index = 1; index < keys.length; index++) {
    const key = keys[index]!;
    let place = index;
    for (; place > 0 && keys[place - 1]! > key; place--) keys[place] = keys[place - 1]!;
    keys[place] = key;
  }
  return keys;
}

/** A copy of `items`, ordered by a text that each of them yields. */
export function sortedBy<T>(items: Iterable<T>, key: (item: T) => string): T[] {
  return [...items].sort((a, b) => compareText(key(a), key(b)));
}
