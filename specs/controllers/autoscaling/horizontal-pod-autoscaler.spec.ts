// Goal: autoscalers ask for as many pods as pkg/controller/podautoscaler does, when it does.
// Rules: replica_calculator.go (GetResourceReplicas, groupPods), horizontal.go
// (reconcileAutoscaler, normalizeDesiredReplicas…), pkg/apis/autoscaling/v2/defaults.go.

import { expect } from 'chai';

import type { HorizontalPodAutoscaler } from '../../../src/apiserver/kinds/horizontalpodautoscaler';
import { check } from '../../../src/apiserver/kinds';
import type { Workload } from '../../../src/apiserver/kinds/workload';
import type { LoadStep } from '../../../src/values/cluster-spec';
import type { KubeObject } from '../../../src/values/kube-object';
import { seconds } from '../../../src/values/time';
import type { Instant } from '../../../src/values/time';
import { ControlPlane, deploymentOf } from '../control-plane';

const KEY = 'shop/web';
const target = { type: 'Utilization', averageUtilization: 50 };
const CPU = [{ type: 'Resource', resource: { name: 'cpu', target } }];

function autoscalerOf(spec: object = {}, name = 'web'): KubeObject {
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name, namespace: 'shop' },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      maxReplicas: 20,
      metrics: CPU,
      ...spec,
    },
  };
}

function workloadOf(replicas: number, resources: object = { requests: { cpu: '1' } }): KubeObject {
  const spec = { containers: [{ name: 'main', image: 'v1', resources }] };
  const template = { metadata: { labels: { app: 'web' } }, spec };
  return deploymentOf('web', replicas, { template });
}

const steps = (...pairs: readonly (readonly [number, number])[]): LoadStep[] =>
  pairs.map(([at, millicores]) => ({ at: seconds(at) as number as Instant, millicores }));

interface Given {
  readonly spec?: object;
  readonly replicas?: number;
  readonly load?: readonly LoadStep[];
  readonly resources?: object;
}

function plane(given: Given = {}): ControlPlane {
  const { load = steps([0, 1_000]), replicas = 2, resources } = given;
  const behaviours = load.length === 0 ? [] : [{ target: `deployment/${KEY}`, load }];
  const subject = new ControlPlane({ nodes: 2, behaviours });
  subject.create(workloadOf(replicas, resources));
  expect(subject.create(autoscalerOf(given.spec)), subject.refusal).to.equal('ok');
  return subject;
}

const replicasOf = (subject: ControlPlane) =>
  subject.get<Workload>('Deployment', KEY)!.spec.replicas;
const reasonsOf = (subject: ControlPlane) =>
  Object.fromEntries(
    (
      subject.get<HorizontalPodAutoscaler>('HorizontalPodAutoscaler', KEY)!.status?.conditions ?? []
    ).map(({ type, status, reason }) => [type, `${status} ${reason}`]),
  );

describe('an autoscaler', () => {
  it('looks for the first time 15 s after it came', () => {
    const subject = plane({ replicas: 30 });
    subject.run(seconds(14.99));
    expect([replicasOf(subject), reasonsOf(subject)]).to.deep.equal([30, {}]);
    subject.run(seconds(0.1));
    expect(replicasOf(subject)).to.equal(20);
  });

  it('leaves alone what is as it wants it', () => {
    const subject = plane();
    subject.run(seconds(120));
    expect(replicasOf(subject)).to.equal(2);
    expect(reasonsOf(subject)).to.deep.equal({
      AbleToScale: 'True ReadyForNewScale',
      ScalingActive: 'True ValidMetricFound',
      ScalingLimited: 'False DesiredWithinRange',
    });
  });

  for (const [load, replicas] of [
    [1_100, 2],
    [1_120, 3],
    [4_000, 8],
    [40_000, 20],
    [0, 2],
  ] as const) {
    it(`wants ${replicas} pods for ${load}m of CPU from minute one on`, () => {
      const subject = plane({ load: steps([0, 1_000], [60, load]) });
      subject.run(seconds(240));
      expect(replicasOf(subject)).to.equal(replicas);
    });
  }

  it('goes down five minutes after the load has fallen', () => {
    const subject = plane({ replicas: 8, load: steps([0, 4_000], [100, 1_000]) });
    subject.run(seconds(380));
    expect(replicasOf(subject)).to.equal(8);
    expect(reasonsOf(subject)['AbleToScale']).to.equal('True ScaleDownStabilized');
    subject.run(seconds(60));
    expect(replicasOf(subject)).to.equal(2);
  });

  it('goes as slowly as its policies say', () => {
    const policies = [{ type: 'Pods', value: 1, periodSeconds: 60 }];
    const behavior = { scaleDown: { stabilizationWindowSeconds: 0, policies } };
    const subject = plane({ replicas: 8, load: steps([0, 4_000], [100, 500]), spec: { behavior } });
    subject.run(seconds(140));
    expect(replicasOf(subject)).to.equal(7);
    expect(reasonsOf(subject)['ScalingLimited']).to.equal('True ScaleDownLimit');
    subject.run(seconds(60));
    expect(replicasOf(subject)).to.equal(6);
  });

  it('may be forbidden to go down', () => {
    const behavior = {
      scaleDown: { stabilizationWindowSeconds: 0, selectPolicy: 'Disabled' },
    };
    const subject = plane({ replicas: 8, load: steps([0, 500]), spec: { behavior } });
    subject.run(seconds(600));
    expect(replicasOf(subject)).to.equal(8);
  });

  it('goes by thousandths of a CPU where no request is needed', () => {
    const value = { type: 'AverageValue', averageValue: '250m' };
    const metrics = [{ type: 'Resource', resource: { name: 'cpu', target: value } }];
    const subject = plane({ spec: { metrics }, resources: {} });
    subject.run(seconds(120));
    expect(replicasOf(subject)).to.equal(4);
  });

  for (const [why, given, reason] of [
    ['nobody declares a load', { load: [] }, 'FailedGetResourceMetric'],
    ['containers request nothing', { resources: {} }, 'FailedGetResourceMetric'],
    ['the metric is no CPU', { spec: { metrics: [{ type: 'Pods' }] } }, 'FailedGetPodsMetric'],
  ] as const) {
    it(`holds still where ${why}`, () => {
      const subject = plane(given);
      subject.run(seconds(120));
      expect(replicasOf(subject)).to.equal(2);
      expect(reasonsOf(subject)['ScalingActive']).to.equal(`False ${reason}`);
    });
  }

  it('does not go down by what it sees while there is something that it cannot see', () => {
    const metrics = [...CPU, { type: 'External' }];
    const subject = plane({ replicas: 8, load: steps([0, 500]), spec: { metrics } });
    subject.run(seconds(600));
    expect(replicasOf(subject)).to.equal(8);
  });

  it('leaves a workload of no pods alone', () => {
    const subject = plane({ replicas: 0 });
    subject.run(seconds(60));
    expect(replicasOf(subject)).to.equal(0);
    expect(reasonsOf(subject)['ScalingActive']).to.equal('False ScalingDisabled');
  });

  it('says that its target is missing', () => {
    const scaleTargetRef = { kind: 'Deployment', name: 'nobody' };
    const subject = plane({ spec: { scaleTargetRef } });
    subject.run(seconds(60));
    expect(reasonsOf(subject)).to.deep.equal({ AbleToScale: 'False FailedGetScale' });
  });

  it('shares no pods with another one', () => {
    const subject = plane({ load: steps([0, 4_000]) });
    subject.create(autoscalerOf({}, 'other'));
    subject.run(seconds(120));
    expect(replicasOf(subject)).to.equal(2);
    expect(reasonsOf(subject)['ScalingActive']).to.equal('False AmbiguousSelector');
  });
});

