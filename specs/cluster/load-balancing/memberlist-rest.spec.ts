// Goal: a memberlist is played out as long as anything can still come of it, and no longer.

import { expect } from 'chai';

import { comesToRest } from '../../../src/cluster/load-balancing/memberlist-rest';
import { memberAmong } from '../../../src/cluster/load-balancing/memberlist-rumours';
import type { Member } from '../../../src/cluster/load-balancing/memberlist-rumours';
import type { SpeakerLinks } from '../../../src/cluster/load-balancing/speaker-links';
import { seconds } from '../../../src/values/time';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];

/** Links of which some are cut, in both directions. */
function linksWithout(...cut: readonly string[]): SpeakerLinks {
  const odds = (from: string, to: string) =>
    cut.includes(`${from}${to}`) || cut.includes(`${to}${from}`) ? 'is lost' : 'passes';
  return { oddsOfPing: odds, oddsOfStream: odds } as unknown as SpeakerLinks;
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
});
