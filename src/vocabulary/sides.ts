// The two sides of `cut` and `degrade`: what their targets mean on the network now, and the rules
// that follow from them.

import { CONTROL_PLANE } from '../cluster/cluster';
import type { Between, Cluster, End } from '../cluster/cluster';
import type { FromSchema } from '../language/json-schema';
import type { ManifestProblem } from '../language/lexicon';
import { parseReference } from '../language/reference';
import type { Component } from '../values/component';
import type { IP } from '../values/ip';
import { componentsOfTarget, podTargetOf, sayComponent } from './component-targets';
import type { ComponentTargetArgs } from './component-targets';
import { problem } from './define';
import type { Injection, InjectionContext } from './define';
import { picked } from './pick';
import {
  describe,
  isFrozen,
  nodesOfTarget,
  podName,
  podsOfReference,
  podsOfTarget,
  readReference,
  UnknownTargetError,
} from './targets';

/** The port at which the API server is called. */
const API_PORT = 6_443;

/** What `cut` and `degrade` have in common, for their schemas. */
export const SIDES = {
  from: {
    description: 'One side. Everybody else, where only the other side is named.',
    $ref: '#/$defs/target',
  },
  to: {
    description: 'The other side. Everybody else, where only the other side is named.',
    $ref: '#/$defs/target',
  },
  between: {
    description: 'Groups: what is said holds between any two of them.',
    type: 'array',
    minItems: 2,
    items: { $ref: '#/$defs/target' },
  },
  direction: {
    description:
      'Which packets: those of `from` to `to` (`to`), the others (`from`), or `both`, the default.',
    enum: ['both', 'to', 'from'],
  },
  ports: {
    description:
      'Only traffic to these ports, and the answers from them: ports of pods and hosts after all ' +
      'translation, ports of a Service where that is the side. Tunnels have ports of their own.',
    type: 'array',
    minItems: 1,
    uniqueItems: true,
    items: { $ref: '#/$defs/port' },
  },
  protocol: {
    description: 'Only this protocol; `ipip` means tunnels between nodes.',
    enum: ['tcp', 'udp', 'sctp', 'icmp', 'ipip'],
  },
} as const;

const SIDES_SCHEMA = { type: 'object', properties: SIDES } as const;

export type SidesArgs = FromSchema<typeof SIDES_SCHEMA>;

type Target = NonNullable<SidesArgs['from']>;
type Protocol = NonNullable<Between['protocol']>;

/** A side with the names of what it contains. */
interface Side {
  readonly end: End;
  readonly names: readonly string[];
}

const ANYONE: Side = { end: { is: 'anyone' }, names: ['everybody else'] };

/** What a schema cannot say of the two sides. */
export function checkSides(args: SidesArgs): ManifestProblem[] {
  return [...strayKeys(args), ...checkParties(args)];
}

/** Keys of a side that say nothing there: a `port` of pods, the `node` of a zone. */
function* strayKeys({ from, to, between = [] }: SidesArgs): Iterable<ManifestProblem> {
  const groups = between.map((group, index) => [`/between/${index}`, group] as const);
  for (const [path, side] of [['/from', from], ['/to', to], ...groups] as const) {
    if (side === undefined || typeof side === 'string') continue;
    const { service, component, port, node, pick, members } = side;
    const what = Object.keys(side).find((key) => WHO.includes(key));
    const stray = (key: string, hint: string): ManifestProblem => ({
      ...problem(`${path}/${key}`, `\`${key}\` says nothing of \`${what}\``),
      hint,
    });
    if (port !== undefined && service === undefined) yield stray('port', PORTS_HINT);
    if (node !== undefined && component === undefined) yield stray('node', 'name the node alone');
    if (service === undefined) continue;
    if (pick !== undefined) yield stray('pick', 'leave it out: a Service is one');
    if (members !== undefined) yield stray('members', 'leave it out: a Service is one');
  }
}

const WHO: readonly string[] = ['pods', 'nodes', 'service', 'component', 'zone'];
const PORTS_HINT = 'write `ports: [80]` beside the sides';

function checkParties(args: SidesArgs): ManifestProblem[] {
  const { from, to, between, direction } = args;
  if (between === undefined) {
    if (from !== undefined || to !== undefined) return idleSides(args);
    return [problem('', 'say between whom: `from`, `to`, or `between`')];
  }
  if (from !== undefined || to !== undefined) {
    return [problem('/between', '`between` and `from` or `to` exclude each other')];
  }
  if (direction === undefined || direction === 'both') return idleSides(args);
  return [problem('/direction', 'groups have no direction: `between` goes both ways')];
}

