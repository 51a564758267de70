// Goal: a patch of nothing but a status is stored as it is, and comes to the very same as any other
// patch does that is looked at; what says more, or less, is looked at. Method: random patches upon
// the same object, by two servers, of which one looks at all of them.
// source: pkg/registry/apps/deployment/strategy.go deploymentStatusStrategy

import { expect } from 'chai';

import { ApiServer } from '../../src/apiserver/api-server';
import type { Admission, ApiRequest } from '../../src/apiserver/api-server';
import { definitionOf } from '../../src/apiserver/kinds';
import type { KindDefinition } from '../../src/apiserver/kinds/define';
import { Random } from '../../src/kernel/random';
import { deepFreeze } from '../../src/values/kube-object';
import type { KubeObject } from '../../src/values/kube-object';
import { ControlPlane, deploymentOf } from '../controllers/control-plane';

const SEEDS = 40;
const PATCHES = 30;
const KEY = 'shop/web';

type Writable<T> = { -readonly [Field in keyof T]: T[Field] };

/** A server that takes patches of a status as they are, and one that looks at all patches. */
function servers(): [ApiServer, ApiServer] {
  const { kernel, timing, admission } = new ControlPlane({ nodes: 0, kubelet: false });
  const looking: Admission = Object.create(admission) as Admission;
  Object.defineProperty(looking, 'takesStatus', { value: undefined });
  return [new ApiServer(kernel, timing, admission), new ApiServer(kernel, timing, looking)];
}

function patchOf(patch: unknown): ApiRequest {
  return { verb: 'patch', kind: 'Deployment', key: KEY, patch, actor: 'spec' };
}

function create(api: ApiServer): void {
  const object = structuredClone(deploymentOf('web', 2));
  api.commitNow({ verb: 'create', kind: 'Deployment', key: KEY, object, actor: 'spec' });
}

/** Mostly a status alone, of parts that nest, repeat and go away. */
function randomPatch(random: Random): unknown {
  const draws = random.stream('patch');
  const one = <T>(...all: readonly T[]): T => all[draws.below(all.length)]!;
  const condition = () => ({ type: one('Available', 'Progressing'), status: one('True', 'False') });
  const status = {
    replicas: one<unknown>(0, 1, 2, null, undefined),
    conditions: one<unknown>(null, [], [condition()], [condition(), condition()]),
    nested: one<unknown>(undefined, null, { a: one(1, null), b: { c: one(1, 2, null) } }, 'text'),
  };
  return one<unknown>(
    { status },
    { status },
    { status },
    { status: {} },
    { status: null },
    { status: 'text' },
    {},
    { status, metadata: { labels: { app: one('a', 'b') } } },
    { status, spec: { replicas: one(1, 2, -1) } },
  );
}

function isFrozenToItsDepth(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(isFrozenToItsDepth);
}

describe('a patch of nothing but a status', () => {
  it('comes to what any other patch does that is looked at, and shares what it leaves alone', () => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const random = new Random(seed);
      const [taking, looking] = servers();
      for (const api of [taking, looking]) create(api);
      for (let count = 0; count < PATCHES; count++) {
        const patch = randomPatch(random);
        const before = taking.store.version('Deployment', KEY)!;
        const results = [taking, looking].map((api) =>
          api.commitNow(patchOf(structuredClone(patch))),
        );
        expect(results[0], JSON.stringify(patch)).to.equal(results[1]);
        const [now, other] = [taking, looking].map((api) => api.store.version('Deployment', KEY)!);
        expect(JSON.stringify(now!.object)).to.equal(JSON.stringify(other!.object));
        expect(now!.revision).to.equal(other!.revision);
        expect(isFrozenToItsDepth(now!.object)).to.equal(true);
        if (Object.keys(patch as object).join() !== 'status') continue;
        expect(now!.object!.spec).to.equal(before.object!.spec);
        const parts = ({ metadata }: KubeObject) => [metadata.labels, metadata.generation];
        expect(parts(now!.object!)).to.deep.equal(parts(before.object!));
      }
    }
  });

  it('comes to the same where several say it in the very same words, and may be what they say', () => {
    const condition = (status: string) => ({ type: 'Available', status });
    const pool = [
      { replicas: 1, conditions: [condition('True')] },
      { replicas: 2, conditions: [condition('True')] },
      { conditions: [condition('True')], replicas: 2 },
      { replicas: 2 },
      { replicas: null, conditions: [condition('False')] },
      { replicas: 1, conditions: [condition('True'), condition('False')] },
    ].map((status) => deepFreeze(status));
    const draws = new Random(1).stream('pool');
    const [taking, looking] = servers();
    for (const api of [taking, looking]) create(api);
    let said = 0;
    for (let count = 0; count < PATCHES * SEEDS; count++) {
      const status = pool[draws.below(pool.length)]!;
      for (const api of [taking, looking]) api.commitNow(patchOf({ status }));
      const [now, other] = [taking, looking].map(
        (api) => api.store.version('Deployment', KEY)!.object!,
      );
      expect(JSON.stringify(now!.status)).to.equal(JSON.stringify(other!.status));
      expect(isFrozenToItsDepth(now)).to.equal(true);
      if (now!.status === status) said++;
    }
    expect(said).to.be.within(50, PATCHES * SEEDS - 100);
  });

  it('changes nothing where it says what stands, in words that are not the very same', () => {
    const statusOf = (replicas: number) => deepFreeze({ replicas, readyReplicas: 1 });
    for (const api of servers()) {
      create(api);
      api.commitNow(patchOf({ status: statusOf(1) }));
      const standing = api.store.version('Deployment', KEY);
      expect(api.commitNow(patchOf({ status: statusOf(1) }))).to.equal('ok');
      expect(api.store.version('Deployment', KEY)).to.equal(standing);
      api.commitNow(patchOf({ status: statusOf(2) }));
      expect(api.store.version('Deployment', KEY)).not.to.equal(standing);
    }
  });

  it('is not looked at: the spec has been completed and judged', () => {
    const [api] = servers();
    create(api);
    const definition = definitionOf('apps/v1', 'Deployment') as Writable<KindDefinition>;
    const { defaults, validate } = definition;
    const asked: string[] = [];
    definition.defaults = (object) => (asked.push('defaults'), defaults(object));
    definition.validate = (...given) => (asked.push('validate'), validate(...given));
    expect(api.commitNow(patchOf({ status: { replicas: 1 } }))).to.equal('ok');
    expect(api.commitNow(patchOf({ spec: { replicas: 1 } }))).to.equal('ok');
    Object.assign(definition, { defaults, validate });
    expect(asked).to.deep.equal(['defaults', 'validate']);
  });
});
