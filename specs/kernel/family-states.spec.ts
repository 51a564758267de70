// Goal: a fork that is in a state in which another one was finds the answer by that alone, whatever
// order the changes came in, and looks only at what has moved since it was told last. Method: two
// tables that count how often they are asked, and an answer that is read from some of their rows.

import { expect } from 'chai';
import { FamilyStates, isStillTold, sourceAt } from '../../src/kernel/family-states';
import type { Found, Told } from '../../src/kernel/family-states';
import type { Place, Readable } from '../../src/kernel/readings';
import type { Instant } from '../../src/values/time';

class Table implements Readable {
  readonly place: Place;
  readonly rows: Record<string, number>;
  version = 0;
  asked = 0;

  constructor(name: string, rows: Record<string, number>) {
    this.place = { room: 'tables', name };
    this.rows = rows;
  }

  standing(key: string): unknown {
    return this.rows[key];
  }

  common(key: string): unknown {
    this.asked++;
    return this.rows[key];
  }

  whole(): number {
    return this.version;
  }

  set(key: string, value: number): void {
    this.rows[key] = value;
    this.version++;
  }
}

/** Moves where nobody else does, and in turns alone. */
class Turning extends Table {
  readonly movesInTurns = true;

  commonWhole(): string {
    this.asked++;
    return JSON.stringify(this.rows);
  }
}

class Fork {
  readonly one: Turning;
  readonly two: Table;
  ground: unknown = 'stays';
  last: Told | undefined;
  walked = 0;

  constructor(a: number, b: number) {
    this.one = new Turning('one', { a, other: 0 });
    this.two = new Table('two', { b, other: 0 });
  }

  readonly locate = ({ name }: Place): Readable | undefined =>
    [this.one, this.two].find(({ place }) => place.name === name);

  ask(states: FamilyStates, found?: Found): unknown {
    const { locate, ground, last } = this;
    this.last = states.told({ locate, ground, last }, () => {
      this.walked++;
      return found;
    });
    return this.last?.found.value;
  }

  get asked(): number {
    return this.one.asked + this.two.asked;
  }
}

/** What was read first of one table, then of the other. */
function foundIn({ one, two }: Fork, value: unknown): Found {
  const passage = (table: Table, key: string) => {
    return { place: table.place, keys: [key], was: [table.rows[key]], known: undefined };
  };
  return { value, from: 0 as Instant, trail: [passage(one, 'a'), passage(two, 'b')] };
}

/** States that know the answer of a fork. */
function statesOf(fork: Fork, value: unknown): FamilyStates {
  const states = new FamilyStates();
  const found = foundIn(fork, value);
  states.cover(found.trail, (place) => fork.locate(place)!);
  fork.ask(states, found);
  return states;
}

describe('the states of a family', () => {
  it('have the answer of a state in which another fork was', () => {
    const states = statesOf(new Fork(1, 2), 'told');
    const [same, other] = [new Fork(1, 2), new Fork(1, 3)];
    expect([same.ask(states), same.walked]).to.deep.equal(['told', 0]);
    expect([other.ask(states), other.walked]).to.deep.equal([undefined, 1]);
  });

  it('are found again, whatever has moved first', () => {
    const first = new Fork(1, 2);
    const states = statesOf(first, 'before');
    first.one.set('a', 5);
    first.ask(states, foundIn(first, 'between'));
    first.two.set('b', 6);
    first.ask(states, foundIn(first, 'after'));
    const second = new Fork(1, 2);
    expect(second.ask(states)).to.equal('before');
    second.one.set('a', 5);
    expect(second.ask(states)).to.equal('between');
    second.two.set('b', 6);
    expect(second.ask(states)).to.equal('after');
    second.one.set('a', 1);
    second.two.set('b', 2);
    expect(second.ask(states)).not.to.equal('after');
  });

  it('look only at what has moved, while the same things hold all places', () => {
    const states = statesOf(new Fork(1, 2), 'told');
    const fork = new Fork(1, 2);
    fork.ask(states);
    const before = fork.asked;
    fork.two.set('other', 1);
    expect([fork.ask(states), fork.asked]).to.deep.equal(['told', before + 1]);
    const moving = new Fork(1, 2);
    moving.ground = undefined;
    moving.ask(states);
    const once = moving.asked;
    moving.ask(states);
    expect(moving.asked).to.equal(2 * once);
  });

  it('are looked up anew where others may hold the places by now', () => {
    const states = statesOf(new Fork(1, 2), 'told');
    const fork = new Fork(1, 2);
    expect(fork.ask(states)).to.equal('told');
    const heir = new Fork(1, 3);
    heir.last = fork.last;
    heir.ground = 'moved';
    expect(heir.ask(states)).to.equal(undefined);
  });

  it('are looked at anew once there is more to look at', () => {
    const first = new Fork(1, 2);
    const states = new FamilyStates();
    const { value, from, trail } = foundIn(first, 'of a');
    const short = { value, from, trail: [trail[0]!] };
    states.cover(short.trail, (place) => first.locate(place)!);
    const fork = new Fork(1, 3);
    expect(fork.ask(states, short)).to.equal('of a');
    states.cover(trail, (place) => first.locate(place)!);
    expect(first.ask(states, foundIn(first, 'of 2'))).to.equal('of 2');
    expect(fork.ask(states, foundIn(fork, 'of 3'))).to.equal('of 3');
    expect(isStillTold(fork.last!, true)).to.equal(true);
  });

  it('are told for as long as what the answer was read from stands alike', () => {
    const states = statesOf(new Fork(1, 2), 'told');
    const fork = new Fork(1, 2);
    fork.ask(states);
    const told = fork.last!;
    fork.one.set('other', 1);
    expect(isStillTold(told, true), 'another row').to.equal(true);
    fork.one.set('a', 9);
    expect(isStillTold(told, false), 'nobody looks without a turn').to.equal(true);
    expect(isStillTold(told, true)).to.equal(false);
    expect(sourceAt(told, fork.two.place)).to.equal(fork.two);
  });

  it('are not taken for another one in which the last answer was the same', () => {
    const fork = new Fork(1, 2);
    const states = statesOf(fork, 'of both');
    const [trail] = foundIn(fork, '').trail;
    fork.two.set('b', 3);
    fork.ask(states, { value: 'of a alone', from: 0 as Instant, trail: [trail!] });
    fork.two.set('b', 4);
    expect(isStillTold(fork.last!, true)).to.equal(true);
    fork.two.asked = 0;
    expect([isStillTold(fork.last!, true), fork.two.asked]).to.deep.equal([true, 0]);
    fork.one.set('a', 9);
    expect(isStillTold(fork.last!, true)).to.equal(false);
    fork.ask(states, foundIn(fork, 'of 9 and 4'));
    // The first goes the same way, the other one without the change that made no difference.
    const after = [4, 3].map((b) => {
      const other = new Fork(1, 2);
      other.ask(states);
      other.two.set('b', 3);
      other.ask(states);
      other.two.set('b', b);
      other.one.set('a', 9);
      return other.ask(states);
    });
    expect(after).to.deep.equal(['of 9 and 4', undefined]);
  });

  it('come to an end: no more of them are kept than will come back', () => {
    const first = new Fork(0, 0);
    const states = statesOf(first, 'first');
    for (let b = 1; b <= 2_000; b++) new Fork(0, b).ask(states);
    const again = new Fork(0, 0);
    again.ask(states);
    expect(again.walked).to.equal(1);
  });
});
