// Goal: what is stored has a name, an identity and its defaults; what is wrong is refused with the
// field and the reason; deletion is graceful where a kubelet has the pod.

import { expect } from 'chai';

import type { Pod } from '../../src/apiserver/kinds/pod';
import type { Service } from '../../src/apiserver/kinds/service';
import { seconds } from '../../src/values/time';
import { ControlPlane, deploymentOf, serviceOf } from '../controllers/control-plane';

function podOf(name: string, spec: object = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'shop' },
    spec: { containers: [{ name: 'main', image: 'v1' }], ...spec },
  };
}

function plane(): ControlPlane {
  return new ControlPlane({ nodes: 0, kubelet: false });
}

describe('admission', () => {
  it('gives every object an identity, a generation and a time of creation', () => {
    const subject = plane();
    subject.run();
    subject.create(deploymentOf('web', 3));
    const { metadata } = subject.get('Deployment', 'shop/web')!;
    expect(metadata.uid).to.match(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect(metadata).to.include({ generation: 1, creationTimestamp: 10_000_000 });
  });

  it('counts a generation for a changed spec, not for a status or a label', () => {
    const subject = plane();
    subject.create(deploymentOf('web', 3));
    subject.patch('Deployment', 'shop/web', { status: { replicas: 1 } });
    subject.patch('Deployment', 'shop/web', { metadata: { labels: { tier: 'front' } } });
    expect(subject.get('Deployment', 'shop/web')!.metadata.generation).to.equal(1);
    subject.patch('Deployment', 'shop/web', { spec: { replicas: 5 } });
    expect(subject.get('Deployment', 'shop/web')!.metadata.generation).to.equal(2);
  });

  it('takes no field from a pod that stands, and no other value for it', () => {
    const subject = plane();
    subject.create(podOf('web', { hostname: 'web' }));
    const patch = (spec: object) => subject.patch('Pod', 'shop/web', { spec });
    expect([patch({ hostname: 'db' }), patch({ hostname: null })]).to.deep.equal([
      'invalid',
      'invalid',
    ]);
    expect(patch({ nodeName: 'worker-1' })).to.equal('ok');
  });

  it('stores nothing where nothing changes', () => {
    const subject = plane();
    subject.create(deploymentOf('web', 3));
    const { revision } = subject.api.store;
    expect(subject.patch('Deployment', 'shop/web', { spec: { replicas: 3 } })).to.equal('ok');
    expect(subject.api.store.revision).to.equal(revision);
  });

  it('names what has a prefix alone, in the letters of Kubernetes', () => {
    const subject = plane();
    const unnamed = {
      ...podOf(''),
      metadata: { name: '', generateName: 'job-', namespace: 'shop' },
    };
    subject.create(unnamed);
    subject.create(unnamed);
    const names = subject.list('Pod').map(({ metadata }) => metadata.name);
    expect(new Set(names).size).to.equal(2);
    for (const name of names) expect(name).to.match(/^job-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  });

  it('cuts a long prefix so that the name is a label of DNS: 58 letters and five', () => {
    const subject = plane();
    const generateName = `${'long-'.repeat(12)}-`;
    subject.create({ ...podOf(''), metadata: { name: '', generateName, namespace: 'shop' } });
    const { name } = subject.list('Pod')[0]!.metadata;
    expect(name).to.have.length(63);
    expect(name.slice(0, 58)).to.equal(generateName.slice(0, 58));
  });

  it('lets pods stay on a silent node for 300 seconds', () => {
    // timing.md §2.3: toleration, admission plugin DefaultTolerationSeconds.
    const subject = plane();
    subject.create(podOf('web'));
    expect(subject.get<Pod>('Pod', 'shop/web')!.spec.tolerations).to.deep.equal([
      {
        key: 'node.kubernetes.io/not-ready',
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds: 300,
      },
      {
        key: 'node.kubernetes.io/unreachable',
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds: 300,
      },
    ]);
  });

  it('has a default of its own for each of the two taints', () => {
    // --default-not-ready-toleration-seconds, --default-unreachable-toleration-seconds
    const subject = new ControlPlane({
      timers: { 'apiserver.defaultNotReadyToleration': seconds(7) },
    });
    subject.create(podOf('web'));
    const { tolerations } = subject.get<Pod>('Pod', 'shop/web')!.spec;
    expect(tolerations!.map((it) => it.tolerationSeconds)).to.deep.equal([7, 300]);
  });

  it('leaves tolerations alone that cover every taint', () => {
    const subject = plane();
    subject.create(podOf('web', { tolerations: [{ operator: 'Exists' }] }));
    expect(subject.get<Pod>('Pod', 'shop/web')!.spec.tolerations).to.have.length(1);
  });

  it('refuses with the field and the reason', () => {
    const subject = plane();
    const ports = [{ port: 80, nodePort: 80 }];
    expect(subject.create(serviceOf('web', { type: 'NodePort', ports }))).to.equal('invalid');
    expect(subject.refusal).to.equal(
      'Service "web" is invalid: spec.ports[0].nodePort: 80 is not in the range 30000-32767',
    );
    expect(subject.get('Service', 'shop/web')).to.equal(undefined);
  });

  it('refuses a patch that spoils the object, and leaves the object as it was', () => {
    const subject = plane();
    subject.create(deploymentOf('web', 3));
    const selector = { matchLabels: { app: 'other' } };
    expect(subject.patch('Deployment', 'shop/web', { spec: { selector } })).to.equal('invalid');
    expect(subject.refusal).to.contain('the selector may not change');
    expect(subject.patch('Deployment', 'shop/web', { spec: { replicas: -1 } })).to.equal('invalid');
    expect(subject.refusal).to.contain('spec.replicas');
    expect(subject.get('Deployment', 'shop/web')!.metadata.generation).to.equal(1);
  });

  it('does not let a manifest write a status', () => {
    const subject = plane();
    const object = {
      ...serviceOf('web'),
      status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } },
    };
    const request = {
      verb: 'apply',
      kind: 'Service',
      key: 'shop/web',
      object,
      actor: 'spec',
    } as const;
    expect(subject.api.commitNow(request)).to.equal('ok');
    expect(subject.get<Service>('Service', 'shop/web')!.status).to.equal(undefined);
  });
});

