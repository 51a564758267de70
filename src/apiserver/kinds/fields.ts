// Which fields of a manifest the model knows. What is not in a kind's table is unknown to the
// API; what stands there with a sentence is known to the API and not to the model.

import type { KubeObject } from '../../values/kube-object';
import type { ManifestProblem } from '../../values/manifest-problem';

/**
 * `true`: modelled, or without influence on the network; nothing below it is looked at.
 * A sentence: not modelled, and what that means for the answers.
 * A table: the field is a mapping with these fields; in brackets, a list of such mappings.
 */
export type FieldRule = true | string | FieldTable | readonly [FieldTable];

export interface FieldTable {
  readonly [field: string]: FieldRule;
}

/** Fields that every object has. */
const OBJECT: FieldTable = { apiVersion: true, kind: true, metadata: true, status: true };

/**
 * One warning for each field of the object that the model does not know, and an error for each
 * that is no mapping or no list where the API has one.
 */
export function unmodelledFields(object: KubeObject, table: FieldTable): ManifestProblem[] {
  const problems: ManifestProblem[] = [];
  inspectMapping(object, { ...OBJECT, ...table }, '', problems);
  return problems;
}

function inspect(value: unknown, rule: FieldRule, path: string, problems: ManifestProblem[]): void {
  if (rule === true || value === undefined || value === null) return;
  if (typeof rule === 'string') {
    if (isEmpty(value)) return;
    problems.push({ path, severity: 'warning', message: `not modelled: ${rule}` });
  } else if (isList(rule)) {
    if (!Array.isArray(value)) problems.push(malformed(path, 'a list', value));
    else value.forEach((item, index) => inspectItem(item, rule[0], `${path}/${index}`, problems));
  } else {
    inspectItem(value, rule, path, problems);
  }
}

function inspectItem(
  value: unknown,
  table: FieldTable,
  path: string,
  problems: ManifestProblem[],
): void {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    inspectMapping(value, table, path, problems);
  } else {
    problems.push(malformed(path, 'a mapping', value));
  }
}

function isList(rule: FieldTable | readonly [FieldTable]): rule is readonly [FieldTable] {
  return Array.isArray(rule);
}

function malformed(path: string, wanted: string, value: unknown): ManifestProblem {
  return { path, severity: 'error', message: `must be ${wanted}, is ${JSON.stringify(value)}` };
}

function inspectMapping(
  mapping: object,
  table: FieldTable,
  path: string,
  problems: ManifestProblem[],
): void {
  for (const [field, value] of Object.entries(mapping)) {
    const rule = Object.hasOwn(table, field) ? table[field] : undefined;
    const place = `${path}/${escapePointer(field)}`;
    if (rule === undefined) problems.push(unknownField(field, table, place));
    else inspect(value, rule, place, problems);
  }
}

/**
 * The API server drops unknown fields and warns (fieldValidation: Warn); kubectl asks it to refuse
 * them (Strict), other clients do not.
 */
function unknownField(field: string, table: FieldTable, path: string): ManifestProblem {
  const similar = similarTo(field, Object.keys(table));
  const message = `unknown field "${field}": kubectl refuses it, the API server ignores it`;
  const hint = similar === undefined ? {} : { hint: `did you mean "${similar}"?` };
  return { path, severity: 'warning', message, ...hint };
}

/** A field that differs by its case or by one letter: the slips that people make in manifests. */
function similarTo(field: string, known: readonly string[]): string | undefined {
  const written = field.toLowerCase();
  return (
    known.find((it) => it.toLowerCase() === written) ??
    known.find((it) => isOneLetterOff(written, it.toLowerCase()))
  );
}

/** Whether one letter too many, too few or another is all that two words differ by. */
function isOneLetterOff(a: string, b: string): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  if (long.length - short.length > 1 || short.length < 3) return false;
  let at = 0;
  while (at < short.length && short[at] === long[at]) at++;
  const rest = short.slice(short.length === long.length ? at + 1 : at);
  return rest === long.slice(at + 1);
}

/** An empty list or mapping, `false` or an empty text asks for nothing. */
function isEmpty(value: unknown): boolean {
  if (value === false || value === '') return true;
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/** RFC 6901. */
function escapePointer(field: string): string {
  return field.replaceAll('~', '~0').replaceAll('/', '~1');
}
