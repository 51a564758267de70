// Goal: an answer of a fork is found again exactly where all that it was read from stands alike, and
// is plain data that keeps nothing of the fork. Method: two clusters of a few numbers each, which
// ask the same questions.

import { expect } from 'chai';
import { FamilyAnswers } from '../../src/kernel/family-answers';
import { answerOf, Answers, nextRound, noteFleeting, noteReading } from '../../src/kernel/readings';
import type { Readable } from '../../src/kernel/readings';
import type { Instant } from '../../src/values/time';

class Numbers implements Readable {
  readonly place = { room: 'numbers', name: '' };
  readonly values: Record<string, number>;

  constructor(values: Record<string, number>) {
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
    return this.values[key]!;
  }
}

class Fork {
  readonly numbers: Numbers;
  now = 0 as Instant;
  found = 0;
  private readonly answers: Answers;

  constructor(
    family: FamilyAnswers,
    values: Record<string, number>,
    numbers = new Numbers(values),
  ) {
    this.numbers = numbers;
    const locate = (): Readable => this.numbers;
    this.answers = new Answers({ family, locate, now: () => this.now });
  }

  ask<T>(find: (numbers: Numbers) => T, question = 'question'): T {
    const { numbers, answers } = this;
    const counted = (): T => {
      this.found++;
      return find(numbers);
    };
    return answerOf(() => answers.to(question, counted, true)).value;
  }

  /** The same while another answer is being found. */
  askWithin<T>(find: (numbers: Numbers) => T): T {
    const counted = (): T => {
      this.found++;
      return find(this.numbers);
    };
    return this.answers.to('question', counted, true);
  }
}

/** The same with a version of all of them, which forks have in common. */
class Versioned extends Numbers {
  asked = 0;

  override common(key: string): number | undefined {
    this.asked++;
    return super.common(key);
  }

  commonWhole(): string {
    return JSON.stringify(this.values);
  }
}

/** Reads numbers one by one up to a 0. */
const upToZero = (numbers: Numbers): string => {
  const read: number[] = [];
  for (const key of ['a', 'b', 'c', 'd']) {
    const value = numbers.read(key);
    read.push(value);
    if (value === 0) break;
  }
  return read.join();
};

/** Reads one number, and by that one of the others. */
const chosen = (numbers: Numbers): { readonly is: number } => {
  return { is: numbers.read(numbers.read('which') === 1 ? 'a' : 'b') };
};

