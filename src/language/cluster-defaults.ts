// `cluster` and `behaviour` → the cluster's specification, with every default filled in.

import { contains } from '../values/cidr';
import type { BehaviourSpec, ClusterSpec, ExternalSpec, ListenSpec } from '../values/cluster-spec';
import { bytes } from '../values/bytes';
import type { Protocol } from '../values/flow';
import { familyOf, ip, parseIp } from '../values/ip';
import type { IP } from '../values/ip';
import type { KubeVersion } from '../values/kube-version';
import { ratio } from '../values/ratio';
import type { Ratio } from '../values/ratio';
import type { Duration } from '../values/time';
import { ZERO } from '../values/time';
import { planAddresses } from './address-plan';
import type { AddressPlan, PlacedRange } from './address-plan';
import { didYouMean } from './did-you-mean';
import { duration, parseDuration } from './duration';
import type { Lexicon, Settings } from './lexicon';
import { readNodes } from './node-list';
import { readLoad } from './declared-load';
import { readDuration } from './read-time';
import type { Report } from './report';
import type { Place } from './source-text';
import { child, textOf } from './tree';
import type { Tree } from './tree';

/** The one client outside of the cluster that every scenario has. Both are documentation ranges. */
const DEFAULT_EXTERNAL = { IPv4: '203.0.113.100', IPv6: '2001:db8::100' } as const;

/** source: cluster/addons/dns/nodelocaldns/README.md */
const DEFAULT_NODE_LOCAL = '169.254.20.10';

/** source: cmd/kubeadm/app/phases/addons/dns (coreDNSReplicas) */
const DEFAULT_DNS_REPLICAS = 2;

/** What a scenario gets that does not say; also what `only` and `except` then compare with. */
export const DEFAULTS = {
  'cluster.cni': 'flannel',
  'cluster.proxy': 'iptables',
  'cluster.timing': 'default',
  'cluster.start': 'settled',
  'cluster.loadBalancer': 'none',
  'cluster.domain': 'cluster.local',
} as const;

/** Everything of a cluster but its manifests. `home` is where a missing `cluster` is blamed. */
export function readCluster(
  scenario: Tree,
  lexicon: Lexicon,
  home: Place,
  report: Report,
): Omit<ClusterSpec, 'manifests'> {
  const cluster = child(scenario, 'cluster');
  const plan = planAddresses(cluster, home, report);
  const { name, ...cniOptions } = named(child(cluster, 'cni'), 'name', DEFAULTS['cluster.cni']);
  const { mode, ...proxyOptions } = named(
    child(cluster, 'proxy'),
    'mode',
    DEFAULTS['cluster.proxy'],
  );
  const version = textOf(child(cluster, 'kubernetes')) ?? lexicon.kubernetesVersions.at(-1)!;
  const kubernetes = version as KubeVersion;
  const featureGates = readGates(child(cluster, 'featureGates'), lexicon.featureGates, report);
  const context = { lexicon, cluster: { kubernetes, featureGates } };
  const { nodes, controlPlane } = readNodes(cluster, plan, context, home, report);
  const knobs = child(cluster, 'timing');
  const timing = readTiming(knobs, report);
  checkTimers(knobs, { kubernetes, featureGates, timing }, lexicon, report);
  return {
    kubernetes,
    domain: textOf(child(cluster, 'domain')) ?? DEFAULTS['cluster.domain'],
    nodes,
    controlPlane,
    ipFamilies: plan.families,
    podCIDRs: textsOfRanges(plan.podCIDR),
    serviceCIDRs: textsOfRanges(plan.serviceCIDR),
    nodeCIDRs: textsOfRanges(plan.nodeCIDR),
    cni: { name, options: readSettings(lexicon.cnis.get(name), cniOptions) },
    proxy: { mode, options: readSettings(lexicon.proxyModes.get(mode), proxyOptions) },
    dns: readDns(child(cluster, 'dns'), { families: plan.families, cni: name, mode }, report),
    externals: readExternals(child(cluster, 'externals'), plan, report),
    loadBalancer: (child(cluster, 'loadBalancer')?.value ??
      DEFAULTS['cluster.loadBalancer']) as ClusterSpec['loadBalancer'],
    timing,
    featureGates,
    start: (textOf(child(cluster, 'start')) ?? DEFAULTS['cluster.start']) as ClusterSpec['start'],
    behaviours: readBehaviours(child(scenario, 'behaviour'), report),
  };
}

