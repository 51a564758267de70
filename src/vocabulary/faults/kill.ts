import type { Cluster } from '../../cluster/cluster';
import { parseDuration } from '../../language/duration';
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

/** 128 + SIGKILL: how a killed process exits. */
const KILLED = 137;

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  oneOf: [
    { required: ['pod'] },
    { required: ['pods'] },
    { required: ['container'] },
    { required: ['component'] },
    { required: ['node'], ...WITHOUT_COMPONENT },
    { required: ['nodes'], ...WITHOUT_COMPONENT },
  ],
  properties: {
    ...COMPONENT_TARGET,
    ...POD_TARGET,
    ...CONTAINER_TARGET,
    containers: {
      description: 'Of pods, only the containers of these names.',
      type: 'array',
      minItems: 1,
      uniqueItems: true,
      items: { type: 'string', minLength: 1 },
      examples: [['app']],
    },
    how: {
      description:
        'For pods: `exit` (the default), `oom`, `delete` (forced, grace 0), `evict` (graceful). ' +
        'For nodes: `power` (the default), `reboot` or `shutdown`.',
      enum: ['exit', 'oom', 'delete', 'evict', 'power', 'reboot', 'shutdown'],
    },
    exitCode: {
      description: 'The exit code of the containers, 137 by default.',
      type: 'integer',
      minimum: 0,
      maximum: 255,
    },
    restart: {
      description:
        'When containers and components may start again, or the node gets power again: `auto` ' +
        '(at once, the default), `never`, or a span. `for` and `until` of the step say the same.',
      type: 'string',
      pattern: '^(auto|never|[0-9][0-9a-zµ.]*)$',
    },
  },
} as const;

type Args = FromSchema<typeof SCHEMA>;

export default defineFault({
  name: 'kill',
  summary:
    'The target stops abruptly: containers exit, a node loses power, the process of a component ' +
    'dies.',
  models:
    'Containers of a killed pod exit; its sandbox and address stay, and the kubelet restarts ' +
    'them, the first time at once, then after 10 s, doubling to 300 s. A node without power ' +
    'forgets all that its kernel held. A `shutdown` ends every process in order, and the pods ' +
    'first where kubelets have a `shutdownGracePeriod` (a timer). An eviction that a ' +
    'PodDisruptionBudget refuses is tried again every 5 s. A component that dies loses its ' +
    'memory and leaves what it has programmed; ' +
    'the kubelet of its host restarts it as it does any container, systemd restarts the kubelet ' +
    'after 10 s and the runtime after 5 s. A controller manager or scheduler waits for the lease ' +
    'of the last leader to expire before it works.',
  source:
    'pkg/kubelet/kuberuntime/kuberuntime_manager.go (doBackOff); ' +
    'pkg/registry/core/pod/storage/eviction.go',
  schema: SCHEMA,
  examples: [
    '{at: 10s, kill: {pod: shop/backend#1}}',
    '{at: 10s, kill: {pods: {namespace: shop, labels: {app: cart}}, pick: one}}',
    '{at: 10s, kill: {container: shop/backend#1/app, exitCode: 1}}',
    '{at: 10s, kill: {pods: {labels: {app: cart}}, pick: one, containers: [app]}}',
    '{at: 60s, kill: {node: worker-2, how: power}, for: 5m}',
    '{at: 10s, kill: {pod: shop/backend#1, restart: 20s}}',
    '{at: 10s, kill: {component: kube-proxy, node: worker-1, restart: 20s}}',
    '{at: 10s, kill: {component: apiserver}, for: 2m}',
  ],
  lasts({ restart }) {
    const reading = restart === undefined ? undefined : parseDuration(restart);
    return reading?.ok === true ? reading.value : undefined;
  },
  check(args: Args) {
    const { how, pod, pods, container, exitCode } = args;
    if (args.component !== undefined) return checkComponent(args);
    const onNode = pod === undefined && pods === undefined && container === undefined;
    if (args.containers !== undefined && (onNode || container !== undefined)) {
      return [problem('/containers', 'containers of pods: write `pod` or `pods` with it')];
    }
    const forNodes = how === 'power' || how === 'reboot' || how === 'shutdown';
    if (how !== undefined && forNodes !== onNode) {
      return [problem('/how', `"${how}" is not how a ${onNode ? 'node' : 'pod'} is killed`)];
    }
    const named = container ?? args.containers;
    if (named !== undefined && (how === 'delete' || how === 'evict')) {
      return [problem('/how', `a container cannot be killed by "${how}": pods are`)];
    }
    return exitCode !== undefined && (onNode || (how !== undefined && how !== 'exit'))
      ? [problem('/exitCode', 'only `how: exit` has an exit code to choose')]
      : [];
  },
  inject(cluster, args, context) {
    if (args.component !== undefined && !runsInPods(args))
      return killComponents(cluster, { ...args, component: args.component }, context);
    if (!runsInPods(args) && (args.node ?? args.nodes) !== undefined)
      return killNodes(cluster, args, context);
    if (args.container !== undefined) return killContainers(cluster, args, context);
    return killPods(cluster, args, context, podsOfTarget(cluster, podTargetOf(args), context.step));
  },
  extend(cluster, args, context, held) {
    const staysDown = !mayRestart(args, context);
    const other = args.node ?? args.nodes ?? args.container ?? args.component;
    const target = runsInPods(args) ? undefined : other;
    if (target !== undefined || !staysDown || isFrozen(podTargetOf(args))) return NOTHING;
    const fresh = podsOfTarget(cluster, podTargetOf(args), context.step).filter(
      (pod) => !held.has(restartEffect(pod)) && cluster.isRunning(pod),
    );
    return fresh.length === 0 ? NOTHING : killPods(cluster, args, context, fresh);
  },
  undo(cluster, effect) {
    const [what, name = ''] = effect.split(' ');
    if (what === 'no-power') cluster.handles.powerOn(name);
    if (what === 'no-restart') cluster.handles.allowRestart(name);
    if (what === 'down') cluster.handles.startComponent(componentOf(cluster, name));
  },
});

