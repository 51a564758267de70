// Goal: what a pass makes of a pod is kept by the pod, so that an unchanged endpoint is known by
// identity; and what was kept for one Service or one place never stands for another.

import { expect } from 'chai';

import { serviceOf } from '../control-plane';
import { endpoints, NOT_READY, plane, podOf, slices } from './slices-of-pods';

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
