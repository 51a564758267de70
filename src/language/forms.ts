// Finds the places of a value where its schema demands a shared form: how references, durations
// and selectors inside of any word are met without knowing the word.

import type { JsonSchema } from './lexicon';
import { FORMS } from './json-schema';
import type { Form } from './json-schema';
import { leaf } from './tree';
import type { Tree } from './tree';

export type VisitForm = (form: Form, tree: Tree) => void;

/** Calls `visit` for each part of the tree that its schema refers to a form by `$ref`. */
export function visitForms(schema: JsonSchema, tree: Tree, visit: VisitForm): void {
  const form = formOf(schema);
  if (form !== undefined) {
    visit(form, tree);
    return;
  }
  for (const branch of branchesOf(schema)) visitForms(branch, tree, visit);
  if (tree.items !== undefined) {
    const items = asSchema(schema.items);
    if (items !== undefined) for (const item of tree.items) visitForms(items, item, visit);
    return;
  }
  const properties = (schema.properties ?? {}) as Readonly<Record<string, JsonSchema>>;
  const others = asSchema(schema.additionalProperties);
  const names = asSchema(schema.propertyNames);
  for (const [key, entry] of tree.entries ?? []) {
    const part = Object.hasOwn(properties, key) ? properties[key] : others;
    if (part !== undefined) visitForms(part, entry.tree, visit);
    if (names !== undefined) visitForms(names, leaf(entry.key, key), visit);
  }
}

function formOf(schema: JsonSchema): Form | undefined {
  const name = typeof schema.$ref === 'string' ? schema.$ref.replace('#/$defs/', '') : '';
  return Object.hasOwn(FORMS, name) ? (name as Form) : undefined;
}

function branchesOf(schema: JsonSchema): readonly JsonSchema[] {
  const lists = [schema.oneOf, schema.anyOf, schema.allOf].filter(Array.isArray) as JsonSchema[][];
  const single = [schema.then, schema.else].map(asSchema).filter((one) => one !== undefined);
  return [...lists.flat(), ...single];
}

function asSchema(value: unknown): JsonSchema | undefined {
  return typeof value === 'object' && value !== null ? (value as JsonSchema) : undefined;
}

/** The value of a tree in which some parts stand for something else. */
export function valueWith(tree: Tree, replacements: ReadonlyMap<Tree, unknown>): unknown {
  if (replacements.size === 0) return tree.value;
  if (replacements.has(tree)) return replacements.get(tree);
  if (tree.items !== undefined) return tree.items.map((item) => valueWith(item, replacements));
  if (tree.entries === undefined) return tree.value;
  const entries = [...tree.entries].map(([key, entry]) => [
    key,
    valueWith(entry.tree, replacements),
  ]);
  return Object.fromEntries(entries) as unknown;
}
