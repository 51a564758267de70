import type { Cluster } from '../../cluster/cluster';
import type { FromSchema } from '../../language/json-schema';
import { formatInstant } from '../../values/time';
import { componentsOfTarget, sayComponent } from '../component-targets';
import type { ComponentTargetArgs } from '../component-targets';
import { defineAction } from '../define';
import { workloadOf } from '../rollout-target';
import { UnknownTargetError } from '../targets';

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['restart'],
  properties: {
    restart: {
      description: 'A workload, or a component with its node.',
      type: ['string', 'object'],
      pattern: '^[A-Za-z0-9]([A-Za-z0-9_./-]*[A-Za-z0-9])?$',
      additionalProperties: false,
      required: ['component'],
      properties: {
        component: { $ref: '#/$defs/component' },
        node: { $ref: '#/$defs/nodeReference' },
      },
    },
  },
} as const;

type Args = FromSchema<typeof SCHEMA>;

/** source: staging/src/k8s.io/kubectl/pkg/polymorphichelpers/objectrestarter.go */
const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';

export default defineAction({
  name: 'restart',
  summary: 'Restarts the pods of a workload as `kubectl rollout restart` does, or a component.',
  models:
    'A workload: one annotation in its template, so that the controller replaces every pod by ' +
    'its strategy; a Deployment that is paused refuses. A component: its process ends and is ' +
    'started again, with empty memory and the kernel as it was.',
  source: 'staging/src/k8s.io/kubectl/pkg/polymorphichelpers/objectrestarter.go',
  schema: SCHEMA,
  examples: [
    '{at: 10s, do: {restart: deployment/shop/backend}}',
    '{at: 10s, do: {restart: {component: kube-proxy, node: worker-1}}}',
  ],
  perform(cluster, { restart }: Args) {
    if (typeof restart === 'string') return restartWorkload(cluster, restart);
    return restartComponent(cluster, restart as ComponentTargetArgs);
  },
});

function restartWorkload(cluster: Cluster, text: string): readonly string[] {
  const { kind, key, paused } = workloadOf(cluster, text);
  if (paused) {
    throw new UnknownTargetError(`can't restart paused ${kind} ${key} (run rollout resume first)`);
  }
  const annotations = { [RESTARTED_AT]: formatInstant(cluster.kernel.now) };
  cluster.handles.patch(kind, key, { spec: { template: { metadata: { annotations } } } });
  return [`${kind}/${key}`];
}

function restartComponent(cluster: Cluster, target: ComponentTargetArgs): readonly string[] {
  const found = componentsOfTarget(cluster, target, 'restart');
  for (const component of found) cluster.handles.killComponent(component, { restart: true });
  return found.map(sayComponent);
}
