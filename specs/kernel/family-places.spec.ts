// Goal: an answer of a family is told only to whom it belongs: what was read stands in one place of
// one room, also where it was read for another answer, and what is told is frozen to its core. What
// is kept has an end. Method: clusters of two rooms, each with its own numbers.

import { expect } from 'chai';
import { FamilyAnswers } from '../../src/kernel/family-answers';
import { answerOf, Answers, noteReading } from '../../src/kernel/readings';
import type { Place, Readable } from '../../src/kernel/readings';
import type { Instant } from '../../src/values/time';

class Room implements Readable {
  readonly place: Place;
  readonly values: Readonly<Record<string, number>>;

  constructor(place: Place, values: Readonly<Record<string, number>>) {
    this.place = place;
    this.values = values;
  }

  standing(key: string): number | undefined {
    return this.values[key];
  }

  /** Nobody else knows what is hidden. */
  common(key: string): number | undefined {
    return key === 'hidden' ? undefined : this.values[key];
  }

  read(key: string): number {
    noteReading(this, key);
    return this.values[key] ?? -1;
  }
}

class Fork {
  readonly rooms: readonly Room[];
  now = 0 as Instant;
  found = 0;
  private readonly answers: Answers;

  constructor(family: FamilyAnswers, ...rooms: readonly Room[]) {
    this.rooms = rooms;
    const locate = ({ room, name }: Place): Readable | undefined =>
      rooms.find(({ place }) => place.room === room && place.name === name);
    this.answers = new Answers({ family, locate, now: () => this.now });
  }

  ask<T>(find: (fork: Fork) => T, question = 'question'): T {
    return answerOf(() => this.part(find, question)).value;
  }

  /** The same while another answer is being found. */
  part<T>(find: (fork: Fork) => T, question: string): T {
    const counted = (): T => {
      this.found++;
      return find(this);
    };
    return this.answers.to(question, counted, true);
  }
}

const at = (room: string, name: string, values: Readonly<Record<string, number>>): Room =>
  new Room({ room, name }, values);
const first = ({ rooms }: Fork): number => rooms[0]!.read('a');

describe('what an answer of a family was read from', () => {
  it('is in one place: not in another one of the same name, nor of the same room', () => {
    for (const [room, name] of [
      ['nodes', 'two'],
      ['pods', 'one'],
    ] as const) {
      const family = new FamilyAnswers();
      const own = at('nodes', 'one', { a: 1 });
      // The answer of the second is read elsewhere, where the third has what it was for the first.
      new Fork(family, own).ask(first);
      const second = new Fork(family, at(room, name, { a: 2 }), at('nodes', 'one', { a: 3 }));
      expect(second.ask(first)).to.equal(2);
      const third = new Fork(family, at(room, name, { a: 1 }), at('nodes', 'one', { a: 3 }));
      expect(third.ask(first)).to.equal(1);
      expect(third.found, `${room} ${name}`).to.equal(1);
      const fourth = new Fork(family, at(room, name, { a: 2 }), at('nodes', 'one', { a: 3 }));
      expect([fourth.ask(first), fourth.found]).to.deep.equal([2, 0]);
    }
  });

  it('is also what the answers were read from that it was made of', () => {
    const family = new FamilyAnswers();
    const hidden = (fork: Fork): number => fork.rooms[0]!.read('hidden');
    const made = (fork: Fork): number => fork.part(hidden, 'part') + first(fork);
    const one = new Fork(family, at('nodes', 'one', { a: 1, hidden: 10 }));
    const two = new Fork(family, at('nodes', 'one', { a: 1, hidden: 20 }));
    expect([one.ask(made), two.ask(made)]).to.deep.equal([11, 21]);
  });
});

describe('what a family is told', () => {
  const room = (): Room => at('nodes', 'one', { a: 1 });

  it('is no function, which belongs to the fork that made it', () => {
    const family = new FamilyAnswers();
    const made =
      (fork: Fork): (() => number) =>
      () =>
        first(fork);
    const [one, two] = [new Fork(family, room()), new Fork(family, room())];
    for (const fork of [one, two]) {
      const find = (it: Fork): (() => number) => (first(it), made(it));
      expect(fork.ask(find)).to.be.a('function');
    }
    expect(two.found).to.equal(1);
  });

  it('is frozen to its core, and taken as it is where it is frozen already', () => {
    const family = new FamilyAnswers();
    const whole = new Fork(family, room()).ask((it) => ({ list: [{ a: first(it) }] }));
    expect(Object.isFrozen(whole.list) && Object.isFrozen(whole.list[0])).to.equal(true);
    class Word {
      readonly is = 'said';
    }
    const find = (it: Fork): Word => (first(it), Object.freeze(new Word()));
    const two = new Fork(family, room());
    expect(two.ask(find, 'word')).to.equal(new Fork(family, room()).ask(find, 'word'));
  });

  it('is forgotten from the question on that was answered longest ago', () => {
    const family = new FamilyAnswers();
    const one = new Fork(family, room());
    for (const question of ['oldest', 'old']) one.ask(first, question);
    new Fork(family, at('nodes', 'one', { a: 2 })).ask(first, 'oldest');
    for (let count = 0; count < 1_023; count++) one.ask(first, `question ${count}`);
    const two = new Fork(family, room());
    two.ask(first, 'oldest');
    expect(two.found, 'it was answered anew').to.equal(0);
    two.ask(first, 'old');
    expect(two.found).to.equal(1);
  });

  it('counts once, however often it is found', () => {
    const family = new FamilyAnswers();
    const early = new Fork(family, at('nodes', 'one', { a: 5 }));
    early.ask(first);
    // Found later by who came earlier, again and again: it holds from an earlier instant on.
    for (let now = 100; now > 0; now--) {
      const fork = new Fork(family, room());
      fork.now = now as Instant;
      fork.ask(first);
      expect(fork.found).to.equal(1);
    }
    const again = new Fork(family, at('nodes', 'one', { a: 5 }));
    again.ask(first);
    expect(again.found).to.equal(0);
  });
});
