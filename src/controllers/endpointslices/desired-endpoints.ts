// The endpoints that a Service is to have, kept from pass to pass: a pod that has not changed is
// the endpoint that it was, and most passes find all pods but one as they were.

import type { SliceEndpoint, SlicePort } from '../../apiserver/kinds/endpointslice';
import { zoneOf } from '../../apiserver/kinds/node';
import type { Pod } from '../../apiserver/kinds/pod';
import type { Service } from '../../apiserver/kinds/service';
import type { Change } from '../../apiserver/informer';
import type { Version } from '../../apiserver/store';
import type { Family } from '../../values/ip';
import { keyOf } from '../../values/kube-object';
import type { ObjectKey } from '../../values/kube-object';
import type { Pass } from '../pass';
import { lateEndpointsOf } from './late-endpoints';
import { portsKey } from './slice-draft';
import { endpointOf, hasAddressOf, isEndpoint, isOfOneTemplate, portsOf } from './slice-endpoint';

/** The endpoints that offer one and the same list of ports, in the order of their pods. */
export interface DesiredGroup {
  readonly ports: readonly SlicePort[];
  readonly endpoints: readonly SliceEndpoint[];
}

/** What a pass has found. Frozen with all that it holds, so that forks share it. */
export interface Look {
  readonly spec: Service['spec'];
  readonly zoning: number;
  readonly pods: readonly Version[];
  /** By the position of the pod; undefined for one that is no endpoint. */
  readonly found: { readonly list: readonly (SliceEndpoint | undefined)[] };
  readonly groups: readonly DesiredGroup[];
}

const NO_GROUPS: readonly DesiredGroup[] = Object.freeze([]);

export class DesiredEndpoints {
  private readonly last: Readonly<Record<Family, Map<ObjectKey, Look>>> = {
    IPv4: new Map(),
    IPv6: new Map(),
  };
  /** The zone of every node that is there: every endpoint says in which one it is. */
  private zones = new Map<string, string | undefined>();
  /** Whether there are endpoints that say of themselves in which ones they were. */
  private areKept = false;
  /** Grows whenever a node comes, goes or moves to another zone. */
  private zoning = 0;

  /** Tells of a change of a node. */
  onNode({ key, after }: Change): void {
    const zone = zoneOf(after);
    if (after !== undefined && this.zones.has(key) && this.zones.get(key) === zone) return;
    if (this.areKept) this.zones = new Map(this.zones);
    this.areKept = false;
    if (after === undefined) this.zones.delete(key);
    else this.zones.set(key, zone);
    this.zoning++;
  }

  /**
   * By what ports they offer. A pass that misses the node of a pod fails. `pods` are the versions
   * of those that are there, in a frozen list.
   */
  of(
    service: Service,
    family: Family,
    pods: readonly Version[],
    pass: Pass,
  ): readonly DesiredGroup[] {
    const { spec } = service;
    const looks = this.last[family];
    if (pods.length === 0) {
      looks.delete(pass.key);
      return NO_GROUPS;
    }
    const known = looks.get(pass.key);
    const last = known?.spec === spec && known.zoning === this.zoning ? known : undefined;
    if (last !== undefined && isSameList(last.pods, pods)) return last.groups;
    const late = last === undefined ? this.lookLate(service, family, pods) : undefined;
    const look = late ?? this.look(service, family, pods, last, pass);
    if (pass.failure === undefined) looks.set(pass.key, look);
    return look.groups;
  }

  forget(service: ObjectKey): void {
    this.last.IPv4.delete(service);
    this.last.IPv6.delete(service);
  }

  clear(): void {
    this.last.IPv4.clear();
    this.last.IPv6.clear();
    this.zones = new Map();
    this.zoning++;
  }

  /** At pods of which nobody has read any: their endpoints can wait as well. */
  private lookLate(service: Service, family: Family, pods: readonly Version[]): Look | undefined {
    const { zones, zoning } = this;
    const found = lateEndpointsOf(pods, { service, family, zones, zoning });
    if (found !== undefined) this.areKept = true;
    return found;
  }

  private look(
    service: Service,
    family: Family,
    pods: readonly Version[],
    last: Look | undefined,
    pass: Pass,
  ): Look {
    const list = this.endpointsOf(service, family, pods, last, pass);
    const groups = groupsOf(service, pods, list);
    const found = Object.freeze({ list: Object.freeze(list) });
    return Object.freeze({ spec: service.spec, zoning: this.zoning, pods, found, groups });
  }

  private endpointsOf(
    service: Service,
    family: Family,
    pods: readonly Version[],
    last: Look | undefined,
    pass: Pass,
  ): (SliceEndpoint | undefined)[] {
    const endpoints: (SliceEndpoint | undefined)[] = [];
    const known = last?.found.list;
    // Pods keep their order, so that a step through both lists finds what has stayed.
    let at = 0;
    for (let index = 0; index < pods.length; index++) {
      const pod = pods[index]!;
      if (last !== undefined && last.pods[at] !== pod) at = placeOf(pod, last.pods, at);
      const before = last?.pods[at];
      if (before === pod) {
        endpoints.push(known![at++]);
        continue;
      }
      const then = before?.key === pod.key ? known![at++] : undefined;
      endpoints.push(this.endpointOf(pod.object as Pod, service, family, pass, then));
    }
    return endpoints;
  }

  private endpointOf(
    pod: Pod,
    service: Service,
    family: Family,
    pass: Pass,
    before: SliceEndpoint | undefined,
  ): SliceEndpoint | undefined {
    if (!isEndpoint(pod) || !hasAddressOf(pod, family)) return undefined;
    const { nodeName = '' } = pod.spec;
    const zone = this.zones.get(nodeName);
    const isThere = zone !== undefined || this.zones.has(nodeName);
    if (isThere || service.spec.publishNotReadyAddresses) {
      return endpointOf(pod, zone, service, family, before);
    }
    pass.fail(`node ${pod.spec.nodeName} of pod ${keyOf(pod)} is not there`);
    return undefined;
  }
}

/** Where a pod stands in a list, from `at` on; `at` where it is another one than it was, or new. */
function placeOf(pod: Version, pods: readonly Version[], at: number): number {
  if (pods[at]?.key === pod.key) return at;
  const found = pods.indexOf(pod, at);
  return found < 0 ? at : found;
}

function isSameList(a: readonly Version[], b: readonly Version[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}

interface OpenGroup extends DesiredGroup {
  readonly endpoints: SliceEndpoint[];
}

function groupsOf(
  service: Service,
  pods: readonly Version[],
  endpoints: readonly (SliceEndpoint | undefined)[],
): readonly DesiredGroup[] {
  const groups: OpenGroup[] = [];
  let group: OpenGroup | undefined;
  let last: Pod | undefined;
  for (let index = 0; index < pods.length; index++) {
    const endpoint = endpoints[index];
    if (endpoint === undefined) continue;
    const pod = pods[index]!.object as Pod;
    if (group === undefined || !isOfOneTemplate(pod, last!)) {
      const ports = portsOf(service, pod);
      // Most pods offer what the one before them does.
      if (group?.ports !== ports) group = groupFor(groups, ports);
    }
    last = pod;
    group.endpoints.push(endpoint);
  }
  for (const one of groups) {
    Object.freeze(one.endpoints);
    Object.freeze(one);
  }
  return Object.freeze(groups);
}

function groupFor(groups: OpenGroup[], ports: readonly SlicePort[]): OpenGroup {
  const key = portsKey(ports);
  let group = groups.find((one) => portsKey(one.ports) === key);
  if (group === undefined) groups.push((group = { ports, endpoints: [] }));
  return group;
}
