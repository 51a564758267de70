// What to write in place of a value of another type: the same value in its right spelling, or an
// example of what belongs there.

import { parseAddress } from './address';
import { parseDuration, parseWindow } from './duration';
import type { Reading } from './duration';
import { FORMS } from './json-schema';
import type { JsonSchema } from './lexicon';
import { parseDestination, parseReference, parseTuple } from './reference';
import { asText, written } from './tree';
import type { Tree } from './tree';

export interface WrongType {
  /** The types that were possible, as JSON Schema calls them. */
  readonly types: readonly string[];
  readonly part: Tree;
  readonly path: readonly string[];
  /** The shared form or the part of speech that was wanted. */
  readonly form: string | undefined;
  /** The schema of the value. */
  readonly owner: JsonSchema;
}

/** Readers that know better than a pattern what is wrong with a text of their form. */
export const READERS: Readonly<Record<string, (text: string) => Reading<unknown>>> = {
  duration: parseDuration,
  instant: parseDuration,
  window: parseWindow,
  instantOrWindow: (text) => (text.includes('..') ? parseWindow(text) : parseDuration(text)),
  destination: (text) => parseDestination(text),
  tuple: parseTuple,
  address: parseAddress,
  jsonPath: readJsonPath,
  objectReference: (text) => parseReference(text),
  podReference: (text) => parseReference(text),
  origin: (text) => parseReference(text),
  podTarget: (text) => parseReference(text),
  target: (text) => parseReference(text),
};

