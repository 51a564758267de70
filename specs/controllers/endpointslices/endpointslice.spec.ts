// Goal: slices follow pods: membership, conditions, ports, and the instants of the classic
// timelines. Rules: services.md §16 and §17, timing.md §2.3, §6 C1 and §7.

import { expect } from 'chai';

import type { EndpointSlice } from '../../../src/apiserver/kinds/endpointslice';
import type { Pod } from '../../../src/apiserver/kinds/pod';
import { milliseconds, seconds } from '../../../src/values/time';
import { ControlPlane, serviceOf } from '../control-plane';
import { endpoints, NOT_READY, plane, podOf, slices } from './slices-of-pods';

describe('the conditions of an endpoint', () => {
  // services.md §16, the table of conditions (podToEndpoint).
  const rows: readonly (readonly [string, object, boolean, boolean, readonly boolean[]])[] = [
    ['Ready', {}, false, false, [true, true, false]],
    ['not Ready', NOT_READY, false, false, [false, false, false]],
    ['not Ready, published', NOT_READY, false, true, [true, false, false]],
    ['Ready, terminating', {}, true, false, [false, true, true]],
    ['not Ready, terminating', NOT_READY, true, false, [false, false, true]],
    ['Ready, terminating, published', {}, true, true, [true, true, true]],
    ['not Ready, terminating, published', NOT_READY, true, true, [true, false, true]],
  ];
  for (const [title, status, terminating, published, expected] of rows) {
    it(title, () => {
      const service = serviceOf('web', { publishNotReadyAddresses: published });
      const subject = plane(service, podOf('a', status));
      if (terminating) subject.delete('Pod', 'shop/a');
      subject.run();
      const { ready, serving, terminating: going } = endpoints(subject)[0]!.conditions!;
      expect([ready, serving, going]).to.deep.equal(expected);
    });
  }
});

describe('the members of a slice', () => {
  it('are pods with an address that have not ended', () => {
    const subject = plane(
      serviceOf('web'),
      podOf('a'),
      podOf('done', { phase: 'Succeeded', podIP: '10.244.1.6', podIPs: [{ ip: '10.244.1.6' }] }),
      podOf('failed', { phase: 'Failed', podIP: '10.244.1.7', podIPs: [{ ip: '10.244.1.7' }] }),
      podOf('new', { phase: 'Pending', podIP: '', podIPs: [], conditions: [] }),
    );
    expect(endpoints(subject).map(({ targetRef }) => targetRef?.name)).to.deep.equal(['a']);
  });

  it('leave when their labels no longer match, and come when they do', () => {
    const subject = plane(serviceOf('web'), podOf('a'));
    subject.patch('Pod', 'shop/a', { metadata: { labels: { app: 'other' } } });
    subject.run();
    expect(endpoints(subject)).to.deep.equal([]);
    subject.patch('Pod', 'shop/a', { metadata: { labels: { app: 'web' } } });
    subject.run();
    expect(endpoints(subject)).to.have.length(1);
  });

  it('follow a changed selector', () => {
    const subject = plane(serviceOf('web'), podOf('a'));
    subject.patch('Service', 'shop/web', { spec: { selector: { app: 'other' } } });
    subject.run();
    expect(endpoints(subject)).to.deep.equal([]);
  });

  it('stay while they terminate, until their object is gone', () => {
    const subject = plane(serviceOf('web'), podOf('a'));
    subject.delete('Pod', 'shop/a');
    subject.run();
    expect(endpoints(subject)).to.have.length(1);
    subject.delete('Pod', 'shop/a', 0);
    subject.run();
    expect(endpoints(subject)).to.deep.equal([]);
  });

  it('carry node, zone and pod', () => {
    const [endpoint] = endpoints(plane(serviceOf('web'), podOf('a')));
    expect(endpoint).to.deep.include({
      nodeName: 'worker-1',
      zone: 'a',
      addresses: ['10.244.1.5'],
    });
    expect(endpoint!.targetRef).to.deep.include({ kind: 'Pod', namespace: 'shop', name: 'a' });
  });

  it('have a host name only under the Service that is their subdomain', () => {
    const named = { hostname: 'first', subdomain: 'web' };
    const subject = plane(serviceOf('web', { clusterIP: 'None' }), podOf('a', {}, named));
    expect(endpoints(subject)[0]!.hostname).to.equal('first');
    const other = plane(
      serviceOf('web', { clusterIP: 'None' }),
      podOf('a', {}, { hostname: 'first' }),
    );
    expect(other.list<EndpointSlice>('EndpointSlice')[0]!.endpoints[0]).to.not.have.property(
      'hostname',
    );
  });
});

