import type { FromSchema } from '../../language/json-schema';
import { nameProblems } from '../asked-name';
import { defineAction } from '../define';
import { sourcesOf } from '../targets';

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['lookup'],
  properties: {
    lookup: {
      description: 'Who asks for which name.',
      type: 'object',
      additionalProperties: false,
      required: ['from', 'name'],
      properties: {
        from: { $ref: '#/$defs/origin' },
        name: { description: 'The name as the client types it.', type: 'string', minLength: 1 },
        type: {
          description: 'The record type; `A+AAAA`, which asks for both at once, by default.',
          enum: ['A', 'AAAA', 'A+AAAA', 'CNAME', 'SRV', 'PTR', 'TXT', 'NS', 'SOA', 'MX'],
        },
      },
    },
  },
} as const;

type Args = FromSchema<typeof SCHEMA>;

export default defineAction({
  name: 'lookup',
  summary: 'Clients really look a name up, so that caches on the way learn the answer.',
  models:
    'Every client asks once along every possible path: each DNS server that can be reached keeps ' +
    'what its `cache` plugin keeps, answers and denials alike, for as long as they may live. ' +
    'Claims see the caches as they are and leave them so.',
  source: 'coredns plugin/cache/cache.go',
  schema: SCHEMA,
  examples: [
    '{at: 5s, do: {lookup: {from: shop/frontend, name: backend}}}',
    '{at: 5s, every: 1s, times: 60, do: {lookup: {from: shop/db-0, name: db-1.db, type: A}}}',
  ],
  check: ({ lookup }: Args) => nameProblems(lookup.name, '/lookup/name'),
  perform(cluster, args: Args) {
    const { from, name, type = 'A+AAAA' } = args.lookup;
    const { sources } = sourcesOf(cluster, from);
    for (const { origin } of sources) {
      cluster.resolve(origin, name, { types: type.split('+'), real: true });
    }
    return sources.map((source) => source.name);
  },
});
