// The format of vector files: facts about Kubernetes networking as data. A file has groups that
// share a world, and cases that ask one question each.

import { readFileSync } from 'node:fs';
import type { KubeObject } from '../../src/values/kube-object';
import { nameOf } from '../../src/values/kube-object';

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

/** Reads a file. Throws where it is not one of this format. */
export function readVectorFile(path: string): VectorFile {
  const file = JSON.parse(readFileSync(path, 'utf8')) as VectorFile;
  if (file.format !== 'vectors/1')
    throw new Error(`${path}: not a vector file of format vectors/1`);
  return file;
}

/** The case in its own world: its objects replace those of the group by kind and name. */
export function questionOf(group: VectorGroup, vector: VectorCase): Question {
  const objects = new Map(group.objects.map((object) => [nameOf(object), object]));
  for (const object of vector.objects ?? []) objects.set(nameOf(object), object);
  return {
    cluster: { ...group.cluster, ...vector.cluster },
    objects: [...objects.values()],
    ask: vector.ask,
    expect: vector.expect,
  };
}

/**
 * Whether an answer is what is expected. What the expectation leaves out is not judged, null
 * stands for what is absent, `*` for any port, and lists are sets.
 */
export function agrees(is: unknown, expected: unknown): boolean {
  if (expected === null) return is === undefined || is === null;
  if (Array.isArray(expected)) {
    if (!Array.isArray(is) || is.length !== expected.length) return false;
    const left = [...(is as unknown[])];
    return expected.every((item) => {
      const index = left.findIndex((candidate) => agrees(candidate, item));
      if (index >= 0) left.splice(index, 1);
      return index >= 0;
    });
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
  return is === expected;
}
