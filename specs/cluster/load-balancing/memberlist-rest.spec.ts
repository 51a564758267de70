// Goal: a memberlist is played out as long as anything can still come of it, and no longer.

import { expect } from 'chai';

import { comesToRest } from '../../../src/cluster/load-balancing/memberlist-rest';
import { memberAmong } from '../../../src/cluster/load-balancing/memberlist-rumours';
import type { Member } from '../../../src/cluster/load-balancing/memberlist-rumours';
import type { SpeakerLinks } from '../../../src/cluster/load-balancing/speaker-links';
import { seconds } from '../../../src/values/time';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];

type Odds = (from: string, to: string) => ReturnType<SpeakerLinks['oddsOfPing']>;

function linksOf(oddsOfPing: Odds, oddsOfStream = oddsOfPing): SpeakerLinks {
  return { oddsOfPing, oddsOfStream } as unknown as SpeakerLinks;
}

/** Links of which some are cut, in both directions. */
function linksWithout(...cut: readonly string[]): SpeakerLinks {
  return linksOf((from, to) =>
    cut.includes(`${from}${to}`) || cut.includes(`${to}${from}`) ? 'is lost' : 'passes',
  );
}

function rests(members: readonly Member[], links = linksWithout(), busy: string[] = []): boolean {
  const times = { probeTime: seconds(1), streamTime: seconds(10) };
  return comesToRest({ members, busy: new Set(busy), links, ...times });
}

function listOf(names: readonly string[]): Member[] {
  return names.map((name) => memberAmong(name, names));
}

describe('a memberlist comes to rest', () => {
  it('where all know each other and every probe is answered', () => {
    expect(rests(listOf(NAMES))).to.equal(true);
  });

  it('not while somebody probes, doubts, tells, does badly or keeps a dead one', () => {
    expect(rests(listOf(NAMES), linksWithout(), ['a'])).to.equal(false);
    for (const spoil of [
      ({ suspicions }: Member) => void suspicions.set('b', {} as never),
      ({ rumours }: Member) => void rumours.set('b', {} as never),
      (member: Member) => void (member.score = 1),
      ({ peers }: Member) => void (peers.get('b')!.health = 'dead'),
    ]) {
      const members = listOf(NAMES);
      spoil(members[0]!);
      expect(rests(members)).to.equal(false);
    }
  });

  it('on two sides that cannot call on each other, not where they can', () => {
    const sides = [...listOf(['a', 'b']), ...listOf(['c'])];
    expect(rests(sides, linksWithout('ac', 'bc'))).to.equal(true);
    expect(rests(sides, linksWithout('ac'))).to.equal(false);
  });

  it('with two that are cut from each other where whoever is asked can help', () => {
    expect(rests(listOf(NAMES), linksWithout('ab'))).to.equal(true);
    // Of the four others three are asked; one of them can always help.
    expect(rests(listOf(NAMES), linksWithout('ab', 'bc', 'bd'))).to.equal(true);
    // Here all three that are asked may be those that cannot.
    expect(rests(listOf(NAMES), linksWithout('ab', 'bc', 'bd', 'be'))).to.equal(false);
  });

  it('though one that is alone does badly: it probes nobody, and cannot feel better', () => {
    const alone = memberAmong('a', ['a']);
    alone.score = 2;
    expect(rests([alone])).to.equal(true);
  });

  it('not where two know others, though as many', () => {
    const members = [memberAmong('a', ['a', 'b', 'x']), memberAmong('b', ['a', 'b', 'y'])];
    expect(rests(members)).to.equal(false);
    expect(rests([members[0]!, memberAmong('b', ['a', 'b', 'x'])])).to.equal(true);
  });

  it('not where one knows another that does not know it, but others', () => {
    const sides = [memberAmong('a', ['a', 'x', 'y']), memberAmong('b', ['a', 'b'])];
    expect(
      rests(
        sides,
        linksOf(
          () => 'passes',
          () => 'is lost',
        ),
      ),
    ).to.equal(false);
    const same = [memberAmong('a', ['a']), memberAmong('b', ['b'])];
    expect(
      rests(
        same,
        linksOf(
          () => 'passes',
          () => 'is lost',
        ),
      ),
    ).to.equal(true);
    expect(
      rests(
        same,
        linksOf(
          () => 'passes',
          () => 'by chance',
        ),
      ),
      'by luck',
    ).to.equal(false);
  });

  it('not by the help of those that cannot be asked, or have no power', () => {
    // a can ask f alone, though all four others would reach whom it probes.
    const deaf = linksOf((from, to) =>
      from === 'a' && 'bcde'.includes(to) ? 'is lost' : 'passes',
    );
    expect(rests(listOf(NAMES), deaf)).to.equal(false);
    // Only c of a, b and c is there to help a and b; without power it cannot.
    const names = ['a', 'b', 'c'];
    expect(rests(listOf(names), linksWithout('ab'))).to.equal(true);
    expect(rests(listOf(names).slice(0, 2), linksWithout('ab'))).to.equal(false);
  });
});
