// Goal: a write costs as much as it changes: what stays as it was is the same object in both
// versions and is not judged again, and what is new is judged as if it stood alone.

import { expect } from 'chai';

import type { EndpointSlice, SliceEndpoint } from '../../src/apiserver/kinds/endpointslice';
import type { Pod } from '../../src/apiserver/kinds/pod';
import type { KubeObject } from '../../src/values/kube-object';
import { ControlPlane } from '../controllers/control-plane';

const POD: KubeObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop', labels: { app: 'web' } },
  spec: { containers: [{ name: 'main', image: 'v1' }], nodeName: 'worker-1' },
};

const endpoint = (last: number, parts: Partial<SliceEndpoint> = {}): SliceEndpoint => ({
  addresses: [`10.1.2.${last}`],
  nodeName: 'worker-1',
  ...parts,
});

const SLICE: KubeObject = {
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'web', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } },
  addressType: 'IPv4',
  endpoints: [endpoint(1), endpoint(2), endpoint(3)],
  ports: [{ name: 'http', port: 80 }],
};

/** A cluster in which the object stands. */
function standing(object: KubeObject): ControlPlane {
  const plane = new ControlPlane({ nodes: 0, kubelet: false });
  plane.create(object);
  return plane;
}

function replace(plane: ControlPlane, object: KubeObject): string {
  const { kind } = object;
  return plane.api.commitNow({ verb: 'replace', kind, key: 'shop/web', object, actor: 'spec' });
}

describe('a write of a part', () => {
  it('leaves the others the same objects, down to the items of a list', () => {
    const plane = standing(POD);
    const scheduled = () => ({ type: 'PodScheduled', status: 'True' }) as const;
    const ready = (status: 'True' | 'False') => ({ type: 'Ready', status }) as const;
    const write = (status: object) => plane.patch('Pod', 'shop/web', { status });
    write({ conditions: [scheduled(), ready('False')], hostIPs: [{ ip: '192.168.1.1' }] });
    const before = plane.get<Pod>('Pod', 'shop/web')!;
    write({ conditions: [scheduled(), ready('True')], hostIPs: [{ ip: '192.168.1.1' }] });
    const after = plane.get<Pod>('Pod', 'shop/web')!;
    expect(after.status!.conditions![1]).to.deep.equal(ready('True'));
    expect(after.spec).to.equal(before.spec);
    expect(after.metadata.labels).to.equal(before.metadata.labels);
    expect(after.status!.hostIPs).to.equal(before.status!.hostIPs);
    expect(after.status!.conditions![0]).to.equal(before.status!.conditions![0]);
    expect(Object.isFrozen(after.status!.conditions![1])).to.equal(true);
  });

  it('gives tolerations to a pod that loses its own', () => {
    const plane = standing(POD);
    const { tolerations } = plane.get<Pod>('Pod', 'shop/web')!.spec;
    expect(tolerations!.map(({ key }) => key)).to.have.length(2);
    plane.patch('Pod', 'shop/web', { spec: { tolerations: [] } });
    expect(plane.get<Pod>('Pod', 'shop/web')!.spec.tolerations).to.deep.equal(tolerations);
    expect(plane.patch('Pod', 'shop/web', { spec: { tolerations: null } })).to.equal('ok');
    expect(plane.get<Pod>('Pod', 'shop/web')!.spec.tolerations).to.deep.equal(tolerations);
  });

  it('drops nulls in what it brings, and takes them for no change', () => {
    const plane = standing(POD);
    plane.patch('Pod', 'shop/web', { status: { conditions: [{ type: 'Ready', reason: null }] } });
    const conditions = [{ type: 'Ready' }];
    const { status } = plane.get<Pod>('Pod', 'shop/web')!;
    expect(status).to.deep.equal({ phase: 'Pending', conditions });
    const { revision } = plane.api.store;
    const none = { conditions: [{ type: 'Ready', message: null }], podIP: null };
    expect(plane.patch('Pod', 'shop/web', { status: none })).to.equal('ok');
    expect(plane.api.store.revision).to.equal(revision);
  });

  it('is judged by the labels that it brings', () => {
    const plane = standing(POD);
    const write = (labels: object) => plane.patch('Pod', 'shop/web', { metadata: { labels } });
    expect(write({ tier: 'not allowed' })).to.equal('invalid');
    expect(write({ tier: 'front' })).to.equal('ok');
  });
});

