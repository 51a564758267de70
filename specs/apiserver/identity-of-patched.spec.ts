// Goal: a patch cannot make another object of the one that it is sent to: names, namespaces and
// UIDs stay, and the words of the refusal are those of the API server.
// source: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/rest.go checkName

import { expect } from 'chai';
import type { PatchType } from '../../src/apiserver/patch';
import type { KubeObject } from '../../src/values/kube-object';
import { ControlPlane } from '../controllers/control-plane';

const WEB: KubeObject = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'web', namespace: 'shop' },
  data: { a: 'b' },
};

const SHOP: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };

/** What a patch of the object's metadata comes to: its result, and why it was refused. */
function patched(plane: ControlPlane, key: string, patch: unknown, patchType: PatchType): string {
  const kind = key.includes('/') ? 'ConfigMap' : 'Namespace';
  const { journal } = plane.kernel;
  const result = plane.api.commitNow({ verb: 'patch', kind, key, patch, patchType, actor: 'spec' });
  return result === 'invalid' ? `${result}: ${journal.all().at(-1)!.detail}` : result;
}

function standing(): ControlPlane {
  const plane = new ControlPlane({ nodes: 0, kubelet: false });
  plane.create(SHOP);
  plane.create(WEB);
  return plane;
}

const asType = (type: PatchType, field: string, value: string): unknown =>
  type === 'json'
    ? [{ op: 'add', path: `/metadata/${field}`, value }]
    : { metadata: { [field]: value } };

describe('a patch that says another identity', () => {
  for (const type of ['merge', 'strategic', 'json'] as const) {
    const refusal = (field: string, value: string): string => {
      const plane = standing();
      const before = plane.get('ConfigMap', 'shop/web');
      const said = patched(plane, 'shop/web', asType(type, field, value), type);
      expect(plane.get('ConfigMap', 'shop/web')).to.equal(before);
      expect([...plane.api.store.list('ConfigMap')]).to.deep.equal([before]);
      return said;
    };

    it(`is refused as the API server refuses it: ${type}`, () => {
      expect(refusal('name', 'other')).to.equal(
        'invalid: the name of the object (other) does not match the name on the URL (web)',
      );
      expect(refusal('namespace', 'other')).to.equal(
        'invalid: the namespace of the object (other) does not match the namespace on the ' +
          'request (shop)',
      );
      expect(refusal('uid', 'other')).to.equal(
        'invalid: ConfigMap "web" is invalid: metadata.uid: Invalid value: "other": ' +
          'field is immutable',
      );
    });
  }

  it('is refused where it takes the name away', () => {
    const said = patched(standing(), 'shop/web', { metadata: { name: null } }, 'merge');
    const refusal =
      'invalid: the name of the object (web based on URL) was undeterminable: ' +
      'name must be provided';
    expect(said).to.equal(refusal);
    expect(patched(standing(), 'shop/web', { metadata: null }, 'merge')).to.equal(refusal);
    const none = [{ op: 'remove', path: '/metadata' }];
    expect(patched(standing(), 'shop/web', none, 'json')).to.equal(refusal);
  });

  it('is refused where it makes something else of metadata or kind', () => {
    for (const [patch, said] of [
      [{ metadata: 'web' }, 'the metadata of ConfigMap "web" is a mapping of fields'],
      [{ kind: 'Secret' }, 'ConfigMap "web" is no Secret'],
    ] as const) {
      expect(patched(standing(), 'shop/web', patch, 'merge')).to.equal(`invalid: ${said}`);
    }
  });

  it('says nothing by taking away what is known of it, or by saying what stands', () => {
    const plane = standing();
    const { metadata } = plane.get('ConfigMap', 'shop/web')!;
    const { name, namespace, uid } = metadata;
    const given = [{ namespace: null }, { uid: null }, { name, namespace, uid }];
    for (const patch of [...given.map((it) => ({ metadata: it })), { kind: null }]) {
      expect(patched(plane, 'shop/web', patch, 'merge')).to.equal('ok');
      expect(plane.get('ConfigMap', 'shop/web')!.metadata).to.deep.equal(metadata);
    }
  });

  it('cannot give a namespace to what belongs to none', () => {
    const plane = standing();
    const patch = { metadata: { namespace: 'other', labels: { a: 'b' } } };
    expect(patched(plane, 'shop', patch, 'merge')).to.equal('ok');
    const { namespace, labels } = plane.get('Namespace', 'shop')!.metadata;
    expect([namespace, labels?.['a']]).to.deep.equal([undefined, 'b']);
  });
});

describe('a replacement', () => {
  it('that says no namespace takes the place of the object that it is sent to', () => {
    const plane = standing();
    const object = { ...WEB, metadata: { name: 'web' }, data: { a: 'c' } };
    const write = { verb: 'replace', kind: 'ConfigMap', key: 'shop/web', object } as const;
    expect(plane.api.commitNow({ ...write, actor: 'spec' })).to.equal('ok');
    expect(plane.get('ConfigMap', 'shop/web')).to.deep.include({ data: { a: 'c' } });
    expect([...plane.api.store.list('ConfigMap')]).to.have.length(1);
  });
});
