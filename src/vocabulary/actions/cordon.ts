import type { FromSchema } from '../../language/json-schema';
import { defineAction } from '../define';
import { nodeNamed } from '../targets';

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['cordon'],
  properties: { cordon: { $ref: '#/$defs/nodeReference' } },
} as const;

type Args = FromSchema<typeof SCHEMA>;

export default defineAction({
  name: 'cordon',
  summary: 'Lets no new pod onto a node, as `kubectl cordon` does.',
  models:
    'One write of `spec.unschedulable`. Pods that are there stay, and traffic goes on: load ' +
    'balancers do not look at it.',
  source: 'staging/src/k8s.io/kubectl/pkg/drain/cordon.go',
  schema: SCHEMA,
  examples: ['{at: 10s, do: {cordon: worker-2}}'],
  perform(cluster, { cordon }: Args) {
    const node = nodeNamed(cluster, cordon);
    cluster.handles.patch('Node', node, { spec: { unschedulable: true } });
    return [`node ${node}`];
  },
});
