// Goal: what a kubelet reads off a pod before it ends it, or takes it on: its priority, whether it is
// critical, what it requests (pod_update.go IsCriticalPod, qos.go, resource/helpers.go).

import { expect } from 'chai';
import {
  isBestEffort,
  isCriticalPod,
  priorityOf,
  requestedBytes,
} from '../../../src/apiserver/kinds/pod-priority';
import type { Pod } from '../../../src/apiserver/kinds/pod';
import type { KubeObject } from '../../../src/values/kube-object';

type Resources = Readonly<Record<string, Readonly<Record<string, string>>>>;

function pod(spec: object, annotations: Readonly<Record<string, string>> = {}): Pod {
  const metadata = { name: 'web', namespace: 'shop', annotations };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec } as unknown as Pod;
}

function podWith(mains: readonly Resources[], inits: readonly Resources[] = []): Pod {
  const container = (resources: Resources) => ({ name: 'c', image: 'example/web', resources });
  return pod({ containers: mains.map(container), initContainers: inits.map(container) });
}

const CLASSES: Readonly<Record<string, number>> = { batch: -5, vital: 1_000 };
const read = (kind: string, key: string) => {
  const value = kind === 'PriorityClass' ? CLASSES[key] : undefined;
  return value === undefined ? undefined : ({ value } as unknown as KubeObject);
};

describe('the priority of a pod', () => {
  it('is its own, else that of its class, else 0', () => {
    const priorities = [
      { priority: 7, priorityClassName: 'batch' },
      { priorityClassName: 'batch' },
      { priorityClassName: 'system-node-critical' },
      { priorityClassName: 'system-cluster-critical' },
      { priorityClassName: 'nowhere' },
      {},
    ].map((spec) => priorityOf(pod(spec), read));
    expect(priorities).to.deep.equal([7, -5, 2_000_001_000, 2_000_000_000, 0, 0]);
  });

  it('makes it critical from that of the system on; a static pod always is', () => {
    const mirror = { 'kubernetes.io/config.mirror': 'abc' };
    expect(isCriticalPod(pod({ priority: 2_000_000_000 }), read)).to.equal(true);
    expect(isCriticalPod(pod({ priority: 1_999_999_999 }), read)).to.equal(false);
    expect(isCriticalPod(pod({ priorityClassName: 'vital' }), read)).to.equal(false);
    expect(isCriticalPod(pod({}, mirror), read)).to.equal(true);
  });
});

describe('a pod of the class BestEffort', () => {
  it('has no container with a request or a limit of CPU or memory', () => {
    expect(isBestEffort(podWith([{}, {}]))).to.equal(true);
    expect(isBestEffort(podWith([{ requests: { 'ephemeral-storage': '1Gi' } }]))).to.equal(true);
    for (const resources of [
      { requests: { cpu: '10m' } },
      { requests: { memory: '10Mi' } },
      { limits: { cpu: '1' } },
      { limits: { memory: '10Mi' } },
    ] as readonly Resources[]) {
      expect(isBestEffort(podWith([{}, resources]))).to.equal(false);
      expect(isBestEffort(podWith([{}], [resources])), 'of an init container').to.equal(false);
    }
  });
});

describe('what a pod requests', () => {
  const MI = 2 ** 20;

  it('is the sum of its containers', () => {
    const subject = podWith([
      { requests: { memory: '10Mi' } },
      { requests: { memory: '5Mi' } },
      {},
    ]);
    expect(requestedBytes(subject, 'memory')).to.equal(15 * MI);
  });

  it('is a limit where there is no request', () => {
    const limits = { memory: '30Mi' };
    expect(requestedBytes(podWith([{ limits }]), 'memory')).to.equal(30 * MI);
    const both = podWith([{ limits, requests: { memory: '10Mi' } }]);
    expect(requestedBytes(both, 'memory')).to.equal(10 * MI);
  });

  it('is as much as one init container needs, where that is more', () => {
    const mains = [{ requests: { memory: '10Mi' } }];
    const inits = [{ requests: { memory: '40Mi' } }, { requests: { memory: '20Mi' } }];
    expect(requestedBytes(podWith(mains, inits), 'memory')).to.equal(40 * MI);
    expect(requestedBytes(podWith(mains, [{}]), 'memory')).to.equal(10 * MI);
  });
});
