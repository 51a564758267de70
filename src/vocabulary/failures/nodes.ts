// What fails on nodes whose processes all live: what the kubelet says, sandboxes, images, rules.

import type { Cluster } from '../../cluster/cluster';
import type { NodeFailure } from '../../cluster/faults/failing';
import { componentsOfTarget, sayComponent } from '../component-targets';
import { problem } from '../define';
import type { InjectionContext } from '../define';
import { nodesOfTarget } from '../targets';
import { unless } from '../unknown-target';
import { whyNoRestores } from '../upkeep';
import type { FailArgs } from './arguments';
import { effectOf } from './way';
import type { Way } from './way';

const WHAT: Readonly<Record<NonNullable<FailArgs['condition']>, NodeFailure>> = {
  'Ready=False': 'unready',
  'MemoryPressure=True': 'MemoryPressure',
  'DiskPressure=True': 'DiskPressure',
  'PIDPressure=True': 'PIDPressure',
};

export const nodeWays: readonly Way[] = [
  {
    name: 'condition',
    targets: ['node', 'nodes'],
    components: [],
    words: [],
    inject(cluster, args, { step }) {
      const { node, nodes, pick } = args;
      const target = node ?? { nodes: nodes!, ...(pick !== undefined && { pick }) };
      const hit = nodesOfTarget(cluster, target, step);
      const what = WHAT[args.condition!];
      for (const name of hit) cluster.handles.failNode(name, what, step);
      return {
        hits: hit.map((name) => `node ${name}`),
        effects: hit.map((name) => effectOf('condition', said(name, what), step)),
      };
    },
    undo(cluster, said, token) {
      const [node = '', what = 'unready'] = said.split('/');
      cluster.handles.mendNode(node, what as NodeFailure, token);
    },
  },
  wayOf('cni', ['kubelet', 'cni'], 'podNetwork'),
  wayOf('image', ['kubelet'], 'images'),
  wayOf('restore', ['kube-proxy'], 'restores'),
];

/** `worker-1/MemoryPressure`; the node alone says that it is not ready. */
function said(node: string, what: NodeFailure): string {
  return what === 'unready' ? node : `${node}/${what}`;
}

function wayOf(
  name: 'cni' | 'image' | 'restore',
  components: readonly string[],
  what: NodeFailure,
): Way {
  return {
    name,
    targets: ['component'],
    components,
    words: ['node', 'nodes'],
    checkIn(_args, cluster) {
      const reason = what === 'restores' ? whyNoRestores(cluster) : undefined;
      return reason === undefined ? [] : [problem(`/${name}`, reason)];
    },
    inject(cluster, args, context) {
      if (what === 'restores') unless(whyNoRestores(cluster.spec));
      const hit = componentsWithNode(cluster, args, context);
      for (const { node } of hit) cluster.handles.failNode(node!, what, context.step);
      return {
        hits: hit.map(sayComponent),
        effects: hit.map(({ node }) => effectOf(name, node!, context.step)),
      };
    },
    undo: (cluster, node, token) => cluster.handles.mendNode(node, what, token),
  };
}

function componentsWithNode(cluster: Cluster, args: FailArgs, { step }: InjectionContext) {
  const target = { ...args, component: args.component! };
  return componentsOfTarget(cluster, target, step).filter(({ node }) => node !== undefined);
}
