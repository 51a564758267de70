// Goal: manifests are completed and judged as the API server of Kubernetes does it, and what the
// model leaves out is said by field. Rules: services.md §1.3, pkg/apis/core/v1/defaults.go,
// pkg/apis/core/validation/validation.go.

import { expect } from 'chai';

import type { Container } from '../../src/apiserver/kinds/pod';
import { check, definitionOf, isNamespaced, KINDS, names } from '../../src/apiserver/kinds';
import { OPAQUE_KINDS } from '../../src/apiserver/kinds/opaque';
import type { KubeObject } from '../../src/values/kube-object';
import { sortedBy } from '../../src/values/order';
import { deploymentOf, serviceOf } from '../controllers/control-plane';

function completed(object: KubeObject): Record<string, unknown> {
  return definitionOf(object.apiVersion, object.kind)!.defaults(object).spec as never;
}

function firstContainer(object: KubeObject): Container {
  return (completed(object)['containers'] as Container[])[0]!;
}

function podOf(spec: object, container: object = {}): KubeObject {
  const containers = [{ name: 'main', image: 'v1', ...container }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web' },
    spec: { containers, ...spec },
  };
}

/** Problems as `severity path: message`. */
function problems(object: KubeObject): string[] {
  return check(object).map(({ severity, path, message }) => `${severity} ${path}: ${message}`);
}

function expectProblem(object: KubeObject, pattern: RegExp): void {
  expect(problems(object).join('\n')).to.match(pattern);
}

describe('the defaults of a Service', () => {
  it('are a protocol, the target port and the policies', () => {
    expect(completed(serviceOf('web', { ports: [{ port: 80 }] }))).to.deep.include({
      type: 'ClusterIP',
      sessionAffinity: 'None',
      internalTrafficPolicy: 'Cluster',
      ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
    });
  });

  it('hold an external policy only where clients from outside are meant', () => {
    expect(completed(serviceOf('web'))).to.not.have.property('externalTrafficPolicy');
    expect(completed(serviceOf('web', { type: 'NodePort' }))).to.include({
      externalTrafficPolicy: 'Cluster',
    });
    expect(completed(serviceOf('web', { externalIPs: ['198.51.100.1'] }))).to.include({
      externalTrafficPolicy: 'Cluster',
    });
  });

  it('let an affinity last three hours', () => {
    expect(completed(serviceOf('web', { sessionAffinity: 'ClientIP' }))).to.deep.include({
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 10_800 } },
    });
  });
});

describe('the defaults of a pod', () => {
  it('are a restart policy, a grace, a resolver and complete probes', () => {
    const object = podOf({}, { readinessProbe: { httpGet: { port: 80 } } });
    expect(completed(object)).to.include({
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
    });
    expect(firstContainer(object).readinessProbe).to.deep.equal({
      httpGet: { port: 80, path: '/', scheme: 'HTTP' },
      initialDelaySeconds: 0,
      timeoutSeconds: 1,
      periodSeconds: 10,
      successThreshold: 1,
      failureThreshold: 3,
    });
  });

  it('make every port a host port on the network of the host', () => {
    const object = podOf({ hostNetwork: true }, { ports: [{ containerPort: 80 }] });
    expect(firstContainer(object).ports).to.deep.equal([
      { containerPort: 80, hostPort: 80, protocol: 'TCP' },
    ]);
  });

  it('are the same object where nothing is missing', () => {
    const object = definitionOf('v1', 'Pod')!.defaults(
      podOf({}, { ports: [{ containerPort: 80 }] }),
    );
    expect(definitionOf('v1', 'Pod')!.defaults(object).spec).to.equal(object.spec);
  });
});

describe('the defaults of workloads', () => {
  it('roll a Deployment by a quarter', () => {
    expect(completed(deploymentOf('web', 3))).to.deep.include({
      strategy: {
        type: 'RollingUpdate',
        rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' },
      },
      revisionHistoryLimit: 10,
    });
  });

  it('select the pods of a ReplicationController by its template', () => {
    const { spec } = deploymentOf('web', 1) as { spec: { template: object } };
    const object = {
      apiVersion: 'v1',
      kind: 'ReplicationController',
      metadata: { name: 'web' },
      spec: { template: spec.template },
    };
    expect(completed(object)).to.deep.include({ replicas: 1, selector: { app: 'web' } });
    expect(problems(object)).to.deep.equal([]);
  });
});

