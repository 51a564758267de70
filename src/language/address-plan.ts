// The ranges of a cluster and the addresses of its machines, given or by default.

import { addressAt, cidr, contains, overlaps, parseCidr, sizeOf, subnetAt } from '../values/cidr';
import type { Cidr } from '../values/cidr';
import { familyOf } from '../values/ip';
import type { Family, IP } from '../values/ip';
import type { Report } from './report';
import type { Place } from './source-text';
import { child } from './tree';
import type { Tree } from './tree';

/** A range with the place that gives it; the cluster's own place for a default. */
export interface PlacedRange {
  readonly range: Cidr;
  readonly place: Place;
  readonly given: boolean;
  readonly key: RangeKey;
}

export type RangeKey = 'podCIDR' | 'serviceCIDR' | 'nodeCIDR';

export interface AddressPlan {
  readonly families: readonly Family[];
  /** One range per family, in the order of `families`. */
  readonly podCIDR: readonly PlacedRange[];
  readonly serviceCIDR: readonly PlacedRange[];
  readonly nodeCIDR: readonly PlacedRange[];
}

const DEFAULT_RANGES: Readonly<Record<RangeKey, Readonly<Record<Family, string>>>> = {
  podCIDR: { IPv4: '10.244.0.0/16', IPv6: 'fd00:10:244::/56' },
  serviceCIDR: { IPv4: '10.96.0.0/12', IPv6: 'fd00:10:96::/112' },
  nodeCIDR: { IPv4: '192.168.1.0/24', IPv6: 'fd00:192:168:1::/64' },
};

/**
 * Length of a node's own range.
 * source: kube-controller-manager --node-cidr-mask-size-ipv4, --node-cidr-mask-size-ipv6
 */
const NODE_MASK: Readonly<Record<Family, number>> = { IPv4: 24, IPv6: 64 };

/** The control plane stands at the tenth address of the nodes' range, the workers follow. */
export const CONTROL_PLANE_INDEX = 10;

/** The Service range must hold kube-dns, which takes its tenth address. */
const SMALLEST_SERVICE_RANGE = 16n;

/** Reads the ranges of `cluster`. Malformed, overlapping and too small ones are reported. */
export function planAddresses(cluster: Tree | undefined, home: Place, report: Report): AddressPlan {
  const families = familiesOf(cluster);
  const ranges = (key: RangeKey) => rangesOf(key, cluster, families, home, report);
  const plan: AddressPlan = {
    families,
    podCIDR: ranges('podCIDR'),
    serviceCIDR: ranges('serviceCIDR'),
    nodeCIDR: ranges('nodeCIDR'),
  };
  const all = [...plan.nodeCIDR, ...plan.serviceCIDR, ...plan.podCIDR];
  all.forEach((a, index) => {
    for (const b of all.slice(index + 1))
      if (overlaps(a.range, b.range)) reportOverlap(a, b, report);
  });
  for (const { range, place } of plan.serviceCIDR) {
    if (sizeOf(range) >= SMALLEST_SERVICE_RANGE) continue;
    report.error(
      'KD1403',
      place,
      `serviceCIDR ${range.text} is too small: kube-dns takes its tenth address`,
    );
  }
  return plan;
}

/** The address at an index of the nodes' range; undefined past its last usable one. */
export function nodeAddress({ range }: PlacedRange, index: number): IP | undefined {
  return BigInt(index) < sizeOf(range) - 1n ? addressAt(range, index) : undefined;
}

/**
 * Free ranges for `count` nodes, from the `first` one on, without those in `taken`. Where there are
 * just enough of them, they begin with the very first.
 */
