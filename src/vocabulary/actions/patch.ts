import type { FromSchema } from '../../language/json-schema';
import { defineAction } from '../define';
import { objectOf } from '../targets';

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['patch', 'with'],
  properties: {
    patch: { $ref: '#/$defs/objectReference' },
    with: { description: 'What is merged into the object.', type: 'object', minProperties: 1 },
    type: {
      description: '`merge` (RFC 7386, the default): mappings merge, lists are replaced.',
      enum: ['merge'],
    },
  },
} as const;

type Args = FromSchema<typeof SCHEMA>;

export default defineAction({
  name: 'patch',
  summary: 'Changes fields of an object, as `kubectl patch --type merge` does.',
  models:
    'A JSON merge patch: mappings merge, `null` removes a field, everything else replaces what ' +
    'was there, lists included.',
  source: 'RFC 7386; staging/src/k8s.io/apiserver/pkg/endpoints/handlers/patch.go',
  schema: SCHEMA,
  examples: [
    '{at: 10s, do: {patch: service/shop/backend, with: {spec: {selector: {app: other}}}}}',
  ],
  perform(cluster, args: Args) {
    const { kind, key } = objectOf(cluster, args.patch);
    if (cluster.api.store.get(kind, key) === undefined) return [];
    cluster.handles.patch(kind, key, args.with);
    return [`${kind}/${key}`];
  },
});
