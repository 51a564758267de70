// The lab: the model's own rules in a real kernel, real packets between real namespaces, and
// every observation held against what the model says of the same flow. See docs/lab.md.
//
//   node dist/specs/lab/run.js [part of a setting's name] [part of a flow's title]

import type { Machine } from '../../src/node/machine';
import { labCluster, settingName } from './cluster';
import type { Setting } from './cluster';
import { enclose, isEnclosed, legacyObstacle, obstacle } from './enclosure';
import { flowsOf } from './flows';
import { resolverReports } from './resolvers/stage';
import type { ResolverReport } from './resolvers/stage';
import { ruleTexts } from './rules';
import type { RuleTexts } from './rules';
import { SABOTAGES, spoil } from './sabotage';
import type { Sabotage } from './sabotage';
import { SERVICES } from './services';
import { trial } from './trial';
import type { Verdict } from './trial';

const CNIS: readonly Omit<Setting, 'proxy'>[] = [
  { cni: 'flannel', options: { mode: 'vxlan' } },
  { cni: 'flannel', options: { mode: 'host-gw' } },
  { cni: 'bridge', options: { hairpinMode: false } },
  { cni: 'bridge', options: { hairpinMode: true } },
  { cni: 'calico', options: { mode: 'bgp' } },
  { cni: 'calico', options: { mode: 'vxlan' } },
  { cni: 'kindnet', options: {} },
];

const SETTINGS: readonly Setting[] = [
  ...['iptables', 'nftables'].flatMap((proxy) => CNIS.map((cni) => ({ ...cni, proxy }))),
  // Rules of an earlier kube-proxy in the other iptables: asked last, and asked first.
  { ...CNIS[0]!, proxy: 'iptables', backends: ['legacy', 'nft'] },
  { ...CNIS[0]!, proxy: 'iptables', backends: ['nft', 'legacy'] },
  { ...CNIS[0]!, proxy: 'iptables', backends: ['nft', 'legacy', 'nft'] },
  { ...CNIS[4]!, proxy: 'iptables', backends: ['legacy', 'nft', 'legacy'] },
];

/** Where wrong rules are tried, and on which flows. */
const SABOTAGED = { cni: 'flannel', options: { mode: 'vxlan' } };
const SABOTAGED_FLOWS = /→ cluster-(l|lr|none) by (cluster IP|node port of n1), TCP/;

async function main([settings = '', titles = '']: readonly string[]): Promise<number> {
  let [passed, failed] = [0, 0];
  const lacksLegacy = legacyObstacle();
  const isPossible = ({ backends }: Pick<Setting, 'backends'>): boolean =>
    backends === undefined || lacksLegacy === undefined;
  for (const setting of SETTINGS.filter((it) => settingName(it).includes(settings))) {
    if (!isPossible(setting)) {
      console.log(`${settingName(setting)} skipped: ${lacksLegacy}`);
      continue;
    }
    const verdicts = await tryOut(setting, titles);
    const differing = verdicts.filter(({ difference }) => difference !== undefined);
    const agreeing = verdicts.length - differing.length;
    passed += agreeing;
    failed += differing.length;
    const repeated = verdicts.filter(({ isRepeated }) => isRepeated).length;
    const again =
      repeated === 0 ? '' : ` (${repeated} tried again: an entry had gone before it was read)`;
    console.log(`${settingName(setting)}: ${agreeing} of ${verdicts.length} flows agree${again}`);
    for (const { title, difference } of differing) console.log(`  ${title}\n${difference}`);
  }
  const sabotages = SABOTAGES.filter(({ proxy }) => proxy.startsWith(settings));
  for (const sabotage of sabotages.filter(isPossible)) {
    const isCaught = await isNoticed(sabotage);
    if (isCaught) passed++;
    else failed++;
    const { proxy, title } = sabotage;
    console.log(`sabotage, ${proxy}: ${title}: ${isCaught ? 'caught' : 'NOT CAUGHT'}`);
  }
  for await (const report of resolverReports(settings, titles)) {
    const [agreeing, differing] = tell(report);
    passed += agreeing;
    failed += differing;
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

/** Prints what the resolvers came to, and counts it: passed, failed. */
function tell({ name, skipped, verdicts, sabotages }: ResolverReport): [number, number] {
  if (skipped !== undefined) {
    console.log(`${name} skipped: ${skipped}`);
    return [0, 0];
  }
  const differing = verdicts.filter(({ difference }) => difference !== undefined);
  const agreeing = verdicts.length - differing.length;
  console.log(`${name}: ${agreeing} of ${verdicts.length} scenarios agree`);
  for (const { title, difference } of differing) console.log(`  ${title}\n${difference}`);
  for (const { title, isCaught } of sabotages) {
    console.log(`sabotage, ${name}: ${title}: ${isCaught ? 'caught' : 'NOT CAUGHT'}`);
  }
  const caught = sabotages.filter(({ isCaught }) => isCaught).length;
  return [agreeing + caught, differing.length + sabotages.length - caught];
}

async function tryOut(setting: Setting, titles: string): Promise<Verdict[]> {
  const cluster = labCluster(setting, SERVICES);
  const flows = flowsOf(cluster, SERVICES).filter(({ title }) => title.includes(titles));
  // With which endpoint a client stays is told by the rules of one kube-proxy.
  return trial(cluster, flows, setting.backends === undefined ? SERVICES : []);
}

/** Whether the comparison finds fault with a kernel that was given a wrong rule. */
async function isNoticed(sabotage: Sabotage): Promise<boolean> {
  const { proxy, backends } = sabotage;
  const setting = { ...SABOTAGED, proxy, ...(backends !== undefined && { backends }) };
  const cluster = labCluster(setting, SERVICES);
  const flows = flowsOf(cluster, SERVICES).filter(({ title }) => SABOTAGED_FLOWS.test(title));
  const spoilt = (machine: Machine): RuleTexts => spoil(ruleTexts(machine), sabotage);
  const verdicts = await trial(cluster, flows, [], spoilt);
  return verdicts.some(({ difference }) => difference !== undefined);
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
