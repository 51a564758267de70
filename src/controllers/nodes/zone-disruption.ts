// How much of a zone is silent, and what that does to evictions.
// source: pkg/controller/nodelifecycle ComputeZoneState, handleDisruption

import type { Node } from '../../apiserver/kinds/node';
import { zoneOf } from '../../apiserver/kinds/node';
import { conditionOf } from '../../apiserver/kinds/pod';

/** kube-controller-manager --unhealthy-zone-threshold */
const UNHEALTHY_SHARE = 0.55;
/** More silent nodes than this must there be before a zone counts as disrupted. */
const SILENT_MIN = 2;
/** kube-controller-manager --large-cluster-size-threshold */
const LARGE_CLUSTER = 50;

export type ZoneState = 'normal' | 'partial' | 'full';

interface Zone {
  ready: number;
  silent: number;
}

const NOBODY: Readonly<Zone> = Object.freeze({ ready: 0, silent: 0 });

/** The nodes of each zone, counted; nodes without a zone are in the zone ``. */
export class ZoneCensus {
  private readonly zones = new Map<string, Zone>();
  private size = 0;

  /** Tells of a change of a node. Returns whether the state of any zone has changed by it. */
  update(before: Node | undefined, after: Node | undefined): boolean {
    const [from, to] = [before && zoneName(before), after && zoneName(after)];
    const wasAllSilent = this.isAllSilent();
    const [wasFrom, wasTo] = [this.stateIn(from), this.stateIn(to)];
    if (before !== undefined) this.count(before, -1);
    if (after !== undefined) this.count(after, 1);
    if (wasAllSilent !== this.isAllSilent()) return true;
    return wasFrom !== this.stateIn(from) || wasTo !== this.stateIn(to);
  }

  /** Whether no node of any zone is ready: the control plane is cut off rather than all dead. */
  isAllSilent(): boolean {
    for (const { ready } of this.zones.values()) if (ready > 0) return false;
    return this.size > 0;
  }

  get isLarge(): boolean {
    return this.size > LARGE_CLUSTER;
  }

  stateOf(zone: string): ZoneState {
    const { ready, silent } = this.zones.get(zone) ?? NOBODY;
    if (ready === 0 && silent > 0) return 'full';
    const isMost = silent / (ready + silent) >= UNHEALTHY_SHARE;
    return silent > SILENT_MIN && isMost ? 'partial' : 'normal';
  }

  clear(): void {
    this.zones.clear();
    this.size = 0;
  }

  private stateIn(zone: string | undefined): ZoneState | undefined {
    return zone === undefined ? undefined : this.stateOf(zone);
  }

  private count(node: Node, by: 1 | -1): void {
    const name = zoneName(node);
    const zone = this.zones.get(name) ?? { ready: 0, silent: 0 };
    this.size += by;
    if (isNodeReady(node)) zone.ready += by;
    else zone.silent += by;
    if (zone.ready + zone.silent === 0) this.zones.delete(name);
    else this.zones.set(name, zone);
  }
}

export function isNodeReady({ status }: Node): boolean {
  return conditionOf(status?.conditions, 'Ready')?.status === 'True';
}

function zoneName(node: Node): string {
  return zoneOf(node) ?? '';
}
