import type { FromSchema } from '../../language/json-schema';
import { defineAction } from '../define';
import { UnknownTargetError } from '../targets';

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['upgrade', 'to'],
  properties: {
    upgrade: {
      description: 'A node, or a component of the control plane.',
      type: 'string',
      pattern: '^[A-Za-z0-9]([A-Za-z0-9_./-]*[A-Za-z0-9])?$',
    },
    to: { description: 'The version.', type: 'string', pattern: '^1\\.[0-9]+$' },
  },
} as const;

const REASON =
  'a cluster has one version for the whole of a run: run the scenario once for each version by ' +
  'matrix: {cluster.kubernetes: […]}, and use restart, drain and uncordon for what an upgrade does';

export default defineAction({
  name: 'upgrade',
  summary: 'Not modelled: a node or a component goes to another version during a run.',
  models:
    'Nothing: the step is an error. The delays and behaviours of the model belong to the version ' +
    'of the whole cluster, so that an answer after an upgrade of a part would be a guess.',
  source: 'https://kubernetes.io/releases/version-skew-policy',
  schema: SCHEMA,
  examples: ['{at: 10s, do: {upgrade: worker-1, to: "1.36"}}'],
  check: () => [{ path: '', severity: 'warning' as const, message: `not modelled: ${REASON}` }],
  perform(_cluster, { upgrade }: FromSchema<typeof SCHEMA>) {
    throw new UnknownTargetError(`not modelled: upgrade of ${upgrade}; ${REASON}`);
  },
});
