// The memberlist of the speakers: each probes one other a second, tells what it suspects, and
// calls on those that it misses. While every message gets through and everybody knows everybody,
// nothing of that changes anything, and none of it is an event; it is played out message by
// message from the first link that is cut or bad until it can change nothing any more.
// source: hashicorp/memberlist state.go (probeNode, gossip, pushPull, resetNodes);
// metallb internal/speakerlist/speakerlist.go (joinMembers, mlJoin)

import type { EventKind } from '../../kernel/event-queue';
import type { Kernel } from '../../kernel/kernel';
import { Phase } from '../../kernel/phase';
import type { TimerName, Timing } from '../../timing';
import { between, later, seconds } from '../../values/time';
import type { Duration, Instant } from '../../values/time';
import { LOOPS, MemberLoops } from './memberlist-loops';
import type { LoopName } from './memberlist-loops';
import { Messages } from './memberlist-messages';
import { applyAwareness, counts, memberAmong, Rumours } from './memberlist-rumours';
import type { Member, Peer, Suspicion } from './memberlist-rumours';
import { comesToRest } from './memberlist-rest';
import type { SpeakerLinks } from './speaker-links';

export interface MemberlistGround {
  readonly kernel: Kernel;
  readonly timing: Timing;
  readonly links: SpeakerLinks;
  /** The nodes that have a speaker. */
  readonly nodes: readonly string[];
  isPowered(node: string): boolean;
  /** The list of that node's speaker has changed. */
  changed(node: string): void;
}

/** A probe whose first ping got no answer. */
interface Probe {
  readonly target: string;
  readonly incarnation: number;
  readonly endsAt: Instant;
  /** What its failure says of the one who probes. */
  awareness: number;
  /** Whether TCP has got through where UDP has not. */
  isReached: boolean;
}

/** source: hashicorp/memberlist config.go DefaultLANConfig */
const INDIRECT_CHECKS = 3;
const GOSSIP_NODES = 3;

/** How long a change of the network is waited for to have its effect; the rest is chance. */
const EFFECTIVE = seconds(300);

const ACTOR = 'metallb/speaker';

export class Memberlist {
  private readonly ground: MemberlistGround;
  private readonly rumours: Rumours;
  private readonly members = new Map<string, Member>();
  private readonly probes = new Map<string, Probe>();
  private readonly messages: Messages;
  private readonly loops: MemberLoops;
  private readonly askOthers: EventKind;
  private readonly unanswered: EventKind;
  private readonly suspicionEnds: EventKind;
  private readonly state = { isAwake: false, isWhole: true, wokenAt: 0 as Instant, cause: -1 };

  constructor(ground: MemberlistGround) {
    this.ground = ground;
    const { kernel } = ground;
    this.rumours = new Rumours({
      now: () => kernel.now,
      suspicionTime: () => this.wait('metallb.suspicionTimeout', ''),
      draw: ({ name }, bound) => this.draw(name, bound),
      toTell: ({ name }) => this.awaitTick('gossip', name),
      suspected: (...all) => this.suspected(...all),
      changed: (member, about, health, why) => {
        const [word, name] = [health === 'dead' ? 'lost' : 'found', `Node/${about}`];
        kernel.note(`${ACTOR}@${member.name}`, word, name, why);
        ground.changed(member.name);
      },
    });
    this.messages = new Messages({
      links: ground.links,
      members: this.members,
      rumours: this.rumours,
      isPowered: (node) => ground.isPowered(node),
      wait: (timer, node) => this.wait(timer, node),
    });
    const declare = (name: string, act: (member: Member, b: string) => void, background = false) =>
      kernel.declare(
        `${ACTOR}.${name}`,
        (node, b) => {
          const member = this.members.get(String(node))!;
          if (!ground.isPowered(member.name)) return;
          // Whatever it does from here on it would do otherwise without the last change.
          kernel.needed(this.state.cause);
          act(member, String(b));
        },
        { owner: ACTOR, background },
      );
    const tick = (member: Member, loop: string): void => this.tick(loop as LoopName, member);
    this.loops = new MemberLoops({
      kernel,
      timing: ground.timing,
      ticks: declare('tick', tick),
      quietTicks: declare('quietTick', tick, true),
      isWaitedFor: (loop, node) => this.isWaitedFor(loop, node),
      sizeOf: (node) => (this.members.get(node)?.peers.size ?? 0) + 1,
    });
    this.askOthers = declare('askOthers', (member) => this.probeByOthers(member));
    this.unanswered = declare('unanswered', (member) => this.endProbe(member));
    const expire = (member: Member, about: string): void => this.rumours.expire(member, about);
    this.suspicionEnds = declare('suspicionEnds', expire);
    for (const name of ground.nodes) this.members.set(name, memberAmong(name, ground.nodes));
  }

  /** Whether every speaker counts every other one in, and nothing is under way. */
  get isWhole(): boolean {
    return this.state.isWhole && !this.state.isAwake;
  }

  /** Whether the speaker of a node counts the one of another in. */
  counts(node: string, other: string): boolean {
    const member = this.members.get(node);
    return member !== undefined && counts(member, other);
  }