function checkComponent({ how, exitCode, node, nodes, component, containers }: Args) {
  const hasBoth = node !== undefined && nodes !== undefined;
  if (hasBoth) return [problem('/nodes', 'write `node` or `nodes`, not both')];
  if (runsInPods({ component: component! })) return [];
  if (how !== undefined) return [problem('/how', 'a component just dies')];
  if (containers !== undefined) return [problem('/containers', 'a component has no containers')];
  return exitCode === undefined
    ? []
    : [problem('/exitCode', 'a component has no exit code to choose')];
}

function killPods(
  cluster: Cluster,
  args: Args,
  context: InjectionContext,
  pods: readonly string[],
): Injection {
  const hits = pods.map((pod) => `pod ${podName(cluster, pod)}`);
  if (args.how === 'delete' || args.how === 'evict') {
    for (const pod of pods) {
      if (args.how === 'delete') cluster.handles.delete('Pod', pod, 0);
      else cluster.handles.evict(pod);
    }
    return { hits, effects: [] };
  }
  const restart = mayRestart(args, context);
  const exitCode = args.exitCode ?? KILLED;
  if (args.containers !== undefined) {
    const targets = pods.flatMap((pod) => namedIn(cluster, pod, args.containers!));
    return crashContainers(cluster, targets, { exitCode, restart });
  }
  for (const pod of pods) cluster.handles.crashPod(pod, { exitCode, restart });
  return { hits, effects: restart ? [] : pods.map(restartEffect) };
}

function killContainers(cluster: Cluster, args: Args, context: InjectionContext): Injection {
  const restart = mayRestart(args, context);
  const exitCode = args.exitCode ?? KILLED;
  const targets = containersOfReference(cluster, args.container!, args.pick, context.step);
  return crashContainers(cluster, targets, { exitCode, restart });
}

interface ContainerTarget {
  readonly pod: string;
  readonly container: string;
}

/** The containers of the pod that have one of the names. */
function namedIn(cluster: Cluster, pod: string, names: readonly string[]): ContainerTarget[] {
  const spec = cluster.api.store.get('Pod', pod)?.spec as
    { containers: readonly { name: string }[] } | undefined;
  return (spec?.containers ?? [])
    .filter(({ name }) => names.includes(name))
    .map(({ name }) => ({ pod, container: name }));
}

function crashContainers(
  cluster: Cluster,
  targets: readonly ContainerTarget[],
  options: { readonly exitCode: number; readonly restart: boolean },
): Injection {
  const { restart } = options;
  for (const { pod, container } of targets) {
    cluster.handles.crashContainer(pod, container, options);
  }
  return {
    hits: targets.map(({ pod, container }) => `container ${podName(cluster, pod)}/${container}`),
    effects: restart ? [] : [...new Set(targets.map(({ pod }) => restartEffect(pod)))],
  };
}

function killNodes(cluster: Cluster, args: Args, { step }: InjectionContext): Injection {
  const nodes = nodesOfTarget(cluster, nodeTargetOf(args), step);
  for (const node of nodes) {
    if (args.how === 'shutdown') cluster.handles.shutdown(node);
    else cluster.handles.powerOff(node);
    if (args.how === 'reboot') cluster.handles.powerOn(node);
  }
  const hits = nodes.map((node) => `node ${node}`);
  return { hits, effects: args.how === 'reboot' ? [] : nodes.map((node) => `no-power ${node}`) };
}

function killComponents(
  cluster: Cluster,
  args: Args & { readonly component: string },
  context: InjectionContext,
): Injection {
  const restart = mayRestart(args, context);
  const targets = componentsOfTarget(cluster, args, context.step);
  for (const target of targets) cluster.handles.killComponent(target, { restart });
  return {
    hits: targets.map(sayComponent),
    effects: restart ? [] : targets.map(({ actor }) => `down ${actor}`),
  };
}

/** Containers start again by themselves unless something says until when they must not. */
function mayRestart({ restart }: Args, { recovers }: InjectionContext): boolean {
  return restart === undefined ? !recovers : restart === 'auto';
}

function nodeTargetOf({ node, nodes, pick }: Args) {
  if (nodes === undefined) return node!;
  return { nodes, ...(pick !== undefined && { pick }) };
}

function restartEffect(pod: string): string {
  return `no-restart ${pod}`;
}
