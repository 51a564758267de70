// Two clusters held against each other: which connections and routes are gained, lost or
// different, and why.

import type { Cluster } from '../cluster/cluster';
import { formatPlace } from '../values/definition';
import { nameOf } from '../values/kube-object';
import type { KubeObject } from '../values/kube-object';
import { compareText } from '../values/order';
import { connectionsOf, WORKLOADS } from './connections';
import type { Connection } from './connections';
import { compareRoutes } from './compare-routes';
import type { RouteChange } from './compare-routes';

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

/** An object that was added, removed or changed. */
export interface ObjectChange {
  readonly kind: 'added' | 'removed' | 'changed';
  /** `NetworkPolicy/shop/db`. */
  readonly name: string;
  /** Where it stands, in the old manifests for what was removed: `new/policies.yaml:12:1`. */
  readonly place?: string;
}

export interface Comparison {
  readonly changes: readonly ConnectionChange[];
  readonly routes: readonly RouteChange[];
  readonly objects: readonly ObjectChange[];
  /** Connections that fare as before. */
  readonly unchanged: number;
  /** Objects that make routes in a real cluster and none here: `Ingress/shop/web`. */
  readonly unmodelled: readonly string[];
}

/** Compares two settled clusters, built from the manifests of before and after. */
export function compare(before: Cluster, after: Cluster): Comparison {
  const objects = changedObjects(before, after);
  const names = new Set(objects.map(({ name }) => name));
  const old = connectionsOf(before);
  const now = connectionsOf(after);
  const keys = [...new Set([...old.keys(), ...now.keys()])].sort(compareText);
  const ends = { before: endsOf(old), after: endsOf(now) };
  const changes = keys.flatMap((key) => changeOf(old.get(key), now.get(key), names, ends) ?? []);
  return {
    changes,
    routes: compareRoutes(before, after, names),
    objects,
    unchanged: keys.length - changes.length,
    unmodelled: unmodelledIn([...before.spec.manifests, ...after.spec.manifests]),
  };
}

function changeOf(
  before: Connection | undefined,
  after: Connection | undefined,
  objects: ReadonlySet<string>,
  ends: Readonly<Record<'before' | 'after', ReadonlySet<string>>>,
): ConnectionChange | undefined {
  const kind = kindOf(before, after);
  if (kind === undefined) return undefined;
  const failing = kind === 'gained' ? before : after;
  const { from, to } = (after ?? before)!;
  const missing = after === undefined ? ends.after : ends.before;
  // The outside was always there, also where nothing was to be had from it.
  const lacking = [from, to].filter((end) => end !== 'external' && !missing.has(end));
  const verb = lacking.length > 1 ? 'are' : 'is';
  const fate = after === undefined ? 'gone' : 'new';
  const cause = failing?.reason ?? `${lacking.join(' and ')} ${verb} ${fate}`;
  const blames = [...(before?.blames ?? []), ...(after?.blames ?? [])];
  const named = failing === undefined ? lacking.map(objectOf) : [];
  const by = [...new Set([...blames, ...named])].filter((name) => objects.has(name));
  return { kind, from, to, before, after, cause, by };
}

/** The object that an end of a connection is named after: `Service/shop/backend`. */
function objectOf(end: string): string {
  const host = /^([^./]+)\.([^.:]+):/.exec(end);
  if (host !== null) return `Service/${host[2]}/${host[1]}`;
  const kind = WORKLOADS.find((it) => end.startsWith(`${it.toLowerCase()}/`)) ?? 'Pod';
  return `${kind}${end.slice(end.indexOf('/'))}`;
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

/** The objects that differ, sorted by name. */
function changedObjects(before: Cluster, after: Cluster): readonly ObjectChange[] {
  const [old, now] = [textsOf(before), textsOf(after)];
  const places = new Map([...placesOf(before), ...placesOf(after)]);
  const names = [...new Set([...old.keys(), ...now.keys()])].sort(compareText);
  return names.flatMap((name): readonly ObjectChange[] => {
    if (old.get(name) === now.get(name)) return [];
    const kind = !old.has(name) ? 'added' : now.has(name) ? 'changed' : 'removed';
    const place = places.get(name);
    return [{ kind, name, ...(place !== undefined && { place }) }];
  });
}

function textsOf({ spec }: Cluster): ReadonlyMap<string, string> {
  return new Map(spec.manifests.map((object) => [nameOf(object), JSON.stringify(object)]));
}

function placesOf({ spec }: Cluster): ReadonlyMap<string, string> {
  const { definitions = [] } = spec;
  return new Map(definitions.map(({ object, range }) => [nameOf(object), formatPlace(range)]));
}

/** Kinds whose controllers would make routes of layer 7. */
const OF_LAYER_7 = /^(Ingress|Gateway|HTTPRoute|GRPCRoute|TLSRoute|TCPRoute|UDPRoute)$/;

function unmodelledIn(objects: readonly KubeObject[]): readonly string[] {
  const found = objects.filter(({ kind }) => OF_LAYER_7.test(kind)).map(nameOf);
  return [...new Set(found)].sort(compareText);
}
