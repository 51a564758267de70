// Settings of a cluster that nothing in it reads. Real components let them pass in silence, and
// whoever wrote one believes that it does something.

import { idleEvictionSettings } from './idle-evictions';
import type { IdleSetting, Lexicon, Machinery } from './lexicon';
import type { Report } from './report';
import type { Place } from './source-text';
import { at, child, keyPlace } from './tree';
import type { Tree } from './tree';

/** One row of the matrix: what is written, and the cluster that comes of it. */
export interface SettingRow {
  readonly scenario: Tree;
  readonly cluster: Machinery;
}

/** Warns of each setting that no row reads in which it is written. */
export function reportIdleSettings(
  rows: readonly SettingRow[],
  lexicon: Lexicon,
  report: Report,
): void {
  const idle = rows.map(({ scenario, cluster }) => {
    const tree = child(scenario, 'cluster');
    const settings = tree === undefined ? [] : idleSettings(tree, cluster, lexicon);
    return { tree, settings: new Map(settings.map((it) => [it.path.join(' '), it])) };
  });
  for (const { tree, settings } of idle) {
    for (const [name, { path, message, hint }] of settings) {
      const place = placeOf(tree, path);
      const isRead = idle.some((it) => !it.settings.has(name) && placeOf(it.tree, path) === place);
      if (place !== undefined && !isRead) report.warn('KD1408', place, message, hint);
    }
  }
}

function idleSettings(tree: Tree, cluster: Machinery, lexicon: Lexicon): readonly IdleSetting[] {
  return [...lexicon.idleSettings(cluster), ...idleEvictionSettings(tree, cluster.nodes)];
}

/** The key of a setting, where it is written. */
function placeOf(tree: Tree | undefined, path: IdleSetting['path']): Place | undefined {
  if (tree === undefined || at(tree, path) === undefined) return undefined;
  return keyPlace(tree, path.slice(0, -1), String(path.at(-1)));
}
