// What one member of a memberlist holds of the others, and what becomes of that when it hears
// something about one of them. Whether a message gets through is no matter here.
// source: hashicorp/memberlist state.go (aliveNode, suspectNode, deadNode, refute, mergeState),
// suspicion.go, queue.go (TransmitLimitedQueue), awareness.go, util.go

import { later, milliseconds } from '../../values/time';
import type { Duration, Instant } from '../../values/time';

export type Health = 'alive' | 'suspect' | 'dead';

/** What a member holds of another one. */
export interface Peer {
  health: Health;
  /** Of two that contradict each other, who knows the higher one is right. */
  incarnation: number;
  changedAt: Instant;
}

/** A suspicion that turns into death unless it is refuted. */
export interface Suspicion {
  readonly since: Instant;
  /** How many others have to share it for it to take the least time. */
  readonly needed: number;
  readonly least: Duration;
  /** Who shares it, whoever had it first included. */
  readonly sharedBy: Set<string>;
  endsAt: Instant;
}

/** A message about one member that goes from mouth to mouth. */
export interface Rumour {
  readonly about: string;
  readonly says: Health;
  readonly incarnation: number;
  readonly from: string;
}

/** A rumour that waits to be told, and how often it was. */
interface Waiting {
  readonly rumour: Rumour;
  told: number;
}

export interface Member {
  readonly name: string;
  incarnation: number;
  /** How bad this member does itself, 0 to 7: its probes wait so many intervals longer. */
  score: number;
  readonly peers: Map<string, Peer>;
  readonly suspicions: Map<string, Suspicion>;
  readonly rumours: Map<string, Waiting>;
  /** In which order it probes, and how far it has come. */
  order: string[];
  index: number;
}

/** source: hashicorp/memberlist config.go DefaultLANConfig */
const SUSPICION_MULTIPLIER = 4;
const SUSPICION_MAX_MULTIPLIER = 6;
const RETRANSMIT_MULTIPLIER = 4;
const AWARENESS_MAX = 8;

export interface RumourHooks {
  now(): Instant;
  /** How long a suspicion takes at the least among up to ten members. */
  suspicionTime(): Duration;
  /** Below that bound; for the place of a new member in the order of the probes. */
  draw(member: Member, bound: number): number;
  /** The member has something to tell. */
  toTell(member: Member): void;
  /** A suspicion ends then, as far as is known now; a new one comes from `source`. */
  suspected(member: Member, about: string, suspicion: Suspicion, source: string | undefined): void;
  /** Somebody has gone from the member's list, or come into it. */
  changed(member: Member, about: string, health: 'alive' | 'dead', why: string): void;
}

/** A member that knows all others and thinks well of them. */
export function memberAmong(name: string, names: readonly string[]): Member {
  const others = names.filter((it) => it !== name);
  const peers = new Map(others.map((it) => [it, healthy()]));
  const empty = { suspicions: new Map(), rumours: new Map(), order: others, index: 0 };
  return { name, incarnation: 1, score: 0, peers, ...empty };
}

function healthy(): Peer {
  return { health: 'alive', incarnation: 1, changedAt: 0 as Instant };
}

/** Whom it counts in: those that are suspected, too. source: memberlist.go Members */
export function counts({ name, peers }: Member, other: string): boolean {
  const health = peers.get(other)?.health;
  return name === other || (health !== undefined && health !== 'dead');
}

export function applyAwareness(member: Member, delta: number): void {
  member.score = Math.min(Math.max(member.score + delta, 0), AWARENESS_MAX - 1);
}

/** What it would say of everybody in a complete exchange. */
export function fullState(member: Member): readonly Rumour[] {
  const { name, incarnation, peers } = member;
  const others = [...peers].map(([about, peer]) => {
    return { about, says: peer.health, incarnation: peer.incarnation, from: name };
  });
  return [{ about: name, says: 'alive', incarnation, from: name }, ...others];
}

/** Everything that it has to tell, each of them so often and then no more. */
export function takeRumours(member: Member): readonly Rumour[] {
  const limit = RETRANSMIT_MULTIPLIER * Math.ceil(Math.log10(member.peers.size + 2));
  const taken = [...member.rumours.values()];
  for (const waiting of taken) {
    if (++waiting.told >= limit) member.rumours.delete(waiting.rumour.about);
  }
  return taken.map(({ rumour }) => rumour);
}

export class Rumours {
  private readonly hooks: RumourHooks;

  constructor(hooks: RumourHooks) {
    this.hooks = hooks;
  }

  hear(member: Member, rumour: Rumour): void {
    if (rumour.says === 'alive') this.alive(member, rumour);
    else if (rumour.says === 'suspect') this.suspect(member, rumour);
    else this.dead(member, rumour);
  }

  /**
   * The whole state of another one. That somebody is dead there makes him a suspect here.
   * source: state.go mergeState
   */
  merge(member: Member, state: readonly Rumour[]): void {
    for (const rumour of state) {
      if (rumour.says === 'alive') this.alive(member, rumour);
      else this.suspect(member, { ...rumour, says: 'suspect', from: member.name }, rumour.from);
    }
  }

