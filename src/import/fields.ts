// A mapping of somebody else's format that remembers which of its keys were read, so that the
// others can be told instead of being lost.

import { asText, child, treeRange } from '../language/tree';
import type { Tree } from '../language/tree';
import type { Loss, Remark } from './remark';

/** A part of a document, read key by key. */
export class Fields {
  readonly tree: Tree | undefined;
  /** How remarks name it: `spec.selector`. */
  readonly path: string;
  private readonly remarks: Remark[];
  private readonly known = new Set<string>();
  private readonly parts: Fields[] = [];
  private readonly fallback: Tree;

  /** `fallback` is where it would stand if it were there. */
  constructor(tree: Tree | undefined, fallback: Tree, path: string, remarks: Remark[]) {
    this.tree = tree?.entries === undefined ? undefined : tree;
    this.fallback = fallback;
    this.path = path;
    this.remarks = remarks;
  }

  /** The value as text, numbers and booleans included; undefined where there is none. */
  text(key: string): string | undefined {
    const value = this.at(key)?.value;
    if (value === undefined || value === null || value === '') return undefined;
    return asText(value);
  }

  texts(key: string): readonly string[] {
    const value = this.at(key)?.value;
    return Array.isArray(value) ? value.map(asText) : [];
  }

  /** A mapping of texts, in the order of writing. */
  labels(key: string): Readonly<Record<string, string>> {
    const value = this.at(key)?.value;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
    return Object.fromEntries(Object.entries(value).map(([name, it]) => [name, asText(it)]));
  }

  /** The parts of a list. */
  items(key: string): readonly Tree[] {
    return this.at(key)?.items ?? [];
  }

  has(key: string): boolean {
    const value = child(this.tree, key)?.value;
    if (value === undefined || value === null || value === '') return false;
    return typeof value !== 'object' || Object.keys(value).length > 0;
  }

  /** The mapping under a key. What is not read of it is told with the rest. */
  part(key: string): Fields {
    const path = this.path === '' ? key : `${this.path}.${key}`;
    const part = new Fields(this.at(key), child(this.tree, key) ?? this.place, path, this.remarks);
    this.parts.push(part);
    return part;
  }

  /** Keys that mean nothing for an import. */
  ignore(...keys: readonly string[]): void {
    for (const key of keys) this.known.add(key);
  }

  /** Remarks on a key, or on the whole where none is given; `item` is the part of it meant. */
  remark(loss: Loss, message: string, key?: string, item?: Tree): void {
    const at = key === undefined ? undefined : child(this.tree, key);
    if (key !== undefined) this.known.add(key);
    const about = [this.path, key ?? ''].filter((it) => it !== '').join('.');
    const text = about === '' ? message : `${about}: ${message}`;
    this.remarks.push({ loss, message: text, range: treeRange(item ?? at ?? this.place) });
  }

  /** Remarks on every key that nobody has read. */
  remarkRest(loss: Loss, why = 'it has no counterpart'): void {
    for (const key of this.tree?.entries?.keys() ?? []) {
      if (!this.known.has(key) && this.has(key)) this.remark(loss, why, key);
    }
    for (const part of this.parts) part.remarkRest(loss, why);
  }

  private at(key: string): Tree | undefined {
    this.known.add(key);
    return child(this.tree, key);
  }

  private get place(): Tree {
    return this.tree ?? this.fallback;
  }
}
