// How a pod stands in a slice.
// source: staging/src/k8s.io/endpointslice/{utils,util/controller_utils}.go

import type { Service, ServicePort } from '../../apiserver/kinds/service';
import { isPodReady, isPodTerminal } from '../../apiserver/kinds/pod';
import type { Container, Pod, PodSpec } from '../../apiserver/kinds/pod';
import type {
  EndpointConditions,
  SliceEndpoint,
  SlicePort,
  TargetRef,
} from '../../apiserver/kinds/endpointslice';
import { equalJson } from '../../apiserver/json';
import { familyOf } from '../../values/ip';
import type { Family, IP } from '../../values/ip';

/**
 * Whether the pod belongs into slices at all. A terminating pod stays until its object is gone.
 * source: staging/src/k8s.io/endpointslice/util/controller_utils.go ShouldPodBeInEndpoints
 */
export function isEndpoint(pod: Pod): boolean {
  const { status } = pod;
  if (status === undefined) return false;
  return !isPodTerminal(pod) && (!!status.podIPs?.length || !!status.podIP);
}

/** Whether the pod has an address of the family. */
export function hasAddressOf({ status }: Pod, family: Family): boolean {
  if (status === undefined) return false;
  const { podIPs, podIP } = status;
  if (!podIPs?.length) return !!podIP && familyOf(podIP as IP) === family;
  for (const { ip } of podIPs) if (familyOf(ip as IP) === family) return true;
  return false;
}

/** Those of the pod in the family. */
export function addressesOf({ status }: Pod, family: Family): string[] {
  const { podIPs, podIP } = status ?? {};
  if (!podIPs?.length) return podIP && familyOf(podIP as IP) === family ? [podIP] : [];
  const first = podIPs[0]!.ip;
  // Nearly all pods have one address; a list that grows would keep room for more.
  if (podIPs.length === 1) return familyOf(first as IP) === family ? [first] : [];
  return podIPs.filter(({ ip }) => familyOf(ip as IP) === family).map(({ ip }) => ip);
}

/** Whether two pods have the very same containers: they offer the same ports. */
export function isOfOneTemplate({ spec: a }: Pod, { spec: b }: Pod): boolean {
  return a.containers === b.containers && a.initContainers === b.initContainers;
}

/**
 * The endpoint of one family that the pod is for the Service, without hints, frozen to its depth.
 * `zone`: that of its node. What it has in common with the one that it was `before` is shared with
 * it.
 */
export function endpointOf(
  pod: Pod,
  zone: string | undefined,
  service: Service,
  family: Family,
  before: SliceEndpoint | undefined,
): SliceEndpoint {
  const { nodeName } = pod.spec;
  const hostname = hostnameIn(service, pod);
  // Field by field, because spreads make objects that are slow to make and to read.
  const endpoint: { -readonly [Field in keyof SliceEndpoint]: SliceEndpoint[Field] } = {
    addresses: sharedAddresses(addressesOf(pod, family), before),
    conditions: conditionsIn(service, pod),
  };
  if (hostname) endpoint.hostname = hostname;
  if (nodeName) endpoint.nodeName = nodeName;
  if (zone) endpoint.zone = zone;
  endpoint.targetRef = isOf(pod, before?.targetRef) ? before!.targetRef! : referenceTo(pod);
  return Object.freeze(endpoint);
}

/** The name by which the Service's domain has the pod. */
export function hostnameIn({ metadata }: Service, { spec }: Pod): string | undefined {
  return spec.subdomain === metadata.name ? spec.hostname : undefined;
}

function sharedAddresses(
  addresses: readonly string[],
  before: SliceEndpoint | undefined,
): readonly string[] {
  return before !== undefined && equalJson(addresses, before.addresses)
    ? before.addresses
    : Object.freeze(addresses);
}

function isOf({ metadata }: Pod, reference: TargetRef | undefined): boolean {
  return (
    reference?.name === metadata.name &&
    reference.namespace === metadata.namespace &&
    reference.uid === metadata.uid
  );
}

/** How the pod fares. Most endpoints fare alike: they share what they say of it. */
export function conditionsIn({ spec }: Service, pod: Pod): EndpointConditions {
  const serving = isPodReady(pod);
  const terminating = isGoing(pod);
  const ready = spec.publishNotReadyAddresses === true || (serving && !terminating);
  return CONDITIONS[4 * Number(ready) + 2 * Number(serving) + Number(terminating)]!;
}

const CONDITIONS: readonly EndpointConditions[] = Array.from({ length: 8 }, (_, bits) =>
  Object.freeze({ ready: bits >= 4, serving: (bits & 2) > 0, terminating: (bits & 1) > 0 }),
);

