// `cluster.nodes`: a number or a list → nodes with names, addresses and ranges.

import { bytes } from '../values/bytes';
import { contains, overlaps, parseCidr } from '../values/cidr';
import type { NodeSpec, Taint } from '../values/cluster-spec';
import { parseIp } from '../values/ip';
import type { IP } from '../values/ip';
import type { KubeVersion } from '../values/kube-version';
import type { Labels } from '../values/labels';
import { CONTROL_PLANE_INDEX, checkWithin, nodeAddress, nodeRanges, textsOf } from './address-plan';
import type { AddressPlan } from './address-plan';
import { readKubelet } from './kubelet-settings';
import type { KubeletContext } from './kubelet-settings';
import type { Report } from './report';
import { rangeOf } from './source-text';
import type { Place } from './source-text';
import { child, textOf } from './tree';
import type { Tree } from './tree';

/** How the API calls the disk of a node. */
const STORAGE = 'ephemeral-storage';

/** source: pkg/kubelet/apis/config/v1beta1/defaults.go (MaxPods) */
const DEFAULT_MAX_PODS = 110;

export interface Nodes {
  readonly nodes: readonly NodeSpec[];
  /** The address of the control plane, whether or not it is also a node. */
  readonly controlPlane: IP;
}

/** Three nodes are what a scenario has that does not say. */
const DEFAULT_COUNT = 3;

export function readNodes(
  cluster: Tree | undefined,
  plan: AddressPlan,
  context: KubeletContext,
  home: Place,
  report: Report,
): Nodes {
  const nodes = child(cluster, 'nodes');
  const isLeft = child(cluster, 'allocateNodeCIDRs')?.value === true;
  const place = nodes?.place ?? home;
  const written = nodes?.items ?? unnamed(nodes);
  const names = namesOf(written, report);
  const taken = takenAddresses(written, plan, report);
  const assigned = assignAddresses(written, plan, taken, place, report);
  const ranges = assignRanges(written, plan, isLeft, report);
  const specs = written.map((node, index): NodeSpec => ({
    name: names[index]!,
    addresses: assigned[index] ?? [],
    zone: textOf(child(node, 'zone')) ?? '',
    labels: (child(node, 'labels')?.value ?? {}) as Labels,
    taints: (child(node, 'taints')?.items ?? []).map(readTaint),
    podCIDRs: ranges[index] ?? [],
    role: isControlPlane(node) ? 'control-plane' : 'worker',
    maxPods: maxPodsOf(node, report),
    ...storageOf(node),
    ...versionOf(node),
    ...kubeletOf(cluster, node, context, report),
  }));
  const own = specs.find(({ role }) => role === 'control-plane')?.addresses[0];
  return {
    nodes: specs,
    controlPlane: own ?? nodeAddress(plan.nodeCIDR[0]!, CONTROL_PLANE_INDEX)!,
  };
}

function unnamed(count: Tree | undefined): readonly (Tree | undefined)[] {
  const length = typeof count?.value === 'number' ? count.value : DEFAULT_COUNT;
  return Array.from({ length }, () => undefined);
}

function namesOf(written: readonly (Tree | undefined)[], report: Report): readonly string[] {
  const first = new Map<string, Tree>();
  return written.map((node, index) => {
    const tree = child(node, 'name');
    const name = tree === undefined ? `worker-${index + 1}` : String(tree.value);
    const twin = first.get(name);
    if (twin !== undefined) {
      const { line } = rangeOf(twin.place);
      report.error(
        'KD1405',
        tree!.place,
        `two nodes are called "${name}"`,
        `first on line ${line}`,
      );
    } else if (tree !== undefined) first.set(name, tree);
    return name;
  });
}

/** Addresses that the scenario gives, each with its place. */
function takenAddresses(
  written: readonly (Tree | undefined)[],
  plan: AddressPlan,
  report: Report,
): ReadonlyMap<IP, Place> {
  const taken = new Map<IP, Place>();
  for (const node of written) {
    for (const { text, place } of textsOf(child(node, 'ip'))) {
      const address = parseIp(text);
      if (address === undefined) {
        report.error('KD1401', place, `"${text}" is not an address`);
        continue;
      }
      checkWithin(plan.nodeCIDR, address, place, report);
      const twin = taken.get(address);
      if (twin !== undefined) {
        const { line } = rangeOf(twin);
        report.error(
          'KD1402',
          place,
          `two nodes have the address ${address}`,
          `first on line ${line}`,
        );
      }
      taken.set(address, place);
    }
  }
  const host = nodeAddress(plan.nodeCIDR[0]!, CONTROL_PLANE_INDEX);
  if (!written.some(isControlPlane) && host !== undefined && taken.has(host)) {
    report.error(
      'KD1402',
      taken.get(host)!,
      `${host} is the address of the control plane`,
      'take another one, or give the node `role: control-plane`',
    );
  }
  return taken;
}

