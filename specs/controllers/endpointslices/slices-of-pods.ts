// Pods behind a Service, a control plane that has settled with them, and the slices that it wrote.

import { expect } from 'chai';

import type { EndpointSlice } from '../../../src/apiserver/kinds/endpointslice';
import type { Version } from '../../../src/apiserver/store';
import { keyOf } from '../../../src/values/kube-object';
import type { KubeObject } from '../../../src/values/kube-object';
import type { Instant } from '../../../src/values/time';
import { ControlPlane, runningStatus } from '../control-plane';

/** The part of a status that takes a pod out of service. */
export const NOT_READY = { conditions: [{ type: 'Ready', status: 'False' }] };

/** A pod that runs on the first node, but for what is given. */
export function podOf(name: string, status: object = {}, spec: object = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'shop', labels: { app: 'web' } },
    spec: {
      nodeName: 'worker-1',
      containers: [{ name: 'main', image: 'registry.example/app:1' }],
      ...spec,
    },
    status: { ...runningStatus(0, '10.244.1.5'), ...status },
  };
}

const versions = new WeakMap<object, Version>();

/** The versions of pods, one for each object. */
export function versionsOf(pods: readonly KubeObject[]): readonly Version[] {
  return Object.freeze(pods.map((pod) => versions.get(pod) ?? versionOf(pod)));
}

function versionOf(object: KubeObject): Version {
  const at = 0 as Instant;
  const rest = { previous: undefined, cause: 0, scope: undefined };
  const version: Version = { revision: 0, at, key: keyOf(object), object, ...rest };
  versions.set(object, version);
  return version;
}

/** A control plane without kubelets, in which these objects have come to rest. */
export function plane(...objects: KubeObject[]): ControlPlane {
  const subject = new ControlPlane({ kubelet: false, zones: ['a', 'b', 'c'] });
  for (const object of objects) expect(subject.create(object), subject.refusal).to.equal('ok');
  subject.run();
  return subject;
}

/** Every slice, as the API lists them. */
export function slices(subject: ControlPlane): EndpointSlice[] {
  return subject.list<EndpointSlice>('EndpointSlice');
}

/** The endpoints of all slices. */
export function endpoints(subject: ControlPlane) {
  return slices(subject).flatMap((slice) => slice.endpoints);
}
