// Pods as policies see them.

import type { Pod } from '../../apiserver/kinds/pod';
import { parseIp } from '../../values/ip';
import type { IP } from '../../values/ip';
import { keyOf } from '../../values/kube-object';
import type { KubeObject } from '../../values/kube-object';
import type { Labels } from '../../values/labels';
import type { NamedPort, PolicyPod } from './policy';

/**
 * Undefined for a pod that has no address of its own: one of the host network, which counts as
 * its node, one without a sandbox yet, and one whose containers have all ended.
 */
export function readPod(object: KubeObject, namespaceLabels: Labels): PolicyPod | undefined {
  const { spec, status = {}, metadata } = object as Pod;
  const isOver = status.phase === 'Succeeded' || status.phase === 'Failed';
  if (spec.hostNetwork === true || isOver) return undefined;
  const addresses = addressesOf(status);
  if (addresses.length === 0) return undefined;
  return {
    key: keyOf(object),
    namespace: metadata.namespace ?? 'default',
    namespaceLabels,
    labels: metadata.labels ?? {},
    addresses,
    node: spec.nodeName ?? '',
    ports: portsOf(spec),
  };
}

function addressesOf({ podIPs, podIP }: NonNullable<Pod['status']>): readonly IP[] {
  const texts = podIPs?.map(({ ip }) => ip) ?? (podIP === undefined ? [] : [podIP]);
  return texts.map(parseIp).filter((address) => address !== undefined);
}

/** Those of containers and of sidecars; an ordinary init container serves nobody. */
function portsOf({ containers, initContainers = [] }: Pod['spec']): readonly NamedPort[] {
  const sidecars = initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...containers, ...sidecars].flatMap(({ ports = [] }) =>
    ports.flatMap(({ name, protocol = 'TCP', containerPort }) =>
      name === undefined ? [] : [{ name, protocol, port: containerPort }],
    ),
  );
}