// source: pkg/registry/core/pod/strategy.go podStrategy.PrepareForCreate
describe('a pod that is created', () => {
  const phaseOf = (pod: Pod, verb: 'create' | 'apply') => {
    const subject = plane();
    subject.api.commitNow({ verb, kind: 'Pod', key: 'shop/web', object: pod, actor: 'spec' });
    return subject.get<Pod>('Pod', 'shop/web')!.status;
  };

  it('is Pending, whoever schedules it', () => {
    const pending = { phase: 'Pending' };
    expect(phaseOf(podOf('web'), 'create')).to.deep.equal(pending);
    expect(phaseOf(podOf('web', { schedulerName: 'other' }), 'create')).to.deep.equal(pending);
    expect(phaseOf(podOf('web', { nodeName: 'worker-1' }), 'apply')).to.deep.equal(pending);
  });

  it('is that also where the request says something else', () => {
    const pod = { ...podOf('web'), status: { phase: 'Running', podIP: '10.0.0.1' } } as Pod;
    expect(phaseOf(pod, 'create')).to.deep.equal({ phase: 'Pending' });
    expect(phaseOf(pod, 'apply')).to.deep.equal({ phase: 'Pending' });
  });
});

describe('an applied Service', () => {
  it('keeps the address and the node port that it was given', () => {
    const subject = plane();
    const object = serviceOf('web', { type: 'NodePort' });
    const request = {
      verb: 'apply',
      kind: 'Service',
      key: 'shop/web',
      object,
      actor: 'spec',
    } as const;
    subject.api.commitNow(request);
    const before = subject.get<Service>('Service', 'shop/web')!.spec;
    const changed = serviceOf('web', { type: 'NodePort', ports: [{ port: 80, targetPort: 9090 }] });
    expect(subject.api.commitNow({ ...request, object: changed })).to.equal('ok');
    const after = subject.get<Service>('Service', 'shop/web')!.spec;
    expect(after.clusterIP).to.equal(before.clusterIP);
    expect(after.ports![0]).to.include({ targetPort: 9090, nodePort: before.ports![0]!.nodePort });
  });

  it('loses its node ports with its type', () => {
    const subject = plane();
    subject.create(serviceOf('web', { type: 'NodePort' }));
    expect(subject.patch('Service', 'shop/web', { spec: { type: 'ClusterIP' } })).to.equal('ok');
    const { spec } = subject.get<Service>('Service', 'shop/web')!;
    expect(spec.ports![0]).to.not.have.property('nodePort');
    expect(spec).to.not.have.property('externalTrafficPolicy');
  });
});

describe('the deletion of a pod', () => {
  it('removes at once what no node has', () => {
    const subject = plane();
    subject.create(podOf('web'));
    subject.delete('Pod', 'shop/web');
    expect(subject.get('Pod', 'shop/web')).to.equal(undefined);
  });

  it('marks a bound pod and waits for its grace', () => {
    const subject = plane();
    subject.create(podOf('web', { nodeName: 'worker-1' }));
    subject.delete('Pod', 'shop/web');
    const { metadata } = subject.get('Pod', 'shop/web')!;
    expect(metadata).to.include({ deletionTimestamp: 30_000_000, deletionGracePeriodSeconds: 30 });
  });

  it('may be hurried, but not put off', () => {
    const subject = plane();
    subject.create(podOf('web', { nodeName: 'worker-1' }));
    subject.delete('Pod', 'shop/web', 10);
    subject.delete('Pod', 'shop/web', 60);
    expect(subject.get('Pod', 'shop/web')!.metadata.deletionGracePeriodSeconds).to.equal(10);
    subject.delete('Pod', 'shop/web', 0);
    expect(subject.get('Pod', 'shop/web')).to.equal(undefined);
  });

  it('waits for finalizers, and ends with the last one', () => {
    const subject = plane();
    const held = podOf('web');
    subject.create({ ...held, metadata: { ...held.metadata, finalizers: ['example.com/a'] } });
    subject.delete('Pod', 'shop/web');
    expect(subject.get('Pod', 'shop/web')!.metadata.deletionTimestamp).to.equal(0);
    subject.patch('Pod', 'shop/web', { metadata: { finalizers: null } });
    expect(subject.get('Pod', 'shop/web')).to.equal(undefined);
  });

  it('meant for one pod does not hit another one of its name', () => {
    const subject = plane();
    subject.create(podOf('web'));
    const { uid } = subject.get('Pod', 'shop/web')!.metadata;
    subject.delete('Pod', 'shop/web');
    subject.create(podOf('web'));
    const request = {
      verb: 'delete',
      kind: 'Pod',
      key: 'shop/web',
      actor: 'spec',
      uid: uid!,
    } as const;
    expect(subject.api.commitNow(request)).to.equal('conflict');
    expect(subject.get('Pod', 'shop/web')!.metadata.uid).to.not.equal(uid);
  });
});
