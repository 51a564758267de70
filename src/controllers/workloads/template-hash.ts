// A short name for the content of a pod template.
// source: pkg/controller/controller_utils.go ComputeHash; SafeEncodeString of apimachinery's rand

import { NAME_LETTERS } from '../../apiserver/identity';
import type { PodTemplate } from '../../apiserver/kinds/workload';
import { fold, foldCode, HASH_START, scramble } from '../../kernel/random';
import { sortedKeys } from '../../values/order';

/** Equal templates have equal hashes, in whatever order their fields were written. */
export function templateHash(template: PodTemplate): string {
  const digits = String(scramble(canonical(template, HASH_START)));
  let name = '';
  for (let at = 0; at < digits.length; at++)
    name += NAME_LETTERS[digits.charCodeAt(at) % NAME_LETTERS.length];
  return name;
}

const QUOTE = codeOf('"');
const BACKSLASH = codeOf('\\');
const COMMA = codeOf(',');
const COLON = codeOf(':');
const LIST = codeOf('[');
const LIST_END = codeOf(']');
const RECORD = codeOf('{');
const RECORD_END = codeOf('}');

function codeOf(character: string): number {
  return character.charCodeAt(0);
}

/** The hash goes on by JSON with sorted fields, of which no text is made. */
function canonical(value: unknown, start: number): number {
  if (typeof value === 'string') return quoted(value, start);
  if (typeof value !== 'object' || value === null) {
    return fold(JSON.stringify(value) ?? 'null', start);
  }
  if (Array.isArray(value)) return list(value, start);
  return record(value as Readonly<Record<string, unknown>>, start);
}

function list(items: readonly unknown[], start: number): number {
  let hash = foldCode(LIST, start);
  for (let index = 0; index < items.length; index++) {
    if (index > 0) hash = foldCode(COMMA, hash);
    hash = canonical(items[index], hash);
  }
  return foldCode(LIST_END, hash);
}

function record(fields: Readonly<Record<string, unknown>>, start: number): number {
  let hash = foldCode(RECORD, start);
  let isFirst = true;
  for (const field of sortedKeys(fields)) {
    const part = fields[field];
    if (part === undefined) continue;
    if (!isFirst) hash = foldCode(COMMA, hash);
    isFirst = false;
    hash = canonical(part, foldCode(COLON, quoted(field, hash)));
  }
  return foldCode(RECORD_END, hash);
}

/** Hardly any text of a template has anything that JSON would have to escape. */
function quoted(text: string, start: number): number {
  if (!isPlain(text)) return fold(JSON.stringify(text), start);
  return foldCode(QUOTE, fold(text, foldCode(QUOTE, start)));
}

/** Whether it has no quotes, backslashes, control characters and halves of surrogate pairs. */
function isPlain(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const isSpecial = code < 0x20 || code === QUOTE || code === BACKSLASH;
    if (isSpecial || (code >= 0xd800 && code < 0xe000)) return false;
  }
  return true;
}
