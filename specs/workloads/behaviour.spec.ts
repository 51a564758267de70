// Goal: what a container does is what the scenario says, else what its image does, else one
// simple assumption (language.md, `behaviour`).

import { expect } from 'chai';
import type { Container, Pod } from '../../src/apiserver/kinds/pod';
import { Random } from '../../src/kernel/random';
import { Timing } from '../../src/timing';
import type { BehaviourSpec, ListenSpec } from '../../src/values/cluster-spec';
import { NEWEST_VERSION } from '../../src/values/kube-version';
import { seconds } from '../../src/values/time';
import { behaviourOf, endingOf, knownImage, sleepOf } from '../../src/workloads/index';
import type { Behaviour } from '../../src/workloads/index';

const timing = new Timing({ kubernetes: NEWEST_VERSION, profile: 'default' }, new Random(1));

interface Case {
  readonly container?: Partial<Container>;
  readonly others?: readonly Container[];
  readonly pod?: Record<string, unknown>;
  readonly declared?: readonly BehaviourSpec[];
  readonly targetPorts?: readonly ListenSpec[];
}

function behave({
  container,
  others = [],
  pod = {},
  declared = [],
  targetPorts = [],
}: Case): Behaviour {
  const web: Container = { name: 'web', image: 'example/web', ...container };
  const whole = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'backend-7c9-x2k',
      namespace: 'shop',
      labels: { 'pod-template-hash': '7c9' },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: 'backend-7c9',
          uid: '1',
          controller: true,
        },
      ],
    },
    spec: { containers: [web, ...others], ...pod },
  } as unknown as Pod;
  return behaviourOf({ pod: whole, container: web, declared, targetPorts, timing });
}

const ports = ({ listen }: Behaviour) => listen.map((it) => `${it.port}/${it.protocol}`);
const tcp = (port: number): ListenSpec => ({ port, protocol: 'TCP' });

describe('a container of an unknown image', () => {
  it('listens on declared ports, probe ports and what Services aim at', () => {
    const behaviour = behave({
      container: {
        ports: [{ containerPort: 8080 }, { containerPort: 53, protocol: 'UDP' }],
        readinessProbe: { httpGet: { port: 9000 } },
        livenessProbe: { grpc: { port: 9001 } },
      },
      targetPorts: [tcp(7000)],
    });
    expect(ports(behaviour)).to.deep.equal([
      '53/UDP',
      '7000/TCP',
      '8080/TCP',
      '9000/TCP',
      '9001/TCP',
    ]);
    expect(behaviour.assumed).to.equal(true);
    expect(behaviour.onTerm.do).to.equal('close');
  });

  it('leaves to another container of the pod the ports that this one declares', () => {
    const proxy = { name: 'proxy', image: 'example/proxy', ports: [{ containerPort: 7000 }] };
    const container = { readinessProbe: { tcpSocket: { port: 7000 } } };
    expect(ports(behave({ container, others: [proxy], targetPorts: [tcp(7000)] }))).to.deep.equal(
      [],
    );
  });

  it('listens on nothing where it only sleeps', () => {
    const container = { command: ['sleep', 'infinity'], ports: [{ containerPort: 80 }] };
    expect(ports(behave({ container }))).to.deep.equal([]);
    expect(behave({ container }).assumed).to.equal(false);
  });
});

