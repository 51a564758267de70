// Goal: an answer holds exactly as long as everything that it was read from stands as it did, and
// looking after that costs no more than it has to. Method: sources made for the purpose, which
// count how often they are asked.

import { expect } from 'chai';
import {
  answerOf,
  Answers,
  nextRound,
  noteFleeting,
  noteReading,
  recall,
  stillHolds,
} from '../../src/kernel/readings';
import type { Key, Readable } from '../../src/kernel/readings';

/** A table that notes what is read of it, as everything that holds state does. */
class Table implements Readable {
  readonly rows = new Map<Key, number>();
  asked = 0;

  read(key: Key): number | undefined {
    noteReading(this, key);
    return this.rows.get(key);
  }

  standing(key: Key): unknown {
    this.asked++;
    return this.rows.get(key);
  }
}

/** The same with a version of all of it. */
class Versioned extends Table {
  version = 0;

  whole(): number {
    return this.version;
  }

  set(key: Key, value: number): void {
    this.rows.set(key, value);
    this.version++;
  }
}

describe('an answer', () => {
  it('holds while what it was read from stands, whatever else moves', () => {
    const table = new Table();
    table.rows.set('a', 1);
    const answer = answerOf(() => table.read('a'));
    table.rows.set('b', 2);
    nextRound();
    expect(stillHolds(answer)).to.equal(true);
    table.rows.set('a', 3);
    nextRound();
    expect(stillHolds(answer)).to.equal(false);
  });

  it('asks what moves in turns alone after a turn, and in no other round', () => {
    class Turning extends Table {
      readonly movesInTurns = true;
    }
    const [turning, other] = [new Turning(), new Table()];
    const answer = answerOf(() => [turning.read('a'), other.read('a')]);
    const found = turning.asked;
    nextRound(false);
    expect([stillHolds(answer), turning.asked]).to.deep.equal([true, found]);
    turning.rows.set('a', 1);
    nextRound(true);
    nextRound(false);
    expect([stillHolds(answer), turning.asked]).to.deep.equal([false, found + 1]);
    const again = answerOf(() => [turning.read('a'), other.read('a')]);
    other.rows.set('a', 1);
    nextRound(false);
    expect(stillHolds(again)).to.equal(false);
  });

  it('is read from things as well as from names', () => {
    const table = new Table();
    const [one, other] = [{}, {}];
    const answer = answerOf(() => table.read(one));
    table.rows.set(other, 1);
    nextRound();
    expect(stillHolds(answer)).to.equal(true);
    table.rows.set(one, 1);
    nextRound();
    expect(stillHolds(answer)).to.equal(false);
  });

  it('asks a source as a whole first, and key by key only where that has moved', () => {
    const table = new Versioned();
    table.set('a', 1);
    const answer = answerOf(() => table.read('a'));
    const { asked } = table;
    nextRound();
    expect(stillHolds(answer)).to.equal(true);
    expect(table.asked).to.equal(asked);
    table.set('b', 2);
    for (let time = 0; time < 3; time++) {
      nextRound();
      expect(stillHolds(answer)).to.equal(true);
    }
    expect(table.asked, 'once for the version that is new').to.equal(asked + 1);
    table.set('a', 3);
    nextRound();
    expect(stillHolds(answer)).to.equal(false);
  });

  it('is looked after once in a round, in which nothing moves', () => {
    const table = new Table();
    const answer = answerOf(() => table.read('a'));
    nextRound();
    stillHolds(answer);
    const { asked } = table;
    expect(stillHolds(answer)).to.equal(true);
    expect(table.asked).to.equal(asked);
  });

  it('that was read from the clock holds in its round alone', () => {
    const answer = answerOf(() => noteFleeting());
    expect(stillHolds(answer)).to.equal(true);
    nextRound();
    expect(stillHolds(answer)).to.equal(false);
    expect(stillHolds(answer)).to.equal(false);
  });

  it('depends on what its parts were read from', () => {
    const table = new Table();
    const part = answerOf(() => table.read('a'));
    const all = answerOf(() => recall(part));
    table.rows.set('a', 1);
    nextRound();
    expect(stillHolds(all)).to.equal(false);
  });

  it('is remembered by its question, where somebody reads', () => {
    const answers = new Answers();
    const table = new Table();
    let found = 0;
    const ask = (): unknown =>
      answers.to('a', () => {
        found++;
        return table.read('a');
      });
    answerOf(() => [ask(), ask()]);
    expect(found).to.equal(1);
    ask();
    expect(found, 'nobody reads').to.equal(2);
  });
});