  /** The suspicion has had its time. */
  expire(member: Member, about: string): void {
    const suspicion = member.suspicions.get(about);
    const peer = member.peers.get(about);
    if (suspicion === undefined || peer === undefined) return;
    if (suspicion.endsAt > this.hooks.now()) return;
    const { incarnation } = peer;
    const shared = suspicion.sharedBy.size - 1;
    const { needed } = suspicion;
    const why = `no refutation in time${needed === 0 ? '' : `; ${shared} of ${needed} agree`}`;
    this.bury(member, { about, says: 'dead', incarnation, from: member.name }, why);
  }

  private alive(member: Member, rumour: Rumour): void {
    const { about, incarnation } = rumour;
    if (about === member.name) {
      if (incarnation > member.incarnation) this.refute(member, incarnation);
      return;
    }
    const known = member.peers.get(about);
    if (known !== undefined && incarnation <= known.incarnation) return;
    const peer: Peer = known ?? { ...healthy(), health: 'dead' };
    if (known === undefined) this.enlist(member, about, peer);
    member.suspicions.delete(about);
    this.tell(member, rumour);
    const before = peer.health;
    peer.incarnation = incarnation;
    if (before !== 'alive') peer.changedAt = this.hooks.now();
    peer.health = 'alive';
    if (before === 'dead') this.hooks.changed(member, about, 'alive', 'it says so itself');
  }

  /** A new one is probed at any place of the round. */
  private enlist(member: Member, about: string, peer: Peer): void {
    const { order } = member;
    const place = order.length === 0 ? 0 : this.hooks.draw(member, order.length);
    member.peers.set(about, peer);
    order.push(about);
    [order[place], order[order.length - 1]] = [order[order.length - 1]!, order[place]!];
  }

  /** `source`: who has led to that; the member itself by a probe. */
  private suspect(member: Member, rumour: Rumour, source = rumour.from): void {
    const { about, incarnation, from } = rumour;
    if (about === member.name) {
      if (incarnation >= member.incarnation) this.refute(member, incarnation);
      return;
    }
    const peer = member.peers.get(about);
    if (peer === undefined || incarnation < peer.incarnation) return;
    const known = member.suspicions.get(about);
    if (known !== undefined) {
      if (this.share(member, about, known, from)) this.tell(member, rumour);
      return;
    }
    if (peer.health !== 'alive') return;
    this.tell(member, rumour);
    peer.health = 'suspect';
    peer.incarnation = incarnation;
    peer.changedAt = this.hooks.now();
    const suspicion = this.suspicionIn(member, from);
    member.suspicions.set(about, suspicion);
    this.hooks.suspected(member, about, suspicion, source);
  }

  /** source: state.go suspectNode, util.go suspicionTimeout */
  private suspicionIn(member: Member, from: string): Suspicion {
    const size = member.peers.size + 1;
    const scale = Math.floor(Math.max(1, Math.log10(size)) * 1_000);
    const least = Math.floor((this.hooks.suspicionTime() * scale) / 1_000) as Duration;
    const wanted = SUSPICION_MULTIPLIER - 2;
    const needed = size - 2 < wanted ? 0 : wanted;
    const wait = needed === 0 ? least : least * SUSPICION_MAX_MULTIPLIER;
    const since = this.hooks.now();
    const endsAt = later(since, wait as Duration);
    return { since, needed, least, sharedBy: new Set([from]), endsAt };
  }

  /** True where that is news. source: suspicion.go Confirm, remainingSuspicionTime */
  private share(member: Member, about: string, suspicion: Suspicion, from: string): boolean {
    const { needed, least, sharedBy, since } = suspicion;
    if (sharedBy.size - 1 >= needed || sharedBy.has(from)) return false;
    sharedBy.add(from);
    const part = Math.log(sharedBy.size) / Math.log(needed + 1);
    const most = least * SUSPICION_MAX_MULTIPLIER;
    const whole = milliseconds(Math.floor((most - part * (most - least)) / 1_000));
    const ends = later(since, Math.max(whole, least) as Duration);
    const { now } = this.hooks;
    suspicion.endsAt = ends > now() ? ends : now();
    this.hooks.suspected(member, about, suspicion, undefined);
    return true;
  }

  private dead(member: Member, rumour: Rumour): void {
    const { about, incarnation, from } = rumour;
    if (about !== member.name) {
      this.bury(member, rumour, `${from} says so`);
    } else if (incarnation >= member.incarnation) {
      this.refute(member, incarnation);
    }
  }

  private bury(member: Member, rumour: Rumour, why: string): void {
    const { about, incarnation } = rumour;
    const peer = member.peers.get(about);
    if (peer === undefined || incarnation < peer.incarnation) return;
    member.suspicions.delete(about);
    if (peer.health === 'dead') return;
    this.tell(member, rumour);
    peer.health = 'dead';
    peer.incarnation = incarnation;
    peer.changedAt = this.hooks.now();
    this.hooks.changed(member, about, 'dead', why);
  }

  /** It is not dead, and says so with a higher incarnation than the accusation has. */
  private refute(member: Member, accused: number): void {
    member.incarnation = Math.max(member.incarnation, accused) + 1;
    applyAwareness(member, 1);
    const { name, incarnation } = member;
    this.tell(member, { about: name, says: 'alive', incarnation, from: name });
  }

  /** Puts it in place of what was to be told about the same one. */
  private tell(member: Member, rumour: Rumour): void {
    member.rumours.delete(rumour.about);
    member.rumours.set(rumour.about, { rumour, told: 0 });
    this.hooks.toTell(member);
  }
}
