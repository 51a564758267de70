// Goal: what a member of a memberlist makes of what it hears is what hashicorp/memberlist makes of
// it: how long a suspicion takes by the size of the list and by who shares it (suspicion.go,
// util.go suspicionTimeout), who contradicts whom (state.go), and how often a rumour is told
// (queue.go, util.go retransmitLimit).

import { expect } from 'chai';

import {
  applyAwareness,
  counts,
  fullState,
  memberAmong,
  Rumours,
  takeRumours,
} from '../../../src/cluster/load-balancing/memberlist-rumours';
import type { Health, Member } from '../../../src/cluster/load-balancing/memberlist-rumours';
import { seconds } from '../../../src/values/time';
import type { Instant } from '../../../src/values/time';

const SECOND = 1_000_000;

/** A member among so many, and what it does. */
class Bench {
  now = 0;
  readonly member: Member;
  readonly changes: string[] = [];
  readonly doubts: string[] = [];
  draws = 0;
  readonly rumours = new Rumours({
    now: () => this.now as Instant,
    suspicionTime: () => seconds(4),
    draw: () => {
      this.draws++;
      return 0;
    },
    toTell: () => {},
    suspected: (_member, about, _suspicion, source) =>
      void this.doubts.push(`${about} by ${source}`),
    changed: (_member, about, health) => void this.changes.push(`${about} ${health}`),
  });

  constructor(size: number) {
    const names = Array.from({ length: size }, (_, index) => `n${index}`);
    this.member = memberAmong('n0', names);
  }

  hears(about: string, says: Health, from: string, incarnation = 1): void {
    this.rumours.hear(this.member, { about, says, from, incarnation });
  }

  /** When the suspicion against n1 ends, in seconds. */
  get ends(): number {
    return this.member.suspicions.get('n1')!.endsAt / SECOND;
  }
}

describe('a suspicion', () => {
  it('takes 4 s among up to three members: nobody else could share it', () => {
    for (const size of [2, 3]) {
      const bench = new Bench(size);
      bench.hears('n1', 'suspect', 'n0');
      expect(bench.ends).to.equal(4);
    }
  });

  it('takes six times as long among four or more, until others share it', () => {
    const bench = new Bench(5);
    bench.hears('n1', 'suspect', 'n0');
    expect(bench.ends).to.equal(24);
    bench.hears('n1', 'suspect', 'n2');
    // 24 - ln 2 / ln 3 × 20, in whole milliseconds.
    expect(bench.ends).to.equal(11.381);
    bench.hears('n1', 'suspect', 'n2');
    expect(bench.ends, 'the same one counts once').to.equal(11.381);
    bench.hears('n1', 'suspect', 'n3');
    expect(bench.ends).to.equal(4);
  });

  it('grows with the logarithm of the list from ten members on', () => {
    const bench = new Bench(20);
    bench.hears('n1', 'suspect', 'n0');
    bench.hears('n1', 'suspect', 'n2');
    bench.hears('n1', 'suspect', 'n3');
    expect(bench.ends).to.equal(4 * 1.301);
  });

  it('ends at once where it should have ended before it was shared', () => {
    const bench = new Bench(5);
    bench.hears('n1', 'suspect', 'n0');
    bench.now = 20 * SECOND;
    bench.hears('n1', 'suspect', 'n2');
    expect(bench.ends).to.equal(20);
  });

  it('is the death of whoever does not refute it in time, and of nobody before that', () => {
    const bench = new Bench(3);
    bench.hears('n1', 'suspect', 'n0');
    bench.now = 4 * SECOND - 1;
    bench.rumours.expire(bench.member, 'n1');
    expect(counts(bench.member, 'n1'), 'a suspect counts').to.equal(true);
    bench.now = 4 * SECOND;
    bench.rumours.expire(bench.member, 'n1');
    expect(bench.changes).to.deep.equal(['n1 dead']);
    expect(counts(bench.member, 'n1')).to.equal(false);
  });

  it('is refuted by a higher incarnation alone', () => {
    const bench = new Bench(3);
    bench.hears('n1', 'suspect', 'n0');
    bench.hears('n1', 'alive', 'n1', 1);
    expect(bench.member.suspicions.size).to.equal(1);
    bench.hears('n1', 'alive', 'n1', 2);
    expect(bench.member.suspicions.size).to.equal(0);
    expect(bench.changes, 'it was on the list all the time').to.deep.equal([]);
  });
});

