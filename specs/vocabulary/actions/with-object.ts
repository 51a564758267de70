// The cluster of the specs with one more object in its API.

import type { Taint } from '../../../src/values/cluster-spec';
import { keyOf } from '../../../src/values/kube-object';
import type { KubeObject } from '../../../src/values/kube-object';
import { shop } from '../../runner/fake-cluster';
import type { FakeCluster } from '../../runner/fake-cluster';

function withObject(object: KubeObject): FakeCluster {
  const cluster = shop();
  const { kind } = object;
  cluster.api.commitNow({ verb: 'create', kind, key: keyOf(object), object, actor: 'spec' });
  return cluster;
}

/** `worker-1`, with these taints. */
export function withNode(taints: readonly Taint[] = []): FakeCluster {
  const metadata = { name: 'worker-1' };
  return withObject({ apiVersion: 'v1', kind: 'Node', metadata, spec: { taints } });
}

/** The Deployment `shop/web` with one container, `main`. */
export function withDeployment(spec: object = {}): FakeCluster {
  const metadata = { name: 'web', namespace: 'shop' };
  const template = { spec: { containers: [{ name: 'main', image: 'web:1' }] } };
  const whole = { selector: {}, template, ...spec };
  return withObject({ apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: whole });
}
