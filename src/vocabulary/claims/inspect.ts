import type { FromSchema } from '../../language/json-schema';
import type { ManifestProblem } from '../../language/lexicon';
import {
  canonical,
  CONDITION_PROPERTIES,
  isSatisfied,
  problemsOf,
  sayFound,
  sayWanted,
} from '../condition';
import { defineClaim } from '../define';
import { isInspected } from '../inspected-lines';
import { query } from '../json-path';
import { whyNothing } from '../lost-path';
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
  properties: CONDITION_PROPERTIES,
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
  mayBeChangedBy: ({ query: path }, line) => isInspected(path, line),
  expected: sayWanted,
  expectedNever: (args) => `never ${sayWanted(args)}`,
  check: (args) => [...problemsOf(args), ...lostIn(args)],
  observe(cluster, args, { explain }) {
    const state = cluster.snapshot();
    const found = query(state, args.query);
    const holds = isSatisfied(found, args);
    return {
      holds,
      possible: holds,
      actual: sayFound(found, args),
      why: explain && found.length === 0 && !holds ? [whyNothing(state, args.query)] : [],
      traces: [],
      blames: [],
      key: found.map(canonical).join('\n'),
    };
  },
});

/** A query that begins with nothing that the state has. */
function lostIn({ query: path }: Args): readonly ManifestProblem[] {
  if (problemsOf({ query: path }).length > 0) return [];
  const lost = checkRoot(path);
  return lost === undefined ? [] : [{ path: '/query', severity: 'error', ...lost }];
}
