import type { Cluster } from '../../cluster/cluster';
import { isWatched } from '../../cluster/faults/exhausting';
import type { NodeResource, NodeTable, Shortage } from '../../cluster/faults/exhausting';
import type { FromSchema } from '../../language/json-schema';
import type { Machinery, ManifestProblem } from '../../language/lexicon';
import { BYTES, bytes } from '../../values/bytes';
import type { NodeSpec } from '../../values/cluster-spec';
import type { Signal } from '../../values/kubelet-settings';
import { CERTAIN } from '../../values/ratio';
import { podTargetOf } from '../component-targets';
import { defineFault, NOTHING, problem } from '../define';
import type { Injection, InjectionContext } from '../define';
import {
  POD_TARGET,
  isFrozen,
  nodesOfTarget,
  podName,
  podsOfTarget,
  UnknownTargetError,
} from '../targets';
import type { NodeTargetArgs } from '../targets';
import { unless } from '../unknown-target';
import { whyNoLock } from '../upkeep';

/** 128 + SIGKILL: how a process ends that the kernel has killed for memory. */
const KILLED = 137;

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['what'],
  oneOf: [
    { required: ['node'] },
    { required: ['nodes'] },
    { required: ['pod'] },
    { required: ['pods'] },
    { required: ['component'] },
  ],
  properties: {
    node: { $ref: '#/$defs/nodeTarget' },
    nodes: { $ref: '#/$defs/nodeSelector' },
    ...POD_TARGET,
    component: { description: 'For `inflight`: `apiserver`.', $ref: '#/$defs/component' },
    pick: { $ref: '#/$defs/pick' },
    members: { $ref: '#/$defs/members' },
    what: {
      description:
        'Of nodes: `conntrack` (its table of connections), `ports` (by which it translates ' +
        'sources), `ips` (addresses for new pods), `lock` (of iptables), `memory`, `disk` and ' +
        '`pids` (numbers of processes). Of pods: `memory`. Of the API server: `inflight` ' +
        '(requests that it takes at a time).',
      enum: ['conntrack', 'ports', 'ips', 'pids', 'memory', 'disk', 'lock', 'inflight'],
    },
    left: {
      description:
        'How many more fit in; 0, the default: none. Of the memory and the disk of a node: how ' +
        'many bytes are available, as a quantity of the API; of `pids` how many processes.',
      type: ['integer', 'string'],
      minimum: 0,
      pattern: BYTES,
      examples: [1, '50Mi'],
    },
    cap: {
      description: 'In place of `left`: how many fit in altogether, what is there included.',
      type: 'integer',
      minimum: 1,
    },
  },
} as const;

type Args = FromSchema<typeof SCHEMA>;
type What = Args['what'];

type Owner = 'node' | 'pod' | 'component';

/** Whose table it can be. */
const OWNERS: Readonly<Record<What, readonly Owner[]>> = {
  conntrack: ['node'],
  ports: ['node'],
  ips: ['node'],
  lock: ['node'],
  pids: ['node'],
  memory: ['pod', 'node'],
  disk: ['node'],
  inflight: ['component'],
};

/** What is counted; of the rest there is nothing left. */
const COUNTED: readonly What[] = ['conntrack', 'ips'];

/** Of which a node has what is left: bytes, or processes. */
const AVAILABLE: readonly What[] = ['memory', 'disk', 'pids'];

/** By what a kubelet looks at it, and a threshold as many have it. */
const THRESHOLD: Readonly<Record<NodeResource, readonly [signal: Signal, least: string]>> = {
  memory: ['memory.available', '100Mi'],
  disk: ['nodefs.available', '10%'],
  pids: ['pid.available', '1000'],
};

