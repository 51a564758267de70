// Goal: what the speakers send each other is answered in the order and the time of
// hashicorp/memberlist net.go: a ping at once, before what came along with it is read
// (handleCommand, packetHandler); a ping on behalf of another one after a timeout of its own, where
// it stays without an answer (handleIndirectPing).

import { expect } from 'chai';

import { Messages } from '../../../src/cluster/load-balancing/memberlist-messages';
import { memberAmong, Rumours } from '../../../src/cluster/load-balancing/memberlist-rumours';
import type { SpeakerLinks } from '../../../src/cluster/load-balancing/speaker-links';
import { TIMERS } from '../../../src/timing';
import { milliseconds, seconds } from '../../../src/values/time';
import type { Instant } from '../../../src/values/time';

const NAMES = ['a', 'b', 'c'];

/** Three members, and which of their ways are cut. */
class Room {
  readonly members = new Map(NAMES.map((name) => [name, memberAmong(name, NAMES)]));
  readonly messages: Messages;
  roundTrip = 0;
  /** Whose node has no power. */
  readonly off = new Set<string>();

  constructor(...cut: readonly string[]) {
    const rumours = new Rumours({
      now: () => 0 as Instant,
      suspicionTime: () => seconds(4),
      draw: () => 0,
      toTell: () => {},
      suspected: () => {},
      changed: () => {},
    });
    const links = {
      datagram: (from: string, to: string) => !cut.includes(`${from}${to}`),
      stream: (from: string, to: string) => !cut.includes(`${from}${to}`),
      roundTrip: () => this.roundTrip,
    } as unknown as SpeakerLinks;
    const { members } = this;
    const isPowered = (node: string): boolean => !this.off.has(node);
    this.messages = new Messages({
      links,
      members,
      rumours,
      isPowered,
      wait: (timer) => TIMERS[timer].value.least,
    });
    rumours.hear(this.of('a'), { about: 'b', says: 'suspect', incarnation: 1, from: 'a' });
  }

  of(name: string) {
    return this.members.get(name)!;
  }
}

describe('the answer to a ping', () => {
  it('leaves before the doubt is read that came along: the refutation goes by gossip', () => {
    const room = new Room();
    expect(room.messages.ping(room.of('a'), 'b', seconds(1))).to.equal(true);
    expect(room.of('b').incarnation, 'it has read that it is suspected').to.equal(2);
    expect(room.of('a').peers.get('b')!.health, 'and has not said anything yet').to.equal(
      'suspect',
    );
    expect(room.messages.send('b', 'a')).to.equal(true);
    expect(room.of('a').peers.get('b')!.health).to.equal('alive');
  });

  it('brings what the other one had to tell before', () => {
    const room = new Room();
    room.messages.send('a', 'c');
    expect(room.of('b').peers.get('c')!.health).to.equal('alive');
    expect(room.messages.ping(room.of('b'), 'c', seconds(1))).to.equal(true);
    expect(room.of('b').incarnation, 'c has told it what a thinks of it').to.equal(2);
  });

  it('does not come where the ping is lost, or it is itself, or nobody is there', () => {
    const deaf = new Room('ab');
    expect(deaf.messages.ping(deaf.of('a'), 'b', seconds(1))).to.equal(false);
    const room = new Room('ba');
    expect(room.messages.ping(room.of('a'), 'b', seconds(1))).to.equal(false);
    expect(room.of('b').incarnation, 'it has read the ping').to.equal(2);
    const dark = new Room();
    dark.off.add('b');
    expect(dark.messages.ping(dark.of('a'), 'b', seconds(1))).to.equal(false);
    expect(dark.of('b').incarnation).to.equal(1);
  });

  it('is awaited as long as the probe takes, no longer', () => {
    const room = new Room();
    room.roundTrip = 1_500_000;
    expect(room.messages.ping(room.of('a'), 'b', seconds(1))).to.equal(false);
    expect(room.messages.ping(room.of('a'), 'b', seconds(2))).to.equal(true);
  });
});

describe('somebody who is asked to ping a third', () => {
  const left = milliseconds(500);

  it('passes its answer on', () => {
    expect(new Room().messages.relay('a', 'c', 'b', left)).to.equal('ack');
  });

  it('says too late that it has none where half a second is left, in time where more is', () => {
    const { messages } = new Room('cb');
    expect(messages.relay('a', 'c', 'b', left)).to.equal('silence');
    expect(messages.relay('a', 'c', 'b', milliseconds(501))).to.equal('nack');
    expect(messages.relay('a', 'c', 'b', milliseconds(1_500))).to.equal('nack');
  });

  it('is silent where its own answer is lost, or the question', () => {
    expect(new Room('ca').messages.relay('a', 'c', 'b', seconds(1))).to.equal('silence');
    expect(new Room('ac').messages.relay('a', 'c', 'b', seconds(1))).to.equal('silence');
  });

  it('has no answer where that of the third is lost', () => {
    expect(new Room('bc').messages.relay('a', 'c', 'b', seconds(1))).to.equal('nack');
  });

  it('hears with the question what the one who asks has to tell, after its own ping', () => {
    const room = new Room();
    room.messages.relay('a', 'c', 'b', seconds(1));
    expect(room.of('c').peers.get('b')!.health).to.equal('suspect');
    expect(room.of('b').incarnation, 'its ping has left before').to.equal(1);
  });

  it('tells the third, with its ping, what it has to tell', () => {
    const room = new Room();
    room.messages.send('a', 'c');
    room.messages.relay('a', 'c', 'b', seconds(1));
    expect(room.of('b').incarnation, 'it has read that it is suspected').to.equal(2);
  });

  it('tells with its answer what it has to tell', () => {
    const room = new Room();
    room.messages.send('a', 'b');
    // What b says of itself has come to c alone.
    room.messages.send('b', 'c');
    expect(room.of('a').peers.get('b')!.health).to.equal('suspect');
    room.messages.relay('a', 'c', 'b', seconds(1));
    expect(room.of('a').peers.get('b')!.health).to.equal('alive');
  });
});

describe('an exchange of all that two members hold', () => {
  const both = (room: Room): string[] => {
    room.messages.exchange(room.of('a'), 'c');
    return ['a', 'c'].map((name) => room.of(name).peers.get('b')!.health);
  };

  it('brings the one what the other one knows', () => {
    expect(both(new Room())).to.deep.equal(['suspect', 'suspect']);
    const room = new Room();
    room.messages.exchange(room.of('c'), 'a');
    expect(room.of('c').peers.get('b')!.health).to.equal('suspect');
  });

  it('does not come about where no connection does, or nobody is there', () => {
    expect(both(new Room('ac'))).to.deep.equal(['suspect', 'alive']);
    const room = new Room();
    room.off.add('c');
    expect(both(room)).to.deep.equal(['suspect', 'alive']);
  });
});