describe('a member', () => {
  it('refutes what is said against it, and feels worse for it', () => {
    const bench = new Bench(3);
    bench.hears('n0', 'suspect', 'n1', 4);
    expect(bench.member).to.include({ incarnation: 5, score: 1 });
    expect(takeRumours(bench.member)).to.deep.equal([
      { about: 'n0', says: 'alive', incarnation: 5, from: 'n0' },
    ]);
    bench.hears('n0', 'dead', 'n1', 4);
    expect(bench.member.incarnation, 'what is older needs no answer').to.equal(5);
  });

  it('takes the dead of another one for suspects, and the dead of a rumour for dead', () => {
    const bench = new Bench(3);
    const other = new Bench(3);
    other.hears('n2', 'dead', 'n1');
    bench.rumours.merge(bench.member, fullState(other.member));
    expect(bench.member.peers.get('n2')!.health).to.equal('suspect');
    bench.hears('n2', 'dead', 'n1');
    expect(bench.member.peers.get('n2')!.health).to.equal('dead');
  });

  it('takes a stranger in, and a dead one back when it says more than was said against it', () => {
    const bench = new Bench(3);
    bench.hears('n9', 'alive', 'n1');
    bench.hears('n2', 'dead', 'n1', 3);
    bench.hears('n2', 'alive', 'n1', 3);
    bench.hears('n2', 'alive', 'n1', 4);
    expect(bench.changes).to.deep.equal(['n9 alive', 'n2 dead', 'n2 alive']);
  });

  it('tells a rumour 4 times among up to nine, 8 times among up to 99', () => {
    for (const [size, times] of [
      [3, 4],
      [9, 4],
      [10, 8],
    ] as const) {
      const bench = new Bench(size);
      bench.hears('n1', 'suspect', 'n2');
      let told = 0;
      while (takeRumours(bench.member).length > 0) told++;
      expect(told, `${size} members`).to.equal(times);
    }
  });

  it('does no worse than seven, and no better than zero', () => {
    const { member } = new Bench(3);
    applyAwareness(member, 12);
    expect(member.score).to.equal(7);
    applyAwareness(member, -20);
    expect(member.score).to.equal(0);
  });
});

describe('what a member hears', () => {
  it('makes it speak for itself where others say more of it than it has said', () => {
    const bench = new Bench(3);
    bench.hears('n0', 'alive', 'n1', 1);
    bench.hears('n0', 'suspect', 'n1', 0);
    bench.hears('n0', 'dead', 'n1', 0);
    expect(bench.member, 'what is known, or older').to.include({ incarnation: 1, score: 0 });
    bench.hears('n0', 'alive', 'n1', 3);
    expect(bench.member).to.include({ incarnation: 4, score: 1 });
  });

  it('is of no use against who has said more since', () => {
    const bench = new Bench(3);
    bench.hears('n1', 'alive', 'n1', 5);
    bench.hears('n1', 'suspect', 'n2', 4);
    bench.hears('n1', 'dead', 'n2', 4);
    expect(bench.doubts).to.deep.equal([]);
    expect(bench.member.peers.get('n1')).to.include({ health: 'alive', incarnation: 5 });
  });

  it('of a dead one is no doubt, and no life unless it says more than his death', () => {
    const bench = new Bench(3);
    bench.hears('n1', 'dead', 'n2', 3);
    bench.hears('n1', 'suspect', 'n2', 3);
    bench.hears('n1', 'alive', 'n1', 3);
    expect(bench.doubts).to.deep.equal([]);
    expect(bench.member.peers.get('n1')).to.include({ health: 'dead', incarnation: 3 });
  });

  it('ends a doubt, of whose time nothing comes any more', () => {
    const bench = new Bench(3);
    bench.hears('n1', 'suspect', 'n0');
    bench.hears('n1', 'alive', 'n1', 2);
    bench.now = 60 * SECOND;
    bench.rumours.expire(bench.member, 'n1');
    expect(bench.changes).to.deep.equal([]);
  });

  it('counts from the instant at which it has changed something', () => {
    const bench = new Bench(3);
    const since = (): number => bench.member.peers.get('n1')!.changedAt / SECOND;
    for (const [at, says, incarnation, changedAt] of [
      [1, 'alive', 2, 0],
      [2, 'suspect', 2, 2],
      [3, 'dead', 2, 3],
      [4, 'dead', 3, 3],
      [5, 'alive', 4, 5],
    ] as const) {
      bench.now = at * SECOND;
      bench.hears('n1', says, 'n2', incarnation);
      expect(since(), `${says} at ${at} s`).to.equal(changedAt);
    }
  });

  it('in a complete exchange is a doubt of its own, from whom it has heard it', () => {
    const bench = new Bench(5);
    bench.rumours.merge(bench.member, [{ about: 'n2', says: 'dead', incarnation: 1, from: 'n4' }]);
    expect(bench.doubts).to.deep.equal(['n2 by n4']);
    expect([...bench.member.suspicions.get('n2')!.sharedBy]).to.deep.equal(['n0']);
  });

  it('is told on where it is news: a doubt once for each who shares it, the latest last', () => {
    const bench = new Bench(5);
    const told = (): string[] =>
      takeRumours(bench.member).map(({ about, says, from }) => `${about} ${says} ${from}`);
    bench.hears('n1', 'suspect', 'n0');
    bench.hears('n2', 'suspect', 'n0');
    bench.hears('n1', 'suspect', 'n3');
    expect(told()).to.deep.equal(['n2 suspect n0', 'n1 suspect n3']);
    while (told().length > 0);
    bench.hears('n1', 'suspect', 'n3');
    expect(told(), 'heard before').to.deep.equal([]);
    bench.hears('n1', 'suspect', 'n4');
    expect(told()).to.deep.equal(['n1 suspect n4']);
    while (told().length > 0);
    bench.hears('n1', 'suspect', 'n2');
    expect(told(), 'as many agree as are needed').to.deep.equal([]);
  });

  it('of a stranger gives him a place in the round of probes by chance', () => {
    const bench = new Bench(3);
    bench.hears('n9', 'alive', 'n1');
    // state.go aliveNode: added at the end and exchanged with the one that is drawn, here the first.
    expect(bench.member.order).to.deep.equal(['n9', 'n2', 'n1']);
    const alone = new Bench(1);
    alone.hears('n9', 'alive', 'n9');
    expect([alone.member.order, alone.draws], 'nothing to choose from').to.deep.equal([['n9'], 0]);
  });
});
