// Goal: `kubectl apply` removes what the manifest that was applied last said and this one does not,
// whether that one was there before zero or came since.
// source: staging/src/k8s.io/kubectl/pkg/cmd/apply/patcher.go (the last-applied-configuration)

import { expect } from 'chai';

import { Kubectl } from '../../../src/cluster/commands/kubectl';
import type { Labels } from '../../../src/values/labels';
import type { KubeObject } from '../../../src/values/kube-object';
import { ControlPlane, serviceOf } from '../../controllers/control-plane';

function labelled(labels: Labels, name = 'web'): KubeObject {
  const object = serviceOf(name);
  return { ...object, metadata: { ...object.metadata, labels } };
}

function labelsAfter(before: readonly KubeObject[], ...applied: readonly KubeObject[]): unknown {
  const plane = new ControlPlane({ nodes: 0, kubelet: false });
  const { kernel, api } = plane;
  const kubectl = new Kubectl(kernel, api, before);
  for (const object of before) plane.create(object);
  plane.patch('Service', 'shop/web', { metadata: { labels: { by: 'others' } } });
  for (const object of applied) {
    kubectl.apply(object);
    plane.run();
  }
  return plane.get('Service', 'shop/web')!.metadata.labels;
}

describe('kubectl apply', () => {
  const others = labelled({ c: '3' }, 'api');

  it('removes what a manifest from before zero said, and nothing that others have written', () => {
    const before = [others, labelled({ a: '1', b: '2' }), labelled({ a: '1' }, 'db')];
    expect(labelsAfter(before, labelled({ b: '2' }))).to.deep.equal({ b: '2', by: 'others' });
  });

  it('goes by what was applied last, not by what was there first', () => {
    const before = [labelled({ a: '1' }), others];
    const applied = [labelled({ b: '2' }), labelled({ c: '3' }, 'api'), labelled({})];
    expect(labelsAfter(before, ...applied)).to.deep.equal({ by: 'others' });
  });
});