describe('one more pod of a template', () => {
  it('is judged and cleaned by what it has of its own', () => {
    const plane = standing(POD);
    const { spec } = plane.get<Pod>('Pod', 'shop/web')!;
    const next = (name: string, metadata: object) =>
      plane.create({ ...POD, metadata: { name, namespace: 'shop', ...metadata }, spec });
    expect(next('a', {})).to.equal('ok');
    expect(next('b', { labels: { app: 'not allowed' } })).to.equal('invalid');
    expect(next('c', { labels: { app: null } })).to.equal('ok');
    expect(plane.get('Pod', 'shop/c')!.metadata.labels).to.deep.equal({});
    expect(plane.get('Pod', 'shop/c')!.spec).to.equal(plane.get('Pod', 'shop/a')!.spec);
  });
});

describe('an object that takes the place of another one', () => {
  it('keeps the identity of that one, whatever it says itself', () => {
    const plane = standing(SLICE);
    const before = plane.get('EndpointSlice', 'shop/web')!;
    const given = { ...SLICE.metadata, uid: 'mine', generation: 7, annotations: { a: 'b' } };
    expect(replace(plane, { ...SLICE, metadata: given })).to.equal('ok');
    const { metadata } = plane.get('EndpointSlice', 'shop/web')!;
    const { uid, generation, creationTimestamp } = before.metadata;
    expect(metadata).to.include({ uid, generation, creationTimestamp });
    expect(metadata.annotations).to.deep.equal({ a: 'b' });
    expect(metadata.labels).to.equal(before.metadata.labels);
  });

  it('makes no version where it says the same, read or written anew', () => {
    const plane = standing(SLICE);
    const { revision } = plane.api.store;
    expect(replace(plane, plane.get('EndpointSlice', 'shop/web')!)).to.equal('ok');
    expect(replace(plane, structuredClone(SLICE))).to.equal('ok');
    expect(plane.api.store.revision).to.equal(revision);
  });
});

describe('a slice that changes', () => {
  /** What the API server says of the slice with other parts, made from what stands. */
  function verdict(change: (slice: EndpointSlice) => object): string {
    const plane = standing(SLICE);
    const slice = plane.get<EndpointSlice>('EndpointSlice', 'shop/web')!;
    return replace(plane, { ...slice, ...change(slice) }) === 'ok' ? 'ok' : plane.refusal!;
  }

  it('may lose an endpoint, so that the others move', () => {
    expect(verdict(({ endpoints }) => ({ endpoints: endpoints.slice(1) }))).to.equal('ok');
  });

  it('is judged by each part of an endpoint that differs from the one at its place', () => {
    const wrong = (parts: Partial<SliceEndpoint>) =>
      verdict(({ endpoints: [first, , third] }) => ({
        endpoints: [first, endpoint(2, parts), third],
      }));
    expect(wrong({ conditions: { ready: false } })).to.equal('ok');
    expect(wrong({ addresses: ['127.0.0.1'] })).to.include('endpoints[1].addresses: 127.0.0.1');
    expect(wrong({ nodeName: 'No_1' })).to.include('endpoints[1].nodeName');
    expect(wrong({ hostname: 'a.b' })).to.include('endpoints[1].hostname');
    expect(wrong({ conditions: { ready: 'no' as never } })).to.include('endpoints[1].conditions');
    expect(wrong({ hints: { forNodes: [{ name: 'N_1' }] } })).to.include('endpoints[1].hints');
  });

  it('is judged by its ports and by its family', () => {
    const port = { name: 'http', port: 80 };
    expect(verdict(() => ({ ports: [port, port] }))).to.include('the name of another port');
    expect(verdict(() => ({ addressType: 'IPv6' }))).to.include('no IPv6 address');
  });
});
