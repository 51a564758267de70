// An error of the schema validator → a sentence for people, at its exact place.

import { didYouMean } from './did-you-mean';
import { faultIn, hintForKey, referenceTo } from './key-hints';
import type { JsonSchema, Lexicon } from './lexicon';
import type { Report } from './report';
import type { Place } from './source-text';
import { asText, at, child, keyPlace, nearestTo, pointer, written } from './tree';
import type { Tree } from './tree';
import { asFlow, meaningOf, missingHint, READERS, typeHint } from './type-hints';
import type { SchemaError } from './validate';

/** Reports one error of the validator. With the lexicon, hints know which words belong where. */
export function explain(error: SchemaError, root: Tree, report: Report, lexicon?: Lexicon): void {
  const path = pointer(error.instancePath);
  const part = at(root, path) ?? nearestTo(root, path);
  const owner = error.parentSchema ?? {};
  switch (error.keyword) {
    case 'additionalProperties':
      return unknownKey(error, root, path, report, lexicon);
    case 'required': {
      const key = String(error.params.missingProperty);
      const hint = missingHint(key, owner);
      return report.error('KD1102', placeOf(root, path), `the key "${key}" is missing`, hint);
    }
    case 'type':
      return wrongType(error, part, path, owner, report);
    case 'enum':
    case 'const':
      return notPossible(part, owner, report);
    case 'pattern':
      return malformed(error, root, path, owner, report);
    case 'oneOf':
      return notExactlyOne(part, root, path, owner, report, lexicon);
    case 'anyOf':
      return noneOf(part, path, owner, report);
    default:
      return report.error('KD1106', part.place, outOfRange(error, part), meaningOf(owner));
  }
}

function unknownKey(
  { params, parentSchema: schema = {} }: SchemaError,
  root: Tree,
  path: readonly string[],
  report: Report,
  lexicon: Lexicon | undefined,
): void {
  const key = String(params.additionalProperty);
  const known = Object.keys(schema.properties ?? {});
  const owner = at(root, path) ?? root;
  const place = keyPlace(root, path, key);
  const missing = path.join('.') === 'cluster.timing' ? lexicon?.missingTimer(key) : undefined;
  if (missing !== undefined) {
    report.error('KD1407', place, missing.message, missing.hint);
    return;
  }
  report.error(
    'KD1101',
    place,
    `unknown key "${key}"${inside(path, schema)}`,
    hintForKey({ key, owner, form: formOf(schema), path, known, lexicon }),
  );
}

function wrongType(
  { params }: SchemaError,
  part: Tree,
  path: readonly string[],
  owner: JsonSchema,
  report: Report,
): void {
  const text = written(part);
  const isVersion = /^cluster\.(kubernetes|nodes\.\d+\.version)$/.test(path.join('.'));
  if (isVersion && typeof part.value === 'number') {
    const read = text === String(part.value) ? '' : ` and would be read as ${part.value}`;
    const message = `the version ${text} is a number${read}`;
    return report.error('KD1110', part.place, message, `write "${text}"`);
  }
  const types = [params.type].flat().flatMap((type) => String(type).split(','));
  const wanted = describe(types, formOf(owner));
  const message = `expected ${wanted}, found ${found(part)}`;
  const form = formOf(owner);
  report.error('KD1103', part.place, message, typeHint({ types, part, path, form, owner }));
}

function notPossible(part: Tree, owner: JsonSchema, report: Report): void {
  const values = ((owner.enum ?? [owner.const]) as readonly unknown[]).map(String);
  const text = asFlow(part.value);
  const isWord = typeof part.value !== 'object';
  const message = isWord
    ? `"${text}" is not one of ${values.join(', ')}`
    : `expected one of ${values.join(', ')}, found ${found(part)}`;
  const examples = ((owner.examples ?? []) as readonly unknown[]).map(asFlow);
  const hint =
    quotesHint(text) ??
    versionHint(text, values) ??
    didYouMean(text, values) ??
    (examples.length === 0 ? undefined : `for example ${examples.join(', ')}`);
  report.error('KD1104', part.place, message, hint);
}

