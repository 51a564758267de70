// What is demanded of the values that a JSONPath finds: `equals`, `contains`, `matches`, `count`,
// `absent`. Claims judge it at an instant; triggers wait until it becomes so.

import type { FromSchema } from '../language/json-schema';
import type { ManifestProblem } from '../language/lexicon';
import { sortedKeys } from '../values/order';
import { checkPath } from './json-path';
import { Pattern, PatternSyntaxError } from './pattern';

/** The properties of a mapping that holds a query with its condition. */
export const CONDITION_PROPERTIES = {
  query: { $ref: '#/$defs/jsonPath' },
  equals: { description: 'Every value that the query finds is this one; at least one is found.' },
  contains: {
    description:
      'Some value that the query finds is this one, or a list that has it, a text that has it, ' +
      'or a mapping that has all of its keys.',
  },
  matches: {
    description: 'Every value that the query finds is a text that matches; one is found.',
    type: 'string',
    minLength: 1,
    maxLength: 500,
  },
  count: { description: 'How many values the query finds.', type: 'integer', minimum: 0 },
  absent: { description: 'The query finds nothing.', const: true },
} as const;

const SCHEMA = {
  type: 'object',
  required: ['query'],
  properties: CONDITION_PROPERTIES,
} as const;

export type Condition = FromSchema<typeof SCHEMA>;

/** Whether values are as the condition demands. Without any demand, something must be found. */
export function isSatisfied(found: readonly unknown[], condition: Condition): boolean {
  const { equals, contains, matches, count, absent } = condition;
  if (absent === true && found.length > 0) return false;
  if (count !== undefined && found.length !== count) return false;
  if ('equals' in condition && !(found.length > 0 && found.every((it) => isEqual(it, equals)))) {
    return false;
  }
  if ('contains' in condition && !found.some((it) => has(it, contains))) return false;
  if (matches === undefined) return isBare(condition) ? found.length > 0 : true;
  const pattern = new Pattern(matches);
  return found.length > 0 && found.every((it) => typeof it === 'string' && pattern.test(it));
}

/** `the value 3 and 2 values`. */
export function sayWanted(condition: Condition): string {
  const parts = [
    'equals' in condition ? `the value ${show(condition.equals)}` : undefined,
    'contains' in condition ? `something with ${show(condition.contains)}` : undefined,
    condition.matches === undefined ? undefined : `texts that match ${condition.matches}`,
    condition.count === undefined ? undefined : sayCount(condition.count),
    condition.absent === true ? 'nothing' : undefined,
    isBare(condition) ? 'something' : undefined,
  ];
  return parts.filter((it) => it !== undefined).join(' and ');
}

export function sayFound(found: readonly unknown[], { count }: Condition): string {
  if (found.length === 0) return 'nothing';
  if (count === undefined && found.length === 1) return show(found[0]);
  return `${sayCount(found.length)}: ${show(found)}`;
}

/** What is wrong with the query or the pattern; paths begin with `path`. */
export function problemsOf({ query, matches }: Condition, path = ''): readonly ManifestProblem[] {
  const problems: ManifestProblem[] = [];
  const wrong = checkPath(query);
  if (wrong !== undefined) {
    const message = `${wrong.message}, at character ${wrong.position + 1} of "${query}"`;
    problems.push({ path: `${path}/query`, severity: 'error', message });
  }
  if (matches === undefined) return problems;
  try {
    void new Pattern(matches);
  } catch (error) {
    if (!(error instanceof PatternSyntaxError)) throw error;
    const message = `${error.message}, at character ${error.position + 1} of "${matches}"`;
    problems.push({ path: `${path}/matches`, severity: 'error', message });
  }
  return problems;
}

/** JSON with sorted keys: equal for equal values, whatever the order of writing. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (!isMapping(value)) return JSON.stringify(value) ?? 'null';
  const fields = sortedKeys(value).map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
  return `{${fields.join()}}`;
}

const DEMANDS = ['equals', 'contains', 'matches', 'count', 'absent'] as const;

/** Whether nothing is demanded of what the query finds. */
function isBare(condition: Condition): boolean {
  return DEMANDS.every((demand) => !(demand in condition));
}

function isEqual(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function has(value: unknown, part: unknown): boolean {
  if (isEqual(value, part)) return true;
  if (typeof value === 'string') return typeof part === 'string' && value.includes(part);
  if (Array.isArray(value)) return value.some((item) => isEqual(item, part));
  if (!isMapping(value) || !isMapping(part)) return false;
  return sortedKeys(part).every((key) => Object.hasOwn(value, key) && has(value[key], part[key]));
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Longer values are cut in reports. */
const SHOWN_MAX = 160;

function show(value: unknown): string {
  const text = typeof value === 'string' ? value : canonical(value);
  return text.length <= SHOWN_MAX ? text : `${text.slice(0, SHOWN_MAX - 1)}…`;
}

function sayCount(count: number): string {
  return count === 1 ? '1 value' : `${count} values`;
}
