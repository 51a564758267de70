// Manifests without a scenario: a cluster of the usual size in which they are applied.

import { readFileSync } from 'node:fs';
import { load } from '../chai/load';
import { formatDiagnostics } from '../language/index';
import type { Files, Plan } from '../language/index';
import { DISK } from '../language/source';
import { UsageError } from './arguments';

export interface ClusterChoice {
  readonly cni: string;
  readonly proxy: string;
  readonly nodes: number;
}

/** The name of the scenario that is made for a set; no file of the disk is called so. */
const MADE = 'manifests-of-diff.yaml';

/**
 * A plan for the manifests of a file, a folder, a pattern, or of the standard input (`-`). Throws
 * UsageError with the diagnostics where they cannot be read.
 */
export function planOfManifests(path: string, { cni, proxy, nodes }: ClusterChoice): Plan {
  if (path !== '-') demandFiles(path);
  const scenario = {
    scenario: `the manifests of ${path}`,
    cluster: { nodes, cni, proxy },
    manifests: [path],
    expect: [{ at: '0s', inspect: { query: '$.now', count: 1 } }],
  };
  const made = new Map([[MADE, `${JSON.stringify(scenario)}\n`]]);
  // A stream is a file of that name, so that places in it are `-:12:1`.
  if (path === '-') made.set('-', readFileSync(0, 'utf8'));
  const files: Files = {
    read(file) {
      const text = made.get(file);
      return text === undefined ? DISK.read(file) : { is: 'text', text };
    },
    expand: (file) => (made.has(file) ? [file] : DISK.expand(file)),
  };
  const loaded = load([MADE], files);
  const errors = loaded.diagnostics.filter(({ severity }) => severity === 'error');
  const [plan] = loaded.plans;
  if (plan !== undefined && errors.length === 0) return plan;
  const lines = formatDiagnostics(errors, (file) => loaded.linesOf(file));
  throw new UsageError(`${path} cannot be compared\n${lines}`);
}

function demandFiles(path: string): void {
  const [file, ...others] = DISK.expand(path);
  if (file === undefined) throw new UsageError(`no YAML file at ${path}`);
  if (others.length === 0 && DISK.read(file).is === 'missing') {
    throw new UsageError(`no such file: ${file}`);
  }
}
