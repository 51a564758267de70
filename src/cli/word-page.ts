// One word of the language as a page of plain text: what it means, its fields, its examples.

import { FORMS } from '../language/json-schema';
import type { JsonSchema } from '../language/lexicon';
import { columns, paragraph } from './layout';

export interface Page {
  /** `fault`, `action of do`, `claim`, `operator`. */
  readonly kind: string;
  readonly name: string;
  readonly summary: string;
  readonly models: string;
  readonly source?: string;
  readonly schema?: JsonSchema;
  readonly examples: readonly string[];
}

/** The page of a word, within 80 columns; examples stand as they must be written. */
export function wordPage(page: Page): string {
  const parts = [`${page.name} (${page.kind})`, paragraph(page.summary)];
  const fields = fieldRows(page.schema ?? {});
  if (fields.length > 0) parts.push(`fields\n${columns(fields)}`);
  parts.push(`in the model\n${columns([['', page.models]])}`);
  if (page.examples.length > 0) {
    const lines = page.examples.map((example) => example.replace(/^/gm, '  - ').trimEnd());
    parts.push(`examples\n${lines.map(continued).join('\n')}`);
  }
  if (page.source !== undefined) parts.push(`source\n${columns([['', page.source]])}`);
  return parts.join('\n\n');
}

/** Only the first line of an example is an entry of the list. */
function continued(example: string): string {
  const [first = '', ...rest] = example.split('\n');
  return [first, ...rest.map((line) => line.replace(/^ {2}- /, '    '))].join('\n');
}

function fieldRows(schema: JsonSchema): (readonly [string, string])[] {
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>;
  const required = (schema['required'] ?? []) as readonly string[];
  return Object.entries(properties).map(([name, field]) => {
    const mark = required.includes(name) ? ' (required)' : '';
    return [`  ${name}`, `${describe(field)}${mark}`] as const;
  });
}

/** The field's own words, else those of the form that it has; then the values that are possible. */
function describe(field: JsonSchema): string {
  const form = formOf(field);
  const description = (field['description'] ?? form?.['description'] ?? '') as string;
  const values = (field['enum'] ?? []) as readonly unknown[];
  const all = values.map((value) => `\`${String(value)}\``);
  const named = all.length > 0 && all.every((value) => description.includes(value));
  const list = all.length === 0 || named ? '' : `One of ${all.join(', ')}.`;
  return [description, list].filter((part) => part !== '').join(' ') || typeOf(field);
}

function formOf(field: JsonSchema): JsonSchema | undefined {
  const reference = field['$ref'];
  const name = typeof reference === 'string' ? reference.replace('#/$defs/', '') : '';
  return Object.hasOwn(FORMS, name) ? FORMS[name as keyof typeof FORMS] : undefined;
}

function typeOf(field: JsonSchema): string {
  const type = field['type'];
  if (typeof type === 'string') return type;
  return Array.isArray(type) ? type.join(' or ') : 'anything';
}
