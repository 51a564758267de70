// How a pod stands in a slice.
// source: staging/src/k8s.io/endpointslice/{utils,util/controller_utils}.go

import { isHeadless } from '../../apiserver/kinds/service';
import type { Service, ServicePort } from '../../apiserver/kinds/service';
import { zoneOf } from '../../apiserver/kinds/node';
import { isPodReady, isPodTerminal } from '../../apiserver/kinds/pod';
import type { Container, Pod } from '../../apiserver/kinds/pod';
import type { SliceEndpoint, SlicePort } from '../../apiserver/kinds/endpointslice';
import { equalJson } from '../../apiserver/json';
import { familyOf } from '../../values/ip';
import type { Family, IP } from '../../values/ip';
import type { KubeObject } from '../../values/kube-object';

/**
 * Whether the pod belongs into slices at all. A terminating pod stays until its object is gone.
 * source: staging/src/k8s.io/endpointslice/util/controller_utils.go ShouldPodBeInEndpoints
 */
export function isEndpoint(pod: Pod): boolean {
  return !isPodTerminal(pod) && addressesOf(pod).length > 0;
}

/** The pod's addresses of one family. */
export function addressesOfFamily(pod: Pod, family: Family): string[] {
  return addressesOf(pod).filter((text) => familyOf(text as IP) === family);
}

function addressesOf({ status }: Pod): string[] {
  if (status?.podIPs?.length) return status.podIPs.map(({ ip }) => ip);
  return status?.podIP ? [status.podIP] : [];
}

/** The endpoint of one family that the pod is for the Service, without hints. */
export function endpointOf(
  pod: Pod,
  node: KubeObject | undefined,
  service: Service,
  family: Family,
): SliceEndpoint {
  const serving = isPodReady(pod);
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const publishes = service.spec.publishNotReadyAddresses === true;
  const { name, namespace, uid } = pod.metadata;
  const { nodeName, hostname, subdomain } = pod.spec;
  const zone = zoneOf(node);
  return {
    addresses: addressesOfFamily(pod, family),
    conditions: { ready: publishes || (serving && !terminating), serving, terminating },
    ...(hostname && subdomain === service.metadata.name && { hostname }),
    ...(nodeName && { nodeName }),
    ...(zone && { zone }),
    targetRef: {
      kind: 'Pod',
      ...(namespace !== undefined && { namespace }),
      name,
      ...(uid !== undefined && { uid }),
    },
  };
}

/**
 * The ports that the pod offers to the Service, in the Service's order. A name that no container
 * of the pod has is left out, so that pods may come to stand in different slices.
 */
export function portsOf(service: Service, pod: Pod): SlicePort[] {
  const { ports = [] } = service.spec;
  if (isHeadless(service) && ports.length === 0) return [];
  return ports.flatMap((port) => {
    const number = targetPortOf(port, pod);
    if (number === undefined) return [];
    const { name = '', protocol = 'TCP', appProtocol } = port;
    return [{ name, port: number, protocol, ...(appProtocol !== undefined && { appProtocol }) }];
  });
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
export function identityOf({ addresses, hostname, targetRef }: SliceEndpoint): string {
  const pod = `${targetRef?.namespace ?? ''}/${targetRef?.name ?? ''}`;
  return `${addresses.join(',')}|${hostname ?? ''}|${pod}`;
}

/** source: staging/src/k8s.io/endpointslice/util/endpointset.go EndpointsEqualBeyondHash */
export function isSameEndpoint(a: SliceEndpoint, b: SliceEndpoint): boolean {
  if (a.nodeName !== b.nodeName || a.zone !== b.zone) return false;
  return equalJson(a.conditions, b.conditions) && equalJson(a.targetRef, b.targetRef);
}

/** What a change of a pod must touch to concern any slice. */
export function endpointPart(pod: KubeObject | undefined): unknown {
  if (pod === undefined) return undefined;
  const { metadata, spec, status } = pod as Pod;
  return {
    labels: metadata.labels,
    terminating: metadata.deletionTimestamp !== undefined,
    nodeName: spec.nodeName,
    hostname: spec.hostname,
    subdomain: spec.subdomain,
    isEndpoint: isEndpoint(pod as Pod),
    ready: isPodReady(pod as Pod),
    addresses: status?.podIPs ?? status?.podIP,
  };
}
