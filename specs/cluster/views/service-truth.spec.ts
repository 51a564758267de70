// Goal: the truth that `converge` holds the data planes against: what really serves, whatever the
// API says, by the ports of the pods as the EndpointSlice controller reads them (services.md §1.2).

import { expect } from 'chai';

import type { KubeObject } from '../../../src/values/kube-object';
import { keyOf } from '../../../src/values/kube-object';
import { programmedEndpoints, servingEndpoints } from '../../../src/cluster/views/service-truth';
import type { Kubelets } from '../../../src/node/kubelet/kubelet';
import type { Proxies } from '../../../src/cluster/proxies';
import type { Store } from '../../../src/apiserver/store';

function storeOf(...objects: KubeObject[]): Store {
  const get = (kind: string, key: string) =>
    objects.find((it) => it.kind === kind && keyOf(it) === key);
  const list = (kind: string) => objects.filter((it) => it.kind === kind);
  return { get, list } as unknown as Store;
}

function service(spec: object): KubeObject {
  const metadata = { name: 'web', namespace: 'shop' };
  return { apiVersion: 'v1', kind: 'Service', metadata, spec };
}

function pod(name: string, podIP: string | undefined, parts: object = {}): KubeObject {
  const containers = [{ name: 'main', ports: [{ name: 'http', containerPort: 8080 }] }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'shop', labels: { app: 'web' } },
    spec: { containers },
    status: { ...(podIP !== undefined && { podIP }) },
    ...parts,
  };
}

/** Every pod serves, but the one named `broken`. */
const kubelets = { servingNow: (key: string) => key !== 'shop/broken' } as unknown as Kubelets;

const SELECTING = { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }] };

function serving(spec: object, ...others: KubeObject[]): readonly string[] {
  return servingEndpoints(storeOf(service(spec), ...others), kubelets, 'shop/web');
}

describe('the endpoints that really serve', () => {
  it('are pods that run and answer, by the port that the Service means', () => {
    const pods = [pod('b', '10.0.0.2'), pod('a', '10.0.0.1'), pod('broken', '10.0.0.3')];
    expect(serving(SELECTING, ...pods)).to.deep.equal(['10.0.0.1:8080', '10.0.0.2:8080']);
    const byNumber = { ...SELECTING, ports: [{ port: 80, targetPort: 9090 }, { port: 81 }] };
    expect(serving(byNumber, pod('a', '10.0.0.1'))).to.deep.equal(['10.0.0.1:81', '10.0.0.1:9090']);
  });

  it('may be behind a port of a sidecar', () => {
    const spec = {
      containers: [{ name: 'main', image: 'registry.example/app:1' }],
      initContainers: [
        {
          name: 'setup',
          image: 'registry.example/app:1',
          ports: [{ name: 'http', containerPort: 1 }],
        },
        {
          name: 'proxy',
          restartPolicy: 'Always',
          ports: [{ name: 'http', containerPort: 15001 }],
        },
      ],
    };
    expect(serving(SELECTING, pod('a', '10.0.0.1', { spec }))).to.deep.equal(['10.0.0.1:15001']);
  });

  it('are none of a name that no container has, or has for another protocol', () => {
    const ports = [{ name: 'http', protocol: 'UDP', containerPort: 8080 }];
    const spec = { containers: [{ name: 'main', image: 'registry.example/app:1', ports }] };
    expect(serving(SELECTING, pod('a', '10.0.0.1', { spec }))).to.deep.equal([]);
  });

  it('are no pods that end, have ended, have no address or belong to others', () => {
    const metadata = { name: 'x', namespace: 'shop', labels: { app: 'web' } };
    const others = [
      pod('ending', '10.0.0.1', { metadata: { ...metadata, deletionTimestamp: 5 } }),
      pod('ended', '10.0.0.2', { status: { phase: 'Succeeded', podIP: '10.0.0.2' } }),
      pod('young', undefined),
      pod('elsewhere', '10.0.0.4', { metadata: { ...metadata, namespace: 'other' } }),
      pod('other', '10.0.0.5', { metadata: { ...metadata, labels: { app: 'cart' } } }),
    ];
    expect(serving(SELECTING, ...others)).to.deep.equal([]);
  });

  it('are pods that are not ready too, where the Service publishes them', () => {
    const spec = { ...SELECTING, publishNotReadyAddresses: true };
    expect(serving(spec, pod('broken', '10.0.0.3'))).to.deep.equal(['10.0.0.3:8080']);
  });

  it('are what the slices say where nothing selects', () => {
    const slice = (name: string, parts: object): KubeObject => ({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name, namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } },
      ports: [{ port: 5432 }],
      endpoints: [
        { addresses: ['198.51.100.2'] },
        { addresses: ['198.51.100.1'], conditions: { ready: true } },
        { addresses: ['198.51.100.3'], conditions: { ready: false } },
      ],
      ...parts,
    });
    const foreign = slice('other', { metadata: { name: 'other', namespace: 'other' } });
    const slices = [slice('mine', {}), slice('empty', { ports: undefined }), foreign];
    expect(serving({ ports: [{ port: 5432 }] }, ...slices)).to.deep.equal([
      '198.51.100.1:5432',
      '198.51.100.2:5432',
    ]);
  });

  it('are none of a Service that is not there', () => {
    expect(servingEndpoints(storeOf(), kubelets, 'shop/web')).to.deep.equal([]);
  });
});

describe('the endpoints that a node leads to', () => {
  it('are those of all ports, each once', () => {
    const asked: unknown[] = [];
    const proxies = {
      programmed(node: string, port: object) {
        asked.push({ node, ...port });
        return ['10.0.0.2:8080', '10.0.0.1:8080'];
      },
    } as unknown as Proxies;
    const ports = [{ port: 80 }, { name: 'dns', port: 53, protocol: 'UDP' }];
    const found = programmedEndpoints(storeOf(service({ ports })), proxies, 'worker-1', 'shop/web');
    expect(found).to.deep.equal(['10.0.0.1:8080', '10.0.0.2:8080']);
    const place = { node: 'worker-1', namespace: 'shop', name: 'web' };
    expect(asked).to.deep.equal([
      { ...place, port: '', protocol: 'TCP' },
      { ...place, port: 'dns', protocol: 'UDP' },
    ]);
    expect(programmedEndpoints(storeOf(), proxies, 'worker-1', 'shop/web')).to.deep.equal([]);
  });
});
