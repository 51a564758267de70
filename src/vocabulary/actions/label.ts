import type { FromSchema } from '../../language/json-schema';
import { defineAction } from '../define';
import { objectOf } from '../targets';

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['label', 'set'],
  properties: {
    label: { $ref: '#/$defs/objectReference' },
    set: {
      description: 'Labels with their new values; `null` removes one.',
      type: 'object',
      minProperties: 1,
      additionalProperties: { type: ['string', 'null'] },
    },
  },
} as const;

type Args = FromSchema<typeof SCHEMA>;

export default defineAction({
  name: 'label',
  summary: 'Sets and removes labels of one object, as `kubectl label --overwrite` does.',
  models:
    'One write of `metadata.labels`. The pods of a workload keep theirs: their template has ' +
    'labels of its own.',
  source: 'staging/src/k8s.io/kubectl/pkg/cmd/label/label.go',
  schema: SCHEMA,
  examples: [
    '{at: 10s, do: {label: "pod/shop/backend#1", set: {app: quarantined}}}',
    '{at: 10s, do: {label: node/worker-1, set: {disk: ssd, old: null}}}',
  ],
  perform(cluster, { label, set }: Args) {
    const { kind, key } = objectOf(cluster, label);
    if (cluster.api.store.get(kind, key) === undefined) return [];
    cluster.handles.patch(kind, key, { metadata: { labels: set } });
    return [`${kind}/${key}`];
  },
});
