import type { Cluster } from '../../cluster/cluster';
import { duration } from '../../language/duration';
import { globToRegExp } from '../../language/glob';
import type { FromSchema } from '../../language/json-schema';
import { parseObjectPattern } from '../../language/object-pattern';
import {
  COMPONENT_TARGET,
  componentsOfTarget,
  podTargetOf,
  runsInPods,
  sayComponent,
} from '../component-targets';
import { defineFault, NOTHING, problem } from '../define';
import type { Injection, InjectionContext } from '../define';
import { tellMiss } from '../misses';
import { idleArguments } from '../no-effect';
import {
  POD_TARGET,
  isFrozen,
  objectOf,
  podName,
  podsOfTarget,
  UnknownTargetError,
} from '../targets';

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  oneOf: [
    { required: ['component'] },
    { required: ['pod'], not: { anyOf: [{ required: ['node'] }, { required: ['nodes'] }] } },
    { required: ['pods'], not: { anyOf: [{ required: ['node'] }, { required: ['nodes'] }] } },
  ],
  properties: {
    ...COMPONENT_TARGET,
    ...POD_TARGET,
    hold: {
      description: 'How much later every change is delivered to it, in order.',
      $ref: '#/$defs/duration',
    },
    miss: {
      description:
        'A change that it never gets to see: only the next one, or the next list, tells.',
      type: 'object',
      additionalProperties: false,
      required: ['object'],
      properties: {
        object: { $ref: '#/$defs/objectPattern' },
        event: {
          description: 'Which changes count; all of them where nothing is said.',
          enum: ['create', 'update', 'delete'],
        },
        n: {
          description: 'Which of them is missed, counted from the fault: 1 for the first.',
          type: 'integer',
          minimum: 1,
        },
      },
    },
    rewind: {
      description: 'How old the state is that a new process lists while the fault lasts.',
      $ref: '#/$defs/duration',
    },
    relist: {
      description: 'Its watches break now, and it lists anew.',
      const: true,
    },
  },
} as const;

type Args = FromSchema<typeof SCHEMA>;

const WAYS = ['hold', 'miss', 'rewind', 'relist'] as const;

export default defineFault({
  name: 'stale',
  summary: 'The view that a component has of the API is older than it need be.',
  models:
    '`hold`: a watch delivers every change later, in the order of the changes; when the fault ' +
    'ends, what was held up comes at once. `miss`: of one object one change is left out; until ' +
    'the next change of that object, or the next list, the component takes the state before it ' +
    'for present. `rewind`: a process that starts during the fault lists from an API server that ' +
    'is behind, and its watch brings the rest right after, or with `hold` as late as that says. ' +
    'A process that only lists again never goes back: it asks for what is at least as new as ' +
    'what it has seen. `relist`: every watch ends, and after the back-off of 0.8 to 1.6 s the ' +
    'component lists; what changed in between arrives as one. Of an API server, everybody who ' +
    'is connected to it sees so. Several holds add up; of several rewinds the longest counts.',
  source:
    'staging/src/k8s.io/client-go/tools/cache/reflector.go (relistResourceVersion, Run); ' +
    'staging/src/k8s.io/apiserver/pkg/storage/cacher/cacher.go',
  schema: SCHEMA,
  examples: [
    '{at: 10s, stale: {component: kube-proxy, node: worker-1, hold: 5s}, for: 60s}',
    '{at: 10s, stale: {component: controller-manager/endpointslice, hold: 500ms}}',
    "{at: 10s, stale: {component: kube-proxy, miss: {object: 'EndpointSlice/shop/backend-*', " +
      'event: update, n: 2}}}',
    '{at: 10s, stale: {component: kube-proxy, node: worker-1, rewind: 10s}, for: 30s}',
    '{at: 10s, stale: {component: apiserver, hold: 3s, rewind: 3s}, for: 30s}',
    '{at: 10s, stale: {component: coredns, relist: true}}',
  ],
  momentary: ({ hold, miss, rewind }) => [hold, miss, rewind].every((it) => it === undefined),
  check: (args: Args) => problemsOf(args),
  inject(cluster, args, context) {
    const injection = injectInto(cluster, args, context, new Set());
    if (injection.hits.length > 0) return injection;
    throw new UnknownTargetError(whyNone(cluster, args, context.step));
  },
  extend(cluster, args, context, held) {
    const isLive =
      args.component !== undefined ? args.members !== 'frozen' : !isFrozen(podTargetOf(args));
    if (!isLive) return NOTHING;
    const { relist: _once, ...lasting } = args;
    return injectInto(cluster, lasting as Args, context, held);
  },
  undo({ handles }, effect) {
    const [, way, client = '', token = ''] = /^(\S+) (\S+) (.*)$/.exec(effect) ?? [];
    if (way === 'hold') handles.releaseWatches(client, token);
    if (way === 'rewind') handles.unwindLists(client, token);
    if (way === 'miss') handles.attendChanges(client, token);
  },
});