export default defineFault({
  name: 'exhaust',
  summary: 'A finite table is full.',
  models:
    'A full conntrack table drops the first packet of each new connection, so clients wait; ' +
    'connections that stand go on. Places that become free are taken by whoever fills the table. ' +
    'Without ports, what a node would give another source is dropped as its entry is made. ' +
    'Without addresses, sandboxes fail and are tried again after 10 to 15 s; an address that a ' +
    'pod gives back can be given out again. A process that finds no memory is killed with exit ' +
    'code 137, and so is the next one as it starts, at the pace of the restart back-off. While ' +
    'the lock is held, a sync of kube-proxy fails after 5 s. Requests that do not fit in get a ' +
    '429 and are sent again after a second, ten times; that is modelled of writes. A kubelet ' +
    'that finds less than 100Mi of memory or 15% of the disk available, at looks 10 s apart, ' +
    'evicts pods one by one, those first that use more than they request, until enough is ' +
    'available: by what `behaviour` says that they use. `cluster.kubelet`, or `kubelet` of a ' +
    'node, sets other thresholds, soft ones too, and one of `pids`, which has none by default. ' +
    'Critical pods stay. The condition of the node is reported, keeps new pods away, and goes ' +
    'five minutes after it was true last.',
  source:
    'net/netfilter/nf_conntrack_core.c __nf_conntrack_alloc; nf_nat_core.c ' +
    'nf_nat_l4proto_unique_tuple; plugins/ipam/host-local; mm/oom_kill.c; ' +
    'pkg/util/iptables/iptables.go; apiserver/pkg/server/filters/maxinflight.go; ' +
    'pkg/kubelet/eviction/{eviction_manager,helpers,defaults_linux}.go',
  schema: SCHEMA,
  examples: [
    '{at: 10s, exhaust: {node: worker-1, what: conntrack}, for: 60s}',
    '{at: 10s, exhaust: {nodes: all, what: conntrack, cap: 100}}',
    '{at: 10s, exhaust: {node: worker-1, what: ports}, for: 60s}',
    '{at: 10s, exhaust: {node: worker-1, what: ips, left: 1}}',
    '{at: 10s, exhaust: {pod: shop/backend#1, what: memory}, for: 30s}',
    '{at: 10s, exhaust: {node: worker-1, what: memory, left: 50Mi}, for: 60s}',
    '{at: 10s, exhaust: {node: worker-1, what: pids, left: 100}, for: 60s}',
    '{at: 10s, exhaust: {node: worker-1, what: lock}, for: 20s}',
    '{at: 10s, exhaust: {component: apiserver, what: inflight}, for: 5s}',
  ],
  check: (args: Args) => [...problemsOf(args)],
  checkIn: (args, cluster) => [...unfitIn(args, cluster)],
  inject(cluster, args, context) {
    if (args.what === 'inflight') return exhaustRequests(cluster, context);
    if (isOfPods(args)) {
      const pods = podsOfTarget(cluster, podTargetOf(args), context.step);
      return exhaustMemory(cluster, pods, context);
    }
    return exhaustNodes(cluster, args, args.what, context);
  },
  extend(cluster, args, context, held) {
    if (!isOfPods(args) || isFrozen(podTargetOf(args))) return NOTHING;
    const fresh = podsOfTarget(cluster, podTargetOf(args), context.step).filter(
      (pod) => !held.has(`memory ${pod} ${context.step}`) && cluster.isRunning(pod),
    );
    return exhaustMemory(cluster, fresh, context);
  },
  undo(cluster, effect) {
    const [what, name = '', ...rest] = effect.split(' ');
    const token = rest.join(' ');
    if (what === 'inflight') cluster.handles.mendRequests(token);
    else if (what === 'memory' && isPod(name)) cluster.handles.mendPod(name, token);
    else cluster.handles.relieve(name, what as NodeTable, token);
  },
});

function* problemsOf(args: Args): Iterable<ManifestProblem> {
  const { what, component, left, cap } = args;
  const owners = OWNERS[what];
  const given = ownerIn(args);
  if (!owners.includes(given)) {
    const [key] = Object.keys(args).filter((it) => it.replace(/s$/, '') === given);
    yield problem(`/${key}`, `\`${what}\` is said of a ${owners.join(' or a ')}`);
  } else if (component !== undefined && component !== 'apiserver') {
    yield problem('/component', '`inflight` is said of the apiserver');
  }
  if (left !== undefined && cap !== undefined) {
    yield problem('/cap', 'write `left` or `cap`, not both');
  } else if (given === 'node' && AVAILABLE.includes(what)) {
    if (what === 'pids' && typeof left === 'string') {
      yield problem('/left', `\`${what}\` is counted, in no bytes`);
    }
    if (cap !== undefined) yield problem('/cap', `say how much of \`${what}\` is \`left\``);
  } else if (typeof left === 'string') {
    yield problem('/left', `\`${what}\` is counted, in no bytes`);
  } else if (!COUNTED.includes(what)) {
    if (cap !== undefined) yield problem('/cap', `how many is not modelled of \`${what}\``);
    if (left !== undefined && left > 0) {
      yield problem('/left', `of \`${what}\` nothing is left: anything between is not modelled`);
    }
  }
}

function isOfPods(args: Args): boolean {
  return args.what === 'memory' && ownerIn(args) === 'pod';
}

