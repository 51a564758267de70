// What the parts of a kubelet share: the clock, the API, the network, and their records.

import type { ApiServer } from '../../apiserver/api-server';
import type { Kernel } from '../../kernel/kernel';
import type { Timing } from '../../timing';
import { DEFAULT_KUBELET } from '../../values/kubelet-settings';
import type { KubeletSettings } from '../../values/kubelet-settings';
import { isAtLeast } from '../../values/kube-version';
import type { LateSource } from '../../values/late-map';
import type { Ratio } from '../../values/ratio';
import type { Duration } from '../../values/time';
import type { Behaviours, DnsServers } from '../../workloads/index';
import type { Attachment } from '../cni/index';
import type { KubeletState, PodWorker } from './kubelet-state';
import type { Machine } from '../machine';
import type { UnsentWrites } from './unsent-writes';

/** A call of the kubelet to a pod. */
export interface PodCall {
  readonly answered: boolean;
  readonly roundTrip: Duration;
  /**
   * How likely it is over in less than `within`, where packets may be lost on the way: a handshake
   * alone (`trips` 1), or a request over it as well (2). Absent where nothing is left to chance.
   */
  readonly odds?: (trips: number, within: Duration) => Ratio;
}

/** The packet plane, as far as kubelets use it. */
export interface PodNetwork {
  readonly machines: ReadonlyMap<string, Machine>;
  attachPod(node: string, podKey: string, isNew?: boolean): Attachment;
  attachNext(machine: Machine, notes: LateSource): number | undefined;
  detachPod(node: string, podKey: string): void;
  /**
   * What the kubelet of a node meets when it calls a port of a pod: whether it is answered, and
   * the round trip. Undefined where nothing on the network can be in the way.
   */
  callPod(node: string, podKey: string, port: number): PodCall | undefined;
  powerOff(node: string): void;
  powerOn(node: string): void;
}

export interface KubeletOptions {
  readonly kernel: Kernel;
  readonly api: ApiServer;
  readonly timing: Timing;
  readonly network: PodNetwork;
  readonly behaviours: Behaviours;
  readonly servers: DnsServers;
  readonly featureGates?: Readonly<Record<string, boolean>> | undefined;
  /** The settings of the kubelets of nodes for which somebody says some. */
  readonly settings?: ReadonlyMap<string, KubeletSettings> | undefined;
  /**
   * Called when processes or sandboxes of a node have changed; `what`: only processes of one pod,
   * on which nothing depends that does not ask them.
   */
  readonly touch?: ((node: string, what?: 'processes') => void) | undefined;
}

export interface KubeletGround extends KubeletOptions {
  readonly state: KubeletState;
  readonly unsent: UnsentWrites;
}

/** The settings of the kubelet of a node. */
export function settingsOf({ settings }: KubeletOptions, node: string): KubeletSettings {
  return settings?.get(node) ?? DEFAULT_KUBELET;
}

/** `Pod/shop/web-x7k`: how the journal names the pod. */
export function subjectOf({ key }: PodWorker): string {
  return `Pod/${key}`;
}

/**
 * Whether the kubelet `actor` lists a pod's containers right after it has started one of them,
 * instead of at the next relist.
 * source: pkg/features/kube_features.go PLEGOnDemandRelist (beta, on in 1.36; no gate before)
 */
export function relistsOnDemand({ timing, featureGates }: KubeletOptions, actor: string): boolean {
  const hasGate = isAtLeast(timing.versions.of(actor), '1.36');
  return hasGate && featureGates?.['PLEGOnDemandRelist'] !== false;
}
