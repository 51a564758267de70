// The places of objects in their manifests, for whoever explains what an object did.

import type { Definition } from '../values/definition';
import type { SourceRange } from '../values/diagnostic';
import type { KubeObject } from '../values/kube-object';
import type { PlacedObject } from './manifests';
import { child, treeRange } from './tree';

/** Objects are read once, however many scenarios use them. */
const known = new WeakMap<KubeObject, Definition>();

/** An object with its own place and those of the items in the lists of its spec. */
export function definitionOf({ object, tree }: PlacedObject): Definition {
  let definition = known.get(object);
  if (definition === undefined) {
    const items: Record<string, SourceRange> = {};
    for (const [key, entry] of child(tree, 'spec')?.entries ?? []) {
      entry.tree.items?.forEach((item, index) => {
        items[`spec.${key}[${index}]`] = treeRange(item);
      });
    }
    definition = { object, range: treeRange(tree), items };
    known.set(object, definition);
  }
  return definition;
}
