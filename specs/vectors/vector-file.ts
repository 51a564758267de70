// The format of vector files: facts about Kubernetes networking as data. A file has groups that
// share a world, and cases that ask one question each.

import { readFileSync } from 'node:fs';
import { withoutNulls } from '../../src/apiserver/json';
import type { KubeObject } from '../../src/values/kube-object';
import { nameOf } from '../../src/values/kube-object';
import { NEWEST_VERSION } from '../../src/values/kube-version';
import { misshapenIn } from './object-shape';

export interface VectorNode {
  readonly name: string;
  readonly ips: readonly string[];
  readonly podCIDRs?: readonly string[];
  readonly zone?: string;
  /** Addresses in CIDR form by interface. */
  readonly interfaces?: Readonly<Record<string, readonly string[]>>;
}

export interface VectorCluster {
  readonly kubernetes: string;
  readonly proxy?: string;
  readonly proxyConfig?: {
    readonly clusterCIDR?: string;
    readonly detectLocalMode?: string;
    readonly nodePortAddresses?: readonly string[];
    readonly iptables?: { readonly localhostNodePorts?: boolean; readonly masqueradeAll?: boolean };
    readonly [field: string]: unknown;
  };
  readonly nodes?: readonly VectorNode[];
  readonly [field: string]: unknown;
}

export interface VectorCase {
  readonly id: string;
  readonly ask: Readonly<Record<string, unknown>>;
  readonly expect: Readonly<Record<string, unknown>>;
  readonly note?: string;
  readonly objects?: readonly KubeObject[];
  readonly cluster?: Partial<VectorCluster>;
}

export interface VectorGroup {
  readonly id: string;
  readonly title: string;
  readonly cluster: VectorCluster;
  readonly objects: readonly KubeObject[];
  readonly cases: readonly VectorCase[];
}

export interface VectorFile {
  readonly format: string;
  readonly domain: string;
  readonly groups: readonly VectorGroup[];
}

/** One question in the world in which it is asked. */
export interface Question {
  readonly cluster: VectorCluster;
  readonly objects: readonly KubeObject[];
  readonly ask: Readonly<Record<string, unknown>>;
  readonly expect: Readonly<Record<string, unknown>>;
}

/** An answer, or the reason why this runner does not give one. */
export type Answer =
  | { readonly is: Readonly<Record<string, unknown>>; readonly why?: readonly string[] }
  | { readonly skipped: string };

/** Reads a file. Throws where it is not one of this format, with the place that is wrong. */
export function readVectorFile(path: string): VectorFile {
  const text = readFileSync(path, 'utf8');
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`, { cause: error });
  }
  return vectorFileOf(file, path);
}

type Fields = Readonly<Record<string, unknown>>;

/** The same from what is read already. A group may leave out `cluster` and `objects`. */
export function vectorFileOf(read: unknown, path: string): VectorFile {
  const file = isFields(read) ? read : {};
  if (file['format'] !== 'vectors/1') {
    throw new Error(`${path}: not a vector file of format vectors/1`);
  }
  if (typeof file['domain'] !== 'string') throw new Error(`${path}: no domain`);
  if (!Array.isArray(file['groups'])) throw new Error(`${path}: no list of groups`);
  const groups = file['groups'].map((group, index) =>
    groupOf(group, `${path}: group ${index + 1}`),
  );
  return { format: 'vectors/1', domain: file['domain'], groups };
}

function groupOf(read: unknown, place: string): VectorGroup {
  if (!isFields(read)) throw new Error(`${place} is no object`);
  const { id = '', title = id, cluster = {}, objects = [], cases } = read;
  const here = `${place} (${String(id)})`;
  if (!Array.isArray(cases)) throw new Error(`${here}: no list of cases`);
  if (!Array.isArray(objects)) throw new Error(`${here}: objects is no list`);
  for (const [index, vector] of cases.entries()) {
    const { ask, expect, id: name = index + 1 } = isFields(vector) ? vector : {};
    if (!isFields(ask)) throw new Error(`${here}, case ${String(name)}: no question in ask`);
    if (!isFields(expect)) throw new Error(`${here}, case ${String(name)}: no answer in expect`);
  }
  return { id, title, cluster, objects, cases } as VectorGroup;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const NEWEST: Partial<VectorCluster> = { kubernetes: NEWEST_VERSION };

/**
 * The case in its own world: its objects replace those of the group by kind and name. What is null
 * is absent, as the API reads it. Throws where an object has not the shape of its kind.
 */
export function questionOf(group: VectorGroup, vector: VectorCase): Question {
  const given = withoutNulls(group.objects);
  const own = withoutNulls(vector.objects ?? []);
  checkObjects(given, 'the group');
  checkObjects(own, 'the case');
  const objects = new Map(given.map((object) => [nameOf(object), object]));
  for (const object of own) objects.set(nameOf(object), object);
  return {
    cluster: withoutNulls({ ...NEWEST, ...group.cluster, ...vector.cluster }),
    objects: [...objects.values()],
    ask: withoutNulls(vector.ask),
    expect: vector.expect,
  };
}

function checkObjects(objects: readonly unknown[], where: string): void {
  for (const [index, object] of objects.entries()) {
    const wrong = misshapenIn(object);
    if (wrong !== undefined) throw new Error(`objects[${index}] of ${where}: ${wrong}`);
  }
}

/** The kind of a question, by the field that tells it. Throws where none of the kinds is asked. */
export function kindOf({ ask }: Question, kinds: readonly string[]): string {
  const kind = kinds.find((it) => ask[it] !== undefined);
  if (kind === undefined) {
    throw new Error(`ask has none of ${kinds.join(', ')}: ${JSON.stringify(ask)}`);
  }
  return kind;
}

/**
 * Whether an answer is what is expected. What the expectation leaves out is not judged, null
 * stands for what is absent, `*` for any port, and lists are sets. A flag that is not there is
 * false.
 */
export function agrees(is: unknown, expected: unknown): boolean {
  if (expected === null) return is === undefined || is === null || is === '';
  if (Array.isArray(expected)) {
    return Array.isArray(is) && is.length === expected.length && isMatched(is, expected);
  }
  if (typeof expected === 'object') {
    if (typeof is !== 'object' || is === null) return false;
    return Object.entries(expected).every(([field, value]) =>
      agrees((is as Record<string, unknown>)[field], value),
    );
  }
  if (typeof expected === 'string' && expected.endsWith('*')) {
    return is !== undefined && String(is).startsWith(expected.slice(0, -1));
  }
  return is === expected || (expected === false && is === undefined);
}

/**
 * Whether each item can be told apart as one of the expected ones. An expectation that says
 * little fits many items, so it gives its item up where it can do with another.
 */
function isMatched(items: readonly unknown[], expected: readonly unknown[]): boolean {
  const takenBy = new Map<number, number>();
  const takes = (wanted: number, tried: Set<number>): boolean =>
    items.some((item, index) => {
      if (tried.has(index) || !agrees(item, expected[wanted])) return false;
      tried.add(index);
      const holder = takenBy.get(index);
      if (holder !== undefined && !takes(holder, tried)) return false;
      takenBy.set(index, wanted);
      return true;
    });
  return expected.every((_, wanted) => takes(wanted, new Set()));
}
