// Goal: a copied state behaves like its origin and shares nothing with it that can change; what
// cannot be copied is told with its place, never left out. Method: small models of every shape
// that the parts of a cluster have.

import { expect } from 'chai';
import { copyState, UnforkableError } from '../../src/kernel/copy-state';
import { formatEntry } from '../../src/kernel/journal';
import { Kernel } from '../../src/kernel/kernel';
import { Phase } from '../../src/kernel/phase';
import { seconds } from '../../src/values/time';
import type { Instant } from '../../src/values/time';

class Counter {
  count = 0;
  readonly step: () => void;
  readonly listeners: (() => void)[] = [];

  constructor() {
    this.step = () => void this.count++;
  }
}

class Leaf {
  readonly owner: Counter;
  value: number;

  constructor(owner: Counter, value: number) {
    this.owner = owner;
    this.value = value;
  }

  read(): number {
    return this.value + this.owner.count;
  }
}

class Model {
  readonly counter = new Counter();
  readonly leaves = new Map<string, Leaf>();
  readonly order: unknown[] = [];
  readonly names = new Set<string>();
  last: unknown;
}

function copied(origin: Model): Model {
  const target = new Model();
  copyState(origin, target);
  return target;
}

describe('copied state', () => {
  it('leaves functions of the target in its own parts', () => {
    const origin = new Model();
    origin.counter.step();
    const target = copied(origin);
    target.counter.step();
    expect([origin.counter.count, target.counter.count]).to.deep.equal([1, 2]);
  });

  it('makes anew what came about since, with its prototype and its references', () => {
    const origin = new Model();
    origin.leaves.set('a', new Leaf(origin.counter, 5));
    origin.last = origin.leaves.get('a');
    const target = copied(origin);
    target.counter.step();
    expect(target.leaves.get('a')!.read()).to.equal(6);
    expect(target.last).to.equal(target.leaves.get('a')).and.not.to.equal(origin.last);
    expect(origin.leaves.get('a')!.read()).to.equal(5);
  });

  it('keeps the order of lists, maps and sets, and circles', () => {
    const origin = new Model();
    const ring: unknown[] = ['x'];
    ring.push(ring);
    origin.order.push(ring, new Set([3, 1]), new Map([['k', ring]]));
    origin.names.add('b').add('a');
    const { order, names } = copied(origin);
    const [list, set, map] = order as [unknown[], Set<number>, Map<string, unknown>];
    expect(list[1]).to.equal(list).and.not.to.equal(ring);
    expect([...set]).to.deep.equal([3, 1]);
    expect(map.get('k')).to.equal(list);
    expect([...names]).to.deep.equal(['b', 'a']);
  });

  it('takes away what the origin does not have any more', () => {
    const origin = new Model();
    const target = new Model();
    target.leaves.set('old', new Leaf(target.counter, 1));
    target.order.push('old');
    Object.assign(target, { extra: 1 });
    copyState(origin, target);
    expect([target.leaves.size, target.order.length]).to.deep.equal([0, 0]);
    expect(target).not.to.have.property('extra');
  });

  it('shares what is frozen, memos, and what both were given', () => {
    const origin = new Model();
    const frozen = Object.freeze({ deep: { value: 1 } });
    const memo = new WeakMap();
    const given = { rows: [{ cells: [1] }] };
    origin.order.push(frozen, memo, given.rows[0]);
    const target = new Model();
    copyState([given, origin], [given, target]);
    expect(target.order).to.have.ordered.members([frozen, memo, given.rows[0]]);
  });

  it('copies bytes', () => {
    const origin = new Model();
    const bits = new Uint32Array([7]);
    origin.last = bits;
    const target = copied(origin);
    bits[0] = 8;
    expect([...(target.last as Uint32Array)]).to.deep.equal([7]);
  });

  it('does not overwrite what two parts of the origin have become and one of the target is', () => {
    const origin = new Model();
    const one = { n: 1 };
    const other = { n: 2 };
    origin.order.push(one, other);
    const target = new Model();
    const both = { n: 0 };
    target.order.push(both, both);
    copyState(origin, target);
    expect(target.order).to.deep.equal([{ n: 1 }, { n: 2 }]);
  });

  it('refuses a function that came about during the run, and names its place', () => {
    const origin = new Model();
    origin.leaves.set('a', Object.assign(new Leaf(origin.counter, 1), { close: () => 1 }));
    expect(() => copied(origin)).to.throw(UnforkableError, '.leaves.a.close is the function');
  });

  it('refuses a getter that came about during the run', () => {
    const origin = new Model();
    origin.last = {
      get now() {
        return origin.counter.count;
      },
    };
    expect(() => copied(origin)).to.throw(UnforkableError, '.last.now');
  });

  it('leaves listeners from outside behind, and tells which', () => {
    const origin = new Model();
    origin.counter.listeners.push(() => undefined);
    const target = new Model();
    expect(copyState(origin, target)).to.deep.equal(['.counter.listeners.0']);
    expect(target.counter.listeners).to.deep.equal([]);
  });
});

const at = (n: number): Instant => seconds(n) as number as Instant;

function noting() {
  const kernel = new Kernel(1);
  const options = { owner: 'spec' };
  const kind = kernel.declare('it', (a) => void kernel.note('spec', 'saw', String(a)), options);
  return { kernel, kind };
}

function lines({ journal }: Kernel): string[] {
  return journal.all().map(formatEntry);
}

describe('a copied kernel', () => {
  it('has the same past and a future of its own', () => {
    const { kernel, kind } = noting();
    kernel.schedule(at(1), Phase.api, kind, 'the past');
    kernel.schedule(at(3), Phase.api, kind, 'the future');
    kernel.runUntil(at(2));
    const fork = noting();
    copyState(kernel, fork.kernel);
    fork.kernel.schedule(at(2.5), Phase.api, fork.kind, 'its own');
    fork.kernel.runUntil(at(3));
    expect(lines(fork.kernel)).to.deep.equal([
      't=1s spec saw the past',
      't=2.5s spec saw its own',
      't=3s spec saw the future',
    ]);
    kernel.runUntil(at(3));
    expect(lines(kernel)).to.deep.equal(['t=1s spec saw the past', 't=3s spec saw the future']);
  });

  it('has the same owners stopped, and each goes on by itself', () => {
    const { kernel, kind } = noting();
    kernel.schedule(at(1), Phase.api, kind, 'late');
    kernel.pause('spec', 'fault');
    kernel.runUntil(at(2));
    const fork = noting().kernel;
    copyState(kernel, fork);
    fork.resume('spec', 'fault');
    fork.runUntil(at(2));
    expect([lines(fork), lines(kernel)]).to.deep.equal([['t=2s spec saw late'], []]);
    expect(kernel.isPaused('spec')).to.equal(true);
  });

  it('draws on as its origin does, and under another seed what that one draws', () => {
    const { kernel } = noting();
    kernel.random.stream('a').below(10);
    const [same, other] = [noting().kernel, noting().kernel];
    copyState(kernel, same);
    copyState(kernel, other);
    other.random.reseed(2);
    const draw = ({ random }: Kernel): number => random.stream('a').below(1_000_000);
    const expected = draw(kernel);
    expect(draw(same)).to.equal(expected);
    expect(draw(other)).to.equal(draw(new Kernel(2)));
    expect(kernel.random.seed).to.equal(1);
  });
});
