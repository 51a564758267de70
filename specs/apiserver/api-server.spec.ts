// Goal: a write takes its latency, is told to those who watch and to nobody else, and the client
// learns how it ended. Figures: timing.md §6 (write 10 ms, watch 5 ms).

import { expect } from 'chai';

import type { Service } from '../../src/apiserver/kinds/service';
import { Phase } from '../../src/kernel/phase';
import { ControlPlane, serviceOf } from '../controllers/control-plane';

function plane(): ControlPlane {
  return new ControlPlane({ nodes: 0, kubelet: false });
}

function podOn(name: string, nodeName?: string) {
  const containers = [{ name: 'main', image: 'm' }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'shop' },
    spec: { containers, ...(nodeName !== undefined && { nodeName }) },
  };
}

describe('the API server', () => {
  it('commits after 10 ms and tells the watchers 5 ms later', () => {
    const subject = plane();
    const seen: number[] = [];
    const onChange = () => seen.push(subject.kernel.now);
    subject.api.informer({ kind: 'Service', owner: 'kube-proxy@worker-1', onChange });
    const object = serviceOf('web');
    subject.api.submit({ verb: 'create', kind: 'Service', key: 'shop/web', object, actor: 'spec' });
    subject.run();
    expect(subject.get('Service', 'shop/web')!.metadata.creationTimestamp).to.equal(10_000);
    expect(seen).to.deep.equal([15_000]);
  });

  it('tells the watcher of a node of its own pods alone, from the binding to the end', () => {
    const subject = plane();
    const seen: string[] = [];
    subject.api.informer({
      kind: 'Pod',
      owner: 'kubelet@worker-1',
      scope: 'worker-1',
      onChange: ({ key, after }) => seen.push(`${key} ${after === undefined ? 'gone' : 'there'}`),
    });
    subject.create(podOn('a'));
    subject.create(podOn('b', 'worker-2'));
    subject.run();
    expect(seen).to.deep.equal([]);
    subject.patch('Pod', 'shop/a', { spec: { nodeName: 'worker-1' } });
    subject.run();
    subject.delete('Pod', 'shop/a', 0);
    subject.delete('Pod', 'shop/b', 0);
    subject.run();
    expect(seen).to.deep.equal(['shop/a there', 'shop/a gone']);
  });

  it('answers how each request ended', () => {
    const subject = plane();
    const answers: unknown[] = [];
    const kind = subject.kernel.declare('spec.answer', (a, b) => answers.push([a, b]));
    const create = {
      verb: 'create',
      kind: 'Service',
      key: 'shop/web',
      object: serviceOf('web'),
      actor: 'spec',
    } as const;
    subject.api.submit({ ...create, answer: { kind, a: 1 } });
    subject.api.submit({ ...create, answer: { kind, a: 2 } });
    subject.api.submit({
      ...create,
      object: serviceOf('2'),
      key: 'shop/2',
      answer: { kind, a: 3 },
    });
    const patch = {
      verb: 'patch',
      kind: 'Service',
      key: 'shop/none',
      patch: {},
      actor: 'spec',
    } as const;
    subject.api.submit({ ...patch, answer: { kind, a: 4 } });
    subject.run();
    expect(answers).to.deep.equal([
      [1, 'ok'],
      [2, 'already-exists'],
      [3, 'invalid'],
      [4, 'not-found'],
    ]);
  });

  it('refuses to replace what has changed since it was read', () => {
    const subject = plane();
    subject.create(serviceOf('web'));
    const read = subject.get('Service', 'shop/web')!;
    subject.patch('Service', 'shop/web', { metadata: { labels: { a: 'b' } } });
    const request = {
      verb: 'replace',
      kind: 'Service',
      key: 'shop/web',
      object: read,
      actor: 'spec',
    } as const;
    expect(subject.api.commitNow(request)).to.equal('conflict');
  });

  it('wakes nobody with a write that changes nothing', () => {
    const subject = plane();
    let changes = 0;
    subject.api.informer({ kind: 'Service', owner: 'spec', onChange: () => changes++ });
    subject.create(serviceOf('web'));
    subject.run();
    const object = subject.get('Service', 'shop/web')!;
    const request = {
      verb: 'apply',
      kind: 'Service',
      key: 'shop/web',
      object,
      actor: 'spec',
    } as const;
    subject.api.commitNow(request);
    const copy = JSON.parse(JSON.stringify(object)) as Service;
    const { status: _status, ...bare } = copy;
    for (const said of [copy, bare]) {
      expect(subject.api.commitNow({ ...request, verb: 'replace', object: said })).to.equal('ok');
    }
    const patch = { spec: { selector: copy.spec.selector, ports: copy.spec.ports }, metadata: {} };
    for (const patchType of ['merge', 'strategic'] as const) {
      expect(subject.api.commitNow({ ...request, verb: 'patch', patch, patchType })).to.equal('ok');
    }
    subject.run();
    expect(subject.get('Service', 'shop/web')).to.equal(object);
    expect(changes).to.equal(1);
  });

  it('makes no version of a write that leaves out the status, and nothing else', () => {
    const subject = plane();
    subject.create(podOn('web'));
    subject.patch('Pod', 'shop/web', { status: { phase: 'Running' } });
    const object = subject.get('Pod', 'shop/web')!;
    const { status: _status, ...bare } = object;
    const request = { kind: 'Pod', key: 'shop/web', object: bare, actor: 'spec' } as const;
    for (const verb of ['replace', 'apply'] as const) subject.api.commitNow({ ...request, verb });
    expect(subject.get('Pod', 'shop/web')).to.equal(object);
  });

  it('writes down why each thing happened', () => {
    const subject = plane();
    const object = serviceOf('web');
    const start = subject.kernel.declare('spec.start', () => {
      subject.kernel.note('admin', 'applied', 'Service/shop/web');
      subject.api.submit({
        verb: 'create',
        kind: 'Service',
        key: 'shop/web',
        object,
        actor: 'admin',
      });
    });
    subject.kernel.schedule(subject.kernel.now, Phase.fault, start);
    subject.run();
    const { journal } = subject.kernel;
    const slice = journal.all().findIndex(({ subject: name }) => name.startsWith('EndpointSlice/'));
    expect(journal.chain(slice).map(({ actor, action }) => `${actor} ${action}`)).to.deep.equal([
      'admin applied',
      'apiserver stored',
      'controller-manager/endpointslice observed',
      'controller-manager/endpointslice reconciled',
      'apiserver stored',
    ]);
    expect(journal.chain(slice).map(({ timer }) => timer)).to.deep.equal([
      '',
      'apiserver.write',
      'apiserver.watch',
      'controller-manager.endpointslice.sync',
      'apiserver.write',
    ]);
  });
});
