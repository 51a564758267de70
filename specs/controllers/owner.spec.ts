// Goal: who controls what is found as by a look at every object, whatever is kept from one object to
// the next. Method: objects come, change hands and go by chance, many of them with the references of
// others, as the pods of one template have them.

import { expect } from 'chai';

import type { Change } from '../../src/apiserver/informer';
import { PodRun } from '../../src/apiserver/pod-run';
import {
  areForeign,
  controllerOf,
  countOfAlike,
  objectsAlike,
  OwnerIndex,
  Ownerships,
  ownerKey,
  patternOfAlike,
} from '../../src/controllers/owner';
import { Random } from '../../src/kernel/random';
import type { KubeObject, OwnerReference } from '../../src/values/kube-object';
import { runOf, seriesOf } from './pod-runs';

const KIND = 'ReplicaSet';
const STEPS = 600;

function reference(kind: string, name: string, controller = true): readonly OwnerReference[] {
  return [{ apiVersion: 'v1', kind, name, uid: `${kind}-${name}`, controller }];
}

/** Two of them say the same without being the same. */
const REFERENCES: readonly (readonly OwnerReference[] | undefined)[] = [
  undefined,
  [],
  reference(KIND, 'a'),
  reference(KIND, 'a'),
  reference(KIND, 'b'),
  reference(KIND, 'c', false),
  reference('DaemonSet', 'a'),
];

function pod(
  namespace: string,
  name: string,
  ownerReferences: readonly OwnerReference[] | undefined,
): KubeObject {
  const owned = ownerReferences === undefined ? {} : { ownerReferences };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name, ...owned } };
}

/** What happens one after the other, and what is there in the end. */
function byChance(stream: string): { changes: Change[]; objects: Map<string, KubeObject> } {
  const draw = new Random(7).stream(stream);
  const objects = new Map<string, KubeObject>();
  const changes: Change[] = [];
  let references = REFERENCES[0];
  for (let step = 0; step < STEPS; step++) {
    const namespace = draw.below(2) === 0 ? 'shop' : 'bank';
    const name = String(draw.below(30));
    const key = `${namespace}/${name}`;
    if (draw.below(3) === 0) references = REFERENCES[draw.below(REFERENCES.length)];
    const before = objects.get(key);
    const after = draw.below(4) === 0 ? undefined : pod(namespace, name, references);
    if (before === undefined && after === undefined) continue;
    changes.push({ key, before, after, cause: step });
    if (after === undefined) objects.delete(key);
    else objects.set(key, after);
  }
  return { changes, objects };
}

describe('objects by who controls them', () => {
  for (const kind of [KIND, undefined]) {
    it(`are those whose reference says so, ${kind ?? 'whatever the kind of the owner'}`, () => {
      const { changes, objects } = byChance('index');
      const index = new OwnerIndex(kind);
      for (const change of changes) index.update(change);
      for (const uid of ['ReplicaSet-a', 'ReplicaSet-b', 'ReplicaSet-c', 'DaemonSet-a']) {
        const owned = [...objects.values()].filter((object) => {
          const owner = controllerOf(object);
          return owner?.uid === uid && (kind === undefined || owner.kind === kind);
        });
        expect([...index.ownedBy(uid)], uid).to.have.members(owned);
        expect(index.countOf(uid), uid).to.equal(owned.length);
      }
    });
  }

  it('are the same where the pods of a template came together, none of which is made for it', () => {
    const ownerReferences = reference(KIND, 'a');
    const made: string[] = [];
    const series = seriesOf(
      ['shop/1', 'shop/2', 'shop/3'],
      { ownerReferences },
      {
        made: (key) => made.push(key),
      },
    );
    const index = new OwnerIndex(KIND);
    index.addRun(new PodRun(series, 1, 3));
    index.update(series[0]!);
    const [uid] = ownerReferences.map((it) => it.uid);
    expect(index.countOf(uid)).to.equal(3);
    expect(index.heldBy(uid)).to.deep.equal([series[1], series[2], series[0]]);
    expect(index.heldAlike(uid).map(countOfAlike)).to.deep.equal([1, 1, 1]);
    expect(made).to.deep.equal([]);
    index.update({ key: 'shop/2', before: series[1]!.object, after: undefined });
    expect(index.ownedBy(uid)).to.deep.equal([series[2]!.object, series[0]!.object]);
    expect(made).to.deep.equal(['shop/2', 'shop/3', 'shop/1']);
  });

  it('are looked at once where they are alike, and one by one when somebody asks for each', () => {
    const ownerReferences = reference(KIND, 'a');
    const first = runOf(['shop/1', 'shop/2'], { ownerReferences });
    const second = runOf(['shop/3'], { ownerReferences });
    const index = new OwnerIndex(KIND);
    index.addRun(first);
    index.addRun(second);
    const [uid] = ownerReferences.map((it) => it.uid);
    const alike = index.heldAlike(uid);
    expect(alike.map(countOfAlike)).to.deep.equal([2, 1]);
    expect(alike.map(patternOfAlike)).to.deep.equal([first.pattern, second.pattern]);
    expect(alike.flatMap(objectsAlike)).to.deep.equal(index.ownedBy(uid));
  });

  it('are none when all is forgotten, nor is what comes next put to what was', () => {
    const index = new OwnerIndex();
    const references = REFERENCES[2];
    const told = (name: string): void => {
      const after = pod('shop', name, references);
      index.update({ key: `shop/${name}`, before: undefined, after });
    };
    told('1');
    index.clear();
    told('2');
    expect([...index.ownedBy('ReplicaSet-a')].map((it) => it.metadata.name)).to.deep.equal(['2']);
  });
});

describe('the ownership of an object', () => {
  it('is what its own references say, whoever was asked about before', () => {
    const ownerships = new Ownerships(KIND);
    for (const { after } of byChance('ownership').changes) {
      if (after === undefined) continue;
      const key = ownerKey(after, KIND);
      expect(ownerships.of(after)).to.deep.include({
        isOrphan: controllerOf(after) === undefined,
        keys: key === undefined ? [] : [key],
      });
    }
  });

  it('is one answer for all who share their references in one namespace', () => {
    const ownerships = new Ownerships(KIND);
    const references = REFERENCES[2];
    const first = ownerships.of(pod('shop', '1', references));
    expect(ownerships.of(pod('shop', '2', references))).to.equal(first);
    expect(ownerships.of(pod('bank', '1', references)).keys).to.deep.equal(['bank/a']);
  });
});

describe('changes of what others own', () => {
  it('are foreign only where no object has the kind of owner, nor had it', () => {
    const { changes } = byChance('foreign');
    const isOf = (object: KubeObject | undefined): boolean => controllerOf(object)?.kind === KIND;
    let foreign = 0;
    for (let from = 0; from < changes.length; from += 3) {
      const some = changes.slice(from, from + 3);
      const concerns = some.some(({ before, after }) => isOf(before) || isOf(after));
      expect(areForeign(some, KIND)).to.equal(!concerns);
      if (!concerns) foreign++;
    }
    expect(foreign).to.be.within(5, changes.length / 3 - 5);
  });
});
