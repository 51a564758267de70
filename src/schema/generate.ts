// Run by the build: writes the validator that the language loads, and the schema that editors use.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scenarioSchema } from '../language/scenario-schema';
import { lexicon } from '../vocabulary/lexicon';
import { compileToModule } from './compile-schema';

/** Where the schema for editors stands, seen from the root of the project. */
export const EDITOR_SCHEMA = 'schema/scenario.schema.json';

/** The text of the schema for editors. */
export function editorSchema(): string {
  return `${JSON.stringify(scenarioSchema(lexicon), null, 2)}\n`;
}

function generate(): void {
  const folder = join(__dirname, '../language/generated');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'validators.js'), compileToModule(scenarioSchema(lexicon)));
  mkdirSync('schema', { recursive: true });
  writeFileSync(EDITOR_SCHEMA, editorSchema());
}

if (require.main === module) generate();