/** Word processors write quotes that are none to YAML. */
function quotesHint(text: string): string | undefined {
  const inner = /^[\u2018-\u201F\u00AB](.*?)[\u2018-\u201F\u00BB]$/.exec(text)?.[1];
  return inner === undefined ? undefined : `these are no quotes of YAML: write "${inner}"`;
}

/** Versions that look alike mean nothing to each other: `1.40` is no slip of `1.30`. */
function versionHint(text: string, values: readonly string[]): string | undefined {
  if (!values.every((value) => /^\d+\.\d+$/.test(value))) return undefined;
  const minor = /^v?(\d+\.\d+)(\.\d+)?$/.exec(text)?.[1];
  if (minor !== undefined && values.includes(minor)) return `write "${minor}"`;
  return `${values[0]} to ${values.at(-1)} are modelled`;
}

function malformed(
  { propertyName }: SchemaError,
  root: Tree,
  path: readonly string[],
  owner: JsonSchema,
  report: Report,
): void {
  const place =
    propertyName === undefined ? placeOf(root, path) : keyPlace(root, path, propertyName);
  const text = propertyName ?? String(at(root, path)?.value);
  const form = formOf(owner);
  const reading = form === undefined ? undefined : READERS[form]?.(text);
  if (reading?.ok === false) return report.error('KD1105', place, reading.message, reading.hint);
  const examples = ((owner.examples ?? []) as readonly unknown[]).map(asText);
  const usual = examples.length === 0 ? undefined : `for example ${examples.join(', ')}`;
  const hint = quotesHint(text) ?? didYouMean(text, wordsOf(owner)) ?? usual ?? meaningOf(owner);
  report.error('KD1105', place, `"${text}" is not written as it must be here`, hint);
}

/** The words of a pattern that is a choice of words and nothing else. */
function wordsOf({ pattern }: JsonSchema): readonly string[] {
  return /^\^\(([\w|-]+)\)\$$/.exec(String(pattern))?.[1]?.split('|') ?? [];
}

/** A `oneOf` is always a list of required keys: exactly one of its branches must be there. */
function notExactlyOne(
  part: Tree,
  root: Tree,
  path: readonly string[],
  owner: JsonSchema,
  report: Report,
  lexicon: Lexicon | undefined,
): void {
  const all = owner.oneOf as readonly { readonly required?: readonly string[]; not?: object }[];
  const branches = all.map(({ required }) => required ?? []).filter((keys) => keys.length > 0);
  // A branch that excludes the others (`during`) is none of several that are too many.
  const exclusive = all.filter(({ not }) => not !== undefined).map(({ required }) => required?.[0]);
  const isThere = (key: string): boolean => child(part, key) !== undefined;
  const [code, what, name] = PARTS_OF_SPEECH[formOf(owner) ?? ''] ?? OTHER_PART;
  const complete = branches
    .filter(([key = '', ...keys]) => [key, ...keys].every(isThere) && !exclusive.includes(key))
    .map(([key = '']) => key);
  if (complete.length > 1) {
    const message = `${what} has more than one ${name}: ${complete.join(' and ')}`;
    const hint = what === OTHER_PART[1] ? 'keep one' : 'write two, one for each';
    return report.error(code, keyPlace(root, path, complete[1]!), message, hint);
  }
  const begun = branches.find((keys) => keys.some(isThere));
  if (begun !== undefined) {
    const missing = begun.find((key) => !isThere(key))!;
    return report.error('KD1102', part.place, `the key "${missing}" is missing`);
  }
  const keys = branches.flat();
  const slip = [...(part.entries?.keys() ?? [])].find((key) => didYouMean(key, keys) !== undefined);
  const known = slip === undefined ? `write one of ${keys.join(', ')}` : didYouMean(slip, keys);
  const other = name === 'action' ? faultIn(part, lexicon) : undefined;
  const hint = (name === 'kind of selection' ? referenceTo(part) : other) ?? known;
  const place = slip === undefined ? part.place : keyPlace(root, path, slip);
  report.error(code, place, `${what} has no ${name}`, hint);
}

