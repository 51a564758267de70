// A schema → a validator, by ajv. Only at build time and in specifications: a run loads the
// validator that the build wrote.

import Ajv2020 from 'ajv/dist/2020';
import standaloneCode from 'ajv/dist/standalone';
import type { JsonSchema } from '../language/lexicon';
import type { SchemaValidator } from '../language/validate';

/** A validator in memory. Throws where the schema itself is wrong. */
export function compileSchema(schema: JsonSchema): SchemaValidator {
  return createAjv(false).compile(schema);
}

/** A CommonJS module that exports the validator. The same schema gives the same text. */
export function compileToModule(schema: JsonSchema): string {
  const ajv = createAjv(true);
  return standaloneCode(ajv, ajv.compile(schema));
}

function createAjv(source: boolean): Ajv2020 {
  return new Ajv2020({
    // Every error at once: people mend a file in one go.
    allErrors: true,
    // Each error carries the schema that it violates: the sentences are made from it.
    verbose: true,
    // A form may be a text or a mapping, and says so by a list of types.
    allowUnionTypes: true,
    // Branches of `oneOf` name keys that their parent describes.
    strictRequired: false,
    // Keywords stand beside a list of types, each for its own type.
    strictTypes: false,
    // A form that many words share is one function, not a copy in each.
    inlineRefs: false,
    code: { source },
  });
}
