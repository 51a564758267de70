// Run by the build: writes the validator that the language loads, and the schema that editors use.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { scenarioSchema } from '../language/scenario-schema';
import { lexicon } from '../vocabulary/lexicon';
import { compileToModule } from './compile-schema';

/** Where the schema for editors stands, seen from the root of the project. */
export const EDITOR_SCHEMA = 'schema/scenario.schema.json';

/** Where the validator stands, seen from the compiled sources of the language. */
const VALIDATOR = join(__dirname, '../language/generated/validators.js');

/** Writes the validator, a CommonJS module, and the schema for editors. */
export function generate(validatorFile: string, schemaFile: string): void {
  write(validatorFile, compileToModule(scenarioSchema(lexicon)));
  write(schemaFile, editorSchema());
}

/** The text of the schema for editors. */
export function editorSchema(): string {
  return `${JSON.stringify(scenarioSchema(lexicon), null, 2)}\n`;
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

if (require.main === module) generate(VALIDATOR, EDITOR_SCHEMA);
