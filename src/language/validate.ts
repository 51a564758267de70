// Tree → diagnostics, by the validator that the build compiled from the scenario's schema.

import { explain } from './explain-error';
import type { JsonSchema, Lexicon } from './lexicon';
import type { Report } from './report';
import type { Tree } from './tree';

/** An error of a compiled JSON Schema validator (ajv's ErrorObject, as far as it is read here). */
export interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly schemaPath: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly propertyName?: string;
  /** The schema that the keyword stands in. Its `title` is the name of the form, if it is one. */
  readonly parentSchema?: JsonSchema;
}

/** A compiled validator: true, or false with its errors. */
export interface SchemaValidator {
  (value: unknown): boolean;
  readonly errors?: readonly SchemaError[] | null;
}

let generated: SchemaValidator | undefined;

/**
 * The validator that the build generated (src/schema/generate.ts), loaded when it is first needed.
 * Throws where the build left it out.
 */
export function generatedValidator(): SchemaValidator {
  if (generated !== undefined) return generated;
  try {
    generated = require('./generated/validators.js') as SchemaValidator;
  } catch (cause) {
    throw new Error('the generated validators cannot be loaded: run `npm run build`', { cause });
  }
  return generated;
}

/**
 * Judges the shape of a scenario. Everything that is wrong goes to the report. With the lexicon,
 * hints know which words belong where.
 */
export function validate(
  tree: Tree,
  report: Report,
  validator: SchemaValidator = generatedValidator(),
  lexicon?: Lexicon,
): boolean {
  if (validator(tree.value)) return true;
  for (const error of relevant(validator.errors ?? [])) explain(error, tree, report, lexicon);
  return false;
}

/**
 * Without the errors that follow from another one: those of the branches of a `oneOf` or `anyOf`,
 * and, where a mapping has an unknown key, those that the key's right spelling would silence.
 */
function relevant(errors: readonly SchemaError[]): readonly SchemaError[] {
  const own = errors.filter(
    ({ keyword, schemaPath }) =>
      !/\/(oneOf|anyOf)\/\d+\//.test(schemaPath) && keyword !== 'if' && keyword !== 'propertyNames',
  );
  const misspelt = new Set(
    own.filter(({ keyword }) => keyword === 'additionalProperties').map((one) => one.instancePath),
  );
  const follows = ({ keyword, instancePath }: SchemaError): boolean =>
    ['oneOf', 'anyOf', 'required', 'minProperties'].includes(keyword) && misspelt.has(instancePath);
  const mistyped = new Set(
    own.filter(({ keyword }) => keyword === 'type').map((one) => one.instancePath),
  );
  return own.filter(
    (error) => !follows(error) && (error.keyword === 'type' || !mistyped.has(error.instancePath)),
  );
}
