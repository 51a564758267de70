// A short name for the content of a pod template.
// source: pkg/controller/controller_utils.go ComputeHash; SafeEncodeString of apimachinery's rand

import { NAME_LETTERS } from '../../apiserver/identity';
import type { PodTemplate } from '../../apiserver/kinds/workload';
import { hashText } from '../../kernel/random';
import { sortedKeys } from '../../values/order';

/** Equal templates have equal hashes, in whatever order their fields were written. */
export function templateHash(template: PodTemplate): string {
  const digits = String(hashText(canonical(template)));
  let name = '';
  for (let at = 0; at < digits.length; at++)
    name += NAME_LETTERS[digits.charCodeAt(at) % NAME_LETTERS.length];
  return name;
}

/** JSON with sorted fields. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const record = value as Readonly<Record<string, unknown>>;
  let text = '';
  for (const field of sortedKeys(record)) {
    const part = record[field];
    if (part === undefined) continue;
    text += `${text === '' ? '' : ','}${JSON.stringify(field)}:${canonical(part)}`;
  }
  return `{${text}}`;
}
