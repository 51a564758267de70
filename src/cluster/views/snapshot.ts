// The cluster's state as one frozen JSON object: what `inspect` queries and reports quote.
// Branches are built when somebody reads them, since most snapshots are asked for one thing.

import type { Store } from '../../apiserver/store';
import type { Kernel } from '../../kernel/kernel';
import { formatConntrackEntry } from '../../node/netfilter/conntrack';
import type { Announcement } from '../../network/index';
import type { Machine } from '../../node/machine';
import { formatEntry } from '../../kernel/journal';
import { compareText } from '../../values/order';
import { rulesOf } from './rules-view';

export type Snapshot = Readonly<Record<string, unknown>>;

export interface SnapshotSource {
  readonly kernel: Kernel;
  readonly store: Store;
  readonly machines: ReadonlyMap<string, Machine>;
  /** `Pod` → `pods`. */
  pluralOf(kind: string): string;
  /** Addresses that are announced to the outside, with the nodes that take their packets. */
  announcements(): readonly Announcement[];
  /** What a node's proxy says of itself. */
  proxyState(node: string): Readonly<Record<string, unknown>>;
}

/**
 * `{now, objects: {pods: […], …}, nodes: {<name>: {powered, addresses, interfaces, routes,
 * proxy: {mode, running, rules}, conntrack}}, journal: [{at, actor, action, subject, detail}]}`.
 * Instants are whole microseconds.
 */
export function takeSnapshot(source: SnapshotSource): Snapshot {
  return branches({
    now: () => source.kernel.now,
    objects: () => objectsOf(source),
    nodes: () => nodesOf(source),
    loadBalancers: () => source.announcements(),
    journal: () => journalOf(source),
  });
}

function objectsOf({ store, pluralOf }: SnapshotSource): Snapshot {
  const lists: Record<string, () => unknown> = {};
  for (const kind of store.kindNames()) {
    lists[pluralOf(kind)] = () => Object.freeze([...store.list(kind)]);
  }
  return branches(lists);
}

function nodesOf(source: SnapshotSource): Snapshot {
  const nodes: Record<string, () => unknown> = {};
  const names = [...source.machines.keys()].sort(compareText);
  for (const name of names) nodes[name] = () => nodeOf(source, source.machines.get(name)!);
  return branches(nodes);
}

function nodeOf({ kernel, proxyState }: SnapshotSource, machine: Machine): Snapshot {
  return branches({
    powered: () => machine.powered,
    addresses: () => machine.addresses,
    interfaces: () => machine.interfaces,
    routes: () => machine.routes,
    proxy: () => proxyOf(machine, proxyState(machine.name)),
    conntrack: () =>
      machine.conntrack.list(kernel.now).map((entry) => ({
        ...entry,
        text: formatConntrackEntry(entry, kernel.now),
      })),
  });
}

/** What the proxy says of itself, and the rules that it has left in the kernel. */
function proxyOf(machine: Machine, state: Readonly<Record<string, unknown>>): Snapshot {
  const { proxyRules, leftRules } = machine;
  const told = Object.entries(state).map(([name, value]) => [name, () => value] as const);
  const rules = () => rulesOf([...proxyRules, ...leftRules]);
  return branches({ ...Object.fromEntries(told), rules });
}

function journalOf({ kernel }: SnapshotSource): unknown {
  return kernel.journal.all().map((entry) => ({
    at: entry.at,
    actor: entry.actor,
    action: entry.action,
    subject: entry.subject,
    detail: entry.detail,
    text: formatEntry(entry),
  }));
}

/** An object whose fields are computed at the first reading and kept. */
function branches(builders: Record<string, () => unknown>): Snapshot {
  const object = {};
  for (const [name, build] of Object.entries(builders)) {
    let value: { readonly built: unknown } | undefined;
    Object.defineProperty(object, name, {
      enumerable: true,
      get: () => (value ??= { built: build() }).built,
    });
  }
  return Object.freeze(object);
}
