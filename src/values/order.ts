// The one order of names. The platform's default order depends on its locale, which would make
// a run depend on the machine; code units do not.

/** Orders two strings by code unit. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The keys of a record in the one order, whatever the order of its writing. */
export function sortedKeys(record: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(record).sort(compareText);
}

/** A copy of `items`, ordered by a text that each of them yields. */
export function sortedBy<T>(items: Iterable<T>, key: (item: T) => string): T[] {
  return [...items].sort((a, b) => compareText(key(a), key(b)));
}
