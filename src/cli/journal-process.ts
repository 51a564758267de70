// What one process of `kubedrill verify` does: runs scenarios and prints every event, each with the
// rolling hash of all events up to it, and then the verdicts.
//
//   node journal-process.js SEED FILE…

import type { Cluster } from '../cluster/cluster';
import { createCluster } from '../cluster/create-cluster';
import { formatEntry } from '../kernel/journal';
import { hashText } from '../kernel/random';
import type { Plan } from '../language/plan';
import { loadPlans } from '../mocha/load-plans';
import { run } from '../runner/run';

/** Begins the lines of one run; no event begins so. */
export const RUN = '# ';

/** The lines of one run: its name, its events, its verdicts. */
function linesOf(plan: Plan, seed: number): readonly string[] {
  const clusters: Cluster[] = [];
  const result = run(plan, {
    seed,
    trace: false,
    createCluster(spec, options) {
      const cluster = createCluster(spec, options);
      clusters.push(cluster);
      return cluster;
    },
  });
  let hash = 0;
  const hashed = (text: string): string => {
    hash = hashText(text, hash);
    return `${hash.toString(16).padStart(8, '0')} ${oneLine(text)}`;
  };
  const entries = clusters[0]!.kernel.journal.all();
  const row = Object.entries(plan.row).map(([key, value]) => ` ${key}=${value}`);
  return [
    `${RUN}${oneLine(`${plan.file}: ${plan.title}${row.join('')}`)}`,
    ...entries.map((entry) => hashed(formatEntry(entry))),
    ...result.outcomes.map(({ title, status, actual }) => hashed(`${status} ${title}: ${actual}`)),
  ];
}

function oneLine(text: string): string {
  return text.replaceAll('\n', '\\n');
}

if (require.main === module) {
  const [seed, ...files] = process.argv.slice(2);
  for (const plan of loadPlans(files).plans) {
    process.stdout.write(`${linesOf(plan, Number(seed)).join('\n')}\n`);
  }
}
