// Goal: what was found right when it was read is neither completed nor judged again when it is
// created, and comes to the same as what nobody has looked at; so does what a controller makes of
// it. What is wrong, or may have changed since, is refused as ever. Method: the manifests of the
// scenarios, each as the language read it and as a copy that nobody has seen.

import { expect } from 'chai';

import { KindAdmission } from '../../src/apiserver/admission';
import { kindNamed } from '../../src/apiserver/kinds';
import { completionOf } from '../../src/apiserver/kinds/define';
import type { KindDefinition } from '../../src/apiserver/kinds/define';
import { check } from '../../src/apiserver/kinds/index';
import type { ReplicaSet } from '../../src/apiserver/kinds/replicaset';
import { Store } from '../../src/apiserver/store';
import { load } from '../../src/chai/load';
import { createCluster } from '../../src/cluster/create-cluster';
import { Kernel } from '../../src/kernel/kernel';
import { Timing } from '../../src/timing';
import type { ClusterSpec } from '../../src/values/cluster-spec';
import { deepFreeze, keyOf } from '../../src/values/kube-object';
import type { KubeObject } from '../../src/values/kube-object';
import { NEWEST_VERSION } from '../../src/values/kube-version';
import { seconds, START } from '../../src/values/time';
import { ControlPlane, deploymentOf } from '../controllers/control-plane';

type Writable<T> = { -readonly [Field in keyof T]: T[Field] };

const { plans } = load(['scenarios/**/*.yaml']);

/** Stores objects one after the other; tells what each comes to, or why it is refused. */
function storedOf(spec: ClusterSpec, objects: readonly KubeObject[]): string[] {
  const kernel = new Kernel(1);
  const timing = new Timing({ kubernetes: NEWEST_VERSION, profile: 'instant' }, kernel.random);
  const admission = new KindAdmission({ kernel, timing, spec });
  const store = new Store();
  return objects.map((object) => {
    const admitted = admission.admit(object, undefined, store);
    if (typeof admitted === 'string') return admitted;
    return JSON.stringify(
      store.putAdmitted(admitted, keyOf(admitted), START, -1, undefined).object,
    );
  });
}

/** How often somebody judges a Deployment meanwhile. */
function verdictsDuring(act: () => void): number {
  const definition = kindNamed('Deployment')! as Writable<KindDefinition>;
  const { validate } = definition;
  let count = 0;
  definition.validate = (...given) => {
    count++;
    return validate(...given);
  };
  act();
  definition.validate = validate;
  return count;
}

function frozenDeployment(change: (spec: Record<string, unknown>) => void = () => {}): KubeObject {
  const object = structuredClone(deploymentOf('web', 2));
  change(object.spec as Record<string, unknown>);
  return deepFreeze(object);
}

describe('a manifest that was found right when it was read', () => {
  it('comes to the same as one that nobody has read, all over the scenarios', () => {
    let known = 0;
    for (const { cluster } of plans) {
      const { manifests } = cluster;
      known += manifests.filter((it) => completionOf(it) !== undefined).length;
      const unseen = manifests.map((it) => structuredClone(it));
      expect(storedOf(cluster, manifests)).to.deep.equal(storedOf(cluster, unseen));
    }
    expect(known).to.be.above(500);
  });

  it('is not judged again, and a copy of it is', () => {
    const read = frozenDeployment();
    expect(verdictsDuring(() => check(read))).to.equal(1);
    const { spec } = new ControlPlane();
    expect(verdictsDuring(() => storedOf(spec, [read]))).to.equal(0);
    expect(verdictsDuring(() => storedOf(spec, [structuredClone(read)]))).to.equal(1);
  });

  it('is filled in as any other where the scenario overrides what is left open', () => {
    const read = frozenDeployment();
    check(read);
    const plane = new ControlPlane({
      timers: { 'spec.terminationGracePeriodSeconds': seconds(5) },
    });
    plane.create(read);
    const { template } = plane.get<ReplicaSet>('Deployment', 'shop/web')!.spec;
    expect(template.spec.terminationGracePeriodSeconds).to.equal(5);
  });
});

describe('a manifest that was found wrong when it was read', () => {
  it('is refused when it is created, with what is wrong', () => {
    const read = frozenDeployment((spec) => (spec['replicas'] = -1));
    expect(check(read).map(({ message }) => message)).to.deep.equal([
      '-1 is no number of replicas',
    ]);
    const plane = new ControlPlane();
    expect(plane.create(read)).to.equal('invalid');
    expect(plane.refusal).to.equal(
      'Deployment "web" is invalid: spec.replicas: -1 is no number of replicas',
    );
  });

  it('is so as well where it was right and has changed since', () => {
    const object = structuredClone(deploymentOf('web', 2));
    expect(check(object)).to.deep.equal([]);
    (object.spec as { replicas: number }).replicas = -1;
    expect(new ControlPlane().create(object)).to.equal('invalid');
  });
});

describe('the set of a Deployment', () => {
  it('is what it would be if somebody looked at it', () => {
    let count = 0;
    for (const { cluster } of plans.filter((_, index) => index % 12 === 0)) {
      const { api } = createCluster(cluster, { seed: 1 });
      for (const { object, previous } of api.store.changes('ReplicaSet', 0)) {
        const owner = object?.metadata.ownerReferences?.[0];
        if (previous !== undefined || owner?.kind !== 'Deployment') continue;
        const { uid: _uid, creationTimestamp: _then, ...metadata } = object!.metadata;
        const seen = JSON.parse(storedOf(cluster, [structuredClone({ ...object!, metadata })])[0]!);
        expect(seen.spec).to.deep.equal(object!.spec);
        expect(seen.metadata.labels).to.deep.equal(metadata.labels);
        count++;
      }
    }
    expect(count).to.be.above(20);
  });

  it('is refused where its name is too long, or its selector speaks of its hash', () => {
    const long = new ControlPlane();
    long.create(frozenNamed('a'.repeat(250)));
    long.run();
    expect(long.list('ReplicaSet')).to.deep.equal([]);
    expect(long.refusal).to.match(/is invalid: metadata\.name: .* is no DNS name/);
    const strange = new ControlPlane();
    const matchExpressions = [{ key: 'pod-template-hash', operator: 'DoesNotExist' }];
    strange.create(
      frozenDeployment(
        (spec) => (spec['selector'] = { matchLabels: { app: 'web' }, matchExpressions }),
      ),
    );
    strange.run();
    expect(strange.list('ReplicaSet')).to.deep.equal([]);
    expect(strange.refusal).to.match(/the selector does not match these labels/);
  });
});

function frozenNamed(name: string): KubeObject {
  const object = structuredClone(deploymentOf('web', 2));
  return deepFreeze({ ...object, metadata: { ...object.metadata, name } });
}
