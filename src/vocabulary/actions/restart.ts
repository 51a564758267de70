import type { Cluster } from '../../cluster/cluster';
import type { FromSchema } from '../../language/json-schema';
import type { ManifestProblem } from '../../language/lexicon';
import { formatInstant } from '../../values/time';
import { componentsOfTarget, sayComponent } from '../component-targets';
import type { ComponentTargetArgs } from '../component-targets';
import { defineAction, problem } from '../define';
import { ROLLOUT_KINDS } from '../rollout-status';
import { workloadOf } from '../rollout-target';
import { UnknownTargetError, unless } from '../unknown-target';
import { whyNoBackend } from '../upkeep';

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
    iptablesBackend: {
      description:
        'Of kube-proxy in mode iptables: it comes back with an image whose iptables has this ' +
        'back end. What it has written before stays where it is, until the node boots.',
      enum: ['nft', 'legacy'],
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
    'started again, with empty memory and the kernel as it was. With another back end of ' +
    'iptables it neither sees nor removes its old rules, and the kernel asks both: first the ' +
    'one that was hooked into it last. The first translation settles a connection.',
  source: 'staging/src/k8s.io/kubectl/pkg/polymorphichelpers/objectrestarter.go',
  schema: SCHEMA,
  examples: [
    '{at: 10s, do: {restart: deployment/shop/backend}}',
    '{at: 10s, do: {restart: {component: kube-proxy, node: worker-1}}}',
    '{at: 10s, do: {restart: {component: kube-proxy, node: worker-1}, iptablesBackend: legacy}}',
  ],
  check: (args: Args) => [...problemsOf(args)],
  checkIn({ iptablesBackend }, cluster) {
    const reason = iptablesBackend === undefined ? undefined : whyNoBackend(cluster);
    return reason === undefined ? [] : [problem('/iptablesBackend', reason)];
  },
  kinds: { restart: ROLLOUT_KINDS },
  perform(cluster, { restart, iptablesBackend }: Args) {
    if (typeof restart === 'string') return restartWorkload(cluster, restart);
    return restartComponent(cluster, restart as ComponentTargetArgs, iptablesBackend);
  },
});

function* problemsOf({ restart, iptablesBackend }: Args): Iterable<ManifestProblem> {
  const isProxy = typeof restart === 'object' && restart.component === 'kube-proxy';
  if (iptablesBackend === undefined || isProxy) return;
  yield problem('/iptablesBackend', 'only kube-proxy comes with another iptables');
}

function restartWorkload(cluster: Cluster, text: string): readonly string[] {
  const { kind, key, paused } = workloadOf(cluster, text);
  if (paused) {
    throw new UnknownTargetError(`can't restart paused ${kind} ${key} (run rollout resume first)`);
  }
  const annotations = { [RESTARTED_AT]: formatInstant(cluster.kernel.now) };
  cluster.handles.patch(kind, key, { spec: { template: { metadata: { annotations } } } });
  return [`${kind}/${key}`];
}

function restartComponent(
  cluster: Cluster,
  target: ComponentTargetArgs,
  backend: Args['iptablesBackend'],
): readonly string[] {
  const found = componentsOfTarget(cluster, target, 'restart');
  if (backend !== undefined) {
    unless(whyNoBackend(cluster.spec));
    for (const { node } of found) cluster.handles.changeIptables(node!, backend);
  }
  for (const component of found) cluster.handles.killComponent(component, { restart: true });
  return found.map(sayComponent);
}
