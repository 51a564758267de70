import type { FromSchema } from '../../language/json-schema';
import type { Taint } from '../../values/cluster-spec';
import { defineAction } from '../define';
import { nodeNamed, UnknownTargetError } from '../targets';

const KEY = '[A-Za-z0-9]([A-Za-z0-9_./-]*[A-Za-z0-9])?';
const EFFECT = '(NoSchedule|PreferNoSchedule|NoExecute)';

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['taint'],
  anyOf: [{ required: ['add'] }, { required: ['remove'] }],
  properties: {
    taint: { $ref: '#/$defs/nodeReference' },
    add: {
      description: 'A taint, or several: `dedicated=gpu:NoSchedule`, `spot:NoExecute`.',
      type: ['string', 'array'],
      pattern: `^${KEY}(=[A-Za-z0-9_.-]*)?:${EFFECT}$`,
      items: { type: 'string', pattern: `^${KEY}(=[A-Za-z0-9_.-]*)?:${EFFECT}$` },
      minItems: 1,
    },
    remove: {
      description:
        'A taint, or several, with the effect or without: `dedicated`, `spot:NoExecute`.',
      type: ['string', 'array'],
      pattern: `^${KEY}(:${EFFECT})?$`,
      items: { type: 'string', pattern: `^${KEY}(:${EFFECT})?$` },
      minItems: 1,
    },
  },
} as const;

type Args = FromSchema<typeof SCHEMA>;

export default defineAction({
  name: 'taint',
  summary: 'Adds and removes taints of a node, as `kubectl taint --overwrite` does.',
  models:
    'One write of `spec.taints`. `NoSchedule` keeps new pods away; `NoExecute` has the pods that ' +
    'do not tolerate it deleted at once, without asking any PodDisruptionBudget. A taint that is ' +
    'to be removed must be there.',
  source: 'staging/src/k8s.io/kubectl/pkg/cmd/taint/{taint,utils}.go; pkg/controller/tainteviction',
  schema: SCHEMA,
  examples: [
    '{at: 10s, do: {taint: worker-2, add: "maintenance=now:NoExecute"}}',
    '{at: 5m, do: {taint: worker-2, remove: maintenance}}',
  ],
  perform(cluster, args: Args) {
    const node = nodeNamed(cluster, args.taint);
    const spec = cluster.api.store.get('Node', node)?.spec as { taints?: readonly Taint[] };
    const kept = listOf(args.remove).reduce(without, spec.taints ?? []);
    const taints = listOf(args.add).map(parseTaint).reduce(withTaint, kept);
    cluster.handles.patch('Node', node, { spec: { taints } });
    return [`node ${node}`];
  },
});

function listOf(value: string | readonly string[] | undefined): readonly string[] {
  return typeof value === 'string' ? [value] : (value ?? []);
}

function parseTaint(text: string): Taint {
  const [pair = '', effect = ''] = text.split(':');
  const [key = '', value] = pair.split('=');
  return { key, effect: effect as Taint['effect'], ...(value !== undefined && { value }) };
}

/** A taint has one value for each effect. */
function withTaint(taints: readonly Taint[], taint: Taint): readonly Taint[] {
  const others = taints.filter((it) => it.key !== taint.key || it.effect !== taint.effect);
  return [...others, taint];
}

function without(taints: readonly Taint[], text: string): readonly Taint[] {
  const [key, effect] = text.split(':');
  const kept = taints.filter(
    (it) => it.key !== key || (effect !== undefined && it.effect !== effect),
  );
  if (kept.length === taints.length) throw new UnknownTargetError(`taint "${text}" not found`);
  return kept;
}
