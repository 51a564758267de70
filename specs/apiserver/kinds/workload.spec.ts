// Goal: the owners of pods are judged as the API server judges them, when they come and when
// they change.
// Rules: pkg/apis/apps/validation/validation.go ValidateDeploymentSpec, ValidateDeploymentStrategy,
// ValidateStatefulSetSpec, ValidateStatefulSetUpdate, ValidateDaemonSetUpdate.

import { expect } from 'chai';

import { definitionOf } from '../../../src/apiserver/kinds';
import type { KubeObject } from '../../../src/values/kube-object';
import { manifest, verdictOn } from './verdict';

const PODS = {
  selector: { matchLabels: { app: 'web' } },
  template: {
    metadata: { labels: { app: 'web' } },
    spec: { containers: [{ name: 'main', image: 'registry.example/app:1' }] },
  },
};

function owner(kind: string, spec: object = {}): KubeObject {
  return manifest('apps/v1', kind, { spec: { ...PODS, ...spec } });
}

function completed(object: KubeObject): KubeObject {
  return definitionOf(object.apiVersion, object.kind)!.defaults(object);
}

/** The problems of a change, by path. */
function change(kind: string, spec: object): string[] {
  const { validateChange } = definitionOf('apps/v1', kind)!;
  const [before, after] = [completed(owner(kind)), completed(owner(kind, spec))];
  return validateChange!(after, before).map(({ path, message }) => `${path}: ${message}`);
}

describe('a workload is refused', () => {
  const strategy = (rollingUpdate: object) => ({ strategy: { rollingUpdate } });
  const rows: readonly (readonly [string, KubeObject, string])[] = [
    [
      'with half a pod',
      owner('Deployment', { replicas: 1.5 }),
      'error /spec/replicas: 1.5 is no number of replicas',
    ],
    [
      'with fewer pods than none',
      owner('ReplicaSet', { replicas: -1 }),
      'error /spec/replicas: -1 is no number of replicas',
    ],
    [
      'with a time of readiness in words',
      owner('Deployment', { minReadySeconds: '10s' }),
      'error /spec/minReadySeconds: must be a whole number of seconds',
    ],
    [
      'without a selector, with the one that would do',
      owner('DaemonSet', { selector: undefined }),
      'error /spec/selector: is required and must not be empty (for example matchLabels: ' +
        '{"app":"web"})',
    ],
    [
      'with a selector of everything',
      owner('StatefulSet', { selector: {} }),
      'error /spec/selector: is required and must not be empty (for example matchLabels: ' +
        '{"app":"web"})',
    ],
    [
      'with pods that end',
      owner('Deployment', {
        template: { ...PODS.template, spec: { ...PODS.template.spec, restartPolicy: 'Never' } },
      }),
      'error /spec/template/spec/restartPolicy: must be Always in a template of this kind',
    ],
    [
      'with a strategy of other systems',
      owner('Deployment', { strategy: { type: 'BlueGreen' } }),
      'error /spec/strategy/type: "BlueGreen" is none of RollingUpdate, Recreate',
    ],
    [
      'with the bounds of a rolling update where nothing rolls',
      owner('Deployment', { strategy: { type: 'Recreate', rollingUpdate: { maxSurge: 1 } } }),
      'error /spec/strategy/rollingUpdate: may not be given where the type is Recreate',
    ],
    [
      'with a bound that is no number and no share',
      owner('Deployment', strategy({ maxUnavailable: 'one' })),
      'error /spec/strategy/rollingUpdate/maxUnavailable: "one" is no number or share',
    ],
    [
      'with an order of pods that there is not',
      owner('StatefulSet', { podManagementPolicy: 'Reverse' }),
      'error /spec/podManagementPolicy: "Reverse" is none of OrderedReady, Parallel',
    ],
  ];
  for (const [title, object, problem] of rows) {
    it(title, () => expect(verdictOn(object)).to.deep.equal([problem]));
  }
});

describe('the defaults of an update strategy', () => {
  const strategyOf = (object: KubeObject): unknown =>
    (completed(object)['spec'] as { readonly updateStrategy: unknown }).updateStrategy;

  it('roll a StatefulSet from its first pod on', () => {
    const rolling = { type: 'RollingUpdate', rollingUpdate: { partition: 0 } };
    expect(strategyOf(owner('StatefulSet'))).to.deep.equal(rolling);
  });

  it('roll a DaemonSet node by node', () => {
    const rollingUpdate = { maxUnavailable: 1, maxSurge: 0 };
    const rolling = { type: 'RollingUpdate', rollingUpdate };
    expect(strategyOf(owner('DaemonSet'))).to.deep.equal(rolling);
  });

  it('give no bounds to pods that their owner does not replace', () => {
    for (const kind of ['StatefulSet', 'DaemonSet']) {
      const object = owner(kind, { updateStrategy: { type: 'OnDelete' } });
      expect(strategyOf(object)).to.deep.equal({ type: 'OnDelete' });
    }
  });

  it('give no bounds to a Deployment that is recreated', () => {
    const object = owner('Deployment', { strategy: { type: 'Recreate' } });
    expect(completed(object)['spec']).to.deep.include({ strategy: { type: 'Recreate' } });
    expect(verdictOn(object)).to.deep.equal([]);
  });
});

describe('a change of a workload', () => {
  it('may not touch the selector', () => {
    const selector = { matchLabels: { app: 'other' } };
    for (const kind of ['Deployment', 'ReplicaSet', 'DaemonSet']) {
      expect(change(kind, { selector })).to.deep.equal([
        '/spec/selector: the selector may not change',
      ]);
    }
  });

  it('may touch only what a StatefulSet can follow', () => {
    const updateStrategy = { type: 'OnDelete' };
    expect(change('StatefulSet', { replicas: 5, updateStrategy })).to.deep.equal([]);
    expect(change('StatefulSet', { podManagementPolicy: 'Parallel' })).to.deep.equal([
      '/spec/podManagementPolicy: may not change in a StatefulSet',
    ]);
    expect(change('StatefulSet', { serviceName: 'web' })).to.deep.equal([
      '/spec/serviceName: may not change in a StatefulSet',
    ]);
  });

  it('may scale and update a Deployment', () => {
    expect(change('Deployment', { replicas: 5, paused: true })).to.deep.equal([]);
  });
});
