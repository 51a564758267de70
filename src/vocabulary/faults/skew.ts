import type { Cluster } from '../../cluster/cluster';
import { duration } from '../../language/duration';
import type { FromSchema } from '../../language/json-schema';
import type { ManifestProblem } from '../../language/lexicon';
import type { Component } from '../../values/component';
import {
  COMPONENT_TARGET,
  WITHOUT_COMPONENT,
  componentsOfTarget,
  sayComponent,
} from '../component-targets';
import { defineFault } from '../define';
import { idleArguments } from '../no-effect';
import { nodesOfTarget } from '../targets';

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  oneOf: [
    { required: ['component'] },
    { required: ['node'], ...WITHOUT_COMPONENT },
    { required: ['nodes'], ...WITHOUT_COMPONENT },
  ],
  anyOf: [{ required: ['offset'] }, { required: ['drift'] }],
  properties: {
    component: COMPONENT_TARGET.component,
    node: COMPONENT_TARGET.node,
    nodes: COMPONENT_TARGET.nodes,
    pick: COMPONENT_TARGET.pick,
    offset: {
      description: 'How far ahead the clock is set; with a minus, behind: `40s`, `-2m`.',
      type: 'string',
      pattern: '^-?[0-9][0-9.]*(us|µs|ms|s|m|h)([0-9.]+(us|µs|ms|s|m|h))*$',
    },
    drift: {
      description: 'How much faster it runs; with a minus, slower: `1%`, `-0.5%`. At most 50%.',
      type: 'string',
      pattern: '^-?([0-9]|[1-4][0-9]|50)(\\.[0-9]{1,4})?%$',
    },
  },
} as const;

type Args = FromSchema<typeof SCHEMA>;

/** Components for which neither what they write nor when they act depends on a clock. */
const TIMELESS = ['apiserver', 'coredns', 'etcd', 'runtime'];

/** Components that compare what others wrote with their own clock, or write what others compare. */
const COMPARING =
  /^(kubelet|controller-manager(\/(replicaset|statefulset|daemonset|deployment))?)$/;

export default defineFault({
  name: 'skew',
  summary: 'The clock of a host or of a component differs from those of all others.',
  models:
    'A clock that is set wrong changes what its host writes down: when a pod became ready, as ' +
    'its kubelet has it. Controllers compare that with their own clock, so that ' +
    '`minReadySeconds` ends early or late. Nothing else: leases of nodes and of leaders are ' +
    'judged by when the observer saw them change, not by the time written in them; grace ' +
    'periods are spans; and a node with a wrong clock stays Ready. A clock that runs fast or ' +
    'slow changes what its host waits for: the relist and the renewals of the kubelet, the ' +
    'pause between two syncs of kube-proxy, and of leader election how soon a candidate takes a ' +
    'lease. The periods of probes, the waits of controllers, and certificates and tokens know ' +
    'no skew. Several offsets add up, and so do several drifts.',
  source:
    'pkg/controller/nodelifecycle/node_lifecycle_controller.go (tryUpdateNodeHealth: ' +
    'probeTimestamp); staging/src/k8s.io/client-go/tools/leaderelection/leaderelection.go ' +
    '(observedTime); pkg/api/v1/pod/util.go (IsPodAvailable)',
  schema: SCHEMA,
  examples: [
    '{at: 10s, skew: {node: worker-2, offset: 40s}, for: 5m}',
    '{at: 10s, skew: {nodes: {zone: a}, offset: -2m}}',
    '{at: 10s, skew: {component: controller-manager, offset: 30s}}',
    '{at: 10s, skew: {node: worker-1, drift: 1%}}',
  ],
  check: (args: Args) => problemsOf(args),
  inject(cluster, args, { step }) {
    const targets = targetsOf(cluster, args, step);
    const skew = { offset: offsetOf(args), drift: driftOf(args) };
    const actors = targets.flatMap((target) => actorsOf(cluster, target));
    for (const actor of actors) cluster.handles.skewClock(actor, step, skew);
    const nodes = new Set(targets.map(({ node }) => `node ${node}`));
    const hits = args.component === undefined ? [...nodes] : targets.map(sayComponent);
    return { hits, effects: actors.map((actor) => `${actor} ${step}`) };
  },
  undo({ handles }, effect) {
    const space = effect.indexOf(' ');
    handles.putClockRight(effect.slice(0, space), effect.slice(space + 1));
  },
});

function problemsOf({ component, node, nodes, offset, drift }: Args): readonly ManifestProblem[] {
  const problem = (path: string, message: string, severity: 'error' | 'warning' = 'error') => [
    { path, severity, message },
  ];
  if (component !== undefined && node !== undefined && nodes !== undefined) {
    return problem('/nodes', 'write `node` or `nodes`, not both');
  }
  const idle = [...idleArguments({ offset, drift }, ['offset', 'drift'])];
  if (idle.length > 0) return idle;
  if (component === undefined) return [];
  if (TIMELESS.includes(component)) {
    return problem('/component', `nothing that ${component} does depends on its clock here`);
  }
  if (offset === undefined || COMPARING.test(component)) return [];
  const why = 'it compares no time that another host has written';
  return problem('/offset', `an offset changes nothing that ${component} does: ${why}`, 'warning');
}

function targetsOf(cluster: Cluster, args: Args, chooser: string): readonly Component[] {
  const { component, node, nodes, pick } = args;
  if (component !== undefined) return componentsOfTarget(cluster, { ...args, component }, chooser);
  const target = node ?? { nodes: nodes!, ...(pick !== undefined && { pick }) };
  const names = nodesOfTarget(cluster, target, chooser);
  return cluster.components
    .filter((it) => it.node !== undefined && names.includes(it.node))
    .filter(({ name }) => !TIMELESS.includes(name));
}

/** The component itself, and what runs in its process now. */
function actorsOf({ handles }: Cluster, target: Component): readonly string[] {
  return [...new Set([target.actor, ...handles.watchersOf(target)])];
}

function offsetOf({ offset }: Args): number {
  if (offset === undefined) return 0;
  return offset.startsWith('-') ? -duration(offset.slice(1)) : duration(offset);
}

/** `1%` in millionths. */
function driftOf({ drift }: Args): number {
  return drift === undefined ? 0 : Math.round(Number(drift.slice(0, -1)) * 10_000);
}