describe('the ports of a slice', () => {
  it('by name stand in a slice for each number', () => {
    const port = (containerPort: number) => ({
      containers: [
        { name: 'main', image: 'registry.example/app:1', ports: [{ name: 'http', containerPort }] },
      ],
    });
    const subject = plane(
      serviceOf('web', { ports: [{ port: 80, targetPort: 'http' }] }),
      podOf('a', {}, port(8080)),
      podOf('b', { podIP: '10.244.1.6', podIPs: [{ ip: '10.244.1.6' }] }, port(9090)),
    );
    const ports = slices(subject).map((slice) => slice.ports!.map((it) => it.port));
    expect(ports.flat().sort()).to.deep.equal([8080, 9090]);
  });

  it('by the name of a port of a sidecar, which counts after the containers', () => {
    const port = (containerPort: number) => ({ name: 'http', containerPort });
    const sidecar = { name: 'proxy', image: 'p', restartPolicy: 'Always', ports: [port(15_001)] };
    const setup = { name: 'setup', image: 's', ports: [port(1)] };
    const named = serviceOf('web', { ports: [{ port: 80, targetPort: 'http' }] });
    const subject = plane(named, podOf('a', {}, { initContainers: [setup, sidecar] }));
    expect(slices(subject)[0]!.ports).to.deep.equal([{ name: '', port: 15_001, protocol: 'TCP' }]);
  });

  it('carry the protocol of the application, which proxies leave to others', () => {
    const ports = [{ port: 80, targetPort: 8080, appProtocol: 'kubernetes.io/h2c' }];
    const subject = plane(serviceOf('web', { ports }), podOf('a'));
    expect(slices(subject)[0]!.ports![0]).to.include({ appProtocol: 'kubernetes.io/h2c' });
  });

  it('by a name that no container has serve nothing', () => {
    const subject = plane(
      serviceOf('web', { ports: [{ port: 80, targetPort: 'http' }] }),
      podOf('a'),
    );
    expect(slices(subject).map((slice) => slice.ports)).to.deep.equal([[]]);
  });
});

describe('a Service without endpoints', () => {
  it('has one empty slice', () => {
    const [slice, ...others] = slices(plane(serviceOf('web')));
    expect(slice).to.deep.include({ endpoints: [], ports: [] });
    expect(others).to.deep.equal([]);
  });

  it('has none at all where nothing selects', () => {
    expect(slices(plane(serviceOf('web', { selector: null })))).to.deep.equal([]);
    // core/v1 ServiceSpec.Selector: "empty or not present" means that others write the endpoints.
    const empty = plane(serviceOf('web', { selector: {} }), podOf('a'));
    expect(slices(empty)).to.deep.equal([]);
  });

  it('takes its slices with it when it goes', () => {
    const subject = plane(serviceOf('web'), podOf('a'));
    subject.delete('Service', 'shop/web');
    subject.run();
    expect(slices(subject)).to.deep.equal([]);
  });
});