describe('a container of a known image', () => {
  it('listens where the image does, whatever is declared', () => {
    const container = { image: 'docker.io/library/nginx:1.29', ports: [{ containerPort: 8080 }] };
    expect(ports(behave({ container }))).to.deep.equal(['80/TCP']);
  });

  it('listens where its arguments say', () => {
    const args = ['-listen=:8090', '-text=hello'];
    expect(ports(behave({ container: { image: 'hashicorp/http-echo', args } }))).to.deep.equal([
      '8090/TCP',
    ]);
    const agnhost = { image: 'registry.k8s.io/e2e-test-images/agnhost:2.47' };
    expect(
      ports(behave({ container: { ...agnhost, args: ['netexec', '--http-port=80'] } })),
    ).to.deep.equal(['80/TCP', '8081/UDP']);
    expect(ports(behave({ container: agnhost }))).to.deep.equal([]);
  });

  it('is not known any more with a configuration mounted into it', () => {
    const container = { image: 'nginx', ports: [{ containerPort: 8080 }] };
    const pod = { volumes: [{ name: 'conf', configMap: { name: 'nginx' } }] };
    expect(ports(behave({ container, pod }))).to.deep.equal(['8080/TCP']);
  });

  it('ends at once where it is a shell without a script', () => {
    expect(behave({ container: { image: 'busybox' } }).ending).to.deep.equal({
      after: 0,
      exitCode: 0,
    });
    const attached = { image: 'busybox', stdin: true } as Partial<Container>;
    expect(behave({ container: attached }).ending).to.equal(undefined);
    const busy = { image: 'alpine:3', command: ['sh', '-c', 'while true; do wget web; done'] };
    expect(behave({ container: busy }).ending).to.equal(undefined);
    expect(behave({ container: busy }).libc).to.equal('musl');
  });

  it('is found by its name, whatever registry, tag or digest', () => {
    for (const image of ['redis', 'redis:7', 'host:5000/x/redis:7@sha256:00', 'a/b/redis']) {
      expect(knownImage(image)?.name, image).to.equal('redis');
    }
    expect(knownImage('example/redis-proxy')).to.equal(undefined);
  });
});

const startup = (target: string, count: number): BehaviourSpec => ({
  target,
  startup: seconds(count),
});

describe('a declared behaviour', () => {
  it('means the pod, its workload or its image, the pod before all', () => {
    const declared = [
      startup('pod/shop/backend-7c9-x2k', 4),
      startup('deployment/shop/backend', 3),
      startup('image/example/*', 1),
      startup('deployment/other/backend', 9),
    ];
    expect(behave({ declared }).startup).to.equal(seconds(4));
    expect(behave({ declared: declared.slice(1) }).startup).to.equal(seconds(3));
    expect(behave({ declared: declared.slice(2) }).startup).to.equal(seconds(1));
    expect(behave({ declared: declared.slice(3) }).startup).to.equal(0);
  });

  it('may mean one container, and that counts more', () => {
    const declared = [
      startup('deployment/shop/backend/web', 5),
      startup('deployment/shop/backend', 3),
    ];
    expect(behave({ declared }).startup).to.equal(seconds(5));
    const other = [startup('deployment/shop/backend/proxy', 5)];
    expect(behave({ declared: other }).startup).to.equal(0);
  });

  it('says what it says, and the rest stays as it was', () => {
    const declared = [{ target: 'deployment/shop/backend', listen: [tcp(9999)] }];
    const behaviour = behave({ declared, container: { ports: [{ containerPort: 8080 }] } });
    expect(ports(behaviour)).to.deep.equal(['9999/TCP']);
    expect(behaviour.assumed).to.equal(false);
  });
});

describe('a command', () => {
  it('that sleeps tells how long', () => {
    expect(sleepOf(['sleep', '5'])).to.equal(seconds(5));
    expect(sleepOf(['/bin/sh', '-c', 'sleep 1m 30s'])).to.equal(seconds(90));
    expect(sleepOf(['sh', '-ec', 'sleep 0.5;'])).to.equal(seconds(0.5));
    expect(sleepOf(['sleep', 'infinity'])).to.equal('forever');
    expect(sleepOf(['sh', '-c', 'sleep 5 && nginx -s quit'])).to.equal(undefined);
    expect(sleepOf(['server'])).to.equal(undefined);
  });

  it('that ends tells when and how', () => {
    expect(endingOf(['false'])).to.deep.equal({ after: 0, exitCode: 1 });
    expect(endingOf(['sh', '-c', 'exit 3'])).to.deep.equal({ after: 0, exitCode: 3 });
    expect(endingOf(['sleep', '2'])).to.deep.equal({ after: seconds(2), exitCode: 0 });
    expect(endingOf(['nginx'])).to.equal(undefined);
  });
});
