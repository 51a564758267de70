// What to write in place of a key that is unknown: the nearest key, the key that says what the
// same word says in other tools, or another place for it.

import { didYouMean } from './did-you-mean';
import { homeOf } from './key-homes';
import { BESIDE_KUBELETS, UNMODELLED_KUBELET_KEYS } from './kubelet-keys';
import type { Lexicon } from './lexicon';
import { scenarioSchema } from './scenario-schema';
import { child } from './tree';
import type { Tree } from './tree';

export interface UnknownKey {
  readonly key: string;
  /** The mapping that it stands in, and the form or the part of speech of that. */
  readonly owner: Tree;
  readonly form: string | undefined;
  readonly path: readonly string[];
  /** The keys that are possible there. */
  readonly known: readonly string[];
  /** All the words that there are; without it, hints know only of this mapping. */
  readonly lexicon: Lexicon | undefined;
}

/** Words of other tools, by the part of the scenario they are written in, for the word here. */
const SYNONYMS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  scenario: {
    assert: 'expect',
    assertions: 'expect',
    description: 'about',
    faults: 'timeline',
    labels: 'tags',
    name: 'scenario',
    resources: 'manifests',
    steps: 'timeline',
    title: 'scenario',
  },
  cluster: {
    kubeProxy: 'proxy',
    'kube-proxy': 'proxy',
    network: 'cni',
    podSubnet: 'podCIDR',
    serviceSubnet: 'serviceCIDR',
    version: 'kubernetes',
    workers: 'nodes',
  },
  step: {
    delay: 'plus',
    duration: 'for',
    evict: 'kill',
    name: 'id',
    repeat: 'times',
    start: 'at',
    time: 'at',
  },
  expectation: { name: 'title', time: 'at', timeout: 'by', within: 'by' },
};

/** How many keys a hint lists: all that any word has, and a first look at the timers. */
const MOST_KEYS = 32;

/** Forms of targets, where one thing is a reference and several are a selection. */
const TARGETS: readonly string[] = ['origin', 'podTarget', 'nodeTarget', 'target'];

/** What to do about an unknown key; undefined where nothing but its removal helps. */
export function hintForKey(unknown: UnknownKey): string | undefined {
  const { key, known } = unknown;
  return (
    spelling(unknown) ??
    oneThing(unknown) ??
    elsewhere(unknown) ??
    ofAnother(unknown) ??
    atHome(unknown) ??
    didYouMean(key, possibleKeys(unknown)) ??
    (known.length === 0 ? undefined : listed(known))
  );
}

/** Where a selector says `{node: worker-1}`: what is one thing is written as a reference. */
export function referenceTo(part: Tree): string | undefined {
  const single = ['pod', 'node', 'external'].find(
    (key) => typeof child(part, key)?.value === 'string',
  );
  if (single === undefined) return undefined;
  const name = String(child(part, single)!.value);
  const prefix = single === 'pod' || name.startsWith(`${single}/`) ? '' : `${single}/`;
  return `what is one thing is a reference: write ${prefix}${name}`;
}

/** What fails by itself is no command: `do: {kill: …}`. */
export function faultIn(part: Tree, lexicon: Lexicon | undefined): string | undefined {
  const fault = [...(part.entries?.keys() ?? [])].find((key) => lexicon?.faults.has(key));
  if (fault === undefined) return undefined;
  return `\`${fault}\` is a fault, no command: write ${fault}: {…} without \`do\``;
}

/** Keys in which a character is wrong rather than a word. */
function spelling({ key, known }: UnknownKey): string | undefined {
  if (key === '<<') return 'scenarios have no merge keys: write the keys out, or use `extends`';
  if (/[\u00A0\u2000-\u200B\u202F\u3000\uFEFF]/.test(key)) {
    return 'it contains a space of another kind: write a common one';
  }
  const [, name = '', value = ''] = /^([A-Za-z]+):(.+)$/.exec(key) ?? [];
  return known.includes(name) ? `write a space after the colon: ${name}: ${value}` : undefined;
}

function oneThing({ key, owner, form = '' }: UnknownKey): string | undefined {
  if (!TARGETS.includes(form) || !['pod', 'node', 'external'].includes(key)) return undefined;
  return referenceTo(owner);
}

function elsewhere({ key, form, path, known, lexicon }: UnknownKey): string | undefined {
  if (form === 'step' && lexicon?.actions.has(key) === true) {
    return `what an administrator does stands in \`do\`: write do: {${key}: …}`;
  }
  const place = path.length === 0 ? 'scenario' : path.join('.');
  if (path.at(-1) === 'kubelet' && Object.hasOwn(BESIDE_KUBELETS, key)) return BESIDE_KUBELETS[key];
  const here = SYNONYMS[form ?? ''] ?? SYNONYMS[place] ?? {};
  const meant = Object.hasOwn(here, key) ? here[key] : undefined;
  return meant !== undefined && known.includes(meant) ? `did you mean "${meant}"?` : undefined;
}

/** A setting of another mode or plug-in, or one below a key of its own. */
function ofAnother({ key, path, lexicon }: UnknownKey): string | undefined {
  const place = path.join('.');
  const chosen = place === 'cluster.proxy' ? 'mode' : 'name';
  const all = { 'cluster.proxy': lexicon?.proxyModes, 'cluster.cni': lexicon?.cnis }[place];
  if (all === undefined) return undefined;
  if (all.has(key))
    return `the settings of ${key} stand beside "${chosen}", without a key of its own`;
  const owners = [...all].filter(([, settings]) => Object.hasOwn(settings, key));
  if (owners.length === 0) return undefined;
  return `"${key}" is a setting of ${owners.map(([name]) => name).join(', ')}`;
}

function atHome({ key, owner, path, lexicon }: UnknownKey): string | undefined {
  if (lexicon === undefined) return undefined;
  return homeOf({ key, owner, path, schema: scenarioSchema(lexicon) });
}

/** What is not modelled is taken, so a slip of it is told, too. */
function possibleKeys({ path, known }: UnknownKey): readonly string[] {
  return path.at(-1) === 'kubelet' ? [...known, ...UNMODELLED_KUBELET_KEYS] : known;
}

function listed(keys: readonly string[]): string {
  const shown = keys.slice(0, MOST_KEYS).join(', ');
  return `the keys here are ${shown}${keys.length > MOST_KEYS ? ', …' : ''}`;
}
