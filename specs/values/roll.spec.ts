// Goal: a Roll is a map whose entries stand in the order of their coming, whether it has been asked
// for one of them or not. Method: entries come, change and go by chance, beside a plain map; one
// Roll is asked all the time, another one once.

import { expect } from 'chai';

import { Random } from '../../src/kernel/random';
import { Roll } from '../../src/values/roll';

const STEPS = 500;

function byChance(stream: string, act: (roll: Roll<number>, map: Map<string, number>) => void) {
  const draw = new Random(3).stream(stream);
  const roll = new Roll<number>();
  const map = new Map<string, number>();
  for (let step = 0; step < STEPS; step++) {
    const key = String(draw.below(25));
    // Times of coming and times of going.
    if (draw.below(10) < (step % 100 < 50 ? 7 : 3)) {
      if (!map.has(key) && draw.below(2) === 0) roll.add(key, step);
      else roll.set(key, step);
      map.set(key, step);
    } else {
      expect(roll.delete(key)).to.equal(map.delete(key));
    }
    act(roll, map);
  }
  return { roll, map };
}

function expectSame(roll: Roll<number>, map: ReadonlyMap<string, number>): void {
  const seen: [string, number][] = [];
  roll.forEach((value, key) => seen.push([key, value]));
  expect(seen).to.deep.equal([...map]);
  expect(roll.list()).to.deep.equal([...map.keys()]);
  expect(roll.all()).to.deep.equal([...map.values()]);
  expect(roll.size).to.equal(map.size);
}

describe('a roll', () => {
  it('lists what a map lists, whatever came and went', () => {
    const { roll, map } = byChance('all the time', expectSame);
    expectSame(roll, map);
  });

  it('knows each by its key', () => {
    byChance('by key', (roll, map) => {
      for (let key = 0; key < 25; key++) {
        expect(roll.has(String(key))).to.equal(map.has(String(key)));
        expect(roll.get(String(key))).to.equal(map.get(String(key)));
      }
    });
  });

  it('has one that went and came again stand last', () => {
    const roll = new Roll<number>();
    for (const key of ['a', 'b', 'c']) roll.add(key, 0);
    roll.delete('a');
    roll.set('a', 1);
    roll.set('b', 2);
    expect(roll.list()).to.deep.equal(['b', 'c', 'a']);
  });

  it('does not keep places of those that are gone for ever', () => {
    const roll = new Roll<number>();
    for (let key = 0; key < 1_000; key++) {
      roll.add(String(key), key);
      if (key >= 3) roll.delete(String(key - 3));
    }
    expect(roll.size).to.equal(3);
    expect(roll['keys'].length).to.be.lessThan(10);
  });
});
