// Who answers ARP for an address, and whom each host on the segment takes for its owner. As long
// as one node alone claims an address and everybody hears it, there is nothing to tell apart. Of
// several each host believes the one that it has heard last.
// source: metallb internal/layer2/announcer.go (SetBalancer, spamLoop, gratuitous);
// Linux net/ipv4/arp.c arp_process (an unasked announcement replaces an entry that is there)

import type { EventKind } from '../../kernel/event-queue';
import type { Kernel } from '../../kernel/kernel';
import { Phase } from '../../kernel/phase';
import type { Timing } from '../../timing';
import { later } from '../../values/time';
import type { Instant } from '../../values/time';
import type { IP } from '../../values/ip';
import type { SpeakerLinks } from './speaker-links';

export interface ClaimsGround {
  readonly kernel: Kernel;
  readonly timing: Timing;
  readonly links: SpeakerLinks;
  /** Everybody on the segment, and the hosts whose packets to an address it sends there. */
  readonly hosts: ReadonlyMap<string, readonly string[]>;
  isPowered(node: string): boolean;
  /** Some host takes another node for the owner of an address. */
  changed(): void;
}

/** Where packets to an address go. */
export interface Belief {
  /** Whoever has announced it last. */
  readonly node: string;
  /** Hosts whose packets go to another one. */
  readonly otherwise: Readonly<Record<string, string>>;
}

const ACTOR = 'metallb/speaker';

export class AddressClaims {
  private readonly ground: ClaimsGround;
  private readonly claims = new Map<IP, readonly string[]>();
  private readonly latest = new Map<IP, string>();
  /** By address and host, whom it believes; addresses about which nobody differs are left out. */
  private readonly believed = new Map<IP, Map<string, string>>();
  /** By node and address, until when it announces it again and again. */
  private readonly repeats = new Map<string, Map<IP, Instant>>();
  private readonly event: EventKind;

  constructor(ground: ClaimsGround) {
    this.ground = ground;
    const repeat = (node: string): void => {
      this.repeat(node);
    };
    const options = { owner: ACTOR };
    this.event = ground.kernel.declare(`${ACTOR}.announce`, (it) => repeat(String(it)), options);
  }

  /**
   * These nodes answer for the address from now on. `tells`: whether one of them has decided that
   * anew, and announces it also where it did so before.
   */
  decide(address: IP, nodes: readonly string[], tells: (node: string) => boolean): void {
    const before = this.claims.get(address) ?? [];
    this.claims.set(address, nodes);
    if (nodes.length <= 1 && this.ground.links.isPerfect) {
      this.believed.delete(address);
      return;
    }
    if (!this.believed.has(address)) {
      const known = new Map<string, string>();
      // Of several it would be known already whom each host believes.
      const [only] = before;
      if (only !== undefined) {
        for (const host of this.ground.hosts.keys()) known.set(host, only);
      }
      this.believed.set(address, known);
    }
    const telling = nodes.filter((node) => !before.includes(node) || tells(node));
    for (const node of this.inAnyOrder(telling)) this.announce(node, address);
  }

  /** Nobody has the address any more. */
  forget(address: IP): void {
    this.claims.delete(address);
    this.latest.delete(address);
    this.believed.delete(address);
    for (const repeated of this.repeats.values()) repeated.delete(address);
  }

  /** Whom hosts believe that send to the address now; undefined where nobody answers for it. */
  beliefOf(address: IP): Belief | undefined {
    const nodes = this.claims.get(address) ?? [];
    if (nodes.length === 0) return undefined;
    const latest = this.latest.get(address);
    const node = latest !== undefined && nodes.includes(latest) ? latest : nodes[0]!;
    const otherwise: Record<string, string> = {};
    const believed = this.believed.get(address);
    for (const [host, senders] of this.ground.hosts) {
      const held = believed?.get(host);
      if (held === undefined || held === node || !nodes.includes(held)) continue;
      for (const sender of senders) otherwise[sender] = held;
    }
    return { node, otherwise };
  }

  /** Of several that announce it at one instant, chance says who is heard last. */
  private inAnyOrder(nodes: readonly string[]): string[] {
    const stream = this.ground.kernel.random.stream('metallb.announce/order');
    const left = [...nodes];
    const order: string[] = [];
    while (left.length > 1) order.push(...left.splice(stream.below(left.length), 1));
    return [...order, ...left];
  }

  /** At once, and again for some seconds. */
  private announce(node: string, address: IP): void {
    const { kernel, timing } = this.ground;
    const own = this.repeats.get(node) ?? new Map<IP, Instant>();
    this.repeats.set(node, own);
    const isRunning = own.size > 0;
    const isRepeated = own.has(address);
    own.set(address, later(kernel.now, timing.wait('metallb.gratuitousTime', actorOf(node))));
    if (!isRepeated) this.tell(node, address);
    if (!isRunning) this.awaitRepeat(node);
  }

  private repeat(node: string): void {
    const { kernel, changed } = this.ground;
    const own = this.repeats.get(node);
    if (own === undefined) return;
    let isNews = false;
    for (const [address, until] of own) {
      if (kernel.now > until) own.delete(address);
      else isNews = this.tell(node, address) || isNews;
    }
    if (own.size > 0) this.awaitRepeat(node);
    if (isNews) changed();
  }

  private awaitRepeat(node: string): void {
    const { kernel, timing } = this.ground;
    const timer = 'metallb.gratuitousInterval';
    kernel.after(timing.wait(timer, actorOf(node)), Phase.control, this.event, node, 0, timer);
  }

  /** True where somebody believes it who did not before. */
  private tell(node: string, address: IP): boolean {
    const { links, hosts, isPowered } = this.ground;
    const believed = this.believed.get(address);
    const isClaimed = this.claims.get(address)?.includes(node) === true;
    if (believed === undefined || !isClaimed || !isPowered(node)) return false;
    let isNews = false;
    for (const host of hosts.keys()) {
      if (host !== node && !links.broadcast(node, host)) continue;
      isNews ||= believed.get(host) !== node;
      believed.set(host, node);
      if (host !== node) this.latest.set(address, node);
    }
    return isNews;
  }
}

function actorOf(node: string): string {
  return `${ACTOR}@${node}`;
}
