// Selectors by one of their pairs, so that an object with labels finds those that may select it.

import { matchesLabels } from '../values/labels';
import type { Labels } from '../values/labels';
import type { ObjectKey } from '../values/kube-object';
import { compareText, sortedKeys } from '../values/order';
import { NOBODY } from './owner';

type Selectors = Map<ObjectKey, Labels>;
/** By the name of a label, then by its value: texts that objects hold are looked up as they are. */
type ByLabel = Map<string, Map<string, Selectors>>;

interface Answer {
  readonly namespace: string;
  readonly labels: Labels;
  readonly keys: readonly ObjectKey[];
}

export class SelectorIndex {
  private readonly namespaces = new Map<string, ByLabel>();
  /** Where the selector of each object stands. */
  private readonly places = new Map<ObjectKey, Selectors>();
  /** The last answer: the objects of one template come one after the other. */
  private last: Answer | undefined;

  /** Tells of a selector; undefined or empty means that the object selects nothing. */
  update(namespace: string, key: ObjectKey, selector: Labels | undefined): void {
    this.last = undefined;
    this.places.get(key)?.delete(key);
    this.places.delete(key);
    const [first] = sortedKeys(selector ?? {});
    if (first === undefined) return;
    const place = this.placeOf(namespace, first, selector![first]!);
    this.places.set(key, place.set(key, selector!));
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
      const selectors = byLabel.get(name)?.get(labels[name]!);
      if (selectors === undefined) continue;
      for (const [key, selector] of selectors) {
        if (matchesLabels(labels, selector)) found.push(key);
      }
    }
    const keys = found.length === 0 ? NOBODY : Object.freeze(found.sort(compareText));
    // Frozen, so that forks share it.
    this.last = Object.freeze({ namespace, labels, keys });
    return keys;
  }

  clear(): void {
    this.namespaces.clear();
    this.places.clear();
    this.last = undefined;
  }

  private placeOf(namespace: string, name: string, value: string): Selectors {
    let byLabel = this.namespaces.get(namespace);
    if (byLabel === undefined) this.namespaces.set(namespace, (byLabel = new Map()));
    let byValue = byLabel.get(name);
    if (byValue === undefined) byLabel.set(name, (byValue = new Map()));
    let selectors = byValue.get(value);
    if (selectors === undefined) byValue.set(value, (selectors = new Map()));
    return selectors;
  }
}
