// Where a query that finds nothing loses its way: how far it leads, and what is there instead.

import { query, stepsOf } from './json-path';

/** More names than these say no more. */
const MOST_NAMES = 8;

/** One sentence about a path that finds nothing in the state. */
export function whyNothing(state: object, path: string): string {
  const steps = stepsOf(path);
  for (let length = steps.length - 1; length > 0; length--) {
    const before = steps.slice(0, length).join('');
    const found = query(state, before);
    if (found.length > 0) return lostAt(before, steps[length]!, found);
  }
  return lostAt(steps[0]!, steps[1] ?? '', [state]);
}

function lostAt(before: string, step: string, found: readonly unknown[]): string {
  const [first] = found;
  const here = found.length === 1 ? `${before} is there` : `${before} finds ${found.length} values`;
  if (found.length === 1 && isEmpty(first)) return `${before} is empty`;
  if (step.startsWith('[?')) return `${here}, but nothing in it passes ${step}`;
  if (typeof first !== 'object' || first === null) {
    return `${here}, but as ${JSON.stringify(first)}: there is no ${step} in it`;
  }
  if (Array.isArray(first)) return `${here}, a list without ${step}`;
  const names = Object.keys(first);
  const more = names.length > MOST_NAMES ? ', …' : '';
  return `${here}, without ${step}: it has ${names.slice(0, MOST_NAMES).join(', ')}${more}`;
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
