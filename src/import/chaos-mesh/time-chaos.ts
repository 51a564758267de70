// TimeChaos becomes `skew`, where the pods that it chooses are a component of the cluster.
// source: chaos-mesh api/v1alpha1/timechaos_types.go

import { formatDuration } from '../../values/time';
import type { Fields } from '../fields';
import { parseGoDuration } from '../go-duration';
import type { ImportedFault } from '../timeline';

/**
 * The labels by which kubeadm's pods are known.
 * source: cmd/kubeadm/app/util/staticpod (ComponentPod); cmd/kubeadm/app/phases/addons/proxy
 */
const COMPONENTS: Readonly<Record<string, string>> = {
  'component=kube-scheduler': 'scheduler',
  'component=kube-controller-manager': 'controller-manager',
  'k8s-app=kube-proxy': 'kube-proxy',
};

/** The fault for the `spec` of a TimeChaos. */
export function readTimeChaos(spec: Fields): readonly ImportedFault[] {
  const component = componentOf(spec);
  const text = spec.text('timeOffset') ?? '';
  const offset = parseGoDuration(text);
  spec.ignore('containerNames');
  if (component === undefined) {
    const why = 'processes of pods read no clock; clocks of hosts and components can differ';
    spec.remark('skipped', why, 'selector');
    return [];
  }
  if (offset === undefined) {
    spec.remark('skipped', `"${text}" is no span of time`, 'timeOffset');
    return [];
  }
  if (!offset.exact) {
    spec.remark('differs', 'what is finer than a microsecond is cut off', 'timeOffset');
  }
  const clocks = spec.texts('clockIds');
  if (clocks.some((it) => it !== 'CLOCK_REALTIME')) {
    spec.remark('differs', 'the wall clock alone is set', 'clockIds');
  }
  return [{ verb: 'skew', args: { component, offset: formatDuration(offset.value) } }];
}

function componentOf(spec: Fields): string | undefined {
  const selector = spec.part('selector');
  const labels = Object.entries(selector.labels('labelSelectors')).map((it) => it.join('='));
  const namespaces = selector.texts('namespaces');
  const isSystem = namespaces.length === 1 && namespaces[0] === 'kube-system';
  const isWhole = spec.text('mode') === 'all';
  return isSystem && isWhole && labels.length === 1 ? COMPONENTS[labels[0]!] : undefined;
}