/** One address per family for each node: its own, else the next free one. */
function assignAddresses(
  written: readonly (Tree | undefined)[],
  plan: AddressPlan,
  taken: ReadonlyMap<IP, Place>,
  place: Place,
  report: Report,
): readonly (readonly IP[])[] {
  const perFamily = plan.nodeCIDR.map((range) => {
    const own = (node: Tree | undefined): IP | undefined =>
      textsOf(child(node, 'ip'))
        .map(({ text }) => parseIp(text))
        .find((address) => address !== undefined && contains(range.range, address));
    let next = CONTROL_PLANE_INDEX + 1;
    const host = nodeAddress(range, CONTROL_PLANE_INDEX);
    let hostIsFree = host !== undefined && !taken.has(host);
    return written.map((node): IP | undefined => {
      const given = own(node);
      if (given !== undefined) return given;
      if (isControlPlane(node) && hostIsFree) {
        hostIsFree = false;
        return host;
      }
      let address = nodeAddress(range, next++);
      while (address !== undefined && taken.has(address)) address = nodeAddress(range, next++);
      return address;
    });
  });
  perFamily.forEach((addresses, index) => {
    const { range } = plan.nodeCIDR[index]!;
    if (!addresses.includes(undefined)) return;
    const blamed = plan.nodeCIDR[index]!.given ? plan.nodeCIDR[index]!.place : place;
    report.error(
      'KD1403',
      blamed,
      `nodeCIDR ${range.text} is too small for ${written.length} nodes ` +
        'and the control plane at its tenth address',
      'give a larger one, for example 172.16.0.0/12',
    );
  });
  return written.map((_, index) =>
    perFamily.map((addresses) => addresses[index]).filter((address) => address !== undefined),
  );
}

/**
 * The range of pod addresses of each node and family: its own, else the next by number, or none
 * where that is left to the cluster.
 */
function assignRanges(
  written: readonly (Tree | undefined)[],
  plan: AddressPlan,
  isLeft: boolean,
  report: Report,
): readonly (readonly string[])[] {
  const given = written.map((node) => textsOf(child(node, 'podCIDR')));
  const own = given.flat().flatMap(({ text, place }) => {
    const range = parseCidr(text);
    if (range === undefined) report.error('KD1401', place, `"${text}" is not an address range`);
    return range === undefined ? [] : [{ range, place }];
  });
  own.forEach(({ range, place }, index) => {
    checkWithin(plan.podCIDR, range.text.split('/')[0] as IP, place, report);
    const twin = own.slice(0, index).find((other) => overlaps(other.range, range));
    if (twin === undefined) return;
    report.error('KD1402', place, `${range.text} overlaps ${twin.range.text} of another node`);
  });
  const kept = given.map((texts) => texts.map(({ text }) => parseCidr(text)?.text ?? text));
  if (isLeft) return kept;
  // The control plane holds the first range, as where kubeadm set it up, also if it is no node.
  const order = [...written.keys()]
    .filter((index) => given[index]!.length === 0)
    .sort((a, b) => Number(isControlPlane(written[b])) - Number(isControlPlane(written[a])));
  const first = written.some(isControlPlane) ? 0 : 1;
  const taken = own.map(({ range }) => range);
  const free = plan.podCIDR.map((range) => nodeRanges(range, order.length, first, taken, report));
  return kept.map((texts, index) =>
    texts.length > 0
      ? texts
      : free.map((ranges) => ranges[order.indexOf(index)]).filter((range) => range !== undefined),
  );
}

function readTaint({ value }: Tree): Taint {
  if (typeof value !== 'string') return value as Taint;
  const [pair = '', effect] = value.split(':');
  const [key = '', text] = pair.split('=');
  return {
    key,
    ...(text !== undefined && text !== '' && { value: text }),
    effect: effect as Taint['effect'],
  };
}

function maxPodsOf(node: Tree | undefined, report: Report): number {
  const capacity = child(node, 'capacity');
  for (const [key, entry] of capacity?.entries ?? []) {
    if (key === 'pods' || key === STORAGE) continue;
    report.warn('KD1407', entry.key, `the capacity "${key}" of a node is not modelled`);
  }
  const pods = child(capacity, 'pods')?.value;
  return typeof pods === 'number' ? pods : DEFAULT_MAX_PODS;
}

function storageOf(node: Tree | undefined): Pick<NodeSpec, 'storage'> {
  const size = child(child(node, 'capacity'), STORAGE)?.value as string | number | undefined;
  return size === undefined ? {} : { storage: bytes(size) };
}

function versionOf(node: Tree | undefined): Pick<NodeSpec, 'version'> {
  const version = textOf(child(node, 'version')) as KubeVersion | undefined;
  return version === undefined ? {} : { version };
}

function kubeletOf(
  cluster: Tree | undefined,
  node: Tree | undefined,
  context: KubeletContext,
  report: Report,
): Pick<NodeSpec, 'kubelet'> {
  const kubernetes = versionOf(node).version ?? context.cluster.kubernetes;
  const own = { ...context, cluster: { ...context.cluster, kubernetes } };
  const kubelet = readKubelet(cluster, node, own, report);
  return kubelet === undefined ? {} : { kubelet };
}

function isControlPlane(node: Tree | undefined): boolean {
  return child(node, 'role')?.value === 'control-plane';
}
