// A comparison as text for a terminal, and as Markdown for a comment under a pull request.

import type { Comparison, ConnectionChange } from '../analysis/compare';
import type { RouteChange } from '../analysis/compare-routes';
import type { Connection } from '../analysis/connections';
import type { Route } from '../analysis/routes';

const SIGNS = { gained: '+', lost: '-', changed: '~' } as const;
const OBJECT_SIGNS = { added: '+', removed: '-', changed: '~' } as const;

/** The comparison as lines of text. */
export function diffText(comparison: Comparison): string {
  const { changes, routes, unmodelled } = comparison;
  const says = (change: ConnectionChange | RouteChange) =>
    `             ${change.cause}${byText(change, comparison)}`;
  const lines = [
    ...objectLines(comparison).map((line) => `object     ${line}`),
    ...routes.flatMap((it) => [
      `${SIGNS[it.kind]} ${it.kind.padEnd(8)} route ${it.route}  ${routeSides(it)}`,
      says(it),
    ]),
    ...changes.flatMap((it) => [
      `${SIGNS[it.kind]} ${it.kind.padEnd(8)} ${it.from} → ${it.to}  ${sides(it)}`,
      says(it),
    ]),
    ...unmodelled.map((name) => `not modelled: the routes of ${name}`),
    summary(comparison),
  ];
  return `${lines.join('\n')}\n`;
}

/** The comparison as Markdown. */
export function diffMarkdown(comparison: Comparison): string {
  const { changes, routes, unmodelled } = comparison;
  const says = (change: ConnectionChange | RouteChange) =>
    `${change.cause}${byText(change, comparison)}`;
  const connections = table(
    ['from', 'to', 'before → after', 'cause'],
    changes.map((it) => [it.kind, it.from, it.to, sides(it), says(it)]),
  );
  const ways = table(
    ['route', 'before → after', 'cause'],
    routes.map((it) => [it.kind, it.route, routeSides(it), says(it)]),
  );
  const lines = [
    '### Connections',
    '',
    ...connections,
    ...(ways.length === 0 ? [] : ['### Routes', '', ...ways]),
    ...unmodelled.map((name) => `The routes of \`${name}\` are not modelled.`),
    ...(unmodelled.length === 0 ? [] : ['']),
    summary(comparison),
    '',
    ...objectLines(comparison).map((line) => `- \`${line}\``),
  ];
  return `${lines.join('\n')}\n`;
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly string[]) =>
    `| ${cells.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`;
  const rule = `|${'---|'.repeat(heads.length + 1)}`;
  return [`| | ${heads.join(' | ')} |`, rule, ...rows.map(line), ''];
}

function objectLines({ objects }: Comparison): readonly string[] {
  return objects.map(({ kind, name, place }) => {
    const where = place === undefined ? '' : `  ${place}`;
    return `${OBJECT_SIGNS[kind]} ${name}${where}`;
  });
}

function sides({ before, after }: ConnectionChange): string {
  return `${sideText(before)} → ${sideText(after)}`;
}

function sideText(connection: Connection | undefined): string {
  if (connection === undefined) return 'absent';
  const { outcome, backends } = connection;
  return backends.length === 0 ? outcome : `${outcome} by ${backends.join(', ')}`;
}

function routeSides({ before, after }: RouteChange): string {
  return `${routeText(before)} → ${routeText(after)}`;
}

function routeText(route: Route | undefined): string {
  if (route === undefined) return 'absent';
  const settings = route.settings.length === 0 ? '' : ` (${route.settings.join(', ')})`;
  return `${route.targets.join(', ') || 'nowhere'}${settings}`;
}

/** ` [NetworkPolicy/shop/db at policies.yaml:12:1]`: the objects that changed. */
function byText({ by }: ConnectionChange | RouteChange, { objects }: Comparison): string {
  if (by.length === 0) return '';
  const places = new Map(objects.map(({ name, place }) => [name, place]));
  const named = by.map((name) => {
    const place = places.get(name);
    return place === undefined ? name : `${name} at ${place}`;
  });
  return ` [${named.join(', ')}]`;
}

function summary({ changes, routes, unchanged }: Comparison): string {
  const count = (list: readonly { readonly kind: string }[], kind: string): number =>
    list.filter((it) => it.kind === kind).length;
  const counts = (list: readonly { readonly kind: string }[]): string =>
    ['gained', 'lost', 'changed'].map((kind) => `${count(list, kind)} ${kind}`).join(', ');
  return `routes: ${counts(routes)}\n${counts(changes)}, ${unchanged} unchanged`;
}
