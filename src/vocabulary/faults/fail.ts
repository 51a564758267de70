import { FAIL_SCHEMA } from '../failures/arguments';
import type { FailArgs } from '../failures/arguments';
import { dnsWay } from '../failures/dns';
import { nodeWays } from '../failures/nodes';
import { podWays } from '../failures/pods';
import { requestWay } from '../failures/requests';
import type { TargetKey, Way } from '../failures/way';
import { defineFault, NOTHING, problem } from '../define';
import { idleArguments } from '../no-effect';

const WAYS: readonly Way[] = [dnsWay, ...podWays, ...nodeWays, requestWay];

const TARGETS: readonly TargetKey[] = ['component', 'pod', 'pods', 'upstream', 'node', 'nodes'];

/** Keys that go with any target that can be chosen among. */
const CHOICE = ['pick', 'members'];

export default defineFault({
  name: 'fail',
  summary: 'The target is alive and answers, but wrongly.',
  models:
    'The wrong answer comes from the target itself, so everybody reacts as to a real one. `dns` ' +
    'is said at the door of the server, before its cache, which neither knows nor keeps it; ' +
    '`behindCache` puts it where the plug-in `template` stands. Types that are not given have no ' +
    'records. A pattern counts the questions of lookups that are really made. Of pods: a failed ' +
    'probe counts towards its threshold, `http` is what HTTP probes get, `ready: false` is what ' +
    'the kubelet holds at once of all containers, with or without probes, and `refuse` closes ' +
    'listeners of TCP. `condition` is written with the next report of the kubelet, which renews ' +
    'its lease all the while: pods of such a node stay endpoints until they are evicted. A ' +
    'pressure taints the node and keeps new pods away, as the grace period of a soft threshold ' +
    'does; `exhaust` has pods evicted. A ' +
    'sandbox is tried again after 10 to 15 s, a pull after 10 s, doubling to 300 s, at looks 10 ' +
    'to 15 s apart; images that have run on the node are there. `api` answers writes: ' +
    'controllers try again with their back-off, kubelets with their next pass, commands fail; ' +
    'after a 429 each client waits a second and asks again, ten times.',
  source:
    'coredns plugin/{errors,template}; chaos-mesh DNSChaos; pkg/kubelet/prober/prober.go; ' +
    'pkg/kubelet/kubelet_node_status.go; pkg/kubelet/images/image_manager.go; ' +
    'pkg/proxy/iptables/proxier.go; client-go rest/with_retry.go; kubernetes/kubernetes#125618',
  schema: FAIL_SCHEMA,
  examples: [
    '{at: 10s, fail: {component: coredns, names: ["*.shop.svc.cluster.local"], dns: SERVFAIL}}',
    '{at: 10s, fail: {component: coredns, dns: timeout, odds: 50%}, for: 60s}',
    '{at: 10s, fail: {component: coredns, dns: NXDOMAIN, pattern: [1, 0]}}',
    '{at: 10s, fail: {upstream: node, dns: {A: 10.1.2.3}}}',
    '{at: 10s, fail: {pod: shop/backend#1, probe: fail, probes: [readiness]}, for: 60s}',
    '{at: 10s, fail: {pods: {namespace: shop}, http: 503}}',
    '{at: 10s, fail: {pod: shop/backend#1, ready: false}, for: 30s}',
    '{at: 10s, fail: {pod: shop/backend#1, refuse: true, ports: [8080]}}',
    '{at: 10s, fail: {node: worker-2, condition: Ready=False}, for: 2m}',
    '{at: 10s, fail: {node: worker-2, condition: MemoryPressure=True}, for: 2m}',
    '{at: 10s, fail: {component: kubelet, node: worker-1, cni: add-error}, for: 30s}',
    '{at: 10s, fail: {component: kubelet, image: pull-error}, for: 60s}',
    '{at: 10s, fail: {component: kube-proxy, node: worker-1, restore: fail}, for: 40s}',
    '{at: 10s, fail: {component: apiserver, api: 500, kinds: [EndpointSlice]}, for: 20s}',
    '{at: 10s, fail: {component: apiserver, api: 429, clients: [kubelet], odds: 50%}}',
  ],
  check(args: FailArgs) {
    const way = wayOf(args);
    // Each look makes sense where the one before has found nothing.
    const idle = () => idleArguments(args, ['odds', 'pattern']);
    const looks = [targetProblems, wordProblems, idle, () => way.check?.(args) ?? []];
    for (const look of looks) {
      const problems = [...look(args, way)];
      if (problems.length > 0) return problems;
    }
    return [];
  },
  checkIn: (args, cluster) => wayOf(args).checkIn?.(args, cluster) ?? [],
  inject: (cluster, args, context) => wayOf(args).inject(cluster, args, context),
  extend: (cluster, args, context, held) =>
    wayOf(args).extend?.(cluster, args, context, held) ?? NOTHING,
  undo(cluster, effect) {
    const [name, whom = '', ...token] = effect.split(' ');
    WAYS.find((way) => way.name === name)!.undo(cluster, whom, token.join(' '));
  },
});

/** The schema sees to it that there is exactly one. */
function wayOf(args: FailArgs): Way {
  return WAYS.find(({ name }) => args[name] !== undefined)!;
}

function* targetProblems(args: FailArgs, way: Way) {
  const { component } = args;
  const given = TARGETS.filter((key) => args[key] !== undefined);
  // With a component, a node says where it runs.
  const isPlace = (key: string) => component !== undefined && key.startsWith('node');
  const whom = given.filter((key) => !isPlace(key));
  const [first, second] = whom;
  if (first === undefined) {
    yield problem('', `say whose \`${way.name}\` it is: ${sayTargets(way)}`);
  } else if (second !== undefined) {
    yield problem(`/${second}`, `write \`${first}\` or \`${second}\`, not both`);
  } else if (args.node !== undefined && args.nodes !== undefined) {
    yield problem('/nodes', 'write `node` or `nodes`, not both');
  } else if (!way.targets.includes(first) || !isPossible(component, way)) {
    yield problem(`/${first}`, `\`${way.name}\` is said of ${sayTargets(way)}`);
  }
}

function isPossible(component: string | undefined, { components }: Way): boolean {
  return component === undefined || components.includes(component);
}

function sayTargets({ targets, components }: Way): string {
  return targets
    .flatMap((key) => (key === 'component' ? components.map((it) => `component ${it}`) : [key]))
    .join(', ');
}

function* wordProblems(args: FailArgs, way: Way) {
  for (const key of Object.keys(args)) {
    const isOfTarget = way.targets.some((it) => it === key) || CHOICE.includes(key);
    const isOwn = key === way.name || way.words.some((it) => it === key);
    const isTarget = TARGETS.some((it) => it === key) && !key.startsWith('node');
    if (isOwn || isOfTarget || isTarget) continue;
    yield problem(`/${key}`, `\`${key}\` says nothing about \`${way.name}\``);
  }
  if (args.odds !== undefined && args.pattern !== undefined) {
    yield problem('/pattern', 'write `odds` or `pattern`, not both');
  }
}
