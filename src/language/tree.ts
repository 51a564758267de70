// A document as plain values with places: what the rest of the language reads and merges.
// Values are built once; a tree that several places share (an alias, a base scenario) is shared.

import { rangeOf, writtenAt } from './source-text';
import type { Place } from './source-text';
import type { SourceRange } from '../values/diagnostic';

export interface Tree {
  readonly place: Place;
  /** The plain value, as JSON would hold it. */
  readonly value: unknown;
  /** Of a mapping, in the order of writing. */
  readonly entries?: ReadonlyMap<string, Entry>;
  /** Of a list. */
  readonly items?: readonly Tree[];
  /** Number of values in it, aliases counted as often as they are used. */
  readonly size: number;
}

export interface Entry {
  readonly key: Place;
  readonly tree: Tree;
}

export type Path = readonly (string | number)[];

/** A scalar at a place. */
export function leaf(place: Place, value: unknown): Tree {
  return { place, value, size: 1 };
}

export function list(place: Place, items: readonly Tree[]): Tree {
  const size = items.reduce((sum, item) => sum + item.size, 1);
  return { place, items, size, value: size > LARGEST ? null : items.map((item) => item.value) };
}

export function mapping(place: Place, entries: ReadonlyMap<string, Entry>): Tree {
  let size = 1;
  for (const { tree } of entries.values()) size += tree.size;
  return { place, entries, size, value: size > LARGEST ? null : plain(entries) };
}

/** A tree of more values than this is an alias bomb or a mistake; nobody looks at its value. */
export const LARGEST = 1_000_000;

function plain(entries: ReadonlyMap<string, Entry>): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const [key, { tree }] of entries) {
    if (key !== '__proto__') value[key] = tree.value;
    else Object.defineProperty(value, key, { value: tree.value, enumerable: true });
  }
  return value;
}

/** The part under a key of a mapping. */
export function child(tree: Tree | undefined, key: string): Tree | undefined {
  return tree?.entries?.get(key)?.tree;
}

/** The part at a path, or undefined. */
export function at(tree: Tree, path: Path): Tree | undefined {
  let part: Tree | undefined = tree;
  for (const step of path) {
    part =
      typeof step === 'number' || part?.items !== undefined
        ? part?.items?.[Number(step)]
        : child(part, step);
    if (part === undefined) return undefined;
  }
  return part;
}

/** The nearest part on the way to a path that exists: where a missing thing should have been. */
export function nearestTo(tree: Tree, path: Path): Tree {
  let part = tree;
  for (const step of path) {
    const next = at(part, [step]);
    if (next === undefined) return part;
    part = next;
  }
  return part;
}

/** The part at a path inside of `tree`; where it is missing, the key that it should be under. */
export function placeNear(tree: Tree, path: readonly string[]): Place {
  let place = tree.place;
  let part = tree;
  for (const step of path) {
    const next = at(part, [step]);
    if (next === undefined) return place;
    place = part.entries?.get(step)?.key ?? next.place;
    part = next;
  }
  return part.place;
}

/** Where a key of the mapping at `path` is written; the mapping itself where it is not. */
export function keyPlace(tree: Tree, path: Path, key: string): Place {
  const owner = nearestTo(tree, path);
  return owner.entries?.get(key)?.key ?? owner.place;
}

/** The steps of a JSON pointer. */
export function pointer(text: string): readonly string[] {
  if (text === '') return [];
  return text
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/**
 * A tree with the part at `path` replaced; missing mappings on the way are created, and their
 * keys stand at `key`.
 */
export function replaced(
  tree: Tree,
  path: readonly string[],
  part: Tree,
  key: Place = part.place,
): Tree {
  const [first, ...rest] = path;
  if (first === undefined) return part;
  if (tree.items !== undefined) {
    const items = tree.items.map((item, index) =>
      String(index) === first ? replaced(item, rest, part, key) : item,
    );
    return list(tree.place, items);
  }
  const entries = new Map(tree.entries);
  const known = entries.get(first);
  const inner = known?.tree ?? mapping(key, new Map());
  entries.set(first, { key: known?.key ?? key, tree: replaced(inner, rest, part, key) });
  return mapping(tree.place, entries);
}

/** A mapping without some of its keys. */
export function without(tree: Tree, ...keys: readonly string[]): Tree {
  const entries = [...(tree.entries ?? [])].filter(([key]) => !keys.includes(key));
  return mapping(tree.place, new Map(entries));
}

export function treeRange(tree: Tree): SourceRange {
  return rangeOf(tree.place);
}

/** The text of a scalar as its author wrote it: `1.30`, where the value is 1.3. */
export function written(tree: Tree): string {
  return writtenAt(tree.place);
}

/** Any value in one line. */
export function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The value as text, where it is one. */
export function textOf(tree: Tree | undefined): string | undefined {
  return typeof tree?.value === 'string' ? tree.value : undefined;
}