describe('a slice that somebody has spoiled', () => {
  it('is repaired after a second', () => {
    const subject = plane(serviceOf('web'), podOf('a'));
    const [slice] = slices(subject);
    subject.patch('EndpointSlice', `shop/${slice!.metadata.name}`, { endpoints: [] });
    const at = subject.kernel.now;
    subject.run(milliseconds(900));
    expect(endpoints(subject)).to.deep.equal([]);
    subject.run(milliseconds(200));
    expect(endpoints(subject)).to.have.length(1);
    const entry = subject.kernel.journal.all().findLast(({ action }) => action === 'reconciled')!;
    // Seen 5 ms after the change, looked at a second later, written after 5 ms of thought.
    expect(entry.at - at).to.equal(1_010_000);
  });

  it('is found again by a controller with an empty memory, and follows its pods on', () => {
    const subject = plane(serviceOf('web'), podOf('a'));
    const [slice] = slices(subject);
    const controller = subject.controllers.find(({ name }) => name === 'endpointslice')!;
    controller.stop();
    subject.create(podOf('b', { podIP: '10.244.1.6', podIPs: [{ ip: '10.244.1.6' }] }));
    subject.run();
    expect(endpoints(subject)).to.have.length(1);
    controller.start();
    subject.run();
    expect(endpoints(subject)).to.have.length(2);
    expect(slices(subject)[0]!.metadata.uid).to.equal(slice!.metadata.uid);
  });

  it('is created again after it was deleted', () => {
    const subject = plane(serviceOf('web'), podOf('a'));
    subject.delete('EndpointSlice', `shop/${slices(subject)[0]!.metadata.name}`);
    subject.run();
    expect(endpoints(subject)).to.have.length(1);
  });
});

describe('two changes in quick succession', () => {
  it('meet a stale informer, and the second waits for a second', () => {
    // timing.md §2.3: StaleSlices -> NewStaleInformerCache gives a hidden +1 s.
    const other = { podIP: '10.244.1.6', podIPs: [{ ip: '10.244.1.6' }] };
    const subject = plane(
      serviceOf('web'),
      podOf('a', NOT_READY),
      podOf('b', { ...other, ...NOT_READY }),
    );
    const start = subject.kernel.now;
    const ready = { status: { conditions: [{ type: 'Ready', status: 'True' }] } };
    subject.patch('Pod', 'shop/a', ready);
    subject.run(milliseconds(8));
    subject.patch('Pod', 'shop/b', ready);
    subject.run();
    const writes = subject.kernel.journal
      .all()
      .filter(
        (it) => it.action === 'stored' && it.subject.startsWith('EndpointSlice') && it.at > start,
      );
    // a: seen at 5, thought 5, stored at 20. b: seen at 13, begun at 20 on an old view, retried at 1020.
    expect(writes.map(({ at }) => at - start)).to.deep.equal([20_000, 1_035_000]);
  });
});

describe('the timeline of a new Service', () => {
  function storedAt(profile: 'default' | 'tutorial'): number {
    const subject = new ControlPlane({ kubelet: false, profile });
    subject.create(podOf('a'));
    subject.run();
    const start = subject.kernel.now;
    const object = serviceOf('web');
    subject.api.submit({ verb: 'create', kind: 'Service', key: 'shop/web', object, actor: 'spec' });
    subject.run();
    const [slice] = slices(subject);
    return slice!.metadata.creationTimestamp! - start;
  }

  it('has its slice 25 ms after the request in the tutorial', () => {
    expect(storedAt('tutorial')).to.equal(25_000); // timing.md §7: stored +10, seen +15, written +25
  });

  it('has its slice 30 ms after the request by default', () => {
    expect(storedAt('default')).to.equal(30_000); // timing.md §6, C1: "25–30 ms slice written"
  });
});

