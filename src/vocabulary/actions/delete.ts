import type { FromSchema } from '../../language/json-schema';
import { defineAction } from '../define';
import { graceOf, graceProblems } from '../grace';
import { objectOf } from '../targets';

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['delete'],
  properties: {
    delete: { $ref: '#/$defs/objectReference' },
    grace: {
      description: 'Whole seconds until the processes are killed; default: what the pod says.',
      $ref: '#/$defs/duration',
    },
  },
} as const;

type Args = FromSchema<typeof SCHEMA>;

export default defineAction({
  name: 'delete',
  summary: 'Deletes an object gracefully, as `kubectl delete` does.',
  models:
    'A pod is marked for deletion, its processes get SIGTERM, and after its grace SIGKILL. What ' +
    'an object owns is deleted with it in the background.',
  source: 'staging/src/k8s.io/apiserver/pkg/registry/rest/delete.go (BeforeDelete)',
  schema: SCHEMA,
  examples: [
    '{at: 10s, do: {delete: shop/backend#1}}',
    '{at: 10s, do: {delete: service/shop/backend}}',
    '{at: 10s, do: {delete: shop/backend#1, grace: 5s}}',
  ],
  check: ({ grace }: Args) => graceProblems(grace),
  perform(cluster, args) {
    const { kind, key } = objectOf(cluster, args.delete);
    if (cluster.api.store.get(kind, key) === undefined) return [];
    const grace = graceOf(args.grace);
    if (grace === undefined) cluster.handles.delete(kind, key);
    else cluster.handles.delete(kind, key, grace);
    return [`${kind}/${key}`];
  },
});
