// Selectors and modes of Chaos Mesh become targets.
// source: chaos-mesh api/v1alpha1/selector.go, pkg/selector/{pod,generic}

import { asText, child, textOf } from '../../language/tree';
import type { Tree } from '../../language/tree';
import type { Fields } from '../fields';

/** Pods as the verbs of kubedrill name them. */
export type PodSelection =
  | { readonly pod: string }
  | {
      readonly pods: { readonly namespace: string; readonly labels?: Labels };
      readonly pick?: string | number;
      readonly members?: 'frozen';
    };

type Labels = Readonly<Record<string, string>>;

/** What no target can choose pods by, and why. */
const UNKNOWN: Readonly<Record<string, string>> = {
  nodes: 'pods cannot be chosen by their node',
  nodeSelectors: 'pods cannot be chosen by labels of their node',
  fieldSelectors: 'pods cannot be chosen by fields',
  annotationSelectors: 'pods cannot be chosen by annotations',
};

/** A selector may stand for so many targets; more are a mistake or a flood. */
const MOST = 64;

/**
 * The selections that a `selector` with its `mode` and `value` means, each once; undefined where
 * no target says it, which is remarked on. `namespace` is that of the object: it counts where the
 * selector names none. A selection is made when a fault begins and kept: `members: frozen`.
 */
export function readPods(
  owner: Fields,
  namespace: string,
  { lasts }: { readonly lasts: boolean },
): readonly PodSelection[] | undefined {
  const selector = owner.part('selector');
  const named = selector.labels('pods');
  if (Object.keys(named).length > 0) return readNamed(owner, selector);
  for (const [key, why] of Object.entries(UNKNOWN)) {
    if (!selector.has(key)) continue;
    selector.remark('skipped', why, key);
    return undefined;
  }
  if (!readPhases(selector)) return undefined;
  const given = selector.texts('namespaces');
  const namespaces = given.length === 0 ? [namespace] : [...new Set(given)];
  const labels = readLabels(selector);
  if (labels === undefined) return undefined;
  const all = namespaces.flatMap((it) => labels.map((those) => ({ namespace: it, labels: those })));
  const pick = readMode(owner, all.length);
  if (pick === undefined) return undefined;
  return all.map(({ namespace: place, labels: those }) => ({
    pods: { namespace: place, ...(Object.keys(those).length > 0 && { labels: those }) },
    ...(pick !== 'all' && { pick }),
    ...(pick === 'all' && lasts && { members: 'frozen' as const }),
  }));
}

/** Pods by name: what else the selector says does not count then. */
function readNamed(owner: Fields, selector: Fields): readonly PodSelection[] | undefined {
  const pods = child(selector.tree, 'pods')!;
  const names = [...(pods.entries ?? [])].flatMap(([namespace, { tree }]) =>
    (tree.items ?? []).map(({ value }) => ({ pod: `${namespace}/${asText(value)}` })),
  );
  selector.remarkRest('idle', 'where `pods` names them, nothing else chooses');
  const pick = readMode(owner, names.length);
  return pick === undefined ? undefined : names;
}

/** Pods are chosen here whatever their phase is. */
function readPhases(selector: Fields): boolean {
  const phases = selector.texts('podPhaseSelectors');
  if (phases.length === 0) return true;
  const chosen = phases.some((it) => it.toLowerCase() === 'running');
  selector.remark(
    chosen ? 'differs' : 'skipped',
    chosen ? 'pods of every phase are chosen' : 'pods cannot be chosen by their phase',
    'podPhaseSelectors',
  );
  return chosen;
}

/** Every set of labels that the selector admits; undefined where labels cannot say it. */
function readLabels(selector: Fields): readonly Labels[] | undefined {
  let found: readonly Labels[] = [selector.labels('labelSelectors')];
  for (const expression of selector.items('expressionSelectors')) {
    const next = admitted(expression);
    if (next === undefined || found.length * next.values.length > MOST) {
      const why = 'labels are compared with one value: of expressions only In can be said';
      selector.remark('skipped', why, 'expressionSelectors');
      return undefined;
    }
    found = found.flatMap((labels) =>
      next.values
        .filter((value) => (labels[next.key] ?? value) === value)
        .map((value) => ({ ...labels, [next.key]: value })),
    );
  }
  if (found.length === 0) selector.remark('skipped', 'no label has two values', 'labelSelectors');
  return found.length === 0 ? undefined : found;
}

function admitted(expression: Tree): { key: string; values: readonly string[] } | undefined {
  const key = textOf(child(expression, 'key'));
  const values = child(expression, 'values')?.items?.map(({ value }) => asText(value)) ?? [];
  const isIn = child(expression, 'operator')?.value === 'In';
  return key === undefined || !isIn || values.length === 0
    ? undefined
    : { key, values: [...new Set(values)] };
}

/** `all`, or the `pick`; undefined where none says it. `parts` targets are chosen among. */
function readMode(owner: Fields, parts: number): string | number | undefined {
  const mode = owner.text('mode') ?? '';
  const value = owner.text('value');
  if (mode === 'all') return mode;
  const pick = pickOf(owner, mode, value);
  if (pick === undefined || parts === 1) return pick;
  owner.remark('skipped', `"${mode}" chooses among all of them, a \`pick\` in each alone`, 'mode');
  return undefined;
}

function pickOf(owner: Fields, mode: string, value = ''): string | number | undefined {
  if (mode === 'one') return mode;
  const number = /^[0-9]+$/.test(value) ? Number(value) : 0;
  const most = mode === 'fixed' ? Number.MAX_SAFE_INTEGER : 100;
  if (!/^(fixed|fixed-percent|random-max-percent)$/.test(mode)) {
    owner.remark('skipped', `"${mode}" is no mode`, 'mode');
    return undefined;
  }
  if (number < 1 || number > most) {
    owner.remark('skipped', `"${value}" is no value of ${mode}`, 'value');
    return undefined;
  }
  if (mode === 'fixed') return number;
  if (mode === 'random-max-percent') {
    owner.remark(
      'differs',
      `the share is drawn from 0 to ${number}%, here it is ${number}%`,
      'mode',
    );
  } else if (number < 100) {
    owner.remark('differs', 'the share is rounded down, a `pick` rounds up', 'value');
  }
  return `${number}%`;
}

/** A selection as the side of a link. */
export function sideOf(selection: PodSelection): unknown {
  return 'pod' in selection ? `pod/${selection.pod}` : selection;
}