describe('a Service is refused', () => {
  const rows: readonly (readonly [string, object, RegExp])[] = [
    ['without a port', { ports: [] }, /error \/spec\/ports: .*needs a port/],
    ['with nameless ports', { ports: [{ port: 1 }, { port: 2 }] }, /ports\/0\/name: is required/],
    [
      'with a port twice',
      {
        ports: [
          { name: 'a', port: 1 },
          { name: 'b', port: 1 },
        ],
      },
      /error \/spec\/ports\/1: 1\/TCP is there already/,
    ],
    ['with a port beyond 65535', { ports: [{ port: 70_000 }] }, /ports\/0\/port: 70000/],
    [
      'with a node port out of range',
      { type: 'NodePort', ports: [{ port: 80, nodePort: 20_000 }] },
      /nodePort: 20000 is not in the range 30000-32767/,
    ],
    [
      'with a node port on a ClusterIP',
      { ports: [{ port: 80, nodePort: 30_080 }] },
      /nodePort: a Service of type ClusterIP has no node ports/,
    ],
    [
      'with a quoted target port',
      { ports: [{ port: 80, targetPort: '8080' }] },
      /"8080" is no port/,
    ],
    [
      'as an ExternalName without a name',
      { type: 'ExternalName' },
      /externalName: "" is no DNS name/,
    ],
    [
      'with an address that is none',
      { clusterIP: '10.96.0.300' },
      /clusterIP: "10.96.0.300" is no IP/,
    ],
    [
      'with an affinity beyond a day',
      {
        sessionAffinity: 'ClientIP',
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 90_000 } },
      },
      /timeoutSeconds: 90000 is not in 1..86400/,
    ],
    [
      'with an external policy that nobody can feel',
      { externalTrafficPolicy: 'Local' },
      /externalTrafficPolicy: is for Services that are reached from outside/,
    ],
    [
      'with an unknown distribution',
      { trafficDistribution: 'Near' },
      /"Near" is none of PreferClose/,
    ],
    ['with ports that are no list', { ports: { port: 80 } }, /error \/spec\/ports: must be a list/],
  ];
  for (const [title, spec, pattern] of rows) {
    it(title, () => expectProblem(serviceOf('web', spec), pattern));
  }

  it('with a name that begins with a digit', () => {
    expectProblem(serviceOf('2web'), /error \/metadata\/name: "2web" is no DNS label/);
  });
});

describe('a pod is refused', () => {
  const rows: readonly (readonly [string, object, object, RegExp])[] = [
    ['without a container', { containers: [] }, {}, /containers: a pod needs a container/],
    [
      'with a port beyond 65535',
      {},
      { ports: [{ containerPort: 70_000 }] },
      /containerPort: 70000/,
    ],
    [
      'with two containers of one name',
      { containers: [{ name: 'a', image: 'registry.example/app:1' }, { name: 'a' }] },
      {},
      /containers\/1\/name: "a" is the name of another container/,
    ],
    ['with a probe of no kind', {}, { livenessProbe: {} }, /livenessProbe: needs one of/],
    [
      'with a probe of two kinds',
      {},
      { livenessProbe: { exec: { command: ['true'] }, tcpSocket: { port: 1 } } },
      /livenessProbe: may have only one of/,
    ],
    [
      'with a liveness probe that must succeed twice',
      {},
      { livenessProbe: { tcpSocket: { port: 1 }, successThreshold: 2 } },
      /successThreshold: must be 1/,
    ],
    [
      'without a resolver of its own',
      { dnsPolicy: 'None' },
      {},
      /dnsPolicy None needs a nameserver/,
    ],
    [
      'with a toleration of nothing',
      { tolerations: [{ value: 'x' }] },
      {},
      /operator: must be Exists/,
    ],
    ['with a container that is no mapping', { containers: ['nginx'] }, {}, /must be a mapping/],
  ];
  for (const [title, spec, container, pattern] of rows) {
    it(title, () => expectProblem(podOf(spec, container), pattern));
  }
});

describe('a workload is refused', () => {
  it('whose selector does not match its own pods', () => {
    const object = deploymentOf('web', 1, { selector: { matchLabels: { app: 'other' } } });
    expectProblem(object, /template\/metadata\/labels: the selector does not match these labels/);
  });

  it('that could neither add nor miss a pod', () => {
    const strategy = { rollingUpdate: { maxSurge: 0, maxUnavailable: '0%' } };
    expectProblem(
      deploymentOf('web', 1, { strategy }),
      /maxSurge and maxUnavailable may not both be 0/,
    );
  });

  it('in an API version that is gone, with the one to use', () => {
    const old = { ...deploymentOf('web', 1), apiVersion: 'extensions/v1beta1' };
    const [problem] = check(old);
    expect(problem!.message).to.equal(
      'extensions/v1beta1 Deployment is gone since Kubernetes 1.16',
    );
    expect(problem!.hint).to.equal('use apiVersion: apps/v1');
    const ingress = { apiVersion: 'extensions/v1beta1', kind: 'Ingress', metadata: { name: 'a' } };
    expect(check(ingress)[0]!.hint).to.equal('use apiVersion: networking.k8s.io/v1');
  });
});

