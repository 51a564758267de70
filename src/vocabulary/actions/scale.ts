import { MOST_PODS } from '../../language/inventory';
import type { FromSchema } from '../../language/json-schema';
import { defineAction } from '../define';
import { objectOf, UnknownTargetError } from '../targets';

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['scale', 'replicas'],
  properties: {
    scale: { $ref: '#/$defs/objectReference' },
    replicas: {
      description: 'How many pods there shall be.',
      type: 'integer',
      minimum: 0,
      maximum: MOST_PODS,
    },
  },
} as const;

type Args = FromSchema<typeof SCHEMA>;

/** The kinds with a scale subresource. source: pkg/registry/{apps,core} (ScaleREST) */
const SCALABLE = ['Deployment', 'ReplicaSet', 'ReplicationController', 'StatefulSet'];

export default defineAction({
  name: 'scale',
  summary: 'Sets the number of replicas of a workload, as `kubectl scale` does.',
  models: 'One write of the scale subresource: `spec.replicas`.',
  source: 'staging/src/k8s.io/kubectl/pkg/cmd/scale/scale.go',
  schema: SCHEMA,
  examples: ['{at: 90s, do: {scale: deployment/shop/backend, replicas: 5}}'],
  kinds: { scale: SCALABLE },
  perform(cluster, args: Args) {
    const { kind, key } = objectOf(cluster, args.scale);
    if (!SCALABLE.includes(kind)) {
      throw new UnknownTargetError(`a ${kind} cannot be scaled: ${SCALABLE.join(', ')} can`);
    }
    if (cluster.api.store.get(kind, key) === undefined) return [];
    cluster.handles.scale(kind, key, args.replicas);
    return [`${kind}/${key}`];
  },
});
