// Arguments that no schema checks, where the caller is JavaScript and no compiler did. Each
// function throws TypeError, which names the call and how it is written.

import { didYouMean } from '../language/did-you-mean';

/** Demands a text: `runUntil('10s')`. */
export function demandText(call: string, value: unknown, example: string): asserts value is string {
  if (typeof value === 'string') return;
  throw new TypeError(`\`${call}\` takes a text: ${call}('${example}'), not ${said(value)}`);
}

/** Demands a mapping with none but these keys. */
export function demandOptions(call: string, value: unknown, known: readonly string[]): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`the options of \`${call}\` are an object, not ${said(value)}`);
  }
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue;
    const hint = didYouMean(key, known) ?? `there are ${known.join(', ')}`;
    throw new TypeError(`\`${call}\` has no option "${key}"; ${hint}`);
  }
}

/** Demands a seed, as scenarios have it. */
export function demandSeed(call: string, seed: unknown): void {
  if (Number.isSafeInteger(seed) && (seed as number) >= 0) return;
  throw new TypeError(`the \`seed\` of \`${call}\` is a whole number from 0, not ${said(seed)}`);
}

function said(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  return JSON.stringify(value) ?? 'undefined';
}
