// Selectors by one of their pairs, so that an object with labels finds those that may select it.

import { matchesLabels } from '../values/labels';
import type { Labels } from '../values/labels';
import type { ObjectKey } from '../values/kube-object';
import { compareText, sortedKeys } from '../values/order';

export class SelectorIndex {
  private readonly byPair = new Map<string, Map<ObjectKey, Labels>>();
  private readonly pairs = new Map<ObjectKey, string>();

  /** Tells of a selector; undefined or empty means that the object selects nothing. */
  update(namespace: string, key: ObjectKey, selector: Labels | undefined): void {
    const known = this.pairs.get(key);
    if (known !== undefined) {
      this.byPair.get(known)!.delete(key);
      this.pairs.delete(key);
    }
    const [first] = sortedKeys(selector ?? {});
    if (first === undefined) return;
    const pair = `${namespace}/${first}=${selector![first]}`;
    this.pairs.set(key, pair);
    const selectors = this.byPair.get(pair) ?? new Map<ObjectKey, Labels>();
    this.byPair.set(pair, selectors.set(key, selector!));
  }

  /** Keys of the objects whose selector matches these labels. */
  selecting(namespace: string, labels: Labels | undefined): ObjectKey[] {
    const found: ObjectKey[] = [];
    if (labels === undefined) return found;
    for (const name of Object.keys(labels)) {
      const selectors = this.byPair.get(`${namespace}/${name}=${labels[name]}`);
      if (selectors === undefined) continue;
      for (const [key, selector] of selectors) {
        if (matchesLabels(labels, selector)) found.push(key);
      }
    }
    return found.sort(compareText);
  }

  clear(): void {
    this.byPair.clear();
    this.pairs.clear();
  }
}