/** What nothing can ever pass between, so that nothing is cut. */
function idleSides({ from, to, between, ports, protocol }: SidesArgs): ManifestProblem[] {
  if (ports !== undefined && (protocol === 'icmp' || protocol === 'ipip')) {
    return [problem('/ports', `${protocol} has no ports: nothing matches`)];
  }
  const groups = between ?? [from, to];
  const hosts = groups.map(hostNamed);
  const twin = hosts.findIndex((host, at) => host !== undefined && hosts.indexOf(host) < at);
  if (twin < 0) return [];
  const why = 'what a machine sends to itself passes no link: this has no effect';
  return [problem(between === undefined ? '/to' : `/between/${twin}`, why)];
}

/** The one machine that a side is: `node/worker-1`, `external/client`. */
function hostNamed(target: Target | undefined): string | undefined {
  if (typeof target !== 'string') return undefined;
  const reading = parseReference(target);
  if (!reading.ok) return undefined;
  const { kind, name } = reading.value;
  return kind === 'Node' || kind === 'External' ? `${kind}/${name}` : undefined;
}

/**
 * The rules for all pairs of sides, and what they hit: nothing where one side is empty. `standing`
 * are those that the step has made before: what is frozen stays as it is there.
 */
export function rulesBetween<Effect extends object>(
  cluster: Cluster,
  args: SidesArgs,
  { step }: InjectionContext,
  effect: Effect,
  standing: readonly Between[] = [],
): { readonly hits: readonly string[]; readonly rules: readonly (Between & Effect)[] } {
  const { direction = 'both', ports, protocol } = args;
  const hits = new Set<string>();
  const rules: (Between & Effect)[] = [];
  for (const [index, [from, to]] of pairsOf(args).entries()) {
    const known = standing[index];
    const left = sideOf(cluster, from, `${step}/from`, known?.from);
    const right = sideOf(cluster, to, `${step}/to`, known?.to);
    if (left.names.length === 0 || right.names.length === 0) return { hits: [], rules: [] };
    if (!isPossible(left.end, right.end) || !isPossible(right.end, left.end)) {
      const message = 'a process of a node can be cut off from the API server only: name the node';
      throw new UnknownTargetError(message);
    }
    for (const name of [...left.names, ...right.names]) hits.add(name);
    rules.push({
      token: step,
      from: left.end,
      to: right.end,
      direction,
      ...(ports !== undefined && { ports }),
      ...(protocol !== undefined && { protocol: protocol.toUpperCase() as Protocol }),
      ...effect,
    });
  }
  hits.delete(ANYONE.names[0]!);
  return { hits: [...hits], rules };
}

/** Whether something can come to be on one of the sides later. */
export function hasLiveSides(args: SidesArgs): boolean {
  return pairsOf(args)
    .flat()
    .some((target) => target !== undefined && isLive(target));
}

/** What an extension has hit: everything, where the rules have changed, else nothing. */
export function extended(hits: readonly string[], isChanged: boolean): Injection {
  return { hits: isChanged ? hits : [], effects: [] };
}

type Pair = readonly [Target | undefined, Target | undefined];

/** Any two of the groups, or the two sides. */
function pairsOf({ from, to, between }: SidesArgs): readonly Pair[] {
  if (between === undefined) return [[from, to]];
  return between.flatMap((group, index) =>
    between.slice(index + 1).map((other): Pair => [group, other]),
  );
}

function isLive(target: Target): boolean {
  if (typeof target === 'string') {
    const { kind, ordinal } = readReference(target);
    return kind !== 'Node' && kind !== 'External' && ordinal === undefined;
  }
  return !isFrozen(target as Parameters<typeof isFrozen>[0]);
}

function sideOf(
  cluster: Cluster,
  target: Target | undefined,
  chooser: string,
  standing: End | undefined,
): Side {
  if (target === undefined) return ANYONE;
  if (standing !== undefined && !isLive(target)) {
    return { end: standing, names: [sayTarget(target)] };
  }
  if (typeof target === 'string') return sideOfReference(cluster, target);
  const { pods, nodes, service, zone, component, node, pick } = target;
  const picking = pick === undefined ? {} : { pick };
  if (pods !== undefined) {
    return podSide(cluster, podsOfTarget(cluster, { pods, ...picking }, chooser));
  }
  if (nodes !== undefined) {
    return nodeSide(nodesOfTarget(cluster, { nodes, ...picking }, chooser));
  }
  if (service !== undefined) return serviceSide(cluster, service, target.port);
  if (zone !== undefined) {
    return nodeSide(nodesOfTarget(cluster, { nodes: { zone }, ...picking }, chooser));
  }
  const place = node === undefined ? {} : { node };
  return componentSide(cluster, { component: component!, ...place, ...picking }, chooser);
}

