// Reads what the real resolvers print.

import { compareIps } from '../../../src/values/ip';
import type { IP } from '../../../src/values/ip';

/** For each lookup what came of it, and how long it took in milliseconds where that is known. */
export interface ClientOutput {
  readonly results: readonly string[];
  readonly took: readonly (number | undefined)[];
}

/** A line for each lookup: `name result milliseconds address…`. */
export function readGetaddrinfo(text: string): ClientOutput {
  const lines = text.trimEnd().split('\n');
  const lookups = lines.map((line) => {
    const [, result = '', took, ...addresses] = line.split(' ');
    // In which order they are tried is the business of RFC 6724.
    const sorted = [...new Set(addresses as IP[])].sort(compareIps);
    return { result: [result, ...sorted].join(' '), took: Number(took) };
  });
  return {
    results: lookups.map(({ result }) => result),
    took: lookups.map(({ took }) => took),
  };
}

/** One message: its status, its flags and its records, or `none` where nobody answered. */
export function readDig(text: string): ClientOutput {
  const status = /status: (\w+)/.exec(text)?.[1];
  if (status === undefined) return { results: ['none'], took: [undefined] };
  const flags = /flags: ([a-z ]+);/.exec(text)?.[1] ?? '';
  const records = text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith(';'))
    .map((line) => line.replace(/\sIN\s/, ' ').replace(/\s+/g, ' '));
  return { results: [[status, flags, ...records].join('; ')], took: [undefined] };
}
