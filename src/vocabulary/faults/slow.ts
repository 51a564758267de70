import type { Cluster } from '../../cluster/cluster';
import { duration } from '../../language/duration';
import type { FromSchema } from '../../language/json-schema';
import { EVERYBODY, WORK } from '../../timing';
import type { Work } from '../../timing';
import type { Component } from '../../values/component';
import { ZERO } from '../../values/time';
import {
  COMPONENT_TARGET,
  WITHOUT_COMPONENT,
  componentsOfTarget,
  podTargetOf,
  runsInPods,
  sayComponent,
} from '../component-targets';
import { defineFault, NOTHING, problem } from '../define';
import type { Injection, InjectionContext } from '../define';
import { idleArguments } from '../no-effect';
import { POD_TARGET, isFrozen, nodesOfTarget, podName, podsOfTarget } from '../targets';

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  oneOf: [
    { required: ['component'] },
    { required: ['pod'] },
    { required: ['pods'] },
    { required: ['node'], ...WITHOUT_COMPONENT },
    { required: ['nodes'], ...WITHOUT_COMPONENT },
  ],
  anyOf: [{ required: ['add'] }, { required: ['factor'] }],
  properties: {
    ...COMPONENT_TARGET,
    ...POD_TARGET,
    add: { description: 'What each piece of work takes more.', $ref: '#/$defs/duration' },
    factor: {
      description: 'How many times as long each piece of work takes.',
      type: 'number',
      minimum: 1,
      maximum: 1_000,
    },
    only: {
      description:
        'What is slow, everything where nothing is said: `watch`, what the API server tells; ' +
        '`write`, what it is told; `sync`, its own work; `probe`, answers to probes of pods.',
      type: 'array',
      minItems: 1,
      uniqueItems: true,
      items: { enum: ['watch', 'write', 'sync', 'probe'] },
    },
  },
} as const;

type Args = FromSchema<typeof SCHEMA>;

