// Goal: what a pass makes of a pod is kept, so that an unchanged endpoint is known by identity; and
// what was kept for one Service or one place never stands for another.

import { expect } from 'chai';

import type { Pod } from '../../../src/apiserver/kinds/pod';
import type { Service } from '../../../src/apiserver/kinds/service';
import { DesiredEndpoints } from '../../../src/controllers/endpointslices/desired-endpoints';
import { Pass } from '../../../src/controllers/pass';
import type { KubeObject } from '../../../src/values/kube-object';
import { serviceOf } from '../control-plane';
import { endpoints, NOT_READY, plane, podOf, slices, versionsOf } from './slices-of-pods';

describe('an endpoint that stays', () => {
  it('is the same object in the next slice, and so are its port and labels', () => {
    const subject = plane(serviceOf('web'), podOf('web-1'), podOf('web-2'));
    const [before] = slices(subject);
    subject.patch('Pod', 'shop/web-1', { status: NOT_READY });
    subject.run();
    const [after] = slices(subject);
    const [changed, kept] = after!.endpoints;
    expect(changed).to.deep.include({ targetRef: before!.endpoints[0]!.targetRef });
    expect(changed).to.not.equal(before!.endpoints[0]);
    expect(kept).to.equal(before!.endpoints[1]);
    expect(after!.ports).to.equal(before!.ports);
    expect(after!.metadata.labels).to.equal(before!.metadata.labels);
  });

  it('is the same object when others come and go before it, and after it', () => {
    const desired = new DesiredEndpoints();
    const change = { key: 'worker-1', before: undefined, after: podOf('any'), cause: 0 };
    desired.onNode(change);
    const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e'].map((name) => podOf(name) as Pod);
    const other = podOf('c', NOT_READY) as Pod;
    const service = serviceOf('web') as Service;
    const of = (...pods: Pod[]) => {
      const pass = new Pass('Service', 'shop/web', 'spec');
      const [group] = desired.of(service, 'IPv4', versionsOf(pods), pass);
      return new Map(group!.endpoints.map((endpoint) => [endpoint.targetRef!.name, endpoint]));
    };
    const looks = [of(a!, b!, c!, d!), of(b!, other, d!, e!), of(d!, e!), of(a!, d!, e!)];
    const [first, second, third, fourth] = looks;
    expect(second!.get('b')).to.equal(first!.get('b'));
    expect(second!.get('c')!.conditions!.ready).to.equal(false);
    for (const look of [second, third, fourth]) expect(look!.get('d')).to.equal(first!.get('d'));
    expect(fourth!.get('e')).to.equal(second!.get('e'));
    expect([...fourth!.keys()]).to.deep.equal(['a', 'd', 'e']);
  });

  it('shares what it says alike with the one that it was', () => {
    const desired = new DesiredEndpoints();
    desired.onNode({ key: 'worker-1', before: undefined, after: podOf('any'), cause: 0 });
    const service = serviceOf('web') as Service;
    const of = (pod: KubeObject) => {
      const pods = versionsOf([pod]);
      return desired.of(service, 'IPv4', pods, new Pass('Service', 'shop/web', 'spec'))[0]!
        .endpoints[0]!;
    };
    const pod = podOf('a');
    const [ready, unready] = [of(pod), of(podOf('a', NOT_READY))];
    expect(unready.conditions).to.deep.include({ ready: false });
    expect(unready.addresses).to.equal(ready.addresses);
    expect(unready.targetRef).to.equal(ready.targetRef);
    const again = { ...pod, metadata: { ...pod.metadata, uid: 'another' } };
    expect(of(again).targetRef).to.deep.include({ name: 'a', uid: 'another' });
    expect(of(again).addresses).to.equal(ready.addresses);
  });

  it('is another one where its node has moved', () => {
    const subject = plane(serviceOf('web'), podOf('web-1'));
    subject.patch('Node', 'worker-1', {
      metadata: { labels: { 'topology.kubernetes.io/zone': 'c' } },
    });
    subject.patch('Service', 'shop/web', { metadata: { labels: { looked: 'at' } } });
    subject.run();
    expect(endpoints(subject).map((it) => it.zone)).to.deep.equal(['c']);
  });

  it('is another one for a Service that publishes what is not ready', () => {
    const published = { selector: { app: 'web' }, publishNotReadyAddresses: true };
    const subject = plane(serviceOf('web'), serviceOf('all', published), podOf('web-1', NOT_READY));
    const ready = slices(subject).map((it) => [
      it.metadata.labels!['kubernetes.io/service-name'],
      it.endpoints[0]!.conditions!.ready,
    ]);
    expect(ready).to.have.deep.members([
      ['web', false],
      ['all', true],
    ]);
  });

  it('is another one for a Service that gives it a host name', () => {
    const named = podOf('web-1', {}, { hostname: 'one', subdomain: 'web' });
    const other = serviceOf('other', { selector: { app: 'web' } });
    const subject = plane(serviceOf('web'), other, named);
    expect(endpoints(subject).map((it) => it.hostname)).to.have.members(['one', undefined]);
  });
});
