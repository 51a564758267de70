// A short name for the content of a pod template.
// source: pkg/controller/controller_utils.go ComputeHash; SafeEncodeString of apimachinery's rand

import { NAME_LETTERS } from '../../apiserver/identity';
import type { PodTemplate } from '../../apiserver/kinds/workload';
import { TextHash } from '../../kernel/random';
import { sortedKeys } from '../../values/order';

/** Equal templates have equal hashes, in whatever order their fields were written. */
export function templateHash(template: PodTemplate): string {
  const hash = new TextHash();
  addCanonical(hash, template);
  const digits = String(hash.value);
  let name = '';
  for (let at = 0; at < digits.length; at++)
    name += NAME_LETTERS[digits.charCodeAt(at) % NAME_LETTERS.length];
  return name;
}

/** JSON with sorted fields, piece by piece. */
function addCanonical(hash: TextHash, value: unknown): void {
  if (typeof value === 'string') addQuoted(hash, value);
  else if (typeof value !== 'object' || value === null) hash.add(JSON.stringify(value) ?? 'null');
  else if (Array.isArray(value)) addList(hash, value);
  else addRecord(hash, value as Readonly<Record<string, unknown>>);
}

function addList(hash: TextHash, items: readonly unknown[]): void {
  hash.add('[');
  for (let index = 0; index < items.length; index++) {
    if (index > 0) hash.add(',');
    addCanonical(hash, items[index]);
  }
  hash.add(']');
}

function addRecord(hash: TextHash, record: Readonly<Record<string, unknown>>): void {
  let separator = '{';
  for (const field of sortedKeys(record)) {
    const part = record[field];
    if (part === undefined) continue;
    hash.add(separator);
    separator = ',';
    addQuoted(hash, field);
    hash.add(':');
    addCanonical(hash, part);
  }
  hash.add(separator === '{' ? '{}' : '}');
}

function addQuoted(hash: TextHash, text: string): void {
  // Hardly any text of a template has anything that JSON would have to escape.
  if (!isPlain(text)) {
    hash.add(JSON.stringify(text));
    return;
  }
  hash.add('"');
  hash.add(text);
  hash.add('"');
}

/** Whether it has no quotes, backslashes, control characters and halves of surrogate pairs. */
function isPlain(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const isSpecial = code < 0x20 || code === 0x22 || code === 0x5c;
    if (isSpecial || (code >= 0xd800 && code < 0xe000)) return false;
  }
  return true;
}
