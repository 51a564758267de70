// Whether what stands at a key of a word is of a kind that the word is for: objects of commands,
// and names of nodes. What only a run can tell (whether the object is still there) is left to it.

import { checkForm } from './check-references';
import type { ReferenceContext } from './check-references';
import { didYouMean } from './did-you-mean';
import type { Word } from './lexicon';
import { parseReference } from './reference';
import { at, child } from './tree';
import type { Tree } from './tree';

/**
 * Checks the keys for which a word says of which kinds they are, or that they name a node. Returns
 * the values of which there is nothing more to say.
 */
export function checkKinds(word: Word, args: Tree, context: ReferenceContext): ReadonlySet<Tree> {
  const told = new Set<Tree>();
  for (const [key, words] of Object.entries(word.nodeNames?.(args.value) ?? {})) {
    const tree = child(args, key);
    if (typeof tree?.value === 'string') checkNodeName(tree, tree.value, words, context);
  }
  // A command that must fail may be of anything.
  if (child(args, 'fails') !== undefined) return told;
  for (const [key, kinds] of Object.entries(word.kinds ?? {})) {
    const tree = child(args, key);
    if (typeof tree?.value !== 'string') continue;
    checkKind(tree, tree.value, kinds, context);
    told.add(tree);
    const named = at(args, word.containers?.[key] ?? []);
    if (named !== args) checkContainers(tree.value, named, context);
  }
  return told;
}

function checkKind(
  tree: Tree,
  text: string,
  kinds: readonly string[],
  context: ReferenceContext,
): void {
  const { report, components } = context;
  const kind = kindOf(text, context);
  if (kind === undefined && components.includes(text)) {
    const hint =
      text === 'coredns'
        ? 'write deployment/kube-system/coredns'
        : `a component is written {component: ${text}}, where one may stand`;
    report.error('KD1606', tree.place, `"${text}" is a component, ${wanting(kinds)}`, hint);
  } else if (kind === undefined || kinds.includes(kind)) {
    checkForm('objectReference', tree, context);
  } else {
    report.error('KD1606', tree.place, `"${text}" is a ${kind}, ${wanting(kinds)}`);
  }
}

/** Known only as long as nothing has changed the template. */
function checkContainers(text: string, named: Tree | undefined, context: ReferenceContext): void {
  const { inventory, kinds, report, untouched } = context;
  const kind = kindOf(text, context);
  const reading = parseReference(text, kinds.names);
  if (!untouched || kind === undefined || !reading.ok) return;
  const key = `${reading.value.namespace ?? 'default'}/${reading.value.name}`;
  const { containers } = inventory.shapeOf(kind, key) ?? {};
  if (containers === undefined) return;
  for (const [name, entry] of named?.entries ?? []) {
    if (containers.includes(name)) continue;
    const hint = didYouMean(name, containers) ?? `it has ${containers.join(', ')}`;
    report.error('KD1601', entry.key, `${kind} ${key} has no container "${name}"`, hint);
  }
}

function checkNodeName(
  tree: Tree,
  text: string,
  words: readonly string[],
  { inventory, report }: ReferenceContext,
): void {
  const names = inventory.nodes.map(({ name }) => name);
  if (words.includes(text) || names.includes(text)) return;
  const possible = `write ${words.join(', ')} or the name of a node`;
  const hint = didYouMean(text, names) ?? possible;
  report.error('KD1601', tree.place, `there is no node "${text}"`, hint);
}

/** `not a Deployment or StatefulSet`. */
function wanting(kinds: readonly string[]): string {
  return `not a ${[kinds.slice(0, -1).join(', '), kinds.at(-1)].filter(Boolean).join(' or ')}`;
}

/** The kind of the object that a reference means; undefined where there is none, or two are. */
function kindOf(text: string, { inventory, kinds }: ReferenceContext): string | undefined {
  const reading = parseReference(text, kinds.names);
  if (!reading.ok) return undefined;
  const { kind, namespace = 'default', name, ordinal } = reading.value;
  if (ordinal !== undefined) return 'Pod';
  const key = `${namespace}/${name}`;
  if (kind !== undefined) {
    return [key, name].some((it) => inventory.has(kind, it)) ? kind : undefined;
  }
  if (inventory.has('Pod', key)) return 'Pod';
  const workloads = inventory.workloadKinds(key);
  return workloads.length === 1 ? workloads[0] : undefined;
}