function referenceTo({ metadata: { namespace, name, uid } }: Pod): TargetRef {
  if (namespace !== undefined && uid !== undefined) {
    return Object.freeze({ kind: 'Pod', namespace, name, uid });
  }
  return Object.freeze({
    kind: 'Pod',
    ...(namespace !== undefined && { namespace }),
    name,
    ...(uid !== undefined && { uid }),
  });
}

/**
 * The ports that the pod offers to the Service, in the Service's order. A name that no container
 * of the pod has is left out, so that pods may come to stand in different slices.
 */
export function portsOf({ spec: { ports = NO_PORTS } }: Service, pod: Pod): readonly SlicePort[] {
  let offers = offered.get(ports);
  if (offers === undefined) {
    const isByName = ports.some(({ targetPort }) => typeof targetPort === 'string');
    offered.set(ports, (offers = isByName ? new WeakMap() : readPorts(ports, pod)));
  }
  if (!(offers instanceof WeakMap)) return offers;
  let own = offers.get(pod.spec);
  if (own === undefined) offers.set(pod.spec, (own = readPorts(ports, pod)));
  return own;
}

const NO_PORTS: readonly ServicePort[] = [];

/** By the ports of a Service: what every pod offers, or each by its spec where names count. */
const offered = new WeakMap<
  readonly ServicePort[],
  readonly SlicePort[] | WeakMap<PodSpec, readonly SlicePort[]>
>();

/** Frozen to its depth. */
function readPorts(ports: readonly ServicePort[], pod: Pod): readonly SlicePort[] {
  const own: SlicePort[] = [];
  for (const port of ports) {
    const number = targetPortOf(port, pod);
    if (number === undefined) continue;
    const { name = '', protocol = 'TCP', appProtocol } = port;
    const common = { name, port: number, protocol };
    own.push(Object.freeze(appProtocol === undefined ? common : { ...common, appProtocol }));
  }
  return Object.freeze(own);
}

/** source: pkg/api/v1/pod/util.go FindPort: containers first, then sidecars. */
function targetPortOf(
  { targetPort, port, protocol = 'TCP' }: ServicePort,
  pod: Pod,
): number | undefined {
  if (typeof targetPort !== 'string') return targetPort ?? port;
  const { containers, initContainers = [] } = pod.spec;
  const sidecars = initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always');
  const offers = [...containers, ...sidecars].flatMap(({ ports = [] }: Container) => ports);
  const offer = offers.find((it) => it.name === targetPort && (it.protocol ?? 'TCP') === protocol);
  return offer?.containerPort;
}

/** Endpoints with equal identities are the same endpoint, whatever else has changed. */
export function identityOf({ addresses, hostname = '', targetRef }: SliceEndpoint): string {
  const pod = `${targetRef?.namespace ?? ''}/${targetRef?.name ?? ''}`;
  return `${addresses.join(',')}|${hostname}|${pod}`;
}

/** Whether two endpoints have equal identities. */
export function areIdentical(a: SliceEndpoint, b: SliceEndpoint): boolean {
  if (a === b) return true;
  return (
    a.targetRef?.name === b.targetRef?.name &&
    a.targetRef?.namespace === b.targetRef?.namespace &&
    (a.hostname ?? '') === (b.hostname ?? '') &&
    equalJson(a.addresses, b.addresses)
  );
}

/** source: staging/src/k8s.io/endpointslice/util/endpointset.go EndpointsEqualBeyondHash */
export function isSameEndpoint(a: SliceEndpoint, b: SliceEndpoint): boolean {
  if (a === b) return true;
  if (a.nodeName !== b.nodeName || a.zone !== b.zone) return false;
  return equalJson(a.conditions, b.conditions) && equalJson(a.targetRef, b.targetRef);
}

/** Whether a change of a pod concerns any slice. */
export function concernsSlices(before: Pod | undefined, after: Pod | undefined): boolean {
  if (before === undefined || after === undefined) return before !== after;
  return (
    !equalJson(before.metadata.labels, after.metadata.labels) ||
    isGoing(before) !== isGoing(after) ||
    before.spec.nodeName !== after.spec.nodeName ||
    before.spec.hostname !== after.spec.hostname ||
    before.spec.subdomain !== after.spec.subdomain ||
    (before.status !== after.status && concernsBy(before, after))
  );
}

/** Whether it does so by the status of the pod. */
function concernsBy(before: Pod, after: Pod): boolean {
  const [was, is] = [before.status, after.status];
  return (
    isPodReady(before) !== isPodReady(after) ||
    isEndpoint(before) !== isEndpoint(after) ||
    !equalJson(was?.podIPs ?? was?.podIP, is?.podIPs ?? is?.podIP)
  );
}

function isGoing({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined;
}