  /** A link was cut, degraded or mended. */
  networkChanged(): void {
    if (this.ground.links.isPerfect && this.isWhole) return;
    const { kernel } = this.ground;
    if (!this.state.isAwake) for (const member of this.members.values()) this.enterRound(member);
    this.state.isAwake = true;
    this.state.wokenAt = kernel.now;
    this.state.cause = kernel.cause;
    for (const name of this.members.keys()) {
      for (const loop of LOOPS) this.awaitTick(loop, name);
    }
  }

  /** A node has lost its power or got it back: fewer or more can help with a probe. */
  powerChanged(): void {
    if (!this.ground.links.isPerfect) this.networkChanged();
  }

  /** The others have noticed that a node has no power: that takes its time elsewhere. */
  lost(node: string): void {
    for (const member of this.members.values()) remove(member, node);
  }

  /** A speaker starts anew, and calls on all others. */
  returned(node: string): void {
    const { nodes, links, isPowered } = this.ground;
    const present = nodes.filter((it) => isPowered(it));
    if (this.isWhole && links.isPerfect) {
      for (const name of present) this.members.set(name, memberAmong(name, present));
      return;
    }
    this.members.set(node, memberAmong(node, [node]));
    this.resumed(node);
    this.join(this.members.get(node)!);
    this.networkChanged();
  }

  /** A speaker runs again before anybody has missed it. */
  resumed(node: string): void {
    this.probes.delete(node);
    this.loops.forget(node);
    for (const loop of LOOPS) this.awaitTick(loop, node);
  }

  private tick(loop: LoopName, member: Member): void {
    const { kernel } = this.ground;
    const { cause } = kernel;
    if (!this.state.isAwake || !this.loops.takeTick(loop, member.name)) return;
    if (loop === 'probe') {
      this.probe(member);
      return;
    }
    if (loop === 'gossip') this.gossip(member);
    if (loop === 'pushPull') this.pushPull(member);
    if (loop === 'rejoin') this.join(member);
    // A loop goes on by itself, whatever it has done this time.
    kernel.because(cause);
    if (loop !== 'gossip' || member.rumours.size > 0) this.awaitTick(loop, member.name);
  }

  private awaitTick(loop: LoopName, node: string, isNow = false): void {
    if (this.state.isAwake) this.loops.awaitTick(loop, node, isNow);
  }

  /** Whether a run is not settled before that: not where it may go on by chance for ever. */
  private isWaitedFor(loop: LoopName, node: string): boolean {
    const { kernel, links, nodes, isPowered } = this.ground;
    if (loop === 'gossip') return true;
    if (loop === 'pushPull' || links.areBad) return false;
    if (between(this.state.wokenAt, kernel.now) >= EFFECTIVE) return false;
    return loop === 'probe' || nodes.some((it) => isPowered(it) && !this.counts(node, it));
  }

  /** One other after the other. Who has no power is noticed otherwise. */
  private probe(member: Member): void {
    const { kernel, isPowered } = this.ground;
    const target = this.nextTarget(member);
    const within = this.patienceOf(member);
    const isFine = (it: string): boolean =>
      !isPowered(it) || this.messages.ping(member, it, within);
    if (target === undefined || isFine(target)) {
      if (target !== undefined) applyAwareness(member, -1);
      this.awaitTick('probe', member.name);
      return;
    }
    const { incarnation } = member.peers.get(target)!;
    const endsAt = later(kernel.now, within);
    const outcome = { awareness: 0, isReached: false };
    this.probes.set(member.name, { target, incarnation, endsAt, ...outcome });
    const timer = 'metallb.probeTimeout';
    const wait = this.wait(timer, member.name);
    kernel.after(wait, Phase.control, this.askOthers, member.name, 0, timer);
  }

  private nextTarget(member: Member): string | undefined {
    for (let seen = 0; seen <= member.order.length; seen++) {
      if (member.index >= member.order.length) this.endRound(member);
      const name = member.order[member.index++];
      if (name !== undefined && counts(member, name)) return name;
    }
    return undefined;
  }

  /** Forgets the dead after a while, and mixes the rest. source: state.go resetNodes */
  private endRound(member: Member): void {
    const { kernel } = this.ground;
    for (const [name, { health, changedAt }] of member.peers) {
      const since = between(changedAt, kernel.now);
      if (health === 'dead' && since > this.wait('metallb.gossipToTheDead', member.name)) {
        remove(member, name);
      }
    }
    member.order = this.some(member, member.order, member.order.length);
    member.index = 0;
    this.rest();
  }

  /** Anywhere in a round, as they have been at it for long. */
  private enterRound(member: Member): void {
    const { order } = member;
    member.order = this.some(member, order, order.length);
    member.index = order.length === 0 ? 0 : this.draw(member.name, order.length);
  }

