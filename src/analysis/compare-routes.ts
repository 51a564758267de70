// Two clusters' routes held against each other.

import type { Cluster } from '../cluster/cluster';
import { compareText } from '../values/order';
import { routesOf } from './routes';
import type { Route } from './routes';

export interface RouteChange {
  /** `lost` and `gained` also where a route is still there, or was, and leads nowhere. */
  readonly kind: 'gained' | 'lost' | 'changed';
  readonly route: string;
  readonly before: Route | undefined;
  readonly after: Route | undefined;
  readonly cause: string;
  /** The objects of the manifests that changed and make the route. */
  readonly by: readonly string[];
}

/** `objects`: names of the objects that differ between the two sets of manifests. */
export function compareRoutes(
  before: Cluster,
  after: Cluster,
  objects: ReadonlySet<string>,
): readonly RouteChange[] {
  const [old, now] = [routesOf(before), routesOf(after)];
  const names = [...new Set([...old.keys(), ...now.keys()])].sort(compareText);
  return names.flatMap((name) => changeOf(old.get(name), now.get(name), objects) ?? []);
}

function changeOf(
  before: Route | undefined,
  after: Route | undefined,
  objects: ReadonlySet<string>,
): RouteChange | undefined {
  const kind = kindOf(before, after);
  if (kind === undefined) return undefined;
  const makers = [...(before?.makers ?? []), ...(after?.makers ?? [])];
  const by = [...new Set(makers)].filter((name) => objects.has(name));
  const route = (after ?? before)!.name;
  return { kind, route, before, after, cause: causeOf(before, after), by };
}

function kindOf(
  before: Route | undefined,
  after: Route | undefined,
): RouteChange['kind'] | undefined {
  const led = leads(before);
  if (led !== leads(after)) return led ? 'lost' : 'gained';
  if (before === undefined || after === undefined) return undefined;
  const isSame =
    before.targets.join() === after.targets.join() &&
    before.settings.join() === after.settings.join();
  return isSame ? undefined : 'changed';
}

function leads(route: Route | undefined): boolean {
  return route !== undefined && route.reason === '';
}

function causeOf(before: Route | undefined, after: Route | undefined): string {
  if (after === undefined) return 'it is gone';
  if (before === undefined) return 'it is new';
  if (after.reason !== '') return after.reason;
  if (before.reason !== '') return `before, ${before.reason}`;
  const isElsewhere = before.targets.join() !== after.targets.join();
  const [gone, come] = isElsewhere
    ? [before.targets, after.targets]
    : [before.settings, after.settings];
  const added = come.filter((it) => !gone.includes(it));
  const removed = gone.filter((it) => !come.includes(it));
  const parts = [
    ...(added.length > 0 ? [`now ${added.join(', ')}`] : []),
    ...(removed.length > 0 ? [`no more ${removed.join(', ')}`] : []),
  ];
  return parts.join('; ');
}
