// The lab: the model's own rules in a real kernel, real packets between real namespaces, and
// every observation held against what the model says of the same flow. See docs/lab.md.
//
//   node dist/specs/lab/run.js [part of a setting's name] [part of a flow's title]

import { labCluster, settingName } from './cluster';
import type { Setting } from './cluster';
import { enclose, isEnclosed, obstacle } from './enclosure';
import { flowsOf } from './flows';
import { SERVICES } from './services';
import { trial } from './trial';

const CNIS: readonly Omit<Setting, 'proxy'>[] = [
  { cni: 'flannel', options: { mode: 'vxlan' } },
  { cni: 'flannel', options: { mode: 'host-gw' } },
  { cni: 'bridge', options: { hairpinMode: false } },
  { cni: 'bridge', options: { hairpinMode: true } },
];

const SETTINGS = ['iptables', 'nftables'].flatMap((proxy) => CNIS.map((cni) => ({ ...cni, proxy })));

async function main([settings = '', titles = '']: readonly string[]): Promise<number> {
  let [passed, failed] = [0, 0];
  for (const setting of SETTINGS) {
    const name = settingName(setting);
    if (!name.includes(settings)) continue;
    const cluster = labCluster(setting, SERVICES);
    const flows = flowsOf(cluster, SERVICES).filter(({ title }) => title.includes(titles));
    const verdicts = await trial(cluster, flows);
    const differing = verdicts.filter(({ difference }) => difference !== undefined);
    passed += verdicts.length - differing.length;
    failed += differing.length;
    console.log(`${name}: ${verdicts.length - differing.length} of ${verdicts.length} agree`);
    for (const { title, difference } of differing) console.log(`  ${title}\n${difference}`);
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

async function start(): Promise<number> {
  if (isEnclosed()) return main(process.argv.slice(2));
  const why = obstacle();
  if (why === undefined) return enclose();
  console.log(`lab skipped: ${why}\n0 passed, 0 failed`);
  return 0;
}

start().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
