import type { FromSchema } from '../../language/json-schema';
import { defineAction } from '../define';
import { nodeNamed } from '../targets';

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['uncordon'],
  properties: { uncordon: { $ref: '#/$defs/nodeReference' } },
} as const;

type Args = FromSchema<typeof SCHEMA>;

export default defineAction({
  name: 'uncordon',
  summary: 'Lets pods onto a node again, as `kubectl uncordon` does.',
  models: 'One write of `spec.unschedulable`. Nothing that was evicted comes back by itself.',
  source: 'staging/src/k8s.io/kubectl/pkg/drain/cordon.go',
  schema: SCHEMA,
  examples: ['{at: 5m, do: {uncordon: worker-2}}'],
  perform(cluster, { uncordon }: Args) {
    const node = nodeNamed(cluster, uncordon);
    cluster.handles.patch('Node', node, { spec: { unschedulable: null } });
    return [`node ${node}`];
  },
});
