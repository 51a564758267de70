import type { FromSchema } from '../../language/json-schema';
import { MOST_PODS } from '../../language/inventory';
import type { ManifestProblem } from '../../language/lexicon';
import { defineAction } from '../define';
import { objectOf } from '../targets';

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['patch', 'with'],
  properties: {
    patch: { $ref: '#/$defs/objectReference' },
    with: {
      description: 'What is merged into the object; of `type: json`, the list of operations.',
      type: ['object', 'array'],
      minProperties: 1,
      minItems: 1,
      items: { type: 'object' },
    },
    type: {
      description:
        '`strategic` (the default), `merge` (RFC 7386: lists are replaced) or `json` (RFC 6902).',
      enum: ['strategic', 'merge', 'json'],
    },
  },
} as const;

type Args = FromSchema<typeof SCHEMA>;

/** Fields of specs that count pods. */
const COUNTS = ['replicas', 'parallelism'] as const;

/** A patch could ask for what no manifest may: more pods than any cluster has. */
function tooMany(patch: unknown): readonly ManifestProblem[] {
  const { spec } = patch as { readonly spec?: Readonly<Record<string, unknown>> };
  return COUNTS.flatMap((field) => beyond(spec?.[field], `/with/spec/${field}`));
}

function tooManyBySteps(operations: readonly unknown[]): readonly ManifestProblem[] {
  return operations.flatMap((one, index) => {
    const { path, value } = one as { readonly path?: unknown; readonly value?: unknown };
    const isCount = COUNTS.some((field) => path === `/spec/${field}`);
    return isCount ? beyond(value, `/with/${index}/value`) : [];
  });
}

function beyond(count: unknown, path: string): readonly ManifestProblem[] {
  if (typeof count !== 'number' || count <= MOST_PODS) return [];
  const message = `${count} pods are not modelled: no cluster has more than ${MOST_PODS}`;
  return [{ path, severity: 'error', message }];
}

export default defineAction({
  name: 'patch',
  summary: 'Changes fields of an object, as `kubectl patch` does.',
  models:
    'A strategic merge patch merges mappings, and lists whose items have a key by that key: ' +
    'containers by name, ports of a container by `containerPort`, ports of a Service by `port`. ' +
    'Other lists are replaced, `null` removes a field, and the directives `$patch`, ' +
    '`$retainKeys`, `$setElementOrder/…` and `$deleteFromPrimitiveList/…` are understood. ' +
    'Custom resources take `merge` and `json` alone.',
  source:
    'staging/src/k8s.io/apimachinery/pkg/util/strategicpatch/patch.go; ' +
    'staging/src/k8s.io/kubectl/pkg/cmd/patch/patch.go',
  schema: SCHEMA,
  examples: [
    '{at: 10s, do: {patch: service/shop/backend, with: {spec: {selector: {app: other}}}}}',
    '{at: 10s, do: {patch: deployment/shop/backend, type: json, ' +
      'with: [{op: replace, path: /spec/replicas, value: 2}]}}',
  ],
  check({ type, with: patch }: Args) {
    const isList = Array.isArray(patch);
    if (isList === (type === 'json')) return isList ? tooManyBySteps(patch) : tooMany(patch);
    const message = isList
      ? 'a list of operations is a patch of `type: json`'
      : 'a patch of `type: json` is a list of operations';
    return [{ path: '/with', severity: 'error' as const, message }];
  },
  perform(cluster, args: Args) {
    const { kind, key } = objectOf(cluster, args.patch);
    if (cluster.api.store.get(kind, key) === undefined) return [];
    cluster.handles.patch(kind, key, args.with, args.type ?? 'strategic');
    return [`${kind}/${key}`];
  },
});
