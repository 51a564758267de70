// Goal: patches do to objects what the API server does, each kind of patch by its own rules: lists
// merge by the keys of the API's types, directives mean what they say, impossible patches say why.
// Facts: staging/src/k8s.io/apimachinery/pkg/util/strategicpatch/patch.go and the task "Update API
// Objects in Place Using kubectl patch" of the Kubernetes documentation.

import { expect } from 'chai';

import { jsonPatch } from '../../src/apiserver/json-patch';
import { mergeRulesOf } from '../../src/apiserver/merge-keys';
import { patched } from '../../src/apiserver/patch';
import { PatchError, strategicMerge } from '../../src/apiserver/strategic-merge';
import { threeWayPatch } from '../../src/apiserver/three-way';
import type { KubeObject } from '../../src/values/kube-object';

const RULES = mergeRulesOf('Pod')!;

function pod(spec: object): KubeObject {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', namespace: 'shop' }, spec };
}

function specAfter(before: object, patch: object): unknown {
  return strategicMerge({ spec: before }, { spec: patch }, RULES)['spec'];
}

const WEB = { name: 'web', image: 'web:1', ports: [{ name: 'http', containerPort: 80 }] };
const LOG = { name: 'log', image: 'log:1' };

describe('a strategic merge patch', () => {
  it('changes the image of a container and leaves its ports', () => {
    const after = specAfter(
      { containers: [WEB] },
      { containers: [{ name: 'web', image: 'web:2' }] },
    );
    expect(after).to.deep.equal({ containers: [{ ...WEB, image: 'web:2' }] });
  });

  it('puts a container that is new before those that it does not name', () => {
    const after = specAfter({ containers: [WEB] }, { containers: [LOG] });
    expect(after).to.deep.equal({ containers: [LOG, WEB] });
  });

  it('merges ports of a container by containerPort and variables by name', () => {
    const before = { containers: [{ ...WEB, env: [{ name: 'A', value: '1' }] }] };
    const change = {
      ports: [{ containerPort: 80, name: 'web' }],
      env: [{ name: 'B', value: '2' }],
    };
    expect(specAfter(before, { containers: [{ name: 'web', ...change }] })).to.deep.equal({
      containers: [
        {
          ...WEB,
          ports: [{ containerPort: 80, name: 'web' }],
          env: [
            { name: 'B', value: '2' },
            { name: 'A', value: '1' },
          ],
        },
      ],
    });
  });

  it('replaces a list without a key: tolerations', () => {
    const after = specAfter({ tolerations: [{ key: 'a' }] }, { tolerations: [{ key: 'b' }] });
    expect(after).to.deep.equal({ tolerations: [{ key: 'b' }] });
  });

  it('removes an item by $patch: delete, and a field by null', () => {
    const patch = { containers: [{ name: 'log', $patch: 'delete' }], nodeName: null };
    const after = specAfter({ containers: [WEB, LOG], nodeName: 'worker-1' }, patch);
    expect(after).to.deep.equal({ containers: [WEB] });
  });

  it('replaces a list or a mapping by $patch: replace', () => {
    const containers = [{ $patch: 'replace' }, LOG];
    expect(specAfter({ containers: [WEB] }, { containers })).to.deep.equal({ containers: [LOG] });
    const whole = { $patch: 'replace', containers: [LOG] };
    expect(specAfter({ containers: [WEB], nodeName: 'x' }, whole)).to.deep.equal({
      containers: [LOG],
    });
  });

  it('keeps what $retainKeys lists, and no more', () => {
    const rules = mergeRulesOf('Deployment')!;
    const before = {
      spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } },
    };
    const patch = { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } };
    expect(strategicMerge(before, patch, rules)).to.deep.equal({
      spec: { strategy: { type: 'Recreate' } },
    });
  });

  it('orders by $setElementOrder, and takes texts out of a list of texts', () => {
    const order = { '$setElementOrder/containers': [{ name: 'web' }, { name: 'log' }] };
    const after = specAfter({ containers: [WEB] }, { ...order, containers: [LOG] });
    expect(after).to.deep.equal({ containers: [WEB, LOG] });
    const metadata = { '$deleteFromPrimitiveList/finalizers': ['a'] };
    const object = { metadata: { finalizers: ['a', 'b'] } };
    expect(strategicMerge(object, { metadata }, RULES)).to.deep.equal({
      metadata: { finalizers: ['b'] },
    });
  });

  it('replaces the selector of a PodDisruptionBudget', () => {
    const rules = mergeRulesOf('PodDisruptionBudget')!;
    const before = { spec: { selector: { matchLabels: { app: 'a' } } } };
    const patch = { spec: { selector: { matchLabels: { tier: 'b' } } } };
    expect(strategicMerge(before, patch, rules)).to.deep.equal(patch);
  });

  it('is refused without the key of an item, and for a custom resource', () => {
    expect(() => specAfter({ containers: [WEB] }, { containers: [{ image: 'x' }] })).to.throw(
      PatchError,
      'does not contain declared merge key: name',
    );
    const custom = { ...pod({}), kind: 'AdminNetworkPolicy' };
    expect(patched(custom, { spec: {} }, 'strategic')).to.contain('its kind is not built in');
  });
});

