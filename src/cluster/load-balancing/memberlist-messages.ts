// What the members of a memberlist send each other, and whether it arrives: pings and datagrams
// with whatever their sender has to tell, pings on behalf of others, complete exchanges.
// source: hashicorp/memberlist net.go (handleCompound, handlePing, handleIndirectPing), state.go
// (probeNode, pushPullNode)

import type { TimerName } from '../../timing';
import type { Duration } from '../../values/time';
import { fullState, takeRumours } from './memberlist-rumours';
import type { Member, Rumour, Rumours } from './memberlist-rumours';
import type { SpeakerLinks } from './speaker-links';

export interface MessagesGround {
  readonly links: SpeakerLinks;
  readonly members: ReadonlyMap<string, Member>;
  readonly rumours: Rumours;
  isPowered(node: string): boolean;
  wait(timer: TimerName, node: string): Duration;
}

/** From another one that was asked to ping: that it has an answer, that it has none, or nothing. */
export type Answer = 'ack' | 'nack' | 'silence';

export class Messages {
  private readonly ground: MessagesGround;

  constructor(ground: MessagesGround) {
    this.ground = ground;
  }

  /** A ping over UDP, and whether it is answered in that time. */
  ping(member: Member, target: string, within: Duration): boolean {
    const { name, peers } = member;
    const { health, incarnation } = peers.get(target)!;
    const accusation: Rumour = { about: target, says: 'suspect', incarnation, from: name };
    const words = health === 'suspect' ? [accusation] : takeRumours(member);
    if (this.ground.links.roundTrip(name, target) >= within) return false;
    return this.ask(name, target, words);
  }

  /**
   * What one hears within `left` who has asked another one to ping a third. Who does not reach it
   * says so after a timeout of its own: a probe of a second that gave up its own ping after half of
   * it is over by then, and counts that as silence.
   * source: net.go handleIndirectPing
   */
  relay(from: string, by: string, target: string, left: Duration): Answer {
    const words = this.wordsOf(from);
    if (!this.arrives(from, by)) return 'silence';
    const isHeard = this.ask(by, target, this.wordsOf(by));
    this.tell(by, words);
    if (!this.send(by, from)) return 'silence';
    if (isHeard) return 'ack';
    return this.ground.wait('metallb.probeTimeout', by) < left ? 'nack' : 'silence';
  }

  /** A datagram, with whatever its sender has to tell. */
  send(from: string, to: string, words = this.wordsOf(from)): boolean {
    if (!this.arrives(from, to)) return false;
    this.tell(to, words);
    return true;
  }

  /** Both tell the other one all that they hold. */
  exchange(member: Member, other: string): void {
    const { links, members, rumours, isPowered } = this.ground;
    const within = this.ground.wait('metallb.tcpTimeout', member.name);
    if (!isPowered(other) || !links.stream(member.name, other, within)) return;
    const remote = members.get(other)!;
    const [own, theirs] = [fullState(member), fullState(remote)];
    rumours.merge(remote, own);
    rumours.merge(member, theirs);
  }

  /**
   * A ping with what its sender has to tell, and the answer: it leaves before the other one reads
   * what came along with the ping, so it never refutes that.
   * source: net.go handleCommand (a ping is answered at once, all else waits for packetHandler)
   */
  private ask(from: string, to: string, words: readonly Rumour[]): boolean {
    if (!this.arrives(from, to)) return false;
    const answer = this.wordsOf(to);
    this.tell(to, words);
    return this.send(to, from, answer);
  }

  private arrives(from: string, to: string): boolean {
    const { isPowered, links } = this.ground;
    return isPowered(to) && links.datagram(from, to);
  }

  private wordsOf(node: string): readonly Rumour[] {
    return takeRumours(this.ground.members.get(node)!);
  }

  private tell(to: string, words: readonly Rumour[]): void {
    const { members, rumours } = this.ground;
    for (const rumour of words) rumours.hear(members.get(to)!, rumour);
  }
}
