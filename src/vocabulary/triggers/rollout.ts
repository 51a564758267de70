import type { FromSchema } from '../../language/json-schema';
import { defineTrigger } from '../define';
import { isRolledOut, ROLLOUT_KINDS } from '../rollout-status';
import { objectOf, UnknownTargetError } from '../targets';
import { OBSERVED_PROPERTIES } from './observed';

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['rollout', 'is'],
  properties: {
    rollout: { $ref: '#/$defs/objectReference' },
    is: { description: '`complete`: as `kubectl rollout status` waits for it.', const: 'complete' },
    ...OBSERVED_PROPERTIES,
  },
} as const;

type Args = FromSchema<typeof SCHEMA>;

export default defineTrigger({
  name: 'rollout',
  summary: 'A rollout that was under way is complete, as `kubectl rollout status` sees it.',
  models:
    'The controller has seen the newest generation, every replica has the newest template and is ' +
    'available, and none of an older one is left. A rollout that is complete all the time never ' +
    'becomes so.',
  source: 'staging/src/k8s.io/kubectl/pkg/polymorphichelpers/rollout_status.go',
  schema: SCHEMA,
  examples: [
    '{when: {rollout: deployment/shop/backend, is: complete}, plus: 5s, kill: {node: worker-2}}',
  ],
  phrase: ({ rollout }: Args) => `the rollout of ${rollout} is complete`,
  watch(cluster, { rollout }: Args) {
    const { kind, key } = objectOf(cluster, rollout);
    if (!ROLLOUT_KINDS.includes(kind)) {
      throw new UnknownTargetError(`a ${kind} has no rollout: ${ROLLOUT_KINDS.join(', ')} have`);
    }
    return {
      kinds: [kind],
      concerns: (_kind, it) => it === key,
      isMet: (object) => object !== undefined && isRolledOut(object),
    };
  },
});
