// Goal: what is stored never changes, and says nothing by null. Method: every part of every version
// of every object, after scenarios that create, patch, replace and remove all sorts of them.

import { expect } from 'chai';

import { load } from '../../src/chai/load';
import { createCluster } from '../../src/cluster/create-cluster';
import { Execution } from '../../src/runner/execution';
import { keyOf, nameOf } from '../../src/values/kube-object';
import { later, seconds } from '../../src/values/time';

const SCENARIOS = [
  'scenarios/services/rolling-update.yaml',
  'scenarios/policy/admin-tiers.yaml',
  'scenarios/services/metallb-local.yaml',
  'scenarios/faults/node-partition-heal-at-60s.yaml',
];

/** Paths of parts that may still change, and of fields that are null. */
function flawsOf(value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = Object.isFrozen(value) ? [] : [`${path} may change`];
  const isList = Array.isArray(value);
  const parts = Object.entries(value).flatMap(([field, part]) =>
    part === null && !isList
      ? [`${path}/${field} is null`]
      : flawsOf(part, `${path}/${isList ? '*' : field}`),
  );
  return [...own, ...parts];
}

describe('stored objects', function () {
  this.timeout(60_000);

  for (const file of SCENARIOS) {
    it(`are frozen to their depth and hold no null, in every version (${file})`, () => {
      const { cluster, ...plan } = load([file]).plans[0]!;
      const made = createCluster(cluster, { seed: 1 });
      new Execution({ cluster, ...plan }, made).run();
      const { store } = made.api;
      const versions = store.kindNames().flatMap((kind) => store.changes(kind, 0));
      const objects = versions.flatMap(({ object }) => object ?? []);
      expect(objects.length).to.be.above(50);
      const flaws = objects.flatMap((object) => flawsOf(object, nameOf(object)));
      expect([...new Set(flaws)]).to.deep.equal([]);
    });
  }

  it('share nothing with the patch that somebody has given, who may go on with it', () => {
    const plan = load(['scenarios/services/rolling-update.yaml']).plans[0]!;
    const { handles, api, kernel } = createCluster(plan.cluster, { seed: 1 });
    const service = [...api.store.list('Service')][0]!;
    const { kind } = service;
    const key = keyOf(service);
    const patch = { metadata: { annotations: { given: 'once' } } };
    handles.patch(kind, key, patch);
    kernel.runUntil(later(kernel.now, seconds(5)));
    patch.metadata.annotations.given = 'again';
    expect(api.store.get(kind, key)!.metadata.annotations).to.include({ given: 'once' });
  });

  it('are left alone by a patch that is no mapping, which is refused', () => {
    const plan = load(['scenarios/services/rolling-update.yaml']).plans[0]!;
    for (const patch of [undefined, null, [1], 'text', 5]) {
      const cluster = createCluster(plan.cluster, { seed: 1 });
      const { handles, api, kernel } = cluster;
      const service = [...api.store.list('Service')][0]!;
      handles.patch(service.kind, keyOf(service), patch);
      kernel.runUntil(later(kernel.now, seconds(5)));
      const [failure] = cluster.failures;
      expect(failure?.reason).to.equal('a merge patch is a mapping of fields');
      expect(api.store.get(service.kind, keyOf(service))).to.equal(service);
    }
  });
});
