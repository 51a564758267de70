// Two clusters' connections held against each other: what is gained, lost or different, and why.

import type { Cluster } from '../cluster/cluster';
import { nameOf } from '../values/kube-object';
import type { KubeObject } from '../values/kube-object';
import { compareText } from '../values/order';
import { connectionsOf } from './connections';
import type { Connection } from './connections';

export type ChangeKind = 'gained' | 'lost' | 'changed';

/** A connection that fares differently; one side is absent where an end of it did not exist. */
export interface ConnectionChange {
  readonly kind: ChangeKind;
  readonly from: string;
  readonly to: string;
  readonly before: Connection | undefined;
  readonly after: Connection | undefined;
  /** Why: the sentence of the side that fails, or of the new one. */
  readonly cause: string;
  /** The objects of the manifests that changed and had a part in it. */
  readonly by: readonly string[];
}

export interface Comparison {
  readonly changes: readonly ConnectionChange[];
  /** Objects that were added, removed or changed: `+ NetworkPolicy/shop/db`. */
  readonly objects: readonly string[];
  readonly unchanged: number;
}

/** Compares two settled clusters, built from the manifests of before and after. */
export function compare(before: Cluster, after: Cluster): Comparison {
  const objects = changedObjects(before.spec.manifests, after.spec.manifests);
  const old = connectionsOf(before);
  const now = connectionsOf(after);
  const keys = [...new Set([...old.keys(), ...now.keys()])].sort(compareText);
  const ends = { before: endsOf(old), after: endsOf(now) };
  const changes = keys.flatMap((key) => changeOf(old.get(key), now.get(key), objects, ends) ?? []);
  return {
    changes,
    objects: [...objects].map(([name, sign]) => `${sign} ${name}`),
    unchanged: keys.length - changes.length,
  };
}

function changeOf(
  before: Connection | undefined,
  after: Connection | undefined,
  objects: ReadonlyMap<string, string>,
  ends: Readonly<Record<'before' | 'after', ReadonlySet<string>>>,
): ConnectionChange | undefined {
  const kind = kindOf(before, after);
  if (kind === undefined) return undefined;
  const failing = kind === 'gained' ? before : after;
  const { from, to } = (after ?? before)!;
  const missing = after === undefined ? ends.after : ends.before;
  const lacking = [from, to].filter((end) => !missing.has(end)).join(' and ');
  const cause = failing?.reason ?? `${lacking} ${after === undefined ? 'is gone' : 'is new'}`;
  const blames = [...(before?.blames ?? []), ...(after?.blames ?? [])];
  const by = [...new Set(blames)].filter((name) => objects.has(name));
  return { kind, from, to, before, after, cause, by };
}

function endsOf(connections: ReadonlyMap<string, Connection>): ReadonlySet<string> {
  return new Set([...connections.values()].flatMap(({ from, to }) => [from, to]));
}

function kindOf(
  before: Connection | undefined,
  after: Connection | undefined,
): ChangeKind | undefined {
  const worked = before?.outcome === 'ok';
  const works = after?.outcome === 'ok';
  if (worked !== works) return works ? 'gained' : 'lost';
  // An end that is new or gone, and that nobody reached, is no difference.
  if (before === undefined || after === undefined) return undefined;
  const isSame =
    before.outcome === after.outcome && before.backends.join() === after.backends.join();
  return isSame ? undefined : 'changed';
}

/** Names of the objects that differ, each with `+`, `-` or `~`, sorted. */
function changedObjects(
  before: readonly KubeObject[],
  after: readonly KubeObject[],
): ReadonlyMap<string, string> {
  const texts = (objects: readonly KubeObject[]) =>
    new Map(objects.map((object) => [nameOf(object), JSON.stringify(object)]));
  const [old, now] = [texts(before), texts(after)];
  const names = [...new Set([...old.keys(), ...now.keys()])].sort(compareText);
  return new Map(
    names.flatMap((name) => {
      if (old.get(name) === now.get(name)) return [];
      const sign = !old.has(name) ? '+' : now.has(name) ? '~' : '-';
      return [[name, sign] as const];
    }),
  );
}