describe('a JSON patch', () => {
  const target = { spec: { replicas: 3, list: ['a', 'c'], 'a/b': 1 } };
  const rows: readonly (readonly [object, unknown])[] = [
    [
      { op: 'replace', path: '/spec/replicas', value: 2 },
      { ...target.spec, replicas: 2 },
    ],
    [
      { op: 'add', path: '/spec/list/1', value: 'b' },
      { ...target.spec, list: ['a', 'b', 'c'] },
    ],
    [
      { op: 'add', path: '/spec/list/-', value: 'd' },
      { ...target.spec, list: ['a', 'c', 'd'] },
    ],
    [
      { op: 'remove', path: '/spec/list/0' },
      { ...target.spec, list: ['c'] },
    ],
    [
      { op: 'remove', path: '/spec/a~1b' },
      { replicas: 3, list: ['a', 'c'] },
    ],
    [
      { op: 'copy', from: '/spec/replicas', path: '/spec/n' },
      { ...target.spec, n: 3 },
    ],
    [
      { op: 'move', from: '/spec/a~1b', path: '/spec/n' },
      { replicas: 3, list: ['a', 'c'], n: 1 },
    ],
    [{ op: 'test', path: '/spec/replicas', value: 3 }, target.spec],
  ];
  for (const [operation, spec] of rows) {
    it(JSON.stringify(operation), () => {
      expect(jsonPatch(target, [operation])).to.deep.equal({ spec });
    });
  }

  for (const operation of [
    { op: 'test', path: '/spec/replicas', value: 4 },
    { op: 'replace', path: '/spec/none', value: 1 },
    { op: 'add', path: '/spec/list/7', value: 1 },
    { op: 'remove', path: 'spec' },
    { op: 'shift', path: '/spec' },
  ]) {
    it(`${JSON.stringify(operation)} is refused`, () => {
      expect(patched(pod({ replicas: 3, list: [] }), [operation], 'json')).to.be.a('string');
    });
  }
});

describe('the patch of kubectl apply', () => {
  const rules = mergeRulesOf('Pod');

  it('removes what the last manifest said, and leaves what none ever said', () => {
    const last = { spec: { nodeName: 'x', containers: [WEB, LOG] } };
    const next = { spec: { containers: [{ name: 'web', image: 'web:2' }] } };
    const patch = threeWayPatch(last, next, rules);
    const current = { spec: { ...last.spec, hostname: 'mine' } };
    expect(strategicMerge(current, patch, rules!)).to.deep.equal({
      spec: { hostname: 'mine', containers: [{ name: 'web', image: 'web:2' }] },
    });
  });

  it('keeps one of several fields that exclude each other, where the API completed them', () => {
    const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%' } };
    const volume = { name: 'data', emptyDir: {} };
    const current = {
      spec: { strategy, template: { spec: { volumes: [volume, { name: 'own', secret: {} }] } } },
    };
    const deployments = mergeRulesOf('Deployment')!;
    const last = { spec: { template: { spec: { volumes: [{ name: 'data' }] } } } };
    const configMap = { name: 'settings' };
    const next = {
      spec: {
        strategy: { type: 'Recreate' },
        template: { spec: { volumes: [{ name: 'data', configMap }] } },
      },
    };
    const patch = threeWayPatch(last, next, deployments);
    expect(strategicMerge(current, patch, deployments)).to.deep.equal({
      spec: {
        strategy: { type: 'Recreate' },
        template: {
          spec: {
            volumes: [
              { name: 'data', configMap },
              { name: 'own', secret: {} },
            ],
          },
        },
      },
    });
  });

  it('removes nothing of a list that has no keys: it replaces it', () => {
    const last = { spec: { tolerations: [{ key: 'a' }] } };
    const next = { spec: { tolerations: [{ key: 'b' }] } };
    expect(threeWayPatch(last, next, rules)).to.deep.equal(next);
  });
});
