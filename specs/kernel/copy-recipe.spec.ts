// Goal: a copy that is made by a recipe is the same as one that was found out anew, and a recipe is
// of no use as soon as anything was written into the origin, wherever that is. Method: one model
// with a part of every shape; each of its parts is written into in its turn.

import { expect } from 'chai';
import { Copies, UNCHANGED } from '../../src/kernel/copy-recipe';
import { copyState } from '../../src/kernel/copy-state';
import { printOf, writableIn } from '../cluster/state-print';

class Leaf {
  readonly owner: Model;
  value: number;
  bits = new Uint32Array([1, 2]);

  constructor(owner: Model, value: number) {
    this.owner = owner;
    this.value = value;
  }
}

class Model {
  count = 0;
  readonly act = (): void => void this.count++;
  readonly leaves = new Map<unknown, Leaf>();
  readonly order: unknown[] = ['first'];
  readonly names = new Set<unknown>(['n']);
  readonly known = new Map<unknown, unknown>([['old', 1]]);
  readonly record: Record<string, unknown> = { a: 1, b: { c: [2] } };
  readonly built = new Leaf(this, 1);
  last: unknown;
}

const GIVEN = Object.freeze({ deep: [1] });

/** A model that has lived: everything has grown, and points at everything. */
function lived(): Model {
  const model = new Model();
  model.act();
  const leaf = new Leaf(model, 5);
  model.leaves.set('a', leaf).set(GIVEN, new Leaf(model, 6));
  model.order.push(leaf, [leaf, NaN], new Map([[leaf, 'x']]), new Set([leaf]), undefined);
  model.names.add(leaf).delete('n');
  delete model.record['a'];
  model.known.delete('old');
  model.known.set('new', { plain: 3, leaf });
  Object.assign(model.record, { own: leaf, act: model.act, given: GIVEN, none: undefined });
  model.built.bits[1] = 7;
  model.last = model.built;
  return model;
}

/** The third copy is the first one that is made by a recipe: the second has written it. */
function copiesOf(origin: Model, count = 3): [Copies, Model[]] {
  const copies = new Copies();
  const all = Array.from({ length: count }, () => {
    const target = new Model();
    copies.carry([origin], [target], 1);
    return target;
  });
  return [copies, all];
}

function next(copies: Copies, origin: Model): Model {
  const target = new Model();
  copies.carry([origin], [target], 1);
  return target;
}

const WRITES: Readonly<Record<string, (model: Model) => void>> = {
  'a field': (it) => it.count++,
  'a field of what is new': (it) => it.leaves.get('a')!.value++,
  'a map, with another value': (it) => it.leaves.set('a', it.built),
  'a map, with another key': (it) => it.leaves.set('b', it.built),
  'a map, with another order': (it) => {
    const leaf = it.leaves.get('a')!;
    it.leaves.delete('a');
    it.leaves.set('a', leaf);
  },
  'a set': (it) => it.names.add('m'),
  'a set, with another order': (it) => {
    it.names.add('m').delete([...it.names][0]);
  },
  'a list': (it) => it.order.push(1),
  'a list, at one place': (it) => (it.order[0] = 'second'),
  'a list within a list': (it) => (it.order[2] as unknown[]).pop(),
  'a record, with another key': (it) => (it.record['z'] = 1),
  'a record, with one key for another': (it) => {
    delete it.record['none'];
    it.record['other'] = undefined;
  },
  'a record, with a key less': (it) => delete it.record['b'],
  bytes: (it) => (it.built.bits[0] = 9),
  'bytes of what is new': (it) => (it.leaves.get('a')!.bits[0] = 9),
};

describe('a recipe of a copy', () => {
  it('makes the same as a copy that was found out anew', () => {
    const origin = lived();
    const [, all] = copiesOf(origin);
    const anew = new Model();
    copyState([origin], [anew]);
    for (const copy of all) expect(printOf(copy)).to.deep.equal(printOf(anew));
    expect(printOf(anew)).to.deep.equal(printOf(origin));
  });

  it('gives functions and references of the target', () => {
    const [, [, , copy]] = copiesOf(lived());
    (copy!.record['act'] as () => void)();
    expect(copy!.count).to.equal(2);
    expect(copy!.leaves.get('a')!.owner).to.equal(copy);
    expect(copy!.last).to.equal(copy!.built);
  });

  it('shares nothing that can be written into, neither with the origin nor between copies', () => {
    const origin = lived();
    const [, all] = copiesOf(origin, 4);
    const seen = new Set<object>();
    for (const model of [origin, ...all]) {
      const own = [...writableIn(model)];
      expect(own.filter((it) => seen.has(it))).to.deep.equal([]);
      own.forEach((it) => seen.add(it));
    }
  });

  for (const [what, write] of Object.entries(WRITES)) {
    it(`does not hold when the origin was written into: ${what}`, () => {
      const origin = lived();
      const [copies, all] = copiesOf(origin);
      const before = printOf(all[2]!);
      write(origin);
      expect(printOf(origin)).not.to.deep.equal(before);
      expect(printOf(next(copies, origin))).to.deep.equal(printOf(origin));
      expect(printOf(all[2]!)).to.deep.equal(before);
    });

    it(`is not changed by what a copy is written into: ${what}`, () => {
      const origin = lived();
      const [copies, all] = copiesOf(origin);
      for (const copy of all) write(copy);
      expect(printOf(next(copies, origin))).to.deep.equal(printOf(origin));
      expect(printOf(all[2]!)).not.to.deep.equal(printOf(origin));
    });
  }

  it('is not looked after where the origin says that it cannot have changed', () => {
    const origin = lived();
    const copies = new Copies();
    const copy = (stamp: number): Model => {
      const target = new Model();
      copies.carry([origin], [target], stamp);
      return target;
    };
    const [first] = [copy(UNCHANGED), copy(UNCHANGED)];
    origin.count++;
    expect(copy(UNCHANGED).count).to.equal(first.count);
    expect(copy(1).count).to.equal(origin.count);
  });

  it('is of one origin, not of another one that comes in its place', () => {
    const [copies] = copiesOf(lived());
    const other = lived();
    other.act();
    expect(next(copies, other).count).to.equal(2);
  });
});