function problemsOf(args: Args) {
  if (WAYS.every((way) => args[way] === undefined)) {
    return [problem('', 'say how it is stale: `hold`, `miss`, `rewind` or `relist`')];
  }
  if (args.node !== undefined && args.nodes !== undefined) {
    return [problem('/nodes', 'write `node` or `nodes`, not both')];
  }
  if (args.relist !== undefined && args.rewind !== undefined) {
    const why = 'a process that lists again asks for what is at least as new as what it has seen';
    return [problem('/rewind', `${why}: only a new one can be shown the past`)];
  }
  const pattern = parseObjectPattern(args.miss?.object ?? '');
  if (pattern?.ok === false) return [problem('/miss/object', pattern.message)];
  return [...idleArguments(args, ['hold', 'rewind'])];
}

/** Who watches, with the name by which a report says so. */
interface Watcher {
  readonly client: string;
  readonly said: string;
}

function injectInto(
  cluster: Cluster,
  args: Args,
  { step }: InjectionContext,
  held: ReadonlySet<string>,
): Injection {
  const hits = new Set<string>();
  const effects: string[] = [];
  for (const { client, said } of watchersOf(cluster, args, step)) {
    const fresh = (way: string) => !held.has(`${way} ${client} ${step}`);
    const done = applyTo(cluster, args, client, step, fresh);
    if (done.length > 0) hits.add(said);
    effects.push(...done.filter((way) => way !== 'relist').map((it) => `${it} ${client} ${step}`));
  }
  return { hits: [...hits], effects };
}

/** Makes one client stale. Returns in which ways it has. */
function applyTo(
  cluster: Cluster,
  { hold, miss, rewind, relist }: Args,
  client: string,
  token: string,
  fresh: (way: string) => boolean,
): readonly string[] {
  const { handles } = cluster;
  const done: string[] = [];
  if (hold !== undefined && fresh('hold')) {
    handles.holdWatches(client, token, duration(hold));
    done.push('hold');
  }
  if (rewind !== undefined && fresh('rewind')) {
    if (handles.rewindLists(client, token, duration(rewind))) done.push('rewind');
  }
  if (miss !== undefined && fresh('miss')) {
    const { object, event, n = 1 } = miss;
    const wanted = { ...keysOf(cluster, object), nth: n, ...(event !== undefined && { event }) };
    if (handles.missChange(client, token, wanted)) done.push('miss');
  }
  if (relist === true && handles.breakWatches(client)) done.push('relist');
  return done;
}

function watchersOf(cluster: Cluster, args: Args, chooser: string): readonly Watcher[] {
  const { component } = args;
  const { handles } = cluster;
  if (component !== undefined && !runsInPods(args)) {
    return componentsOfTarget(cluster, { ...args, component }, chooser).flatMap((target) =>
      handles.watchersOf(target).map((client) => ({ client, said: sayComponent(target) })),
    );
  }
  return podsOfTarget(cluster, podTargetOf(args), chooser).flatMap((pod) => {
    const client = handles.watcherIn(pod);
    return client === undefined ? [] : [{ client, said: `pod ${podName(cluster, pod)}` }];
  });
}

/** Why nobody has become stale. */
function whyNone(cluster: Cluster, args: Args, chooser: string): string {
  const watchers = watchersOf(cluster, args, chooser);
  if (watchers.length > 0) {
    const who = watchers.map(({ said }) => said).join(', ');
    const what =
      args.miss === undefined ? 'no watch to be stale' : `no watch of ${args.miss.object}`;
    return `it hit nothing: ${who} ${watchers.length === 1 ? 'has' : 'have'} ${what} now`;
  }
  if (args.component !== undefined && !runsInPods(args)) {
    return `it hit nothing: ${args.component} watches nothing`;
  }
  const pods = podsOfTarget(cluster, podTargetOf(args), chooser);
  if (pods.length === 0) return tellMiss(cluster, args);
  const names = pods.map((pod) => podName(cluster, pod)).join(', ');
  const only = 'of pods only those of CoreDNS watch the API here, while they run';
  return `it hit nothing: ${names}: ${only}`;
}

/** The objects that a pattern or a reference means, by kind and by their keys. */
function keysOf(cluster: Cluster, text: string): { readonly kind: string; readonly keys: string } {
  const pattern = parseObjectPattern(text);
  if (pattern === undefined) {
    const { kind, key } = objectOf(cluster, text);
    return { kind, keys: `^${key.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$` };
  }
  if (!pattern.ok) throw new UnknownTargetError(pattern.message);
  return { kind: pattern.value.kind, keys: globToRegExp(pattern.value.key).source };
}
