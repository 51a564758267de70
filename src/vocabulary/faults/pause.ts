import type { Cluster } from '../../cluster/cluster';
import type { FromSchema } from '../../language/json-schema';
import {
  COMPONENT_TARGET,
  WITHOUT_COMPONENT,
  componentOf,
  componentsOfTarget,
  podTargetOf,
  runsInPods,
  sayComponent,
} from '../component-targets';
import { defineFault, NOTHING, problem } from '../define';
import type { Injection, InjectionContext } from '../define';
import {
  CONTAINER_TARGET,
  POD_TARGET,
  containersOfReference,
  isFrozen,
  nodesOfTarget,
  podName,
  podsOfTarget,
} from '../targets';

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  oneOf: [
    { required: ['component'] },
    { required: ['pod'] },
    { required: ['pods'] },
    { required: ['container'] },
    { required: ['node'], ...WITHOUT_COMPONENT },
    { required: ['nodes'], ...WITHOUT_COMPONENT },
  ],
  properties: {
    ...COMPONENT_TARGET,
    ...POD_TARGET,
    ...CONTAINER_TARGET,
  },
} as const;

type Args = FromSchema<typeof SCHEMA>;

/** What stops it, as the kernel counts it; one stop by several faults ends with the last. */
const TOKEN = 'pause';

export default defineFault({
  name: 'pause',
  summary: 'The target is alive and makes no progress, as after SIGSTOP.',
  models:
    'A stopped process handles nothing; its timers expire meanwhile and count when it goes on. ' +
    'Its memory and its connections stay. For stopped containers the kernel still completes ' +
    'handshakes, and nobody answers after that: clients and HTTP probes run into their timeouts, ' +
    'TCP probes succeed. A stopped node answers nothing at all. A kubelet whose runtime does not ' +
    'answer reports its node as not ready after 30 s.',
  source:
    'signal(7) SIGSTOP; net/ipv4/tcp_minisocks.c tcp_check_req; ' +
    'pkg/kubelet/runtime.go runtimeErrors; client-go/tools/leaderelection',
  schema: SCHEMA,
  examples: [
    '{at: 10s, pause: {pod: shop/backend#1}, for: 60s}',
    '{at: 10s, pause: {container: shop/backend#1/app}, for: 60s}',
    '{at: 10s, pause: {node: worker-2}, for: 30s}',
    '{at: 10s, pause: {component: kube-proxy, node: worker-1}, for: 30s}',
    '{at: 10s, pause: {component: controller-manager/endpointslice}, for: 10s}',
  ],
  check({ component, node, nodes }: Args) {
    if (component === undefined || node === undefined || nodes === undefined) return [];
    return [problem('/nodes', 'write `node` or `nodes`, not both')];
  },
  inject(cluster, args, context) {
    if (args.component !== undefined && !runsInPods(args)) {
      return pauseComponents(cluster, { ...args, component: args.component }, context);
    }
    if (args.container !== undefined) return pauseContainers(cluster, args, context);
    const { node, nodes, pick } = args;
    if (!runsInPods(args) && (node ?? nodes) !== undefined) {
      const target = node ?? { nodes: nodes!, ...(pick !== undefined && { pick }) };
      return pauseNodes(cluster, nodesOfTarget(cluster, target, context.step));
    }
    return pausePods(cluster, podsOfTarget(cluster, podTargetOf(args), context.step));
  },
  extend(cluster, args, context, held) {
    const isOfPods = args.pod !== undefined || args.pods !== undefined || runsInPods(args);
    if (!isOfPods || isFrozen(podTargetOf(args))) return NOTHING;
    const fresh = podsOfTarget(cluster, podTargetOf(args), context.step).filter(
      (pod) => !held.has(`pod ${pod}`) && cluster.isRunning(pod),
    );
    return pausePods(cluster, fresh);
  },
  undo(cluster, effect) {
    const [what, name = '', container] = effect.split(' ');
    const { handles } = cluster;
    if (what === 'component') handles.resumeComponent(componentOf(cluster, name), TOKEN);
    if (what === 'node') handles.resumeNode(name, `node ${TOKEN}`);
    if (what === 'pod') handles.resumePod(name, undefined, TOKEN);
    if (what === 'container') handles.resumePod(name, container, `container ${TOKEN}`);
  },
});

function pauseComponents(
  cluster: Cluster,
  args: Args & { readonly component: string },
  { step }: InjectionContext,
): Injection {
  const targets = componentsOfTarget(cluster, args, step);
  for (const target of targets) cluster.handles.pauseComponent(target, TOKEN);
  return {
    hits: targets.map(sayComponent),
    effects: targets.map(({ actor }) => `component ${actor}`),
  };
}

function pausePods(cluster: Cluster, pods: readonly string[]): Injection {
  const hit = pods.filter((pod) => cluster.handles.pausePod(pod, undefined, TOKEN));
  return {
    hits: hit.map((pod) => `pod ${podName(cluster, pod)}`),
    effects: hit.map((pod) => `pod ${pod}`),
  };
}

function pauseContainers(
  cluster: Cluster,
  { container: reference, pick }: Args,
  { step }: InjectionContext,
): Injection {
  const containers = containersOfReference(cluster, reference!, pick, step);
  const hit = containers.filter(({ pod, container }) =>
    cluster.handles.pausePod(pod, container, `container ${TOKEN}`),
  );
  return {
    hits: hit.map(({ pod, container }) => `container ${podName(cluster, pod)}/${container}`),
    effects: hit.map(({ pod, container }) => `container ${pod} ${container}`),
  };
}

function pauseNodes(cluster: Cluster, nodes: readonly string[]): Injection {
  const hit = nodes.filter((node) => cluster.handles.pauseNode(node, `node ${TOKEN}`));
  return { hits: hit.map((node) => `node ${node}`), effects: hit.map((node) => `node ${node}`) };
}
