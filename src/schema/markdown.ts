// Markdown out of data: tables, and the keys of a JSON Schema as people read them.

import type { JsonSchema } from '../language/lexicon';

/** A table. Bars in cells are escaped; a table without rows is nothing at all. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const line = (cells: readonly string[]) => `| ${cells.map(escaped).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
}

/** A fenced block. */
export function fenced(language: string, text: string): string {
  return `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``;
}

/** Blocks with an empty line between them, and one at the end of the last. */
export function page(...blocks: readonly string[]): string {
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

/** A value in YAML's flow style, as examples show it. */
export function flowText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flowText).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const entries = Object.entries(value).map(([key, part]) => `${key}: ${flowText(part)}`);
  return `{${entries.join(', ')}}`;
}

/** Where the larger forms are explained; all others have a section of the scenario's page. */
const PAGES: Readonly<Record<string, string>> = {
  claim: 'claims.md',
  when: 'triggers.md',
  step: 'scenario.md#a-step-of-timeline',
  expectation: 'scenario.md#an-expectation-of-expect',
};

/** The keys of a mapping, each with its values and its meaning; nested keys by their path. */
export function keyTable(
  schema: JsonSchema,
  forms: JsonSchema,
  skip: readonly string[] = [],
): string {
  const rows = keyRows(schema, forms, '', skip);
  return table(['Key', 'Values', 'Meaning'], rows);
}

function keyRows(
  schema: JsonSchema,
  forms: JsonSchema,
  prefix: string,
  skip: readonly string[],
): string[][] {
  const required = listOf(schema['required']);
  return Object.entries(mappingOf(schema['properties'])).flatMap(([key, value]) => {
    if (skip.includes(key)) return [];
    const property = mappingOf(value);
    const form = formOf(property, forms);
    const meaning = textOf(property['description']) || firstSentence(form?.['description']);
    const needed = required.includes(key) ? ' (required)' : '';
    const row = [`\`${prefix}${key}\`${needed}`, valuesOf(property) || 'any value', meaning];
    return [row, ...nestedRows(property, forms, `${prefix}${key}`)];
  });
}

function nestedRows(property: JsonSchema, forms: JsonSchema, path: string): string[][] {
  if (property['properties'] !== undefined) return keyRows(property, forms, `${path}.`, []);
  const items = mappingOf(property['items']);
  if (items['properties'] !== undefined) return keyRows(items, forms, `${path}[].`, []);
  const values = mappingOf(property['additionalProperties']);
  if (values['properties'] !== undefined) return keyRows(values, forms, `${path}.*.`, []);
  return [];
}

/** What a value may be, as short as can be said: `10s`, `ok` or `refused`, a number from 0. */
export function valuesOf(schema: JsonSchema): string {
  const reference = schema['$ref'];
  if (typeof reference === 'string') {
    const name = reference.slice(reference.lastIndexOf('/') + 1);
    return `[${name}](${PAGES[name] ?? `scenario.md#${name.toLowerCase()}`})`;
  }
  if (schema['const'] !== undefined) return code(schema['const']);
  if (Array.isArray(schema['enum'])) return schema['enum'].map(code).join(', ');
  const branches = schema['oneOf'] ?? schema['anyOf'];
  if (Array.isArray(branches) && schema['type'] === undefined) {
    return branches.map((branch) => valuesOf(mappingOf(branch))).join(' or ');
  }
  const then = mappingOf(schema['then']);
  const named = Array.isArray(then['enum']) ? [valuesOf(then)] : [];
  const types = typesOf(schema).filter((type) => named.length === 0 || type !== 'string');
  return [...named, ...types.map((type) => typeName(type, schema))].join(', or ');
}

function typesOf(schema: JsonSchema): string[] {
  const type = schema['type'];
  return Array.isArray(type) ? listOf(type) : typeof type === 'string' ? [type] : [];
}

function typeName(type: string, schema: JsonSchema): string {
  switch (type) {
    case 'integer':
    case 'number':
      return `a number${rangeOf(schema)}`;
    case 'boolean':
      return '`true` or `false`';
    case 'array': {
      const items = valuesOf(mappingOf(schema['items']));
      return items === '' ? 'a list' : `a list of: ${items}`;
    }
    case 'object':
      return 'a mapping';
    default:
      return 'a text';
  }
}

function rangeOf({ minimum, maximum }: JsonSchema): string {
  if (typeof minimum !== 'number') return '';
  return typeof maximum === 'number' ? ` from ${minimum} to ${maximum}` : ` from ${minimum}`;
}

function formOf(schema: JsonSchema, forms: JsonSchema): JsonSchema | undefined {
  const reference = schema['$ref'];
  if (typeof reference !== 'string') return undefined;
  return mappingOf(forms[reference.slice(reference.lastIndexOf('/') + 1)]);
}

function code(value: unknown): string {
  return `\`${String(value)}\``;
}

function escaped(cell: string): string {
  return cell.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The form's own section has the rest. */
function firstSentence(value: unknown): string {
  return textOf(value).replace(/(?<=[^.]\.) .*/, '');
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function mappingOf(value: unknown): JsonSchema {
  const isMapping = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isMapping ? (value as JsonSchema) : {};
}