  /** Where nothing of it can change anything any more, the rest is not played out. */
  private rest(): void {
    const { nodes, links, isPowered } = this.ground;
    const present = nodes.filter((it) => isPowered(it)).map((it) => this.members.get(it)!);
    const busy = new Set(this.probes.keys());
    const probeTime = this.wait('metallb.probeInterval', '');
    const streamTime = this.wait('metallb.tcpTimeout', '');
    if (!comesToRest({ members: present, busy, links, probeTime, streamTime })) return;
    this.state.isAwake = false;
    this.loops.clear();
    this.state.isWhole = present.every((one) => present.every(({ name }) => counts(one, name)));
  }

  /** How long a probe takes at the most. source: awareness.go ScaleTimeout */
  private patienceOf({ name, score }: Member): Duration {
    return (this.wait('metallb.probeInterval', name) * (score + 1)) as Duration;
  }

  /** Nobody has answered: some others are asked to try, and it is tried over TCP. */
  private probeByOthers(member: Member): void {
    const probe = this.probes.get(member.name);
    if (probe === undefined) return;
    const { kernel, links } = this.ground;
    const { name } = member;
    const { target } = probe;
    const alive = aliveOnes(member).filter((it) => it !== target);
    const asked = this.some(member, alive, INDIRECT_CHECKS);
    const left = between(kernel.now, probe.endsAt);
    const answers = asked.map((it) => this.messages.relay(name, it, target, left));
    if (answers.includes('ack')) {
      this.probes.delete(name);
      applyAwareness(member, -1);
      this.awaitTick('probe', name);
      return;
    }
    probe.isReached = links.stream(name, target, left);
    probe.awareness = asked.length === 0 ? 1 : answers.filter((it) => it === 'silence').length;
    const timer = 'metallb.probeInterval';
    kernel.schedule(probe.endsAt, Phase.control, this.unanswered, name, 0, timer);
  }

  /** The interval is over, which whoever was reached over TCP alone is given, too. */
  private endProbe(member: Member): void {
    const probe = this.probes.get(member.name);
    if (probe === undefined) return;
    this.probes.delete(member.name);
    applyAwareness(member, probe.isReached ? -1 : probe.awareness);
    const { kernel } = this.ground;
    const { cause } = kernel;
    const { target: about, incarnation } = probe;
    if (!probe.isReached) {
      this.rumours.hear(member, { about, says: 'suspect', incarnation, from: member.name });
    }
    kernel.because(cause);
    // Its loop has missed a tick meanwhile, and makes up for it.
    this.awaitTick('probe', member.name, true);
  }

  private suspected(
    { name }: Member,
    about: string,
    { endsAt }: Suspicion,
    source: string | undefined,
  ): void {
    const { kernel } = this.ground;
    if (source !== undefined) {
      const why = source === name ? 'no answer to a probe' : `${source} says so`;
      kernel.note(`${ACTOR}@${name}`, 'suspects', `Node/${about}`, why);
    }
    const timer = 'metallb.suspicionTimeout';
    kernel.schedule(endsAt, Phase.control, this.suspicionEnds, name, about, timer);
  }

  /** source: state.go gossip */
  private gossip(member: Member): void {
    const { kernel } = this.ground;
    const wait = this.wait('metallb.gossipToTheDead', member.name);
    const isToldTo = ({ health, changedAt }: Peer): boolean =>
      health !== 'dead' || between(changedAt, kernel.now) <= wait;
    const names = [...member.peers].filter(([, peer]) => isToldTo(peer)).map(([name]) => name);
    for (const name of this.some(member, names, GOSSIP_NODES)) {
      if (member.rumours.size > 0) this.messages.send(member.name, name);
    }
    // With nobody to tell them to, they wait for the next exchange.
    if (names.length === 0) member.rumours.clear();
  }

  private pushPull(member: Member): void {
    const [other] = this.some(member, aliveOnes(member), 1);
    if (other !== undefined) this.messages.exchange(member, other);
  }

  /** Every minute each calls on those that it misses. */
  private join(member: Member): void {
    const missed = this.ground.nodes.filter((other) => !counts(member, other));
    for (const other of missed) this.messages.exchange(member, other);
  }

  /** So many of them at random, in random order. */
  private some({ name }: Member, names: readonly string[], count: number): string[] {
    const left = [...names];
    const chosen: string[] = [];
    while (chosen.length < count && left.length > 0) {
      const [one] = left.splice(left.length === 1 ? 0 : this.draw(name, left.length), 1);
      chosen.push(one!);
    }
    return chosen;
  }

  private draw(node: string, bound: number): number {
    return this.ground.kernel.random.stream(`metallb.memberlist/${node}`).below(bound);
  }

  private wait(timer: TimerName, node: string): Duration {
    return this.ground.timing.wait(timer, node === '' ? ACTOR : `${ACTOR}@${node}`);
  }
}

function aliveOnes({ peers }: Member): string[] {
  return [...peers].filter(([, { health }]) => health === 'alive').map(([name]) => name);
}

function remove(member: Member, name: string): void {
  const place = member.order.indexOf(name);
  if (place >= 0 && place < member.index) member.index--;
  member.order = member.order.filter((it) => it !== name);
  member.peers.delete(name);
  member.suspicions.delete(name);
  member.rumours.delete(name);
}