/** A gate that nothing in the model depends on changes nothing, and that is said. */
function readGates(
  gates: Tree | undefined,
  modelled: readonly string[],
  report: Report,
): ClusterSpec['featureGates'] {
  for (const [name, { key }] of gates?.entries ?? []) {
    if (modelled.includes(name)) continue;
    const hint = didYouMean(name, modelled) ?? `modelled: ${modelled.join(', ')}`;
    report.warn('KD1407', key, `the feature gate "${name}" is not modelled`, hint);
  }
  return (gates?.value ?? {}) as ClusterSpec['featureGates'];
}

/** Settings as the model reads them: durations in microseconds, the rest as written. */
function readSettings(
  settings: Settings = {},
  options: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const read = ([name, value]: readonly [string, unknown]): [string, unknown] => {
    const isDuration = settings[name]?.['$ref'] === '#/$defs/duration';
    return [name, isDuration ? duration(String(value)) : value];
  };
  return Object.fromEntries(Object.entries(options).map(read));
}

/** `calico`, or `{name: calico, mode: ipip}`. */
function named<Key extends string>(
  tree: Tree | undefined,
  key: Key,
  fallback: string,
): Readonly<Record<Key, string>> & Readonly<Record<string, unknown>> {
  const value = tree?.value ?? fallback;
  const mapping = typeof value === 'string' ? { [key]: value } : value;
  return mapping as Record<Key, string> & Record<string, unknown>;
}

function readDns(
  dns: Tree | undefined,
  context: NodeLocalContext,
  report: Report,
): ClusterSpec['dns'] {
  const corefile = textOf(child(dns, 'corefile'));
  const replicas = (child(dns, 'replicas')?.value ?? DEFAULT_DNS_REPLICAS) as number;
  const race = textOf(child(dns, 'race'));
  const nodelocal = readNodeLocal(dns, context, report);
  return {
    replicas,
    ...(corefile !== undefined && { corefile }),
    ...(nodelocal !== undefined && { nodelocal }),
    ...(race !== undefined && { race: readRatio(race) }),
  };
}

/** What decides where and whether a node can have a DNS cache. */
interface NodeLocalContext {
  readonly families: AddressPlan['families'];
  readonly cni: string;
  readonly mode: string;
}

/**
 * `nodelocal: true`, or a mapping with its settings. Where eBPF translates at the socket or the
 * pod's device, no query for kube-dns ever meets the rules of the cache.
 * source: docs.cilium.io "Local Redirect Policy" (Node-local DNS cache)
 */
function readNodeLocal(
  dns: Tree | undefined,
  { families: [family], cni, mode }: NodeLocalContext,
  report: Report,
): ClusterSpec['dns']['nodelocal'] {
  const entry = dns?.entries?.get('nodelocal');
  if (entry === undefined || entry.tree.value === false) return undefined;
  if (cni === 'cilium' || mode === 'ebpf') {
    const message = 'a DNS cache on every node is left out: eBPF leads no query to it';
    const hint = 'a local redirect policy of Cilium would, which is not modelled';
    report.warn('KD1407', entry.key, message, hint);
    return undefined;
  }
  const at = child(entry.tree, 'ip');
  const address = parseIp(textOf(at) ?? (family === 'IPv4' ? DEFAULT_NODE_LOCAL : ''));
  if (address === undefined || familyOf(address) !== family) {
    const message = `the DNS cache of a node needs an ${family} address that no machine has`;
    report.error('KD1401', at?.place ?? entry.key, message, 'give it one with `ip`');
  }
  const corefile = textOf(child(entry.tree, 'corefile'));
  return {
    address: address ?? ip(DEFAULT_NODE_LOCAL),
    ...(corefile !== undefined && { corefile }),
  };
}

/** `1/100`; more than certain is certain. */
function readRatio(text: string): Ratio {
  const [numerator = 0, denominator = 1] = text.split('/').map(Number);
  return ratio(Math.min(numerator, denominator), denominator);
}

function readExternals(
  externals: Tree | undefined,
  plan: AddressPlan,
  report: Report,
): readonly ExternalSpec[] {
  const specs = [...(externals?.entries ?? [])].map(([name, { tree }]): ExternalSpec => {
    const at = child(tree, 'ip')!;
    const address = parseIp(String(at.value));
    if (address === undefined) {
      report.error('KD1401', at.place, `"${String(at.value)}" is not an address`);
    } else checkOutside(address, plan, at.place, report);
    return {
      name,
      address: address ?? ip(DEFAULT_EXTERNAL.IPv4),
      listen: readListen(child(tree, 'listen')),
      names: (child(tree, 'names')?.value ?? []) as readonly string[],
    };
  });
  if (specs.some(({ name }) => name === 'external')) return specs;
  const address = ip(DEFAULT_EXTERNAL[plan.families[0]!]);
  return [...specs, { name: 'external', address, listen: [], names: [] }];
}

