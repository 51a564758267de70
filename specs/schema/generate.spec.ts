// Goal: what the build writes is complete and right: the schema for editors is the one in the
// repository, every word explains itself, and its own examples pass the validator that a run uses.

import { expect } from 'chai';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Report } from '../../src/language/report';
import { parseSource } from '../../src/language/source';
import { generatedValidator, validate } from '../../src/language/validate';
import { compileToModule } from '../../src/schema/compile-schema';
import { EDITOR_SCHEMA, editorSchema, generate } from '../../src/schema/generate';
import { scenarioSchema } from '../../src/language/scenario-schema';
import { lexicon } from '../../src/vocabulary/lexicon';

describe('the generated schema', () => {
  it('in the repository is the one that the build writes', () => {
    expect(readFileSync(EDITOR_SCHEMA, 'utf8')).to.equal(editorSchema());
  });

  it('is written with a validator that needs no compiler', () => {
    const folder = mkdtempSync(join(tmpdir(), 'generated-'));
    const paths = [join(folder, 'a/validators.js'), join(folder, 'b/schema.json')] as const;
    generate(...paths);
    expect(paths.map((path) => existsSync(path))).to.deep.equal([true, true]);
    expect(readFileSync(paths[0], 'utf8'))
      .to.match(/module\.exports/)
      .and.not.match(/new Function/);
    rmSync(folder, { recursive: true });
  });

  it('is the same text each time', () => {
    const text = compileToModule(scenarioSchema(lexicon));
    expect(compileToModule(scenarioSchema(lexicon))).to.equal(text);
  });

  it('describes every key that an editor can offer', () => {
    const bare: string[] = [];
    walk(scenarioSchema(lexicon), '#', bare);
    expect(bare).to.deep.equal([]);
  });
});

/** Collects the properties without a description, in themselves or in the form they refer to. */
function walk(schema: unknown, path: string, bare: string[]): void {
  if (typeof schema !== 'object' || schema === null) return;
  const { properties } = schema as { properties?: Record<string, Record<string, unknown>> };
  for (const [key, part] of Object.entries(properties ?? {})) {
    const explained = 'description' in part || '$ref' in part;
    if (!explained) bare.push(`${path}.${key}`);
  }
  for (const [key, part] of Object.entries(schema)) walk(part, `${path}/${key}`, bare);
}

describe('the examples of a word', () => {
  const steps = [...lexicon.faults.values(), ...lexicon.actions.values()];
  const groups = [
    ['timeline', steps],
    ['expect', [...lexicon.claims.values()]],
  ] as const;
  for (const [key, words] of groups) {
    for (const word of words) {
      it(`${word.name}: pass the validator of the build`, () => {
        expect(word.examples).to.not.deep.equal([]);
        for (const example of word.examples) {
          const report = new Report();
          const text = `scenario: an example\n${key}:\n  - ${example}\n`;
          const [document] = parseSource('example.yaml', text, report).documents;
          expect(report.diagnostics).to.deep.equal([]);
          validate(document!.tree, report, generatedValidator());
          expect(report.diagnostics, example).to.deep.equal([]);
        }
      });
    }
  }
});
