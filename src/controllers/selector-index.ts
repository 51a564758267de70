// Selectors by one of their pairs, so that an object with labels finds those that may select it.

import { matchesLabels } from '../values/labels';
import type { Labels } from '../values/labels';
import type { ObjectKey } from '../values/kube-object';
import { compareText, sortedKeys } from '../values/order';
import { NOBODY } from './owner';

/**
 * An object that selects, and the next one with the same pair: hardly any pair has two. Frozen, so
 * that forks share it.
 */
interface Selecting {
  readonly key: ObjectKey;
  readonly selector: Labels;
  readonly next: Selecting | undefined;
}

/** By the name of a label, then by its value: texts that objects hold are looked up as they are. */
type ByLabel = Map<string, Map<string, Selecting>>;

interface Answer {
  readonly namespace: string;
  readonly labels: Labels;
  readonly keys: readonly ObjectKey[];
}

export class SelectorIndex {
  private readonly namespaces = new Map<string, ByLabel>();
  /** The selector of each object. */
  private readonly selectors = new Map<ObjectKey, Labels>();
  /** The last answer: the objects of one template come one after the other. */
  private last: Answer | undefined;

  /** Tells of a selector; undefined or empty means that the object selects nothing. */
  update(namespace: string, key: ObjectKey, selector: Labels | undefined): void {
    this.last = undefined;
    const before = this.selectors.get(key);
    if (before !== undefined) this.takeOut(namespace, key, before);
    const name = selector && firstNameIn(selector);
    if (name === undefined) return;
    const byValue = this.placeOf(namespace, name);
    const value = selector![name]!;
    const next = byValue.get(value);
    byValue.set(value, Object.freeze({ key, selector: selector!, next }));
    this.selectors.set(key, selector!);
  }

  private takeOut(namespace: string, key: ObjectKey, selector: Labels): void {
    const name = firstNameIn(selector)!;
    const byValue = this.placeOf(namespace, name);
    const others = without(key, byValue.get(selector[name]!));
    if (others === undefined) byValue.delete(selector[name]!);
    else byValue.set(selector[name]!, others);
    this.selectors.delete(key);
  }

  /** Keys of the objects whose selector matches these labels. */
  selecting(namespace: string, labels: Labels | undefined): readonly ObjectKey[] {
    const { last } = this;
    if (last !== undefined && last.labels === labels && last.namespace === namespace) {
      return last.keys;
    }
    const byLabel = this.namespaces.get(namespace);
    if (labels === undefined || byLabel === undefined) return NOBODY;
    const found: ObjectKey[] = [];
    for (const name of Object.keys(labels)) {
      let one = byLabel.get(name)?.get(labels[name]!);
      for (; one !== undefined; one = one.next) {
        if (matchesLabels(labels, one.selector)) found.push(one.key);
      }
    }
    const keys = found.length === 0 ? NOBODY : Object.freeze(found.sort(compareText));
    // Frozen, so that forks share it.
    this.last = Object.freeze({ namespace, labels, keys });
    return keys;
  }

  clear(): void {
    this.namespaces.clear();
    this.selectors.clear();
    this.last = undefined;
  }

  private placeOf(namespace: string, name: string): Map<string, Selecting> {
    let byLabel = this.namespaces.get(namespace);
    if (byLabel === undefined) this.namespaces.set(namespace, (byLabel = new Map()));
    let byValue = byLabel.get(name);
    if (byValue === undefined) byLabel.set(name, (byValue = new Map()));
    return byValue;
  }
}

/** The name under which a selector stands: the first by the alphabet. */
function firstNameIn(selector: Labels): string | undefined {
  return sortedKeys(selector)[0];
}

/** All of a row but one. */
function without(key: ObjectKey, row: Selecting | undefined): Selecting | undefined {
  if (row === undefined) return undefined;
  if (row.key === key) return row.next;
  return Object.freeze({ ...row, next: without(key, row.next) });
}
