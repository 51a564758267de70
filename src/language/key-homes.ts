// Where a key that is unknown in one mapping is known: in a mapping around it, or in one of those
// within. A line of YAML that is indented too far, or not far enough, is such a key.

import type { JsonSchema } from './lexicon';
import { child } from './tree';
import type { Tree } from './tree';

export interface StrayKey {
  readonly key: string;
  /** The mapping that it stands in, and the path to that from the top of the scenario. */
  readonly owner: Tree;
  readonly path: readonly string[];
  /** The schema of whole scenarios. */
  readonly schema: JsonSchema;
}

/** `"by" belongs beside "reach", not into it`, or undefined where the key is known nowhere near. */
export function homeOf({ key, owner, path, schema }: StrayKey): string | undefined {
  for (let length = path.length - 1; length >= 0; length--) {
    const name = path[length]!;
    if (/^\d+$/.test(name)) continue;
    if (key in propertiesAt(schema, path.slice(0, length))) {
      return `"${key}" belongs beside "${name}", not into it`;
    }
  }
  for (const name of Object.keys(propertiesAt(schema, path))) {
    if (!(key in propertiesAt(schema, [...path, name]))) continue;
    const there = child(owner, name);
    const isClosed = there !== undefined && there.entries === undefined && there.value !== null;
    if (there === undefined ? path.length > 0 : isClosed) continue;
    const beside = there === undefined ? '' : ', not beside it';
    return `"${key}" belongs into "${name}"${beside}`;
  }
  return undefined;
}

/** The keys of the mapping at a path, with their schemas. */
function propertiesAt(schema: JsonSchema, path: readonly string[]): Properties {
  let here: JsonSchema | undefined = resolved(schema, schema);
  for (const step of path) {
    const { properties = {}, items, additionalProperties: others } = here as Shape;
    const next = /^\d+$/.test(step) && items !== undefined ? items : (properties[step] ?? others);
    here = typeof next === 'object' ? resolved(next, schema) : undefined;
    if (here === undefined) return {};
  }
  return (here as Shape).properties ?? {};
}

type Properties = Readonly<Record<string, JsonSchema>>;

interface Shape {
  readonly properties?: Properties;
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
}

function resolved(part: JsonSchema, whole: JsonSchema): JsonSchema | undefined {
  if (typeof part.$ref !== 'string') return part;
  const definitions = whole.$defs as Readonly<Record<string, JsonSchema>>;
  return definitions[part.$ref.replace('#/$defs/', '')];
}
