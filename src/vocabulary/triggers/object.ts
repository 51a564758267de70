import { globToRegExp } from '../../language/glob';
import type { FromSchema } from '../../language/json-schema';
import { parseObjectPattern } from '../../language/object-pattern';
import type { KubeObject } from '../../values/kube-object';
import type { Cluster } from '../../cluster/cluster';
import { CONDITION_PROPERTIES, isSatisfied, problemsOf, sayWanted } from '../condition';
import { defineTrigger } from '../define';
import type { TriggerWatch } from '../define';
import { query } from '../json-path';
import { objectOf, podEverOf, readReference, UnknownTargetError } from '../targets';
import { OBSERVED_PROPERTIES } from './observed';

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['object', 'becomes'],
  properties: {
    object: { $ref: '#/$defs/objectPattern' },
    becomes: {
      description: 'What a JSONPath over the object must find; without more, anything.',
      type: 'object',
      additionalProperties: false,
      required: ['query'],
      properties: CONDITION_PROPERTIES,
    },
    ...OBSERVED_PROPERTIES,
  },
} as const;

type Args = FromSchema<typeof SCHEMA>;

export default defineTrigger({
  name: 'object',
  summary: 'An object, or one of those that a pattern names, becomes as `becomes` says.',
  models:
    'The step happens at the change that makes the condition true where it was not: at the ' +
    'instant at which the API server stores it, or with `seenBy` at which that component ' +
    'receives it, before anything else that happens then. In an object that does not exist a ' +
    'query finds nothing, so that `absent: true` on `$.metadata.name` waits for a deletion. Of ' +
    'several objects each counts by itself. A trigger that never fires is an error.',
  source: 'staging/src/k8s.io/client-go/tools/cache/shared_informer.go',
  schema: SCHEMA,
  examples: [
    "{when: {object: 'EndpointSlice/shop/backend-*', becomes: {query: " +
      "'$.endpoints[?(@.conditions.ready == false)]'}, seenBy: {component: kube-proxy, " +
      'node: worker-1}}, kill: {node: worker-1}}',
    "{when: {object: 'pod/shop/backend-*', becomes: {query: $.metadata.deletionTimestamp}, " +
      'nth: 2}, plus: 1s, kill: {node: worker-2}}',
  ],
  check: ({ becomes }: Args) => problemsOf(becomes, '/becomes'),
  phrase: ({ object, becomes }) => `${object} has ${sayWanted(becomes)} at ${becomes.query}`,
  watch(cluster, { object, becomes }): TriggerWatch {
    const isMet = (found: KubeObject | undefined): boolean =>
      isSatisfied(found === undefined ? [] : query(found, becomes.query), becomes);
    return { ...objectsOf(cluster, object), isMet };
  },
});

/** The objects that a pattern or a reference means; a pod by number is looked up at each change. */
function objectsOf(cluster: Cluster, text: string): Pick<TriggerWatch, 'kinds' | 'concerns'> {
  const pattern = parseObjectPattern(text);
  if (pattern !== undefined) {
    if (!pattern.ok) throw new UnknownTargetError(pattern.message);
    const keys = globToRegExp(pattern.value.key);
    return { kinds: [pattern.value.kind], concerns: (_kind, key) => keys.test(key) };
  }
  const reference = readReference(text);
  if (reference.ordinal !== undefined) {
    return { kinds: ['Pod'], concerns: (_kind, key) => podEverOf(cluster, reference) === key };
  }
  const { kind, key } = objectOf(cluster, text);
  return { kinds: [kind], concerns: (_kind, it) => it === key };
}