function checkOutside(address: IP, plan: AddressPlan, place: Place, report: Report): void {
  const inside = [...plan.nodeCIDR, ...plan.serviceCIDR, ...plan.podCIDR].find(({ range }) =>
    contains(range, address),
  );
  if (inside === undefined) return;
  const range = `${inside.key} ${inside.range.text}`;
  const message = `${address} of a machine outside lies inside of ${range}`;
  report.error('KD1402', place, message);
}

/** A cluster of this version has to have the knobs that are turned, and they go only so far. */
function checkTimers(
  timing: Tree | undefined,
  cluster: Pick<ClusterSpec, 'kubernetes' | 'featureGates' | 'timing'>,
  lexicon: Lexicon,
  report: Report,
): void {
  for (const [name, { key, tree }] of timing?.entries ?? []) {
    const missing = lexicon.timerProblem(name, cluster);
    if (missing !== undefined) report.error('KD1112', key, missing.message, missing.hint);
    const delay = cluster.timing.overrides[name];
    const wrong = delay === undefined ? undefined : lexicon.delayProblem(name, delay);
    if (wrong !== undefined) report.error('KD1106', tree.place, wrong.message, wrong.hint);
  }
}

function readTiming(timing: Tree | undefined, report: Report): ClusterSpec['timing'] {
  if (timing?.entries === undefined)
    return { profile: textOf(timing) ?? DEFAULTS['cluster.timing'], overrides: {} };
  const overrides: Record<string, Duration> = {};
  for (const [name, { tree }] of timing.entries) {
    if (name !== 'profile') overrides[name] = readDuration(tree, report);
  }
  return { profile: textOf(child(timing, 'profile')) ?? DEFAULTS['cluster.timing'], overrides };
}

function readBehaviours(behaviour: Tree | undefined, report: Report): readonly BehaviourSpec[] {
  return [...(behaviour?.entries ?? [])].map(([target, { tree }]): BehaviourSpec => {
    const part = (key: string): Tree | undefined => child(tree, key);
    const listen = part('listen');
    const startup = part('startup');
    const ready = part('ready');
    const onTerm = part('onTerm');
    const load = part('load');
    const libc = textOf(part('libc'));
    const uses = part('uses');
    return {
      target,
      ...(listen !== undefined && { listen: readListen(listen) }),
      ...(startup !== undefined && { startup: readDuration(startup, report) }),
      ...(onTerm !== undefined && { onTerm: readOnTerm(onTerm, report) }),
      ...(ready !== undefined && { ready: readDuration(ready, report) }),
      ...numbers('http', part('http')),
      ...numbers('exec', part('exec')),
      ...(libc !== undefined && { libc }),
      ...(uses !== undefined && { uses: readUses(uses) }),
      ...(load !== undefined && { load: readLoad(load, report) }),
    };
  });
}

function numbers(key: 'http' | 'exec', tree: Tree | undefined): Partial<BehaviourSpec> {
  return tree === undefined ? {} : { [key]: tree.value as Readonly<Record<string, number>> };
}

function readUses(tree: Tree): NonNullable<BehaviourSpec['uses']> {
  const { memory, disk, pids } = tree.value as Readonly<Record<string, string | number>>;
  return {
    ...(memory !== undefined && { memory: bytes(memory) }),
    ...(disk !== undefined && { disk: bytes(disk) }),
    ...(pids !== undefined && { pids: Number(pids) }),
  };
}

function readListen(tree: Tree | undefined): readonly ListenSpec[] {
  return (tree?.items ?? []).map(({ value }) => {
    const [port, protocol = 'tcp'] = String(value).split('/');
    return { port: Number(port), protocol: protocol.toUpperCase() as Protocol };
  });
}

/** `close`, `ignore`, `drain 5s`. */
function readOnTerm(tree: Tree, report: Report): NonNullable<BehaviourSpec['onTerm']> {
  const [word, span] = String(tree.value).split(' ');
  if (span === undefined) return { do: word as 'close' | 'ignore', for: ZERO };
  const reading = parseDuration(span);
  if (!reading.ok) report.error('KD1105', tree.place, reading.message, reading.hint);
  return { do: 'drain', for: reading.ok ? reading.value : ZERO };
}

function textsOfRanges(ranges: readonly PlacedRange[]): readonly string[] {
  return ranges.map(({ range }) => range.text);
}