describe('what is not modelled', () => {
  it('is warned about by field', () => {
    const spec = { topologySpreadConstraints: [{ maxSkew: 1 }], schedulingGates: [] };
    expect(problems(podOf(spec))).to.deep.equal([
      'warning /spec/topologySpreadConstraints: not modelled: pods are placed by number (fewest ' +
        'of the same owner, then fewest at all), not by this rule',
    ]);
  });

  it('is a host port, unless the pod is on the network of the host', () => {
    const ports = [{ containerPort: 80, hostPort: 80 }];
    expectProblem(podOf({}, { ports }), /warning .*hostPort: not modelled/);
    expect(problems(podOf({ hostNetwork: true }, { ports }))).to.deep.equal([]);
  });

  it('is a field that nobody knows, with the one that may be meant', () => {
    const [problem] = check(serviceOf('web', { Selector: { app: 'web' } }));
    expect(problem!.message).to.contain('unknown field "Selector"');
    expect(problem!.hint).to.equal('did you mean "selector"?');
  });

  for (const [written, meant] of [
    ['readynessProbe', 'readinessProbe'],
    ['livenessprobe', 'livenessProbe'],
    ['port', 'ports'],
  ] as const) {
    it(`is ${written}, probably meant as ${meant}`, () => {
      const container = { name: 'a', image: 'a', [written]: [] };
      const spec = { containers: [container] };
      const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec };
      const hints = check(pod as KubeObject).map(({ hint }) => hint);
      expect(hints).to.deep.equal([`did you mean "${meant}"?`]);
    });
  }

  for (const [apiVersion, kind, problem, hint] of [
    ['v1', 'service', 'error /kind: there is no kind service in v1', 'write Service'],
    [
      'v1',
      'Deployment',
      'error /apiVersion: there is no kind Deployment in v1',
      'use apiVersion: apps/v1',
    ],
    [
      'apps/v1',
      'Deploymnet',
      'error /kind: there is no kind Deploymnet in apps/v1',
      'its kinds are DaemonSet, Deployment, ReplicaSet, StatefulSet, ControllerRevision',
    ],
  ] as const) {
    it(`is ${apiVersion} ${kind}: to a group of Kubernetes itself nobody adds a kind`, () => {
      const object = { apiVersion, kind, metadata: { name: 'a' }, spec: {} };
      expect(problems(object)).to.deep.equal([problem]);
      expect(check(object)[0]!.hint).to.equal(hint);
    });
  }

  it('is an unknown kind, once, and nothing else is said of it', () => {
    const object = {
      apiVersion: 'example.com/v1',
      kind: 'Widget',
      metadata: { name: 'a' },
      spec: 1,
    };
    expect(problems(object)).to.deep.equal([
      'warning /kind: not modelled: example.com/v1 Widget is kept and has no effect',
    ]);
  });

  it('is nothing about configuration', () => {
    const object = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a' },
      data: { a: '1' },
    };
    expect(problems(object)).to.deep.equal([]);
  });
});

describe('the words for kinds', () => {
  it('are singular, plural and short', () => {
    for (const name of ['deployment', 'deployments', 'deploy']) {
      expect(names.get(name)).to.equal('Deployment');
    }
    expect(names.get('netpol')).to.equal('NetworkPolicy');
    expect(names.get('ingresses')).to.equal('Ingress');
  });

  it('tell which objects have no namespace', () => {
    expect(isNamespaced('v1', 'Node')).to.equal(false);
    expect(isNamespaced('rbac.authorization.k8s.io/v1', 'ClusterRole')).to.equal(false);
    expect(isNamespaced('apps/v1', 'Deployment')).to.equal(true);
    expect(isNamespaced('example.com/v1', 'Widget')).to.equal(true);
  });

  it('are listed in order, and none twice', () => {
    const kinds = KINDS.map(({ kind }) => kind);
    expect(kinds).to.deep.equal(sortedBy(kinds, (kind) => kind.toLowerCase()));
    const all = [...kinds, ...OPAQUE_KINDS.map(({ kind }) => kind)];
    expect(new Set(all).size).to.equal(all.length);
  });
});
