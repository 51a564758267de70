// With which settings parts of a cluster do not start: kube-proxy, what does its work by eBPF, and
// the network plug-in.
// source: pkg/proxy/apis/config/validation/validation.go

import type { Machinery } from '../language/lexicon';
import { CNI_PLUGINS } from '../node/cni/index';
import type { CniPlugin } from '../node/cni/index';
import { proxyMode } from '../node/proxy/index';
import { TIMERS } from '../timing';
import { parseCidr } from '../values/cidr';
import type { ManifestProblem } from '../values/manifest-problem';
import { formatDuration } from '../values/time';
import type { Duration } from '../values/time';

/** Plug-ins that give pods no other addresses. */
const IPV4_ALONE: readonly string[] = ['aws-vpc', 'weave'];

/** What Calico has by default for IPv4. */
const CALICO_BLOCK = 26;
const IPV4_BITS = 32;
const IPV6_BITS = 128;

/** See Lexicon.settingProblems. */
export function settingProblems(cluster: Machinery): readonly ManifestProblem[] {
  const proxy = [...proxyProblems(cluster)];
  return [
    ...proxy.map((problem) => ({ ...problem, path: `/proxy${problem.path}` })),
    ...pauseProblems(cluster),
    ...familyProblems(cluster),
    ...poolProblems(cluster),
  ];
}

function* familyProblems({ cni: { name }, ipFamilies }: Machinery): Iterable<ManifestProblem> {
  if (!IPV4_ALONE.includes(name) || ipFamilies.includes('IPv4')) return;
  const hint = 'ipFamilies: [IPv4], or a plug-in that has both: calico, cilium, kindnet';
  yield problem('/cni', `${name} with IPv6 alone is not modelled`, hint);
}

/**
 * Calico takes no pool that is smaller than one of its blocks. By default these have 64 addresses
 * of either family.
 * source: projectcalico/calico api/pkg/apis/projectcalico/v3/ippool.go (XValidation of blockSize)
 */
function* poolProblems({ cni, podCIDRs }: Machinery): Iterable<ManifestProblem> {
  if (cni.name !== 'calico') return;
  const given = cni.options['blockSize'] as number | undefined;
  const size = given ?? CALICO_BLOCK;
  for (const range of podCIDRs.flatMap((text) => parseCidr(text) ?? [])) {
    const block = range.family === 'IPv4' ? size : size + IPV6_BITS - IPV4_BITS;
    if (range.prefix <= block) continue;
    const message = `a block of Calico, /${block}, is larger than the pod range ${range.text}`;
    const hint = `give it a podCIDR of a /${block} or more, or a larger number as blockSize`;
    yield problem(given === undefined ? '/podCIDR' : '/cni/blockSize', message, hint);
  }
}

function proxyProblems({ proxy, cni }: Machinery): readonly ManifestProblem[] {
  const { mode, options } = proxy;
  const plugin = { ...cni, options: { ...defaultsOf(CNI_PLUGINS.get(cni.name)), ...cni.options } };
  return [
    ...(proxyMode(mode)?.problemsOf?.(options, plugin) ?? []),
    ...rangeProblems(options['clusterCIDR']),
    ...addressProblems(options['nodePortAddresses']),
  ];
}

function defaultsOf(plugin: CniPlugin | undefined): Readonly<Record<string, unknown>> {
  const options = Object.entries(plugin?.options ?? {});
  return Object.fromEntries(options.map(([name, values]) => [name, values[0]]));
}

/** source: validateDualStackCIDRStrings; an empty text is what turns the detection off. */
function* rangeProblems(clusterCIDR: unknown): Iterable<ManifestProblem> {
  if (typeof clusterCIDR !== 'string' || clusterCIDR === '') return;
  const wrong = clusterCIDR.split(',').find((text) => parseCidr(text) === undefined);
  if (wrong === undefined) return;
  const message = `"${wrong}" is not an address range: kube-proxy does not start with it`;
  yield problem('/clusterCIDR', message, 'clusterCIDR: 10.244.0.0/16');
}

/** source: validateKubeProxyNodePortAddress */
function* addressProblems(nodePortAddresses: unknown): Iterable<ManifestProblem> {
  const texts = (nodePortAddresses ?? []) as readonly string[];
  for (const [index, text] of texts.entries()) {
    const path = `/nodePortAddresses/${index}`;
    if (text === 'primary') {
      if (texts.length === 1) return;
      yield problem(
        path,
        '`primary` and ranges exclude each other',
        'nodePortAddresses: [primary]',
      );
      return;
    }
    if (parseCidr(text) !== undefined) continue;
    const message = `"${text}" is not an address range: kube-proxy does not start with it`;
    yield problem(path, message, 'nodePortAddresses: [192.168.1.0/24]');
  }
}

/** source: ValidateKubeProxyConfiguration (SyncPeriod must be greater or equal) */
function* pauseProblems({ proxy, timing: { overrides } }: Machinery): Iterable<ManifestProblem> {
  // It is kube-proxy that looks at both.
  if (proxy.mode === 'ebpf') return;
  const timer = proxyMode(proxy.mode)?.minSyncPeriod ?? 'kube-proxy.minSyncPeriod';
  const setting = proxy.options['minSyncPeriod'] as Duration | undefined;
  const least = setting ?? overrides[timer];
  const period = overrides['kube-proxy.syncPeriod'] ?? TIMERS['kube-proxy.syncPeriod'].value.least;
  if (least === undefined || least <= period) return;
  const long = formatDuration(least);
  const message = `minSyncPeriod ${long} is longer than the syncPeriod, ${formatDuration(period)}`;
  const hint = `cluster.timing: {kube-proxy.syncPeriod: ${long}}, or a shorter minSyncPeriod`;
  yield problem(setting === undefined ? `/timing/${timer}` : '/proxy/minSyncPeriod', message, hint);
}

function problem(path: string, message: string, hint: string): ManifestProblem {
  return { path, severity: 'error', message, hint };
}