/** An `anyOf` is a list of required keys, or one of types: one of its branches at least fits. */
function noneOf(part: Tree, path: readonly string[], owner: JsonSchema, report: Report): void {
  const branches = owner.anyOf as readonly {
    readonly required?: readonly string[];
    readonly type?: string;
  }[];
  const keys = branches.flatMap(({ required = [] }) => required);
  if (keys.length > 0) {
    const message = `one of the keys ${keys.join(', ')} is missing`;
    return report.error('KD1102', part.place, message);
  }
  const types = branches.flatMap(({ type = [] }) => type);
  const form = formOf(owner);
  const message = `expected ${describe(types, form)}, found ${found(part)}`;
  report.error('KD1103', part.place, message, typeHint({ types, part, path, form, owner }));
}

type Speech = readonly ['KD1107' | 'KD1108' | 'KD1109' | 'KD1111', what: string, name: string];

const OTHER_PART: Speech = ['KD1111', 'this mapping', 'key of those that exclude each other'];

const PARTS_OF_SPEECH: Readonly<Record<string, Speech>> = {
  step: ['KD1107', 'this step', 'verb'],
  do: ['KD1107', 'this `do`', 'action'],
  expectation: ['KD1109', 'this expectation', 'operator that says when'],
  claim: ['KD1108', 'this expectation', 'claim'],
  origin: ['KD1111', 'this selector', 'kind of selection'],
  target: ['KD1111', 'this selector', 'kind of selection'],
};

function outOfRange({ keyword, params }: SchemaError, part: Tree): string {
  const { limit } = params as { readonly limit?: number };
  switch (keyword) {
    case 'minimum':
      return `${written(part)} is less than ${limit}`;
    case 'maximum':
      return `${written(part)} is more than ${limit}`;
    case 'minLength':
      return 'this text is empty';
    case 'minItems':
    case 'minProperties':
      return limit === 1 ? 'this is empty' : `at least ${limit} entries belong here`;
    case 'maxItems':
    case 'maxProperties':
      return `at most ${limit} entries belong here`;
    case 'uniqueItems':
      return 'the entries of this list must differ';
    default:
      return `this violates the rule "${keyword}"`;
  }
}

const ARTICLES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  null: 'nothing',
};

const FORM_NAMES: Readonly<Record<string, string>> = {
  duration: 'a duration',
  instant: 'an instant',
  window: 'a window',
  instantOrWindow: 'an instant or a window',
  destination: 'a destination',
  tuple: 'a tuple',
};

function describe(types: readonly string[], form: string | undefined): string {
  const named = form === undefined ? undefined : FORM_NAMES[form];
  return named ?? types.map((type) => ARTICLES[type] ?? type).join(' or ');
}

function found({ value, items, entries, ...part }: Tree): string {
  if (items !== undefined) return 'a list';
  if (entries !== undefined) return 'a mapping';
  if (value === null) return 'nothing';
  if (typeof value === 'string') return `the text "${value}"`;
  const text = written({ value, ...part });
  return typeof value === 'number' ? `the number ${text}` : `the boolean ${text}`;
}

function inside(path: readonly string[], owner: JsonSchema): string {
  const part = PARTS_OF_SPEECH[formOf(owner) ?? ''];
  if (part !== undefined) return ` in ${part[1]}`;
  const last = path.filter((step) => !/^\d+$/.test(step)).at(-1);
  return last === undefined ? '' : ` in "${last}"`;
}

/** The value where there is one; the key of it where the value itself is empty. */
function placeOf(root: Tree, path: readonly string[]): Place {
  return (at(root, path) ?? nearestTo(root, path)).place;
}

/** The shared form or the part of speech that a schema describes. */
function formOf(schema: JsonSchema): string | undefined {
  return typeof schema.title === 'string' ? schema.title : undefined;
}
