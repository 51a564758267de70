import type { Cluster } from '../../cluster/cluster';
import type { FromSchema } from '../../language/json-schema';
import { defineAction } from '../define';
import { ROLLOUT_KINDS } from '../rollout-status';
import { workloadOf } from '../rollout-target';
import type { TemplateContainer } from '../rollout-target';
import { UnknownTargetError } from '../targets';

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['rollout', 'set'],
  properties: {
    rollout: { $ref: '#/$defs/objectReference' },
    set: {
      description: 'What changes in the containers of the template.',
      type: 'object',
      additionalProperties: false,
      minProperties: 1,
      properties: {
        image: {
          description: 'The image of every container, or images by the names of containers.',
          type: ['string', 'object'],
          minLength: 1,
          minProperties: 1,
          additionalProperties: { type: 'string', minLength: 1 },
        },
        env: {
          description: 'Variables of every container with their values; `null` removes one.',
          type: 'object',
          minProperties: 1,
          additionalProperties: { type: ['string', 'null'] },
        },
      },
    },
  },
} as const;

type Args = FromSchema<typeof SCHEMA>;

export default defineAction({
  name: 'rollout',
  summary: 'Changes the template of a workload, as `kubectl set image` and `set env` do.',
  models:
    'One strategic merge patch of the template: the controller then replaces the pods by its ' +
    'strategy. A template that says already what is set changes nothing, and rolls nothing out.',
  source: 'staging/src/k8s.io/kubectl/pkg/cmd/set/{set_image,set_env}.go',
  schema: SCHEMA,
  examples: [
    '{at: 10s, do: {rollout: deployment/shop/backend, ' +
      'set: {image: "registry.example/shop/backend:2.0"}}}',
    '{at: 10s, do: {rollout: deployment/shop/backend, set: {env: {LOG_LEVEL: debug}}}}',
  ],
  kinds: { rollout: ROLLOUT_KINDS },
  containers: { rollout: ['set', 'image'] },
  perform(cluster: Cluster, { rollout, set }: Args) {
    const { kind, key, containers } = workloadOf(cluster, rollout);
    const { image } = set;
    if (typeof image === 'object') demandContainers(Object.keys(image), containers, rollout);
    const changed = containers.flatMap((container) => {
      const own = typeof image === 'object' ? image[container.name] : image;
      const change = { ...(own !== undefined && { image: own }), ...envPatch(set.env) };
      return Object.keys(change).length === 0 ? [] : [{ name: container.name, ...change }];
    });
    const patch = { spec: { template: { spec: { containers: changed } } } };
    cluster.handles.patch(kind, key, patch, 'strategic');
    return [`${kind}/${key}`];
  },
});

function demandContainers(
  names: readonly string[],
  containers: readonly TemplateContainer[],
  rollout: string,
): void {
  const unknown = names.find((name) => containers.every((container) => container.name !== name));
  if (unknown === undefined) return;
  throw new UnknownTargetError(`unable to find container named "${unknown}" in ${rollout}`);
}

function envPatch(env: Readonly<Record<string, string | null>> | undefined) {
  if (env === undefined) return {};
  const entries = Object.entries(env).map(([name, value]) =>
    value === null ? { name, $patch: 'delete' } : { name, value },
  );
  return { env: entries };
}