function sideOfReference(cluster: Cluster, text: string): Side {
  const reference = readReference(text);
  const { kind, name, namespace = 'default' } = reference;
  if (kind === 'Node') return nodeSide(cluster.machines.has(name) ? [name] : []);
  if (kind === 'External') {
    const host = `external/${name}`;
    return { end: { is: 'hosts', hosts: new Set([host]) }, names: [host] };
  }
  if (kind === 'Service') return serviceSide(cluster, `${namespace}/${name}`, undefined);
  return podSide(cluster, podsOfReference(cluster, reference));
}

function podSide(cluster: Cluster, pods: readonly string[]): Side {
  for (const pod of pods) {
    const spec = cluster.api.store.get('Pod', pod)?.spec as { hostNetwork?: boolean } | undefined;
    if (spec?.hostNetwork !== true) continue;
    throw new UnknownTargetError(`${pod} has the network of its node: name the node instead`);
  }
  const names = pods.map((pod) => `pod ${podName(cluster, pod)}`);
  return { end: { is: 'pods', pods: new Set(pods) }, names };
}

function nodeSide(nodes: readonly string[]): Side {
  return {
    end: { is: 'hosts', hosts: new Set(nodes) },
    names: nodes.map((node) => `node ${node}`),
  };
}

/** The addresses by which clients call a Service; what stands behind them is another matter. */
function serviceSide(cluster: Cluster, text: string, port: number | undefined): Side {
  const key = text.replace(/^services?\//, '');
  const service = cluster.api.store.get('Service', key.includes('/') ? key : `default/${key}`);
  const { clusterIPs = [], externalIPs = [], ports = [] } = (service?.spec ?? {}) as Addressed;
  const known = ports.map((it) => it.port);
  if (port !== undefined && service !== undefined && !known.includes(port)) {
    const message = `Service ${key} has no port ${port}: it has ${known.join(', ') || 'none'}`;
    throw new UnknownTargetError(message);
  }
  const { loadBalancer } = (service?.status ?? {}) as Balanced;
  const balanced = (loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);
  const addresses = new Set([...clusterIPs, ...externalIPs, ...balanced] as IP[]);
  addresses.delete('None' as IP);
  const names = addresses.size === 0 ? [] : [`service ${key}`];
  const called = port === undefined ? {} : { port };
  return { end: { is: 'addresses', addresses, ...called }, names };
}

interface Addressed {
  readonly clusterIPs?: readonly string[];
  readonly externalIPs?: readonly string[];
  readonly ports?: readonly { readonly port: number }[];
}

interface Balanced {
  readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string }[] };
}

/** The API server by its hosts and its port, CoreDNS by its pods, others as its clients. */
function componentSide(cluster: Cluster, target: ComponentTargetArgs, chooser: string): Side {
  const { component, node, pick } = target;
  if (component === 'coredns') {
    return podSide(cluster, podsOfTarget(cluster, podTargetOf(target), chooser));
  }
  if (component === 'apiserver') {
    const masters = cluster.spec.nodes.filter(({ role }) => role === 'control-plane');
    const all = masters.length === 0 ? [CONTROL_PLANE] : masters.map(({ name }) => name);
    const here = all.filter((name) => node === undefined || name === node);
    const hosts = new Set(picked(cluster, here, pick, chooser));
    const names = [...hosts].map((host) => `component apiserver on ${host}`);
    return { end: { is: 'hosts', hosts, port: API_PORT }, names };
  }
  const isPart = ({ name }: Component) => name.startsWith(`${component}/`);
  const found = componentsOfTarget(cluster, target, chooser);
  const isWhole = found.length === cluster.components.filter((it) => it.name === component).length;
  const parts = node === undefined && isWhole ? cluster.components.filter(isPart) : [];
  const actors = new Set([...found, ...parts].map(({ actor }) => actor));
  return { end: { is: 'clients', actors }, names: found.map(sayComponent) };
}

/** What a process says to others than the API server cannot be told from what its node says. */
function isPossible(end: End, opposite: End): boolean {
  return end.is !== 'clients' || (opposite.is === 'hosts' && opposite.port === API_PORT);
}

function sayTarget(target: Target | undefined): string {
  if (target === undefined || typeof target === 'string') return target ?? 'everybody else';
  const { service, port, component, node, zone } = target;
  if (service !== undefined) return `service ${service}${port === undefined ? '' : `:${port}`}`;
  if (zone !== undefined) return `zone ${zone}`;
  if (component === undefined) return describe(target);
  return `component ${component}${node === undefined ? '' : `@${node}`}`;
}