/** Components whose work shows elsewhere. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  etcd: 'a slow etcd shows in the writes of its API server: name `apiserver`',
  runtime: 'a slow runtime shows in the work of its kubelet: name `kubelet`',
};

export default defineFault({
  name: 'slow',
  summary: 'The target works, and takes longer for it.',
  models:
    'Components: each delivery of a watch, each write, and each piece of their own work takes ' +
    'longer: a pass of a controller, a sync of kube-proxy, an application of policies, and of ' +
    'the kubelet its relist and each step in the life of a pod. What waits on purpose does not. ' +
    'A slow API server is slow for everybody who calls it. Pods answer later: connections are ' +
    'taken at once by the kernel and answered late, lookups are answered late, and an HTTP, ' +
    'gRPC or exec probe fails whose timeout (1 s where nothing is said) is over before. A slow ' +
    'node slows its components and its pods. Of several at once the factors multiply, and what ' +
    'they add adds up.',
  source:
    'pkg/kubelet/prober/prober.go (runProbeWithRetries); pkg/probe/http/http.go; ' +
    'pkg/proxy/iptables/proxier.go syncProxyRules',
  schema: SCHEMA,
  examples: [
    '{at: 10s, slow: {component: kube-proxy, node: worker-1, factor: 20}, for: 60s}',
    '{at: 10s, slow: {component: apiserver, add: 200ms, only: [write]}, for: 60s}',
    '{at: 10s, slow: {pod: shop/backend#1, add: 1500ms, only: [probe]}, for: 60s}',
    '{at: 10s, slow: {component: coredns, add: 2s}, for: 60s}',
    '{at: 10s, slow: {node: worker-2, add: 2s}, for: 60s}',
  ],
  check: (args: Args) => problemsOf(args),
  inject: (cluster, args, context) => injectInto(cluster, args, context, new Set()),
  extend(cluster, args, context, held) {
    const isOfPods = args.pod !== undefined || args.pods !== undefined || runsInPods(args);
    const isLive = isOfPods ? !isFrozen(podTargetOf(args)) : args.members !== 'frozen';
    return isLive ? injectInto(cluster, args, context, held) : NOTHING;
  },
  undo({ handles }, effect) {
    const [, what, name = '', token = ''] = /^(\S+) (\S+) (.*)$/.exec(effect) ?? [];
    if (what === 'actor') handles.speedUp(name, token);
    if (what === 'pod') handles.hastenAnswers(name, token);
  },
});

function problemsOf(args: Args) {
  const { component, node, nodes, factor, add, only } = args;
  const elsewhere = ELSEWHERE[component ?? ''];
  if (elsewhere !== undefined) return [problem('/component', elsewhere)];
  if (component !== undefined && node !== undefined && nodes !== undefined) {
    return [problem('/nodes', 'write `node` or `nodes`, not both')];
  }
  const isOfPods = args.pod !== undefined || args.pods !== undefined || runsInPods(args);
  if (isOfPods && only !== undefined && !only.every((it) => it === 'probe')) {
    return [problem('/only', 'pods answer: of theirs only `probe` can be told apart')];
  }
  if (isOfPods && add === undefined && factor !== undefined) {
    return [problem('/factor', 'processes answer in no time, which no factor makes longer: `add`')];
  }
  if (factor === undefined) {
    const [idle] = idleArguments(args, ['add']);
    if (idle !== undefined) return [idle];
  } else if (factor === 1 && (add === undefined || [...idleArguments(args, ['add'])].length > 0)) {
    return [problem('/factor', 'once as long is as long as before: it has no effect')];
  }
  if (component !== undefined && !isOfPods && only?.includes('probe') === true) {
    return [problem('/only', 'probes are answered by pods: name those')];
  }
  return [];
}

function injectInto(
  cluster: Cluster,
  args: Args,
  { step }: InjectionContext,
  held: ReadonlySet<string>,
): Injection {
  const isFresh = (effect: string): boolean => !held.has(effect);
  const { component, node, nodes, pick } = args;
  if (component !== undefined && !runsInPods(args)) {
    const targets = componentsOfTarget(cluster, { ...args, component }, step);
    return slowComponents(cluster, targets, args, step, isFresh);
  }
  if (args.pod !== undefined || args.pods !== undefined || runsInPods(args)) {
    const pods = podsOfTarget(cluster, podTargetOf(args), step);
    return slowPods(cluster, pods, args, step, isFresh);
  }
  const target = node ?? { nodes: nodes!, ...(pick !== undefined && { pick }) };
  const names = nodesOfTarget(cluster, target, step);
  const own = cluster.components.filter((it) => names.includes(it.node ?? ''));
  const { effects } = slowComponents(cluster, own, args, step, isFresh);
  const pods = [...cluster.api.store.list('Pod')]
    .filter(({ spec }) => names.includes((spec as { nodeName?: string }).nodeName ?? ''))
    .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
  const answers = slowPods(cluster, pods, args, step, isFresh);
  const all = [...effects, ...answers.effects];
  return { hits: all.length === 0 ? [] : names.map((it) => `node ${it}`), effects: all };
}

function slowComponents(
  { handles }: Cluster,
  components: readonly Component[],
  { add, factor = 1, only }: Args,
  step: string,
  isFresh: (effect: string) => boolean,
): Injection {
  const hits: string[] = [];
  const effects: string[] = [];
  const by = add === undefined ? ZERO : duration(add);
  for (const target of components.filter(({ name }) => ELSEWHERE[name] === undefined)) {
    const works = worksOf(target, only);
    const fresh = actorsOf(handles, target).filter((it) => isFresh(`actor ${it} ${step}`));
    if (works.length === 0 || fresh.length === 0) continue;
    for (const actor of fresh) handles.slowDown(actor, step, { add: by, factor, only: works });
    hits.push(sayComponent(target));
    effects.push(...fresh.map((actor) => `actor ${actor} ${step}`));
  }
  return { hits, effects };
}

/** An API server is slow in what it tells and is told; it has no other work in the model. */
function worksOf({ name }: Component, only: Args['only']): readonly Work[] {
  const works = WORK.filter((it) => only === undefined || only.includes(it));
  return name === 'apiserver' ? works.filter((it) => it !== 'sync') : works;
}

/** By which names the work is known: the component's own, and those of what runs in it. */
function actorsOf(handles: Cluster['handles'], target: Component): readonly string[] {
  if (target.name === 'apiserver') {
    return target.actor === 'apiserver' ? [EVERYBODY] : handles.watchersOf(target);
  }
  const more = target.name === 'cni' ? [`cni@${target.node}`] : [];
  return [...new Set([target.actor, ...handles.watchersOf(target), ...more])];
}

function slowPods(
  cluster: Cluster,
  pods: readonly string[],
  { add, only }: Args,
  step: string,
  isFresh: (effect: string) => boolean,
): Injection {
  const areAsked = only === undefined || only.includes('probe');
  if (add === undefined || !areAsked) return NOTHING;
  const asker = only === undefined ? 'anybody' : 'probes';
  const hit = pods
    .filter((pod) => isFresh(`pod ${pod} ${step}`) && cluster.isRunning(pod))
    .filter((pod) => cluster.handles.delayAnswers(pod, step, duration(add), asker));
  return {
    hits: hit.map((pod) => `pod ${podName(cluster, pod)}`),
    effects: hit.map((pod) => `pod ${pod} ${step}`),
  };
}
