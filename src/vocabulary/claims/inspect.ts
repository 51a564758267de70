import type { FromSchema } from '../../language/json-schema';
import type { ManifestProblem } from '../../language/lexicon';
import { sortedKeys } from '../../values/order';
import { defineClaim } from '../define';
import { checkPath, query } from '../json-path';
import { Pattern, PatternSyntaxError } from '../pattern';
import { checkRoot } from '../snapshot-paths';

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['query'],
  anyOf: [
    { required: ['equals'] },
    { required: ['contains'] },
    { required: ['matches'] },
    { required: ['count'] },
    { required: ['absent'] },
  ],
  properties: {
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
  },
} as const;

type Args = FromSchema<typeof SCHEMA>;

export default defineClaim({
  name: 'inspect',
  summary: "A JSONPath over the cluster's state, and what it must find.",
  models:
    'The state is one JSON object: `objects` by plural, `nodes` with their rules, conntrack ' +
    'entries, routes and devices, and the `journal`. Filters compare fields with literals, with ' +
    '== != < <= > >= && || ! and parentheses, and contain no calls.',
  source: 'RFC 9535 (JSONPath), without its functions',
  schema: SCHEMA,
  examples: [
    '{at: 5s, inspect: {query: "$.objects.pods[?(@.status.phase == \'Running\')]", count: 3}}',
    "{at: 5s, inspect: {query: \"$.objects.services[?(@.metadata.name == 'backend')]" +
      '.spec.clusterIP", equals: 10.96.0.20}}',
    '{after: crash, by: 2s, inspect: {query: "$.nodes[\'worker-1\'].conntrack[*].state", ' +
      'absent: true}}',
  ],
  phrase(args) {
    return {
      subject: args.query,
      predicate: `has ${sayWanted(args)}`,
      negated: `does not have ${sayWanted(args)}`,
    };
  },
  expected: sayWanted,
  expectedNever: (args) => `never ${sayWanted(args)}`,
  check: problemsOf,
  observe(cluster, args) {
    const found = query(cluster.snapshot(), args.query);
    const holds = isSatisfied(found, args);
    return {
      holds,
      possible: holds,
      actual: sayFound(found, args),
      why: [],
      traces: [],
      blames: [],
      key: found.map(canonical).join('\n'),
    };
  },
});

function isSatisfied(found: readonly unknown[], args: Args): boolean {
  const { equals, contains, matches, count, absent } = args;
  if (absent === true && found.length > 0) return false;
  if (count !== undefined && found.length !== count) return false;
  if ('equals' in args && !(found.length > 0 && found.every((it) => isEqual(it, equals)))) {
    return false;
  }
  if ('contains' in args && !found.some((it) => has(it, contains))) return false;
  if (matches === undefined) return true;
  const pattern = new Pattern(matches);
  return found.length > 0 && found.every((it) => typeof it === 'string' && pattern.test(it));
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

/** JSON with sorted keys: equal for equal values, whatever the order of writing. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (!isMapping(value)) return JSON.stringify(value) ?? 'null';
  const fields = sortedKeys(value).map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
  return `{${fields.join()}}`;
}

/** Longer values are cut in reports. */
const SHOWN_MAX = 160;

function show(value: unknown): string {
  const text = typeof value === 'string' ? value : canonical(value);
  return text.length <= SHOWN_MAX ? text : `${text.slice(0, SHOWN_MAX - 1)}…`;
}

function sayFound(found: readonly unknown[], { count }: Args): string {
  if (found.length === 0) return 'nothing';
  if (count !== undefined) return `${sayCount(found.length)}: ${show(found)}`;
  return show(found.length === 1 ? found[0] : found);
}

function sayWanted(args: Args): string {
  const parts = [
    'equals' in args ? `the value ${show(args.equals)}` : undefined,
    'contains' in args ? `something with ${show(args.contains)}` : undefined,
    args.matches === undefined ? undefined : `texts that match ${args.matches}`,
    args.count === undefined ? undefined : sayCount(args.count),
    args.absent === true ? 'nothing' : undefined,
  ];
  return parts.filter((it) => it !== undefined).join(' and ');
}

function sayCount(count: number): string {
  return count === 1 ? '1 value' : `${count} values`;
}

function problemsOf({ query: path, matches }: Args): readonly ManifestProblem[] {
  const problems: ManifestProblem[] = [];
  const wrong = checkPath(path);
  if (wrong !== undefined) {
    const message = `${wrong.message}, at character ${wrong.position + 1} of "${path}"`;
    problems.push({ path: '/query', severity: 'error', message });
  } else {
    const lost = checkRoot(path);
    if (lost !== undefined) problems.push({ path: '/query', severity: 'error', ...lost });
  }
  if (matches === undefined) return problems;
  try {
    void new Pattern(matches);
  } catch (error) {
    if (!(error instanceof PatternSyntaxError)) throw error;
    const message = `${error.message}, at character ${error.position + 1} of "${matches}"`;
    problems.push({ path: '/matches', severity: 'error', message });
  }
  return problems;
}
