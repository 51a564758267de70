// Goal: the loops of a memberlist go on as those of hashicorp/memberlist do: a tick that a long
// probe has missed is made up for at once (state.go triggerFunc: a ticker holds one tick), who has
// no power does nothing, and a run waits for what a change of the network leads to, not for ever.
// Method: members whose datagrams are lost or arrive as a spec says; each of them is written down.

import { expect } from 'chai';

import { Memberlist } from '../../../src/cluster/load-balancing/memberlist';
import type { SpeakerLinks } from '../../../src/cluster/load-balancing/speaker-links';
import { Kernel } from '../../../src/kernel/kernel';
import { Timing } from '../../../src/timing';
import { NEWEST_VERSION } from '../../../src/values/kube-version';
import type { Instant } from '../../../src/values/time';

const SECOND = 1_000_000;

/** What gets through between any two of them. */
type Lines = 'udp' | 'tcp' | 'nothing';

class World {
  readonly kernel = new Kernel(1);
  readonly list: Memberlist;
  readonly off = new Set<string>();
  /** `a to b`, with the second at which it was sent. */
  readonly sent: { readonly what: string; readonly at: number }[] = [];

  constructor(nodes: readonly string[], lines: Lines) {
    const { kernel } = this;
    const options = { kubernetes: NEWEST_VERSION, profile: 'default', overrides: {} } as const;
    const links = {
      isPerfect: false,
      areBad: false,
      datagram: (from: string, to: string) => {
        this.sent.push({ what: `${from} to ${to}`, at: kernel.now / SECOND });
        return lines === 'udp';
      },
      stream: () => lines === 'tcp',
      roundTrip: () => 0,
      // Nobody can tell that it will go on like this: it is played out for ever.
      oddsOfPing: () => 'by chance',
      oddsOfStream: () => (lines === 'nothing' ? 'is lost' : 'by chance'),
    };
    this.list = new Memberlist({
      kernel,
      timing: new Timing(options, kernel.random),
      links: links as unknown as SpeakerLinks,
      nodes,
      isPowered: (node) => !this.off.has(node),
      changed: () => {},
    });
    this.list.networkChanged();
  }

  until(seconds: number): this {
    this.kernel.runUntil((seconds * SECOND) as Instant);
    return this;
  }

  /** When one has pinged the other, in seconds. */
  pings(what: string): number[] {
    return this.sent.filter((it) => it.what === what).map(({ at }) => at);
  }

  said(action: string): string[] {
    const all = this.kernel.journal.all().filter((it) => it.action === action);
    return all.map(({ actor, subject }) => `${actor.split('@')[1]} ${subject}`);
  }
}

describe('the probes of a member', () => {
  it('follow each other at once where one of them has taken its second', () => {
    const [first, second, third] = new World(['a', 'b'], 'tcp').until(10).pings('a to b');
    expect(second! - first!).to.be.closeTo(1, 1e-6);
    expect(third! - second!).to.be.closeTo(1, 1e-6);
  });

  it('say nothing of whoever has no power: that is noticed otherwise', () => {
    const world = new World(['a', 'b'], 'nothing');
    world.off.add('b');
    world.until(60);
    expect(world.said('suspects')).to.deep.equal([]);
    expect(new World(['a', 'b'], 'nothing').until(60).said('lost')).to.have.members([
      'a Node/b',
      'b Node/a',
    ]);
  });

  it('are none of a member without power', () => {
    const world = new World(['a', 'b'], 'tcp');
    world.until(5);
    world.off.add('a');
    const { length } = world.pings('a to b');
    expect(length).to.be.above(2);
    world.until(60);
    expect(world.pings('a to b')).to.have.length(length);
  });
});

describe('a run', () => {
  it('waits five minutes for what a change of the network leads to, after the last one', () => {
    const world = new World(['a', 'b'], 'udp').until(299);
    expect(world.kernel.pending()).to.not.deep.equal([]);
    world.until(310);
    expect(world.kernel.pending()).to.deep.equal([]);
    expect(world.pings('a to b').at(-1), 'they go on').to.be.above(308);
    world.list.networkChanged();
    world.until(312);
    expect(world.kernel.pending()).to.not.deep.equal([]);
    world.until(625);
    expect(world.kernel.pending()).to.deep.equal([]);
  });
});
