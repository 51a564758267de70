// Which processes a target of a fault means: a component, everywhere or on some nodes.

import type { Cluster } from '../cluster/cluster';
import type { FromSchema } from '../language/json-schema';
import type { Component } from '../values/component';
import { picked } from './pick';
import { nodesOfTarget, UnknownTargetError } from './targets';
import type { NodeTargetArgs, PodTarget, PodTargetArgs, ReferredPods } from './targets';

/** The keys by which a fault names a component, for its schema. */
export const COMPONENT_TARGET = {
  component: { $ref: '#/$defs/component' },
  node: { $ref: '#/$defs/nodeTarget' },
  nodes: { $ref: '#/$defs/nodeSelector' },
  pick: { $ref: '#/$defs/pick' },
  members: { $ref: '#/$defs/members' },
} as const;

/** Of a branch that is about nodes: nodes beside a component say where that runs. */
export const WITHOUT_COMPONENT = { not: { required: ['component'] } } as const;

const TARGET = {
  type: 'object',
  properties: COMPONENT_TARGET,
  required: ['component'],
} as const;

export type ComponentTargetArgs = FromSchema<typeof TARGET>;

/** Whether the component is what runs in pods: then its pods are meant. */
export function runsInPods({ component }: { readonly component?: string }): boolean {
  return component === 'coredns';
}

/** The keys by which a fault can mean pods. */
interface PodKeys {
  readonly component?: string;
  readonly node?: NodeTargetArgs;
  readonly nodes?: Exclude<NodeTargetArgs, string>['nodes'];
  readonly pod?: PodTargetArgs;
  readonly pods?: Exclude<PodTargetArgs, string>['pods'];
  readonly pick?: string | number;
  readonly members?: 'live' | 'frozen';
}

/** The pods that the arguments of a fault mean: by reference, by selector, or a component. */
export function podTargetOf(args: PodKeys): PodTarget {
  const { node, nodes, pod, pods, pick, members } = args;
  const more = { ...(pick !== undefined && { pick }), ...(members !== undefined && { members }) };
  if (runsInPods(args)) {
    const on = node ?? (nodes === undefined ? undefined : { nodes });
    return referred('coredns', { ...more, ...(on !== undefined && { on }) });
  }
  if (pods !== undefined) return { pods, ...more };
  return typeof pod === 'object' ? { ...pod, ...more } : referred(pod!, more);
}

function referred(reference: string, more: Omit<ReferredPods, 'reference'>): PodTarget {
  return Object.keys(more).length === 0 ? reference : { reference, ...more };
}

/**
 * The processes that a target means, in the order of the cluster; without a node, everywhere.
 * `chooser` names the stream that `pick` draws from. Throws UnknownTargetError where the cluster
 * has no such process.
 */
export function componentsOfTarget(
  cluster: Cluster,
  target: ComponentTargetArgs,
  chooser: string,
): readonly Component[] {
  const { component: name, pick } = target;
  const everywhere = cluster.components.filter((it) => it.name === name);
  if (everywhere.length === 0) throw new UnknownTargetError(whyNone(cluster, name));
  const nodes = nodesNamed(cluster, target, chooser);
  const here = everywhere.filter(({ node }) => nodes === undefined || isOn(nodes, node));
  if (here.length === 0) {
    const place = nodes!.size === 0 ? 'no such node' : [...nodes!].join(', ');
    throw new UnknownTargetError(`${name} does not run on ${place}`);
  }
  if (pick === 'leader') return leadersOf(here, name);
  const actors = picked(
    cluster,
    here.map(({ actor }) => actor),
    pick,
    chooser,
  );
  return here.filter(({ actor }) => actors.includes(actor));
}

/** The process that holds the lease now: none while nobody has taken it after the last one. */
function leadersOf(candidates: readonly Component[], name: string): readonly Component[] {
  const leading = candidates.map((it) => [it, it.leads?.()] as const);
  if (leading.every(([, leads]) => leads === undefined)) {
    throw new UnknownTargetError(`${name} elects no leader`);
  }
  const leaders = leading.flatMap(([it, leads]) => (leads === true ? [it] : []));
  if (leaders.length === 0) throw new UnknownTargetError(`no ${name} leads now`);
  return leaders;
}

/** `component kube-proxy@worker-1`: how reports name what was hit. */
export function sayComponent({ actor }: Component): string {
  return `component ${actor}`;
}

/** The component that an effect of a fault names by its actor. */
export function componentOf(cluster: Cluster, actor: string): Component {
  const found = cluster.components.find((it) => it.actor === actor);
  if (found === undefined) throw new UnknownTargetError(`there is no component ${actor}`);
  return found;
}

function nodesNamed(
  cluster: Cluster,
  { node, nodes }: ComponentTargetArgs,
  chooser: string,
): ReadonlySet<string> | undefined {
  const target = node ?? (nodes === undefined ? undefined : { nodes });
  return target === undefined ? undefined : new Set(nodesOfTarget(cluster, target, chooser));
}

function isOn(nodes: ReadonlySet<string>, node: string | undefined): boolean {
  return node !== undefined && nodes.has(node);
}

function whyNone({ spec }: Cluster, name: string): string {
  if (name === 'kube-proxy' && spec.proxy.mode === 'ebpf') {
    return 'there is no kube-proxy: eBPF programs of the component cni do its work';
  }
  if (name === 'cni') return `the network plug-in ${spec.cni.name} has no daemon`;
  if (name === 'coredns') return 'coredns runs in pods: name its pods here';
  return `the cluster has no component ${name}`;
}