export function nodeRanges(
  { range, place }: PlacedRange,
  count: number,
  first: number,
  taken: readonly Cidr[],
  report: Report,
): readonly string[] {
  const mask = NODE_MASK[range.family];
  const available = mask < range.prefix ? 0 : 2 ** Math.min(mask - range.prefix, 30);
  const found: string[] = [];
  for (let index = available > count ? first : 0; index < available; index++) {
    if (found.length === count) return found;
    const own = subnetAt(range, mask, index)!;
    if (!taken.some((other) => overlaps(other, own))) found.push(own.text);
  }
  if (found.length < count) {
    const message =
      `podCIDR ${range.text} has ${found.length} free ranges of /${mask}; ` +
      `${count} nodes need one each`;
    report.error('KD1403', place, message, `podCIDR: ${largeEnough(range, mask, count)}`);
  }
  return found;
}

/** Checks that an address lies in the range of its family. */
export function checkWithin(
  ranges: readonly PlacedRange[],
  address: IP,
  place: Place,
  report: Report,
): void {
  const own = ranges.find(({ range }) => range.family === familyOf(address));
  if (own === undefined) {
    report.error('KD1406', place, `${address} is of a family that this cluster does not have`);
  } else if (!contains(own.range, address)) {
    report.error(
      'KD1404',
      place,
      `${address} lies outside of ${own.key} ${own.range.text}`,
      `give a ${own.key} that contains it, or another address`,
    );
  }
}

function familiesOf(cluster: Tree | undefined): readonly Family[] {
  const given = child(cluster, 'ipFamilies')?.value as readonly Family[] | undefined;
  if (given !== undefined) return given;
  const ranges = textsOf(child(cluster, 'podCIDR')).map(({ text }) => parseCidr(text)?.family);
  const families = [...new Set(ranges.filter((family) => family !== undefined))];
  return families.length > 0 ? families : ['IPv4'];
}

function rangesOf(
  key: RangeKey,
  cluster: Tree | undefined,
  families: readonly Family[],
  home: Place,
  report: Report,
): readonly PlacedRange[] {
  const given: PlacedRange[] = [];
  for (const { text, place } of textsOf(child(cluster, key))) {
    const range = parseCidr(text);
    if (range === undefined) {
      report.error('KD1401', place, `"${text}" is not an address range`, 'write 10.244.0.0/16');
    } else if (!families.includes(range.family)) {
      const own = families.join(', ');
      const message = `${key} ${text} is ${range.family}, but the cluster has ${own}`;
      report.error(
        'KD1406',
        place,
        message,
        `ipFamilies: [${[...families, range.family].join(', ')}]`,
      );
    } else if (given.some((other) => other.range.family === range.family)) {
      report.error('KD1406', place, `${key} has two ranges of ${range.family}`);
    } else given.push({ range, place, given: true, key });
  }
  return families.map((family) => {
    const own = given.find(({ range }) => range.family === family);
    return own ?? { range: cidr(DEFAULT_RANGES[key][family]), place: home, given: false, key };
  });
}

interface PlacedText {
  readonly text: string;
  readonly place: Place;
}

/** `a,b`, `[a, b]` and `a` alike. */
export function textsOf(tree: Tree | undefined): readonly PlacedText[] {
  if (tree === undefined) return [];
  return (tree.items ?? [tree]).flatMap(({ value, place }) =>
    String(value)
      .split(',')
      .map((text) => ({ text: text.trim(), place })),
  );
}

function reportOverlap(a: PlacedRange, b: PlacedRange, report: Report): void {
  const [blamed, other] = b.given ? [b, a] : [a, b];
  const origin = other.given ? '' : ', its default,';
  report.error(
    'KD1402',
    blamed.place,
    `${blamed.key} ${blamed.range.text} overlaps ${other.key} ${other.range.text}`,
    other.given
      ? undefined
      : `give ${other.key} as well: ${other.range.text}${origin} is in the way`,
  );
}

function largeEnough(range: Cidr, mask: number, count: number): string {
  const prefix = mask - Math.ceil(Math.log2(count + 1));
  return `${range.text.slice(0, range.text.indexOf('/'))}/${Math.max(prefix, 1)}`;
}