describe('the timeline of a dead pod', () => {
  it('of the tutorial: seen at +100, slice written at +150, when the kubelet knows at +50', () => {
    const subject = new ControlPlane({ kubelet: false, profile: 'tutorial' });
    subject.create(serviceOf('web'));
    subject.create(podOf('a'));
    subject.run(seconds(60));
    const death = subject.kernel.now;
    subject.run(milliseconds(50));
    const patch = { status: NOT_READY };
    subject.api.submit({
      verb: 'patch',
      kind: 'Pod',
      key: 'shop/a',
      patch,
      actor: 'kubelet@worker-1',
      effect: 'loss',
    });
    subject.run();
    const after = subject.kernel.journal.all().filter(({ at }) => at > death);
    const at = (actor: string, action: string, kind: string) =>
      after.find((it) => it.actor === actor && it.action === action && it.subject.startsWith(kind))!
        .at - death;
    expect(at('apiserver', 'stored', 'Pod')).to.equal(50_000);
    expect(at('controller-manager/endpointslice', 'observed', 'Pod')).to.equal(100_000);
    expect(at('apiserver', 'stored', 'EndpointSlice')).to.equal(150_000);
    expect(subject.get<Pod>('Pod', 'shop/a')!.status!.conditions![0]!.status).to.equal('False');
  });
});

describe('changes of pods', () => {
  const PERIOD = 'controller-manager.endpointslice.updatesBatchPeriod';

  /** Milliseconds from now until the slices of the first so many pods are stored. */
  function storedAt(subject: ControlPlane, since: number): number[] {
    return subject.kernel.journal
      .all()
      .filter(({ at, action, subject: what }) => {
        return at > since && action === 'stored' && what.startsWith('EndpointSlice');
      })
      .map(({ at }) => (at - since) / 1_000);
  }

  // timing.md §2.3: --endpointslice-updates-batch-period, default 0 (syncPod, AddAfter).
  it('are gathered for the batch period, counted from the first of them', () => {
    const timers = { [PERIOD]: seconds(2) };
    const subject = new ControlPlane({ kubelet: false, timers });
    for (const object of [serviceOf('web'), podOf('a')]) subject.create(object);
    subject.run();
    const start = subject.kernel.now;
    subject.patch('Pod', 'shop/a', { status: NOT_READY });
    subject.run(seconds(1));
    subject.create(podOf('b', { podIP: '10.244.1.6', podIPs: [{ ip: '10.244.1.6' }] }));
    subject.run();
    // One write for both, 2 s and the usual 20 ms after the first.
    expect(storedAt(subject, start)).to.deep.equal([2_020]);
    expect(endpoints(subject)).to.have.length(2);
  });

  it('do not make changes of a Service wait', () => {
    const timers = { [PERIOD]: seconds(2) };
    const subject = new ControlPlane({ kubelet: false, timers });
    for (const object of [serviceOf('web'), podOf('a')]) subject.create(object);
    subject.run();
    const start = subject.kernel.now;
    subject.patch('Service', 'shop/web', {
      spec: { ports: [{ port: 80, targetPort: 9090, protocol: 'TCP' }] },
    });
    subject.run();
    expect(storedAt(subject, start)).to.deep.equal([20]);
  });
});

describe('the time of the cause', () => {
  it('is told again of a pod that comes back under the name of one that has gone', () => {
    const subject = plane(serviceOf('web'), podOf('a'), podOf('b'));
    subject.delete('Pod', 'shop/a', 0);
    subject.run();
    expect(slices(subject)[0]!.metadata.annotations).to.deep.equal({});
    subject.create(podOf('a'));
    subject.run();
    expect(slices(subject)[0]!.metadata.annotations).to.deep.equal({
      'endpoints.kubernetes.io/last-change-trigger-time': '0',
    });
  });

  it('stands on a slice as the earliest change that it carries', () => {
    const subject = plane(serviceOf('web'), podOf('a', NOT_READY));
    const lastTransitionTime = subject.kernel.now;
    subject.patch('Pod', 'shop/a', {
      status: { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime }] },
    });
    subject.run();
    const { annotations } = slices(subject)[0]!.metadata;
    expect(annotations).to.deep.equal({
      'endpoints.kubernetes.io/last-change-trigger-time': String(lastTransitionTime),
    });
  });
});
