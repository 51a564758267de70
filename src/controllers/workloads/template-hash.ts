// A short name for the content of a pod template.
// source: pkg/controller/controller_utils.go ComputeHash; SafeEncodeString of apimachinery's rand

import type { PodTemplate } from '../../apiserver/kinds/workload';
import { hashText } from '../../kernel/random';
import { sortedKeys } from '../../values/order';

const LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

/** Equal templates have equal hashes, in whatever order their fields were written. */
export function templateHash(template: PodTemplate): string {
  const digits = String(hashText(canonical(template)));
  return [...digits].map((digit) => LETTERS[digit.charCodeAt(0) % LETTERS.length]).join('');
}

/** JSON with sorted fields. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const record = value as Readonly<Record<string, unknown>>;
  const fields = sortedKeys(record).filter((field) => record[field] !== undefined);
  const parts = fields.map((field) => `${JSON.stringify(field)}:${canonical(record[field])}`);
  return `{${parts.join(',')}}`;
}