/** Keys of pods have a namespace; nodes have none. */
function isPod(key: string): boolean {
  return key.includes('/');
}

function ownerIn({ node, nodes, component }: Args): Owner {
  if (component !== undefined) return 'component';
  return (node ?? nodes) === undefined ? 'pod' : 'node';
}

function targetOf({ node, nodes, pick }: Args): NodeTargetArgs {
  return node ?? { nodes: nodes!, ...(pick !== undefined && { pick }) };
}

function exhaustNodes(
  cluster: Cluster,
  args: Args,
  what: NodeTable,
  { step }: InjectionContext,
): Injection {
  const { left = 0, cap } = args;
  if (what === 'lock') unless(whyNoLock(cluster.spec));
  const shortage: Shortage = cap === undefined ? { left: bytes(left) } : { cap };
  const names = nodesOfTarget(cluster, targetOf(args), step);
  const chosen = new Set(names);
  const meant = cluster.spec.nodes.filter(({ name }) => chosen.has(name));
  for (const { message, hint } of shortIn(meant, what)) unless(`${message}: ${hint}`);
  const hit = names.filter((name) => cluster.handles.exhaust(name, what, step, shortage));
  return {
    hits: hit.map((name) => `node ${name}`),
    effects: hit.map((name) => `${what} ${name} ${step}`),
  };
}

/** The names of a few, the number of many. */
function listed(nodes: readonly NodeSpec[]): string {
  return nodes.length > 3 ? `${nodes.length} nodes` : nodes.map(({ name }) => name).join(', ');
}

function isResource(what: What): what is NodeResource {
  return AVAILABLE.includes(what);
}

/** What cannot be, whatever happens in the cluster; which nodes are meant may show in a run. */
function* unfitIn(args: Args, cluster: Machinery): Iterable<ManifestProblem> {
  const { what } = args;
  const noLock = what === 'lock' ? whyNoLock(cluster) : undefined;
  if (noLock !== undefined) yield problem('/what', noLock);
  if (ownerIn(args) !== 'node') return;
  const target = targetOf(args);
  const isOne = typeof target === 'string';
  const name = isOne ? target.replace(/^nodes?\//, '') : undefined;
  const possible = cluster.nodes.filter((it) => !isOne || it.name === name);
  const areAll = isOne || (target.nodes === 'all' && target.pick === undefined);
  // Of nodes that are chosen in the run, one may do.
  const mayDo = (it: NodeSpec): boolean => [...shortIn([it], what)].length === 0;
  if (areAll || !possible.some(mayDo)) yield* shortIn(possible, what);
}

/** Why nodes cannot run out of it. */
function* shortIn(nodes: readonly NodeSpec[], what: What): Iterable<ManifestProblem> {
  if (nodes.length === 0 || !isResource(what)) return;
  if (!nodes.some((it) => isWatched(it, what))) {
    // What no kubelet looks at changes nothing in the model.
    const [signal, least] = THRESHOLD[what];
    const message = `no kubelet of ${listed(nodes)} looks at ${signal}`;
    const threshold = `evictionHard: {${signal}: ${least}}`;
    const hint = `in cluster.kubelet, write ${threshold}, which replaces all defaults`;
    yield { ...problem('/what', message), hint };
  }
  const unknown = what === 'disk' ? nodes.filter(({ storage }) => storage === undefined) : [];
  if (unknown.length === 0) return;
  const message = `nobody says how large the disk of ${listed(unknown)} is`;
  const hint = 'in cluster.nodes, give it capacity: {ephemeral-storage: 100Gi}';
  yield { ...problem('/what', message), hint };
}

function exhaustMemory(
  cluster: Cluster,
  pods: readonly string[],
  { step }: InjectionContext,
): Injection {
  for (const pod of pods) {
    cluster.handles.failPod(pod, step, { outOfMemory: true });
    cluster.handles.crashPod(pod, { exitCode: KILLED, restart: true });
  }
  return {
    hits: pods.map((pod) => `pod ${podName(cluster, pod)}`),
    effects: pods.map((pod) => `memory ${pod} ${step}`),
  };
}

function exhaustRequests(cluster: Cluster, { step }: InjectionContext): Injection {
  if (!cluster.components.some(({ name }) => name === 'apiserver')) {
    throw new UnknownTargetError('the cluster has no API server');
  }
  const everything = { verbs: [], kinds: [], clients: [], odds: CERTAIN, pattern: [] };
  cluster.handles.failRequests(step, { answer: 'too-many-requests', ...everything });
  return { hits: ['component apiserver'], effects: [`inflight apiserver ${step}`] };
}
