// Goal: what the scenario overrides of the delays that the API server fills in holds for objects
// that leave it open, in templates too, and for nobody else.
// source: pkg/apis/core/v1/defaults.go SetDefaults_Probe (`== 0`), SetDefaults_PodSpec,
// SetDefaults_Service; pkg/apis/apps/v1/defaults.go SetDefaults_Deployment

import { expect } from 'chai';
import { LeftDelays } from '../../src/apiserver/left-delays';
import { Random } from '../../src/kernel/random';
import { Timing } from '../../src/timing';
import type { KubeObject } from '../../src/values/kube-object';
import { NEWEST_VERSION } from '../../src/values/kube-version';
import { seconds } from '../../src/values/time';

function filled(overrides: Readonly<Record<string, number>>, kind: string, spec: object): object {
  const delays = Object.entries(overrides).map(([name, it]) => [name, seconds(it)] as const);
  const options = {
    kubernetes: NEWEST_VERSION,
    profile: 'default',
    overrides: Object.fromEntries(delays),
  } as const;
  const left = new LeftDelays(new Timing(options, new Random(1)));
  const object: KubeObject = { apiVersion: 'v1', kind, metadata: { name: 'web' }, spec };
  return left.complete(object).spec!;
}

const PROBE = { httpGet: { port: 80 } };
const POD = { containers: [{ name: 'web', image: 'v1', readinessProbe: PROBE }] };

describe('an overridden default of the API server', () => {
  it('fills in the probes and the grace of a pod', () => {
    const overrides = {
      'kubelet.probe': 2,
      'kubelet.probeTimeout': 3,
      'kubelet.probeInitialDelay': 4,
      'spec.terminationGracePeriodSeconds': 5,
    };
    const readinessProbe = {
      ...PROBE,
      periodSeconds: 2,
      timeoutSeconds: 3,
      initialDelaySeconds: 4,
    };
    expect(filled(overrides, 'Pod', POD)).to.deep.equal({
      terminationGracePeriodSeconds: 5,
      containers: [{ name: 'web', image: 'v1', readinessProbe }],
    });
  });

  it('does so in templates, and gives a Deployment its deadline', () => {
    const overrides = {
      'spec.progressDeadlineSeconds': 60,
      'spec.terminationGracePeriodSeconds': 5,
    };
    const template = { spec: { terminationGracePeriodSeconds: 5, ...POD } };
    expect(filled(overrides, 'Deployment', { template: { spec: POD } })).to.deep.equal({
      progressDeadlineSeconds: 60,
      template,
    });
    expect(filled(overrides, 'StatefulSet', { template: { spec: POD } })).to.deep.equal({
      template,
    });
  });

  it('gives a Service with affinity its time', () => {
    const overrides = { 'service.sessionAffinity': 20 };
    expect(filled(overrides, 'Service', { sessionAffinity: 'ClientIP' })).to.deep.equal({
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 20 } },
    });
    expect(filled(overrides, 'Service', {})).to.deep.equal({});
  });

  it('leaves alone what an object says itself; of a probe zero says nothing', () => {
    const probe = { ...PROBE, periodSeconds: 9, timeoutSeconds: 0 };
    const spec = {
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'web', image: 'v1', livenessProbe: probe }],
    };
    const overrides = {
      'kubelet.probe': 2,
      'kubelet.probeTimeout': 3,
      'spec.terminationGracePeriodSeconds': 5,
    };
    expect(filled(overrides, 'Pod', spec)).to.deep.equal({
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'web', image: 'v1', livenessProbe: { ...probe, timeoutSeconds: 3 } }],
    });
    const rollout = { progressDeadlineSeconds: 30, template: { spec: POD } };
    const deadline = { 'spec.progressDeadlineSeconds': 60 };
    expect(filled(deadline, 'Deployment', rollout)).to.deep.equal(rollout);
    const affinity = {
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 7 } },
    };
    expect(filled({ 'service.sessionAffinity': 20 }, 'Service', affinity)).to.deep.equal(affinity);
  });

  it('is for all probes of all containers, also of those that come first', () => {
    const probes = (probe: object) => ({
      livenessProbe: probe,
      readinessProbe: probe,
      startupProbe: probe,
    });
    const pod = (probe: object) => ({
      containers: [{ name: 'web', image: 'v1', ...probes(probe) }],
      initContainers: [{ name: 'first', image: 'v1', ...probes(probe) }],
    });
    const overrides = { 'kubelet.probe': 2, 'kubelet.probeInitialDelay': 4 };
    expect(filled(overrides, 'Pod', pod({ ...PROBE, periodSeconds: 0 }))).to.deep.equal(
      pod({ ...PROBE, periodSeconds: 2, initialDelaySeconds: 4 }),
    );
    // Zero counts as said of the delay alone, of which it is the default.
    const said = pod({ ...PROBE, periodSeconds: 3, initialDelaySeconds: 0 });
    expect(filled(overrides, 'Pod', said)).to.deep.equal(said);
  });

  it('leaves alone what has no pods, no containers that are a list, and no affinity of its own', () => {
    const grace = { 'spec.terminationGracePeriodSeconds': 5 };
    const policy = { podSelector: {} };
    expect(filled(grace, 'NetworkPolicy', policy)).to.equal(policy);
    const wrong = { containers: 'none' };
    expect(filled(grace, 'Pod', wrong)).to.deep.equal({
      ...wrong,
      terminationGracePeriodSeconds: 5,
    });
    const service = { sessionAffinity: 'ClientIP' };
    expect(filled(grace, 'Service', service)).to.equal(service);
  });

  it('changes nothing where nothing is overridden', () => {
    expect(filled({}, 'Pod', POD)).to.equal(POD);
    expect(filled({ 'conntrack.udp': 5 }, 'Pod', POD)).to.equal(POD);
  });
});
