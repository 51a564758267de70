// What a CNI is to the model: it gives a node its devices, routes and rules, and its pods their
// addresses. One file per CNI fills this in.

import { TIMERS } from '../../timing';
import type { TimerName } from '../../timing';
import type { Machine } from '../machine';
import type { PolicyProfile } from '../policy/profile';
import type { Family, IP } from '../../values/ip';
import { sortedKeys } from '../../values/order';
import type { Duration, Instant } from '../../values/time';

/** What a CNI is told of the cluster it serves. */
export interface CniCluster {
  readonly ipFamilies: readonly Family[];
  /** The ranges of all pods, one per family. */
  readonly podCIDRs: readonly string[];
  /** The ranges of the nodes' own network, one per family. */
  readonly nodeCIDRs?: readonly string[];
  /** The nodes that there are from the start. */
  readonly nodes?: readonly { readonly name: string }[];
  /** The clock, for plug-ins in which addresses rest before they are given out again. */
  readonly now?: () => Instant;
  /** One draw of a timer for a node; the table's own least value where nobody is asked. */
  readonly delay?: ((timer: TimerName, node: string) => Duration) | undefined;
}

/** How long something takes in a cluster. */
export function delayIn(cluster: CniCluster, timer: TimerName, node: string): Duration {
  return cluster.delay?.(timer, node) ?? TIMERS[timer].value.least;
}

/** How a CNI ADD ended: the pod's addresses, one per family, or the plug-in's error text. */
export type Attachment =
  | { readonly ok: true; readonly addresses: readonly IP[] }
  | { readonly ok: false; readonly error: string };

/** A CNI at work in one cluster. */
export interface CniNetwork {
  /** Whether it has addresses of its own, so that a node needs no podCIDR to have pods. */
  readonly ownAddresses?: boolean;
  /**
   * The node's agent has learnt its pod ranges: devices, routes and rules are set up. Called
   * again after a boot; addresses that were given out are remembered, as they are on disk.
   */
  join(machine: Machine, podCIDRs: readonly string[]): void;
  /** The node is gone from the cluster; the others drop their routes to it. */
  leave(machine: Machine): void;
  /**
   * CNI ADD: an address for a new sandbox. `id` names the sandbox; `isNew`: nobody ever had an
   * address by that name.
   */
  attach(machine: Machine, id: string, isNew?: boolean): Attachment;
  /** CNI DEL: gives the addresses back. An unknown `id` is no error. */
  detach(machine: Machine, id: string): void;
  /** The addresses that are given out on a node, by sandbox. */
  allocations(node: string): ReadonlyMap<string, readonly IP[]>;
}

export interface CniPlugin {
  readonly name: string;
  /** One sentence for hover help and the reference pages. */
  readonly summary: string;
  /** Upstream paths of what is modelled here. */
  readonly source: string;
  /** How network policies are enforced; left out, or undefined, where they have no effect. */
  policy?(options: CniOptions): PolicyProfile | undefined;
  /**
   * The timer by which the node's agent looks for routes to other nodes that are missing, `never`
   * where nobody does, or undefined where that is not known.
   */
  routeUpkeep?(options: CniOptions): TimerName | 'never' | undefined;
  /** The options of `cluster.cni`, each with the values it may take, its default first. */
  readonly options: Readonly<Record<string, readonly CniOption[]>>;
  /** Throws RangeError where an option is unknown or has no such value. */
  create(cluster: CniCluster, options: CniOptions): CniNetwork;
}

export type CniOption = string | boolean | number;

export type CniOptions = Readonly<Record<string, unknown>>;

/** Declares a CNI. Its options are checked before it sees them, defaults filled in. */
export function defineCni(plugin: CniPlugin): CniPlugin {
  return {
    ...plugin,
    policy: (options) => plugin.policy?.(withDefaults(plugin, options)),
    routeUpkeep: (options) => plugin.routeUpkeep?.(withDefaults(plugin, options)),
    create: (cluster, options) => plugin.create(cluster, withDefaults(plugin, options)),
  };
}

/** The kinds of policies that have an effect under a plug-in with these options. */
export function enforcedKinds(plugin: CniPlugin, options: CniOptions): readonly string[] {
  return plugin.policy?.(options)?.kinds ?? [];
}

function withDefaults(plugin: CniPlugin, given: CniOptions): CniOptions {
  const options: Record<string, unknown> = {};
  for (const [option, values] of Object.entries(plugin.options)) options[option] = values[0];
  for (const [option, value] of Object.entries(given)) {
    const values = plugin.options[option];
    if (values === undefined) {
      const known = sortedKeys(plugin.options).join(', ') || 'none';
      throw new RangeError(`cni ${plugin.name} has no option "${option}"; it has: ${known}`);
    }
    if (!values.includes(value as CniOption)) {
      throw new RangeError(`cni ${plugin.name}: ${option} is one of ${values.join(', ')}`);
    }
    options[option] = value;
  }
  return options;
}
