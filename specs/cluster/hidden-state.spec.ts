// Goal: no state of the model is hidden where a fork cannot find it: in a variable that only a
// function sees. Method: scenarios that move much are lived through; then every variable around
// every function of the cluster is compared with the same variable in a cluster of the same spec
// that has lived through nothing. What differs and cannot be reached by properties is hidden
// state: it belongs into a field, or into Kernel.keep.

import { expect } from 'chai';
import { load } from '../../src/chai/load';
import { createCluster } from '../../src/cluster/create-cluster';
import { Kernel } from '../../src/kernel/kernel';
import { isMap, isSet } from '../../src/kernel/parts';
import { Phase } from '../../src/kernel/phase';
import type { EventKind } from '../../src/kernel/event-queue';
import { Execution } from '../../src/runner/execution';
import { later, seconds, START } from '../../src/values/time';
import { Closures } from './closures';

const SCENARIOS = [
  'scenarios/services/rolling-update.yaml',
  'scenarios/network/node-ranges.yaml',
  'scenarios/policy/admin-tiers.yaml',
  'scenarios/faults/dead-agents-of-a-node.yaml',
  'scenarios/faults/kcm-leader-15s.yaml',
  'scenarios/faults/node-partition-heal-at-60s.yaml',
  'scenarios/services/metallb-local.yaml',
  'scenarios/faults/metallb-split-brain.yaml',
];

/** Clusters with every process that there can be: daemons of both kinds, one member and several. */
const MORTAL = [
  'scenarios/policy/admin-tiers.yaml',
  'scenarios/services/maglev.yaml',
  'scenarios/faults/kcm-leader-15s.yaml',
];

/** All that a walk over properties finds, by the way to it. */
class Reach {
  readonly objects = new Set<object>();
  readonly functions = new Map<string, unknown>();

  add(root: unknown, way: string): void {
    const waiting: [unknown, string][] = [[root, way]];
    for (const [value, at] of waiting) {
      if (typeof value === 'function') this.functions.set(at, value);
      if (!isState(value) || this.objects.has(value)) continue;
      this.objects.add(value);
      for (const [step, part] of partsOf(value)) waiting.push([part, `${at}.${step}`]);
    }
  }
}

function isState(value: unknown): value is object {
  const isObject = typeof value === 'object' && value !== null;
  return isObject && !Object.isFrozen(value) && !(value instanceof WeakMap);
}

function partsOf(value: object): Iterable<[string, unknown]> {
  if (isMap(value)) return [...value].map(([key, part]) => [String(key), part]);
  if (isSet(value)) return [...value].map((part, index) => [String(index), part]);
  if (ArrayBuffer.isView(value)) return [];
  return Object.entries(Object.getOwnPropertyDescriptors(value)).map(([key, { value: part }]) => [
    key,
    part,
  ]);
}

/** The state in which the two differ and that only functions see, by the way to it. */
function hiddenState(lived: object, fresh: object, closures: Closures): string[] {
  const [own, other] = [new Reach(), new Reach()];
  own.add(lived, '');
  other.add(fresh, '');
  const found: string[] = [];
  const looked = new Set<unknown>();
  for (const [way, one] of own.functions) {
    const twin = other.functions.get(way);
    if (twin === undefined || looked.has(one) || one === twin) continue;
    looked.add(one);
    const twins = closures.variablesOf(twin);
    for (const [name, value] of closures.variablesOf(one)) {
      const place = `${way} (${name})`;
      if (typeof value === 'function') {
        own.functions.set(place, value);
        other.functions.set(place, twins.get(name));
      } else if (value !== twins.get(name) && !own.objects.has(value as object)) {
        if (textOf(value, own) !== textOf(twins.get(name), other)) found.push(place);
        own.add(value, place);
        other.add(twins.get(name), place);
      }
    }
  }
  return found;
}

/** What a hidden value says, down to what is reached elsewhere anyway. */
function textOf(value: unknown, { objects }: Reach): string {
  const met = new Set<unknown>();
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part !== 'object' || part === null) return typeof part === 'bigint' ? '' : part;
    if (met.has(part) || objects.has(part)) return '';
    met.add(part);
    return isMap(part) || isSet(part) ? [...part] : part;
  });
}

/** A part as it must not be: it counts where nobody finds it. */
function secretive(): Kernel {
  const kernel = new Kernel(1);
  let ticks = 0;
  const seen: number[] = [];
  const tick: EventKind = kernel.declare('tick', () => {
    seen.push(++ticks);
  });
  kernel.schedule(kernel.now, Phase.agent, tick);
  return kernel;
}

describe('the state of a cluster', function () {
  this.timeout(120_000);
  const closures = new Closures();

  after('leave the inspector', () => closures.close());

  for (const file of SCENARIOS) {
    it(`can be found by whoever forks it (${file})`, () => {
      const plan = load([file]).plans[0]!;
      const lived = createCluster(plan.cluster, { seed: 1 });
      const fresh = createCluster(plan.cluster, { seed: 1 });
      const execution = new Execution(plan, lived);
      // While the first step has its effect, and when everything is over.
      const [first = START] = execution.timeline.edges;
      for (const until of [later(first, seconds(1)), undefined]) {
        execution.run(until);
        expect(hiddenState(lived, fresh, closures)).to.deep.equal([]);
      }
    });
  }

  for (const file of MORTAL) {
    it(`can be found when every process has died, and when all have started (${file})`, () => {
      const { cluster: spec } = load([file]).plans[0]!;
      const lived = createCluster(spec, { seed: 1 });
      const fresh = createCluster(spec, { seed: 1 });
      const { components, handles } = lived;
      for (const one of components) handles.killComponent(one, { restart: false });
      expect(hiddenState(lived, fresh, closures)).to.deep.equal([]);
      for (const one of components) handles.startComponent(one);
      lived.kernel.runUntil(later(lived.kernel.now, seconds(60)));
      expect(hiddenState(lived, fresh, closures)).to.deep.equal([]);
    });
  }

  it('would be missed in the variables of a function', () => {
    const lived = secretive();
    lived.runInstant();
    const found = hiddenState(lived, secretive(), closures);
    expect(found.map((place) => place.replace(/\(.* (\w+)\)$/, '$1'))).to.have.members([
      '.kinds.0.handler ticks',
      '.kinds.0.handler seen',
    ]);
  });
});
