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
      roundTrip: () => this.roundTrip,
    } as unknown as SpeakerLinks;
    const { members } = this;
    const isPowered = (): boolean => true;
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
});
