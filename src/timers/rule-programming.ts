// What a sync of kube-proxy costs beyond its base as the number of Services grows. Measured with
// rules of kube-proxy's shape, three endpoints for each Service; between the points the cost is
// taken to be linear. An update is linear in Services for every tool; a full write by the
// nf_tables-backed iptables grows faster than that, so a restart is the expensive event.
// source: kernel 6.18, iptables 1.8.9, nft 1.0.6 in a network namespace (reference timing.md §4.2);
// kubernetes#138073 has a production cluster in line with it

import type { Duration } from '../values/time';
import { milliseconds, ZERO } from '../values/time';

/** Whether a sync writes everything, as after a start, or only what has changed. */
export type SyncExtent = 'full' | 'partial';

/** `[Services, milliseconds]`, ascending. Up to the first point the base of a sync covers it. */
type Curve = readonly (readonly [services: number, milliseconds: number])[];

const CURVES: Readonly<Record<string, Readonly<Record<SyncExtent, Curve>>>> = {
  iptables: {
    full: [
      [100, 45],
      [1_000, 480],
      [5_000, 21_000],
      [10_000, 126_000],
    ],
    partial: [
      [100, 30],
      [1_000, 100],
      [5_000, 320],
      [10_000, 1_800],
    ],
  },
  nftables: {
    full: [
      [100, 24],
      [1_000, 370],
      [5_000, 5_800],
      [10_000, 29_000],
    ],
    partial: [
      [100, 9],
      [1_000, 27],
      [5_000, 90],
      [10_000, 180],
    ],
  },
};

/**
 * What programming the rules of so many Services takes beyond the base of a sync. Zero up to a
 * hundred Services, and for modes that nobody has measured.
 */
export function programmingCost(mode: string, extent: SyncExtent, services: number): Duration {
  const curve = CURVES[mode]?.[extent];
  const base = curve?.[0];
  if (curve === undefined || base === undefined || services <= base[0]) return ZERO;
  return milliseconds(valueAt(curve, services) - base[1]);
}

/** Linear between the points, and beyond the last one as between the last two. */
function valueAt(curve: Curve, services: number): number {
  const found = curve.findIndex(([count]) => services <= count);
  const upper = found < 0 ? curve.length - 1 : found;
  const [x1, y1] = curve[upper - 1]!;
  const [x2, y2] = curve[upper]!;
  return y1 + Math.round(((y2 - y1) * (services - x1)) / (x2 - x1));
}
