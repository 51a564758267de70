// Whether a `pick` of so many leaves a choice at all: of three pods nobody picks seven.

import type { ReferenceContext } from './check-references';
import type { Inventory } from './inventory';
import { child, textOf } from './tree';
import type { Tree } from './tree';
import type { Labels } from '../values/labels';

/** Checks every `pick` of a number beside a selection, anywhere in the value of a word. */
export function checkPicks(tree: Tree, context: ReferenceContext): void {
  for (const item of tree.items ?? []) checkPicks(item, context);
  const entries = tree.entries ?? new Map<string, { readonly tree: Tree }>();
  for (const { tree: part } of entries.values()) checkPicks(part, context);
  const pick = child(tree, 'pick');
  // With a component, nodes say where that runs.
  if (pick === undefined || entries.has('component')) return;
  const wanted = /^[1-9][0-9]*$/.test(String(pick.value)) ? Number(pick.value) : 0;
  const candidates = nodesIn(tree, context.inventory) ?? podsIn(tree, context);
  if (candidates === undefined || wanted <= candidates.count) return;
  const { count, what } = candidates;
  context.report.error(
    'KD1106',
    pick.place,
    `there are not ${wanted} ${what}s to pick from: ${count} match${count === 1 ? 'es' : ''}`,
    `write at most ${count}, or \`all\``,
  );
}

interface Candidates {
  readonly count: number;
  readonly what: 'pod' | 'node';
}

function nodesIn(tree: Tree, { nodes }: Inventory): Candidates | undefined {
  const selector = child(tree, 'nodes');
  const zone = textOf(child(selector, 'zone')) ?? textOf(child(tree, 'zone'));
  if (selector === undefined && zone === undefined) return undefined;
  // Labels of nodes can be written by steps: without them nothing is certain.
  if (child(selector, 'labels') !== undefined) return undefined;
  const matching = nodes.filter((node) => zone === undefined || node.zone === zone);
  return { count: matching.length, what: 'node' };
}

/** Known only as long as nothing has changed how many pods there are. */
function podsIn(tree: Tree, { inventory, untouched }: ReferenceContext): Candidates | undefined {
  const selector = child(tree, 'pods');
  if (selector === undefined || !untouched) return undefined;
  if (inventory.ofKind('HorizontalPodAutoscaler').length > 0) return undefined;
  const namespace = textOf(child(selector, 'namespace'));
  const labels = (child(selector, 'labels')?.value ?? {}) as Labels;
  const replicas = inventory.podsLike(namespace, labels).map((shape) => shape.replicas);
  if (replicas.length === 0 || replicas.includes(undefined)) return undefined;
  return { count: replicas.reduce<number>((sum, more = 0) => sum + more, 0), what: 'pod' };
}