describe('answers of a family', () => {
  const forks = (...values: Record<string, number>[]): Fork[] => {
    const family = new FamilyAnswers();
    return values.map((it) => new Fork(family, it));
  };

  it('are found once where what they were read from stands alike', () => {
    const [one, two] = forks({ which: 1, a: 5, b: 6 }, { which: 1, a: 5, b: 7 });
    expect(one!.ask(chosen)).to.equal(two!.ask(chosen)).and.to.deep.equal({ is: 5 });
    expect([one!.found, two!.found]).to.deep.equal([1, 0]);
  });

  it('are found anew where anything of it differs', () => {
    const [one, two, three] = forks(
      { which: 1, a: 5, b: 6 },
      { which: 2, a: 5, b: 6 },
      { which: 2, a: 0, b: 6 },
    );
    expect([one, two, three].map((fork) => fork!.ask(chosen).is)).to.deep.equal([5, 6, 6]);
    expect([one, two, three].map((fork) => fork!.found)).to.deep.equal([1, 1, 0]);
  });

  it('are told apart wherever their readings part, in whatever order they were found', () => {
    const states = [
      { a: 1, b: 1, c: 1, d: 1 },
      { a: 1, b: 1, c: 2, d: 1 },
      { a: 1, b: 0, c: 2, d: 1 },
      { a: 2, b: 1, c: 1, d: 1 },
      { a: 1, b: 1, c: 1, d: 2 },
      { a: 1, b: 1, c: 0, d: 2 },
    ];
    for (const order of [states, states.toReversed()]) {
      const family = new FamilyAnswers();
      const alone = order.map((it) => upToZero(new Numbers(it)));
      const first = order.map((it) => new Fork(family, it));
      expect(first.map((fork) => fork.ask(upToZero))).to.deep.equal(alone);
      const again = order.map((it) => new Fork(family, it));
      expect(again.map((fork) => fork.ask(upToZero))).to.deep.equal(alone);
      expect(again.map(({ found }) => found)).to.deep.equal([0, 0, 0, 0, 0, 0]);
    }
  });

  it('are found by how a place stands as a whole, without asking key by key', () => {
    const family = new FamilyAnswers();
    const ask = (c: number): readonly [string, number] => {
      const numbers = new Versioned({ a: 1, b: 1, c, d: 1 });
      const fork = new Fork(family, {}, numbers);
      return [fork.ask(upToZero), numbers.asked];
    };
    for (const c of [1, 2, 1, 2]) ask(c);
    expect([1, 2].map(ask)).to.deep.equal([
      ['1,1,1,1', 0],
      ['1,1,2,1', 0],
    ]);
    expect(ask(3)[0]).to.equal('1,1,3,1');
  });

  it('are told to others by whoever was told, as parts of other answers', () => {
    const family = new FamilyAnswers();
    const [one, two, three] = [1, 1, 1].map((a) => new Fork(family, { which: 1, a }));
    one!.ask(chosen);
    const doubled = (fork: Fork) => fork.ask(() => fork.askWithin(chosen).is * 2, 'doubled');
    expect([doubled(two!), doubled(three!)]).to.deep.equal([2, 2]);
    expect([two!.found, three!.found]).to.deep.equal([1, 0]);
    const other = new Fork(family, { which: 1, a: 4 });
    expect(doubled(other)).to.equal(8);
  });

  it('hold for who was told for as long as what they were read from stands there', () => {
    const [one, two] = forks({ which: 1, a: 5, b: 6 }, { which: 1, a: 5, b: 6 });
    one!.ask(chosen);
    two!.ask(chosen);
    two!.numbers.values['which'] = 2;
    nextRound();
    expect([two!.ask(chosen).is, two!.found]).to.deep.equal([6, 1]);
  });

  it('hold from the instant on at which they were found', () => {
    const [one, two] = forks({ which: 1, a: 5 }, { which: 1, a: 5 });
    one!.now = 10 as Instant;
    one!.ask(chosen);
    two!.now = 9 as Instant;
    two!.ask(chosen);
    expect(two!.found).to.equal(1);
  });

  it('stay with the fork where others cannot tell how something stands', () => {
    const [one, two] = forks({ hidden: 1 }, { hidden: 1 });
    const read = (numbers: Numbers): number => numbers.read('hidden');
    expect([one!.ask(read), two!.ask(read)]).to.deep.equal([1, 1]);
    expect(two!.found).to.equal(1);
  });

  it('stay with the fork where they hold at their instant alone, or are more than data', () => {
    const [one, two] = forks({ a: 1 }, { a: 1 });
    const fleeting = (): number => {
      noteFleeting();
      return 1;
    };
    const owned = (numbers: Numbers): readonly unknown[] => [numbers, numbers.read('a')];
    for (const fork of [one!, two!]) {
      fork.ask(fleeting, 'fleeting');
      fork.ask(owned, 'owned');
    }
    expect(two!.found).to.equal(2);
    expect(two!.ask(owned, 'owned')[0]).to.equal(two!.numbers);
  });

  it('are frozen', () => {
    const [one] = forks({ which: 1, a: 5 });
    expect(Object.isFrozen(one!.ask(chosen))).to.equal(true);
  });

  it('are forgotten where a question has more of them than will ever come back', () => {
    const family = new FamilyAnswers();
    const first = new Fork(family, { which: 1, a: 0 });
    first.ask(chosen);
    for (let a = 1; a <= 64; a++) new Fork(family, { which: 1, a }).ask(chosen);
    const again = new Fork(family, { which: 1, a: 0 });
    again.ask(chosen);
    expect(again.found).to.equal(1);
  });
});
