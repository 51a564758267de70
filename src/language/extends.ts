// `extends`: a scenario that starts from another one. Mappings merge key by key, scalars and lists
// are replaced, `manifests`, `timeline` and `expect` are appended, a step with the same `id` is
// replaced where it stands.

import { didYouMean } from './did-you-mean';
import type { Report } from './report';
import { relativeTo } from './source';
import type { SourceDocument } from './source';
import type { SourceText } from './source-text';
import type { Sources } from './sources';
import { asText, child, list, mapping, textOf, without } from './tree';
import type { Entry, Tree } from './tree';

/** A scenario with all that it inherits. */
export interface Inherited {
  readonly tree: Tree;
  /** The files of the chain, the most remote base first: their own manifests come along. */
  readonly files: readonly SourceText[];
}

const APPENDED: ReadonlySet<string> = new Set(['manifests', 'timeline', 'expect']);

/**
 * Resolves the chain of `extends`. A missing base, one that is ambiguous and a circle are
 * reported; undefined then.
 */
export function inherit(
  scenario: Tree,
  sources: Sources,
  report: Report,
  chain: readonly Tree[] = [],
): Inherited | undefined {
  const own = scenario.place.source;
  const link = child(scenario, 'extends');
  if (link === undefined) return { tree: scenario, files: [own] };
  const text = textOf(link);
  // The schema says that it must be a text; here it only ends the chain.
  if (text === undefined) return { tree: scenario, files: [own] };
  const base = findBase(link, text, sources, report);
  if (base === undefined) return undefined;
  const heirs = [...chain, scenario];
  if (heirs.includes(base)) {
    const names = [...heirs, base].map(titleOf).join('" → "');
    report.error('KD1302', link.place, `these scenarios extend each other in a circle: "${names}"`);
    return undefined;
  }
  const inherited = inherit(base, sources, report, heirs);
  if (inherited === undefined) return undefined;
  const tree = merge(without(inherited.tree, 'abstract'), scenario);
  return { tree, files: [...inherited.files.filter((file) => file !== own), own] };
}

function findBase(link: Tree, text: string, sources: Sources, report: Report): Tree | undefined {
  const hash = text.indexOf('#');
  const path = hash < 0 ? text : text.slice(0, hash);
  const title = hash < 0 ? undefined : text.slice(hash + 1);
  const own = link.place.source.path;
  const file = path === '' ? own : relativeTo(own, path);
  const loaded = sources.load(file);
  if (loaded.is !== 'source') {
    report.error(
      'KD1301',
      link.place,
      `there is no file ${file}`,
      'the path is relative to this file',
    );
    return undefined;
  }
  report.include(loaded.diagnostics);
  const scenarios = loaded.source.documents.filter(isScenario).map(({ tree }) => tree);
  const titles = scenarios.map(titleOf);
  const fitting = scenarios.filter((_, index) => title === undefined || titles[index] === title);
  if (fitting.length === 1) return fitting[0];
  if (title === undefined && fitting.length > 1) {
    const message = `${file} holds ${fitting.length} scenarios`;
    report.error('KD1303', link.place, message, `write ${text}#${titles[0]}`);
  } else if (fitting.length > 1) {
    report.error('KD1303', link.place, `${file} holds ${fitting.length} scenarios "${title}"`);
  } else {
    const what = title === undefined ? 'no scenario' : `no scenario "${title}"`;
    const hint = title === undefined ? undefined : didYouMean(title, titles);
    report.error('KD1301', link.place, `${file} holds ${what}`, hint);
  }
  return undefined;
}

function isScenario({ is }: SourceDocument): boolean {
  return is === 'scenario';
}

export function titleOf(scenario: Tree): string {
  return asText(child(scenario, 'scenario')?.value ?? '');
}

function merge(base: Tree, heir: Tree): Tree {
  const entries = new Map<string, Entry>();
  for (const [key, entry] of base.entries ?? []) entries.set(key, entry);
  for (const [key, entry] of heir.entries ?? []) {
    const inherited = base.entries?.get(key)?.tree;
    entries.set(key, { key: entry.key, tree: mergePart(key, inherited, entry.tree) });
  }
  return mapping(heir.place, entries);
}

function mergePart(key: string, base: Tree | undefined, heir: Tree): Tree {
  if (base === undefined) return heir;
  if (APPENDED.has(key)) return append(key, base, heir);
  return mergeDeep(base, heir);
}

function mergeDeep(base: Tree, heir: Tree): Tree {
  if (base.entries === undefined || heir.entries === undefined) return heir;
  const entries = new Map(base.entries);
  for (const [key, entry] of heir.entries) {
    const inherited = base.entries.get(key)?.tree;
    const tree = inherited === undefined ? entry.tree : mergeDeep(inherited, entry.tree);
    entries.set(key, { key: entry.key, tree });
  }
  return mapping(heir.place, entries);
}

/** `manifests: one.yaml` counts as a list of one. */
function append(key: string, base: Tree, heir: Tree): Tree {
  const own = heir.items ?? [heir];
  const inherited = base.items ?? [base];
  if (key !== 'timeline') return list(heir.place, [...inherited, ...own]);
  const known = new Set(inherited.map(idOf));
  const replaces = (step: Tree): boolean => idOf(step) !== undefined && known.has(idOf(step));
  const replacement = new Map(own.filter(replaces).map((step) => [idOf(step), step]));
  const kept = inherited.map((step) => replacement.get(idOf(step)) ?? step);
  const added = own.filter((step) => !replaces(step));
  return list(heir.place, [...kept, ...added]);
}

function idOf(step: Tree): string | undefined {
  return textOf(child(step, 'id'));
}
