// The endpoints of pods that a cluster has settled with. They stand at rest alike: what all of them
// have in common is looked at once, and each becomes an endpoint when somebody reads it.

import type { SliceEndpoint, SlicePort } from '../../apiserver/kinds/endpointslice';
import { isPodTerminal } from '../../apiserver/kinds/pod';
import type { Pod } from '../../apiserver/kinds/pod';
import type { Service } from '../../apiserver/kinds/service';
import { patternOf } from '../../apiserver/late-pod';
import type { LatePod, PodMaker } from '../../apiserver/late-pod';
import type { ReachedEndpoint } from '../../apiserver/late-slice';
import type { Version } from '../../apiserver/store';
import { familyOf } from '../../values/ip';
import type { Family, IP } from '../../values/ip';
import { splitKey } from '../../values/kube-object';
import { isSpecialAddress } from '../../values/special-addresses';
import type { DesiredGroup, Look } from './desired-endpoints';
import type { KnownSource } from './slice-draft';
import {
  addressesOf,
  conditionsIn,
  endpointOf,
  hostnameIn,
  isOfOneTemplate,
  portsOf,
} from './slice-endpoint';

/** The zone of each node that is there, as it is when endpoints are looked for. */
export type Zones = ReadonlyMap<string, string | undefined>;

/** Who offers what, of one family. The zones of this number do not change any more. */
export interface Offer {
  readonly service: Service;
  readonly family: Family;
  readonly zones: Zones;
  readonly zoning: number;
}

/**
 * Endpoints of one list of ports, as DesiredEndpoints.of finds them, which are all that it finds.
 * Frozen: forks share them.
 */
export class LateEndpoints implements DesiredGroup, KnownSource, Look {
  readonly ports: readonly SlicePort[];
  readonly pods: readonly Version[];
  /** Whether one of them says that it is ready. */
  readonly hasReady: boolean;
  readonly zoning: number;
  private readonly service: Service;
  private readonly family: Family;
  private readonly zones: Zones;
  // Private to the language, so that it can be found when all the rest is frozen.
  #list: readonly SliceEndpoint[] | undefined;

  constructor(
    pods: readonly Version[],
    { service, family, zones, zoning }: Offer,
    hasReady: boolean,
  ) {
    this.ports = portsOf(service, patternOf(pods[0]!) as Pod);
    this.pods = pods;
    this.hasReady = hasReady;
    this.zoning = zoning;
    this.service = service;
    this.family = family;
    this.zones = zones;
    Object.freeze(this);
  }

  get count(): number {
    return this.pods.length;
  }

  get spec(): Service['spec'] {
    return this.service.spec;
  }

  get found(): this {
    return this;
  }

  get groups(): readonly DesiredGroup[] {
    return [this];
  }

  get endpoints(): readonly SliceEndpoint[] {
    return this.list;
  }

  get list(): readonly SliceEndpoint[] {
    return (this.#list ??= Object.freeze(this.pods.map((pod) => this.endpointOf(pod))));
  }

  get reached(): readonly ReachedEndpoint[] {
    return this.#list ?? this.pods.map((pod) => this.reachedOf(pod));
  }

  private reachedOf(pod: Version): ReachedEndpoint {
    const { service, family } = this;
    const { late } = pod;
    if (late === undefined) return this.endpointOf(pod);
    const conditions = conditionsIn(service, late.pattern);
    return { addresses: [onlyOf(late.addresses, family)!], conditions, nodeName: late.scope };
  }

  private endpointOf(pod: Version): SliceEndpoint {
    const { service, family, zones } = this;
    const { late, scope = '' } = pod;
    const zone = zones.get(scope);
    if (late !== undefined) return lateEndpointOf(late, zone, service, family);
    return endpointOf(pod.object as Pod, zone, service, family, undefined);
  }
}

/** The same as `endpointOf`, of a pod without a host name: its object is not made for it. */
function lateEndpointOf(
  pod: LatePod,
  zone: string | undefined,
  service: Service,
  family: Family,
): SliceEndpoint {
  const { key, uid, scope: nodeName, pattern } = pod;
  const { namespace = '' } = pattern.metadata;
  const { name } = splitKey(key);
  const addresses = Object.freeze([onlyOf(pod.addresses, family)!]);
  const conditions = conditionsIn(service, pattern);
  const targetRef = Object.freeze({ kind: 'Pod', namespace, name, uid });
  return Object.freeze(
    zone
      ? { addresses, conditions, nodeName, zone, targetRef }
      : { addresses, conditions, nodeName, targetRef },
  );
}

/**
 * The endpoints of these pods, a frozen list, where all of them offer the same and the API server
 * would take each as it is. Undefined where that has to be looked at one by one, or nobody would
 * have to wait for any.
 */
export function lateEndpointsOf(pods: readonly Version[], offer: Offer): LateEndpoints | undefined {
  // The first of a series may be a pod like any other.
  if (pods.at(-1)?.late === undefined) return undefined;
  const { service } = offer;
  let last: Pod | undefined;
  let maker: PodMaker | undefined;
  let hasReady = false;
  for (let index = 0; index < pods.length; index++) {
    const pod = pods[index]!;
    if (!isPlaced(pod, offer)) return undefined;
    if (maker !== undefined && pod.late?.maker === maker) continue;
    maker = pod.late?.maker;
    const pattern = patternOf(pod) as Pod;
    const isLikeLast = last === undefined || isOfOneTemplate(pattern, last);
    if (!isLikeLast || isPodTerminal(pattern) || hostnameIn(service, pattern)) return undefined;
    hasReady ||= conditionsIn(service, pattern).ready === true;
    last = pattern;
  }
  return new LateEndpoints(pods, offer, hasReady);
}

/** Whether the pod has one address that clients can reach, on a node that is there. */
function isPlaced(pod: Version, { family, zones }: Offer): boolean {
  const { late, scope } = pod;
  if (scope === undefined || !zones.has(scope)) return false;
  if (late?.isInRange === true && late.host.isReachedBy(family)) return true;
  const addresses = late === undefined ? addressesOf(pod.object as Pod, family) : late.addresses;
  const address = onlyOf(addresses as readonly IP[], family);
  return address !== undefined && !isSpecialAddress(address);
}

/** The address of the family, where there is one alone. */
function onlyOf(addresses: readonly IP[], family: Family): IP | undefined {
  let only: IP | undefined;
  for (let index = 0; index < addresses.length; index++) {
    const address = addresses[index]!;
    if (familyOf(address) !== family) continue;
    if (only !== undefined) return undefined;
    only = address;
  }
  return only;
}
