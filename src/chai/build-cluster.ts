// A cluster described in code. The description becomes a scenario and takes a scenario's way, so
// that defaults, checks and warnings are the same whether YAML or TypeScript says it.

import type { Files } from '../language/index';
import { DISK } from '../language/index';
import type { KubeObject } from '../values/kube-object';
import { callerRange } from './caller';
import { Drill } from './drill';
import { load } from './load';
import { onlyPlan } from './load-scenario';
import { clusterOf } from './model';
import { demandOptions, demandSeed } from './options';

export interface ClusterOptions {
  /** A number, or a list of nodes as a scenario has it. Default 3. */
  readonly nodes?: number | readonly Readonly<Record<string, unknown>>[];
  /** `1.36`; the newest modelled version by default. */
  readonly kubernetes?: string;
  readonly cni?: string | Readonly<Record<string, unknown>>;
  readonly proxy?: string | Readonly<Record<string, unknown>>;
  readonly timing?: string | Readonly<Record<string, unknown>>;
  /** Further keys of a scenario's `cluster`. */
  readonly cluster?: Readonly<Record<string, unknown>>;
  /** Paths or globs from the working folder, whole objects, and YAML text of several lines. */
  readonly manifests?: readonly (string | KubeObject)[];
  /** What containers do, as in a scenario. */
  readonly behaviour?: Readonly<Record<string, unknown>>;
  /** The seed of every random choice. Default 1. */
  readonly seed?: number;
}

const OPTIONS: readonly (keyof ClusterOptions)[] = [
  'nodes',
  'kubernetes',
  'cni',
  'proxy',
  'timing',
  'cluster',
  'manifests',
  'behaviour',
  'seed',
];

/** Stands for the spec in diagnostics; it lies in the working folder, as its paths do. */
const FILE = 'cluster-in-code.yaml';

/**
 * Builds a cluster at its zero: all manifests applied, everything converged. Throws
 * InvalidScenario where the description or a manifest is wrong, and TypeError for other options.
 */
export function buildCluster(options: ClusterOptions = {}): Drill {
  demandOptions('buildCluster', options, OPTIONS);
  const { seed = 1, manifests = [] } = options;
  demandSeed('buildCluster', seed);
  if (!Array.isArray(manifests)) {
    throw new TypeError("the `manifests` of `buildCluster` are a list: ['manifests/*.yaml']");
  }
  const text = scenarioText(options, callerRange().file);
  const files: Files = {
    read: (path) => (path === FILE ? { is: 'text', text } : DISK.read(path)),
    expand: (path) => (path === FILE ? [FILE] : DISK.expand(path)),
  };
  const plan = onlyPlan(load([FILE], files), FILE, {});
  return new Drill(plan, clusterOf(plan, seed), seed);
}

/** JSON is YAML: the scenario first, then one document for each manifest given inline. */
function scenarioText(options: ClusterOptions, spec: string): string {
  const { nodes = 3, manifests = [], behaviour, cluster } = options;
  const { kubernetes, cni, proxy, timing } = options;
  const paths = manifests.filter((each) => typeof each === 'string' && !each.includes('\n'));
  const inline = manifests.filter((each) => typeof each !== 'string' || each.includes('\n'));
  const scenario = {
    scenario: `a cluster in code (${spec})`,
    cluster: { nodes, kubernetes, cni, proxy, timing, ...cluster },
    manifests: paths,
    ...(behaviour !== undefined && { behaviour }),
    expect: [{ at: '0s', inspect: { query: '$.now', count: 1 } }],
  };
  const documents = [scenario, ...inline].map((each) =>
    typeof each === 'string' ? each.trim() : JSON.stringify(each, null, 1),
  );
  return `${documents.join('\n---\n')}\n`;
}