/** What follows the `$` is read by whoever knows the words of queries. */
function readJsonPath(text: string): Reading<string> {
  if (text.startsWith('$')) return { ok: true, value: text };
  const path = text.replace(/^(?![.[])/, '.');
  return { ok: false, message: `"${text}" does not begin with $`, hint: `write $${path}` };
}

/** A hint for every value of a wrong type. */
export function typeHint(wrong: WrongType): string | undefined {
  const { types, part, form, owner } = wrong;
  const text = written(part);
  const { value } = part;
  const empty = emptyHint(wrong);
  if (empty !== undefined) return empty;
  if (/^\[[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\]/.test(text)) {
    return `an IPv6 address in brackets needs quotes: "${text}"`;
  }
  if (types.includes('boolean') && typeof value === 'string') {
    if (/^(yes|on|y)$/i.test(value)) return 'write true';
    if (/^(no|off|n)$/i.test(value)) return 'write false';
  }
  if (isNumber(types) && typeof value === 'string') {
    if (/^-?[0-9]+$/.test(value)) return `write ${value} without quotes`;
    if (form === 'port' || owner.maximum === FORMS.port.maximum)
      return 'write its number: only manifests know ports by names';
  }
  if (types.includes('string') && typeof value === 'number') {
    const reading = isSpan(owner, form) ? parseDuration(text) : READERS[form ?? '']?.(text);
    const known = reading?.ok === false ? reading.hint : formHint(text, types, owner);
    return known ?? `write "${text}"`;
  }
  if (types.includes('string') && typeof value === 'boolean' && !isSpan(owner, form)) {
    const reading = READERS[form ?? '']?.(text);
    if (reading?.ok !== false) return `write "${text}"`;
  }
  if (types.includes('array') && !types.includes('string')) {
    const [key] = part.entries?.keys() ?? [];
    if (key !== undefined) return `each item of a list begins with a dash: - ${key}: …`;
    const isScalar = typeof value !== 'object';
    if (isScalar && types.length === 1) return `a list is written [${text}]`;
    if (isScalar && isNumber(types)) return wantedHint(types, owner);
    return `a list is written ${listOf(owner) ?? '[a, b]'}`;
  }
  if (form === 'step' || form === 'expectation' || form === 'claim') {
    const when = form === 'claim' ? '' : 'at: 10s, ';
    return `write a mapping: {${when}${form === 'step' ? 'VERB' : 'CLAIM'}: {…}}`;
  }
  return wantedHint(types, owner) ?? textHint(part);
}

/** What to write for a key that is missing. */
export function missingHint(key: string, { properties = {} }: Shape): string | undefined {
  const given = properties[key] ?? {};
  const name = /^#\/\$defs\/(\w+)$/.exec(String(given.$ref))?.[1] ?? '';
  const schema = Object.hasOwn(FORMS, name) ? (FORMS as Forms)[name]! : given;
  const { enum: values } = schema as { readonly enum?: readonly unknown[] };
  if (values !== undefined) return `\`${key}\` is one of ${values.map(asFlow).join(', ')}`;
  const example = exampleOf(schema);
  return example === undefined ? meaningOf(schema) : `for example ${key}: ${example}`;
}

type Forms = Readonly<Record<string, JsonSchema>>;

/** Where quotes do not make a number what is wanted: the unit that it lacks, or an example. */
function formHint(text: string, types: readonly string[], owner: JsonSchema): string | undefined {
  const { pattern } = owner as { readonly pattern?: string };
  const fits = (it: string): boolean => pattern === undefined || new RegExp(pattern, 'u').test(it);
  if (fits(text)) return undefined;
  return fits(`${text}%`) ? `write ${text}%` : wantedHint(types, owner);
}

/** A key with nothing behind it, where a mapping or a list was to come in the lines below. */
function emptyHint({ types, part, path }: WrongType): string | undefined {
  const name = path.at(-1) ?? '';
  const isEmpty = part.value === null && ['', name].includes(written(part));
  if (!isEmpty || !types.some((type) => type === 'object' || type === 'array')) return undefined;
  return `nothing stands below "${name}": indent what belongs to it further than "${name}"`;
}

/** Where a text was to come, of which nothing more is known. */
function textHint({ items, entries, value }: Tree): string | undefined {
  if (items !== undefined || entries !== undefined) {
    return 'write a text; one with brackets, or with a colon and a space, needs quotes';
  }
  return value === null ? 'write a text, or leave it out with its key or dash' : undefined;
}

/** What is right here: an example, or what a schema says of its values. */
function wantedHint(types: readonly string[], owner: JsonSchema): string | undefined {
  const example = exampleOf(owner);
  if (example !== undefined) return `for example ${example}`;
  const { enum: values } = owner as { readonly enum?: readonly unknown[] };
  if (values !== undefined) return `write one of ${values.map(asFlow).join(', ')}`;
  if (types.includes('boolean')) return 'write true or false';
  const { properties } = owner as Shape;
  if (types.includes('object') && properties !== undefined) {
    return `a mapping of these keys: ${Object.keys(properties).join(', ')}`;
  }
  if (isNumber(types)) {
    const { minimum, maximum } = owner as { readonly minimum?: number; readonly maximum?: number };
    const isOpen = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER;
    const most = isOpen ? 'or more' : `to ${maximum}`;
    return minimum === undefined ? 'for example 2' : `write a number, ${minimum} ${most}`;
  }
  return meaningOf(owner);
}

/** An example of a value on one line: the schema's own, or one made of those of its parts. */
function exampleOf(owner: JsonSchema): string | undefined {
  const { examples = [], items, additionalProperties: others } = owner as Shape;
  if (examples.length > 0) return asFlow(examples[0]);
  if (items !== undefined) return listOf(owner);
  if (typeof others !== 'object') return undefined;
  const value = exampleOf(others);
  return value === undefined ? undefined : `{NAME: ${value}}`;
}

function listOf({ items }: Shape): string | undefined {
  const item = items === undefined ? undefined : exampleOf(items);
  return item === undefined ? undefined : `[${item}]`;
}

interface Shape {
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
}

/** What a schema says that its values are for. */
export function meaningOf({ description }: JsonSchema): string | undefined {
  return typeof description === 'string' ? `what belongs here: ${description}` : undefined;
}

/** Whether a number belongs here, and no text. */
function isNumber(types: readonly string[]): boolean {
  return !types.includes('string') && (types.includes('integer') || types.includes('number'));
}

/** Whether a text is a span of time here, also where something else may stand in its place. */
function isSpan({ pattern }: JsonSchema, form: string | undefined): boolean {
  return form === undefined && pattern === FORMS.duration.pattern;
}

/** A value as a scenario writes it on one line. */
export function asFlow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(asFlow).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return asText(value);
  const entries = Object.entries(value).map(([key, part]) => `${key}: ${asFlow(part)}`);
  return `{${entries.join(', ')}}`;
}
