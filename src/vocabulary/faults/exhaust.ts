import type { Cluster } from '../../cluster/cluster';
import type { NodeResource, NodeTable, Shortage } from '../../cluster/faults/exhausting';
import type { FromSchema } from '../../language/json-schema';
import type { ManifestProblem } from '../../language/lexicon';
import { BYTES, bytes } from '../../values/bytes';
import { CERTAIN } from '../../values/ratio';
import { podTargetOf } from '../component-targets';
import { defineFault, NOTHING, problem } from '../define';
import type { Injection, InjectionContext } from '../define';
import { isRunning } from '../pods';
import {
  POD_TARGET,
  isFrozen,
  nodesOfTarget,
  podName,
  podsOfTarget,
  UnknownTargetError,
} from '../targets';

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
      (pod) => !held.has(`memory ${pod} ${context.step}`) && isRunning(cluster, pod),
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

function exhaustNodes(
  cluster: Cluster,
  { node, nodes, pick, left = 0, cap }: Args,
  what: NodeTable,
  { step }: InjectionContext,
): Injection {
  if (what === 'lock' && !cluster.handles.takesLock()) {
    const { mode } = cluster.spec.proxy;
    throw new UnknownTargetError(`in mode ${mode} nothing modelled waits for the lock of iptables`);
  }
  const target = node ?? { nodes: nodes!, ...(pick !== undefined && { pick }) };
  const shortage: Shortage = cap === undefined ? { left: bytes(left) } : { cap };
  if (isResource(what)) demandWatch(cluster, nodesOfTarget(cluster, target, step), what);
  if (what === 'disk') demandSizes(cluster, nodesOfTarget(cluster, target, step));
  const hit = nodesOfTarget(cluster, target, step).filter((name) =>
    cluster.handles.exhaust(name, what, step, shortage),
  );
  return {
    hits: hit.map((name) => `node ${name}`),
    effects: hit.map((name) => `${what} ${name} ${step}`),
  };
}

function isResource(what: NodeTable): what is NodeResource {
  return AVAILABLE.includes(what);
}

/** What no kubelet looks at changes nothing in the model. */
function demandWatch(cluster: Cluster, names: readonly string[], what: NodeResource): void {
  if (names.length === 0 || names.some((name) => cluster.handles.isWatched(name, what))) return;
  const signal = { memory: 'memory.available', disk: 'nodefs.available', pids: 'pid.available' };
  const message = `no kubelet of ${names.join(', ')} looks at ${signal[what]}: in cluster.kubelet,`;
  throw new UnknownTargetError(
    `${message} give it a threshold under evictionHard, which replaces all defaults`,
  );
}

function demandSizes(cluster: Cluster, names: readonly string[]): void {
  const unknown = cluster.spec.nodes.find((it) => names.includes(it.name) && !it.storage);
  if (unknown === undefined) return;
  const message = `nobody says how large the disk of ${unknown.name} is: in cluster.nodes, give it`;
  throw new UnknownTargetError(`${message} capacity: {ephemeral-storage: 100Gi}`);
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
