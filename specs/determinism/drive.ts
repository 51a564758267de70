// Runs scenarios in a process of its own and leaves behind what two processes can compare:
//
//   node drive.js OUT [--shuffle] [--canary] FILE…
//
// OUT/records.json has the digests and the verdicts, OUT/<n>.journal the lines of the n-th run.

import { mkdirSync, writeFileSync } from 'node:fs';
import type { Cluster } from '../../src/cluster/cluster';
import { createCluster } from '../../src/cluster/create-cluster';
import { loadScenarios } from '../../src/language/index';
import type { Plan } from '../../src/language/index';
import { run } from '../../src/runner/run';
import { lexicon } from '../../src/vocabulary/lexicon';
import { releaseCanary } from './canary';
import type { RecordWithParts } from './divergence';
import { fingerprintOf } from './observe';
import { withoutMachine } from './poison';
import { shuffled, shuffledByPool } from './shuffle';

const SEED = 1;

function drive([out = '', ...rest]: readonly string[]): void {
  const files = rest.filter((argument) => !argument.startsWith('--'));
  if (rest.includes('--canary')) releaseCanary();
  mkdirSync(out, { recursive: true });
  const { plans, diagnostics } = loadScenarios(files, lexicon);
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join('\n'));
  const records = plans.map((plan, index) => {
    const { record, journal } = runOnce(rest.includes('--shuffle') ? reordered(plan) : plan);
    writeFileSync(`${out}/${index}.journal`, journal.join('\n'));
    return record;
  });
  writeFileSync(`${out}/records.json`, JSON.stringify(records));
}

function runOnce(plan: Plan): { record: RecordWithParts; journal: string[] } {
  const clusters: Cluster[] = [];
  const { result, fingerprint } = withoutMachine(() => {
    const ended = run(plan, {
      seed: SEED,
      trace: false,
      createCluster(spec, options) {
        const cluster = createCluster(spec, options);
        clusters.push(cluster);
        return cluster;
      },
    });
    return { result: ended, fingerprint: fingerprintOf(ended, clusters[0]!) };
  });
  const row = Object.entries(plan.row).map(([key, value]) => `${key}=${value}`);
  const outcomes = result.outcomes.map(({ title, status }) => `${title}: ${status}`);
  const name = `${plan.file}: ${[plan.title, ...row].join(' ')}`;
  const { trace: journal, ...parts } = fingerprint;
  return { record: { name, digest: result.digest, outcomes, parts }, journal: [...journal] };
}

/** Addresses follow the order of creation; a scenario that names some keeps it where it matters. */
function reordered(plan: Plan): Plan {
  const said = JSON.stringify([plan.timeline, plan.expectations]);
  const names = /\d+\.\d+\.\d+\.\d+/.test(said);
  const { manifests } = plan.cluster;
  const order = names ? shuffledByPool(manifests, SEED) : shuffled(manifests, SEED);
  return { ...plan, cluster: { ...plan.cluster, manifests: order } };
}

drive(process.argv.slice(2));