describe('the manifest of an autoscaler', () => {
  const verdict = (spec: object) =>
    check(autoscalerOf(spec)).map(
      ({ severity, path, message }) => `${severity} ${path} ${message}`,
    );

  it('is accepted with nothing to say where CPU is all it asks for', () => {
    expect(verdict({})).to.deep.equal([]);
  });

  it('is judged', () => {
    const policies = [{ type: 'Pods', value: 0, periodSeconds: 2_000 }];
    const behavior = { scaleUp: { policies, selectPolicy: 'Mean' } };
    expect(
      verdict({ maxReplicas: 1, minReplicas: 3, metrics: [{ type: 'Cpu' }], behavior }),
    ).to.eql([
      'error /spec/maxReplicas must not be less than minReplicas',
      'error /spec/metrics/0/type "Cpu" is none of Resource, ContainerResource, Pods, Object, ' +
        'External',
      'error /spec/behavior/scaleUp/selectPolicy "Mean" is none of Max, Min, Disabled',
      'error /spec/behavior/scaleUp/policies/0/value must be above 0',
      'error /spec/behavior/scaleUp/policies/0/periodSeconds must be 1 to 1800 seconds',
    ]);
  });

  it('is warned of where it asks for what nobody declares', () => {
    const memory = [{ type: 'Resource', resource: { name: 'memory', target } }];
    expect(verdict({ metrics: memory })).to.deep.equal([
      'warning /spec/metrics/0/resource/name not modelled: nobody says how much memory pods use',
    ]);
    expect(verdict({ metrics: [{ type: 'Pods', pods: { metric: { name: 'rps' } } }] })[0]).to.match(
      /^warning \/spec\/metrics\/0\/pods not modelled/,
    );
  });

  it('of autoscaling/v1 is one of v2 with its share of CPU', () => {
    const subject = new ControlPlane();
    const { scaleTargetRef } = autoscalerOf().spec as HorizontalPodAutoscaler['spec'];
    const spec = { scaleTargetRef, maxReplicas: 3, targetCPUUtilizationPercentage: 50 };
    subject.create({ ...autoscalerOf(), apiVersion: 'autoscaling/v1', spec });
    const stored = subject.get<HorizontalPodAutoscaler>('HorizontalPodAutoscaler', KEY)!;
    expect(stored.apiVersion).to.equal('autoscaling/v2');
    expect(stored.spec).to.deep.equal({
      scaleTargetRef,
      minReplicas: 1,
      maxReplicas: 3,
      metrics: CPU,
    });
  });

  it('gets the rules of the API where it gives some', () => {
    const subject = new ControlPlane();
    subject.create(autoscalerOf({ behavior: { scaleUp: { selectPolicy: 'Min' } } }));
    const { spec } = subject.get<HorizontalPodAutoscaler>('HorizontalPodAutoscaler', KEY)!;
    const percent = { type: 'Percent', value: 100, periodSeconds: 15 };
    expect(spec.behavior).to.deep.equal({
      scaleUp: {
        stabilizationWindowSeconds: 0,
        selectPolicy: 'Min',
        policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }, percent],
      },
      scaleDown: { selectPolicy: 'Max', policies: [percent] },
    });
  });
});
