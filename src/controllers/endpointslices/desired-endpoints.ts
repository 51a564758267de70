// The endpoints that a Service is to have, kept from pass to pass: a pod that has not changed is
// the endpoint that it was, and most passes find all pods but one as they were.

import type { SliceEndpoint, SlicePort } from '../../apiserver/kinds/endpointslice';
import { zoneOf } from '../../apiserver/kinds/node';
import type { Pod } from '../../apiserver/kinds/pod';
import type { Service } from '../../apiserver/kinds/service';
import type { Change } from '../../apiserver/informer';
import type { Family } from '../../values/ip';
import { keyOf } from '../../values/kube-object';
import type { ObjectKey } from '../../values/kube-object';
import type { Pass } from '../pass';
import { portsKey } from './slice-draft';
import { endpointOf, hasAddressOf, isEndpoint, portsOf } from './slice-endpoint';

/** The endpoints that offer one and the same list of ports, in the order of their pods. */
export interface DesiredGroup {
  readonly ports: readonly SlicePort[];
  readonly endpoints: readonly SliceEndpoint[];
}

/** What a pass has found. Frozen with all that it holds, so that forks share it. */
interface Look {
  readonly spec: Service['spec'];
  readonly zoning: number;
  readonly pods: readonly Pod[];
  /** By the position of the pod; undefined for one that is no endpoint. */
  readonly endpoints: readonly (SliceEndpoint | undefined)[];
  readonly groups: readonly DesiredGroup[];
}

export class DesiredEndpoints {
  private readonly last: Readonly<Record<Family, Map<ObjectKey, Look>>> = {
    IPv4: new Map(),
    IPv6: new Map(),
  };
  /** The zone of every node that is there: every endpoint says in which one it is. */
  private readonly zones = new Map<string, string | undefined>();
  /** Grows whenever a node comes, goes or moves to another zone. */
  private zoning = 0;

  /** Tells of a change of a node. */
  onNode({ key, after }: Change): void {
    const zone = zoneOf(after);
    if (after !== undefined && this.zones.has(key) && this.zones.get(key) === zone) return;
    if (after === undefined) this.zones.delete(key);
    else this.zones.set(key, zone);
    this.zoning++;
  }

  /** By what ports they offer. A pass that misses the node of a pod fails. `pods` is frozen. */
  of(service: Service, family: Family, pods: readonly Pod[], pass: Pass): readonly DesiredGroup[] {
    const { spec } = service;
    const looks = this.last[family];
    const known = looks.get(pass.key);
    const last = known?.spec === spec && known.zoning === this.zoning ? known : undefined;
    if (last !== undefined && isSameList(last.pods, pods)) return last.groups;
    const endpoints = this.endpointsOf(service, family, pods, last, pass);
    const groups = groupsOf(service, pods, endpoints);
    if (pass.failure === undefined) {
      Object.freeze(endpoints);
      looks.set(pass.key, Object.freeze({ spec, zoning: this.zoning, pods, endpoints, groups }));
    }
    return groups;
  }

  forget(service: ObjectKey): void {
    this.last.IPv4.delete(service);
    this.last.IPv6.delete(service);
  }

  clear(): void {
    this.last.IPv4.clear();
    this.last.IPv6.clear();
    this.zones.clear();
    this.zoning++;
  }

  private endpointsOf(
    service: Service,
    family: Family,
    pods: readonly Pod[],
    last: Look | undefined,
    pass: Pass,
  ): (SliceEndpoint | undefined)[] {
    const endpoints: (SliceEndpoint | undefined)[] = [];
    // Pods keep their order, so that a step through both lists finds what has stayed.
    let at = 0;
    for (let index = 0; index < pods.length; index++) {
      const pod = pods[index]!;
      if (last !== undefined && last.pods[at] !== pod) at = placeOf(pod, last.pods, at);
      const before = last?.pods[at];
      if (before === pod) {
        endpoints.push(last!.endpoints[at++]);
        continue;
      }
      const isOfName = before?.metadata.name === pod.metadata.name;
      const known = isOfName ? last!.endpoints[at++] : undefined;
      endpoints.push(this.endpointOf(pod, service, family, pass, known));
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
function placeOf(pod: Pod, pods: readonly Pod[], at: number): number {
  if (pods[at]?.metadata.name === pod.metadata.name) return at;
  const found = pods.indexOf(pod, at);
  return found < 0 ? at : found;
}

function isSameList(a: readonly Pod[], b: readonly Pod[]): boolean {
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
  pods: readonly Pod[],
  endpoints: readonly (SliceEndpoint | undefined)[],
): readonly DesiredGroup[] {
  const groups: OpenGroup[] = [];
  let group: OpenGroup | undefined;
  let last: Pod | undefined;
  for (let index = 0; index < pods.length; index++) {
    const endpoint = endpoints[index];
    if (endpoint === undefined) continue;
    const pod = pods[index]!;
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

/** Whether two pods have the very same containers. */
function isOfOneTemplate({ spec: a }: Pod, { spec: b }: Pod): boolean {
  return a.containers === b.containers && a.initContainers === b.initContainers;
}

function groupFor(groups: OpenGroup[], ports: readonly SlicePort[]): OpenGroup {
  const key = portsKey(ports);
  let group = groups.find((one) => portsKey(one.ports) === key);
  if (group === undefined) groups.push((group = { ports, endpoints: [] }));
  return group;
}
