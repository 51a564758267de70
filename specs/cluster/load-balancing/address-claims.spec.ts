// Goal: who announces an address is heard by hosts as metallb announces it and Linux takes it in:
// at once, then every 1.1 s for five seconds, by all whom the message reaches; of several the last
// one that was heard is believed, and what is over is forgotten.
// source: metallb internal/layer2/announcer.go (SetBalancer, spamLoop, gratuitous); Linux
// net/ipv4/arp.c arp_process
// Method: a segment on which each pair hears each other or not, as a spec says.

import { expect } from 'chai';

import { AddressClaims } from '../../../src/cluster/load-balancing/address-claims';
import type { SpeakerLinks } from '../../../src/cluster/load-balancing/speaker-links';
import { Kernel } from '../../../src/kernel/kernel';
import { Timing } from '../../../src/timing';
import type { TimerName } from '../../../src/timing';
import { ip } from '../../../src/values/ip';
import { NEWEST_VERSION } from '../../../src/values/kube-version';
import { milliseconds } from '../../../src/values/time';
import type { Duration, Instant } from '../../../src/values/time';

const SECOND = 1_000_000;
const VIP = ip('192.168.1.240');
const OTHER = ip('192.168.1.241');
const ALL = () => true;

/** Nodes a, b and c, a client on their segment, and a router for whoever is elsewhere. */
class Segment {
  readonly kernel: Kernel;
  readonly claims: AddressClaims;
  readonly deaf = new Set<string>();
  readonly off = new Set<string>();
  isPerfect = false;
  /** `0 a to b`: what was said, by whom, and who would hear it. */
  readonly said: string[] = [];
  /** When somebody believed another one. */
  readonly news: number[] = [];

  constructor(seed = 1, overrides: Partial<Record<TimerName, Duration>> = {}) {
    this.kernel = new Kernel(seed);
    const { kernel } = this;
    const options = { kubernetes: NEWEST_VERSION, profile: 'default', overrides } as const;
    const timing = new Timing(options, kernel.random);
    const links = {
      broadcast: (from: string, to: string): boolean => {
        this.said.push(`${kernel.now / SECOND} ${from} to ${to}`);
        return !this.deaf.has(to);
      },
    };
    Object.defineProperty(links, 'isPerfect', { get: () => this.isPerfect });
    const own = ['a', 'b', 'c', 'client'].map((name) => [name, [name]] as const);
    this.claims = new AddressClaims({
      kernel,
      timing,
      links: links as unknown as SpeakerLinks,
      hosts: new Map<string, readonly string[]>([...own, ['router', ['far', 'away']]]),
      isPowered: (node) => !this.off.has(node),
      changed: () => void this.news.push(kernel.now / SECOND),
    });
  }

  decide(nodes: readonly string[], tells: (node: string) => boolean = () => false, at = VIP): this {
    this.claims.decide(at, nodes, tells);
    return this;
  }

  until(seconds: number): this {
    this.kernel.runUntil(Math.round(seconds * SECOND) as Instant);
    return this;
  }

  /** When a node has said something that the client could hear. */
  heardFrom(node: string): number[] {
    return this.said.filter((it) => it.endsWith(` ${node} to client`)).map((it) => parseFloat(it));
  }

  /** `b, but client a`: whom most believe, and who believes another one. */
  get believed(): string {
    const belief = this.claims.beliefOf(VIP);
    if (belief === undefined) return 'nobody';
    const others = Object.entries(belief.otherwise).map(([who, node]) => `, but ${who} ${node}`);
    return [belief.node, ...others].join('');
  }
}

describe('a node that announces an address', () => {
  it('does so at once and every 1.1 s for five seconds, and is silent then', () => {
    const segment = new Segment().decide(['a']).until(60);
    expect(segment.heardFrom('a')).to.deep.equal([0, 1.1, 2.2, 3.3, 4.4]);
    expect(segment.kernel.nextAt).to.equal(undefined);
  });

  it('goes on for five seconds from its last decision, without an extra message', () => {
    const segment = new Segment().decide(['a']).until(3).decide(['a'], ALL).until(60);
    expect(segment.heardFrom('a')).to.deep.equal([0, 1.1, 2.2, 3.3, 4.4, 5.5, 6.6, 7.7]);
  });

  it('still does so at the very instant at which its time is over', () => {
    const time = { 'metallb.gratuitousTime': milliseconds(2_200) };
    const segment = new Segment(1, time).decide(['a']).until(60);
    expect(segment.heardFrom('a')).to.deep.equal([0, 1.1, 2.2]);
  });

  it('has one rhythm for all of its addresses', () => {
    const segment = new Segment().decide(['a']).until(3);
    segment.decide(['a'], ALL, OTHER).until(60);
    const both = [0, 1.1, 2.2, 3, 3.3, 3.3, 4.4, 4.4, 5.5, 6.6, 7.7];
    expect(segment.heardFrom('a')).to.deep.equal(both);
  });

  it('says nothing where it did so before and has decided nothing anew', () => {
    const segment = new Segment().decide(['a']).until(20).decide(['a']).until(60);
    expect(segment.heardFrom('a')).to.have.length(5);
  });

  it('stops when it gives the address up, loses its power, or nobody has the address', () => {
    const given = new Segment().decide(['a']).until(2).decide([]).until(60);
    expect(given.heardFrom('a')).to.deep.equal([0, 1.1]);
    const dead = new Segment().decide(['a']).until(2);
    dead.off.add('a');
    expect(dead.until(60).heardFrom('a')).to.deep.equal([0, 1.1]);
    const gone = new Segment().decide(['a']).until(2);
    gone.claims.forget(VIP);
    expect(gone.until(60).heardFrom('a')).to.deep.equal([0, 1.1]);
  });

  it('announces at once what it is given again within the five seconds', () => {
    const segment = new Segment().decide(['a']).until(2);
    segment.claims.forget(VIP);
    segment.decide(['a']).until(60);
    expect(segment.heardFrom('a').slice(0, 4)).to.deep.equal([0, 1.1, 2, 2.2]);
  });
});

describe('whom hosts believe', () => {
  it('is nobody without a claim, and whoever alone claims the address', () => {
    const segment = new Segment();
    expect(segment.believed).to.equal('nobody');
    expect(segment.decide(['b']).believed).to.equal('b');
    expect(segment.decide([]).believed).to.equal('nobody');
  });

  it('is the one that they have heard last, and on its own node that node itself', () => {
    const segment = new Segment().decide(['a']).until(20).decide(['a', 'b']);
    expect(segment.believed).to.equal('b');
    segment.decide(['a', 'b'], (node) => node === 'a');
    expect(segment.believed).to.equal('a');
  });

  it('is the one before where a host has not heard the newer one', () => {
    const segment = new Segment().decide(['a']).until(20);
    for (const host of ['a', 'client', 'router']) segment.deaf.add(host);
    segment.decide(['a', 'b']);
    expect(segment.believed).to.equal('b, but a a, but client a, but far a, but away a');
    const same = 'b, but a a, but client a, but far a, but away a';
    expect(segment.decide(['a', 'b']).believed, 'nothing is said anew').to.equal(same);
    segment.deaf.delete('client');
    expect(segment.until(21.1).believed).to.equal('b, but a a, but far a, but away a');
    expect(segment.news).to.deep.equal([21.1]);
  });

  it('is not whoever nobody but itself has heard', () => {
    const segment = new Segment().decide(['a']).until(20);
    for (const host of ['a', 'c', 'client', 'router']) segment.deaf.add(host);
    segment.decide(['a', 'b']);
    expect(segment.believed).to.equal('a, but b b');
  });

  it('is none that has given the address up', () => {
    const segment = new Segment().decide(['c']).until(20);
    segment.deaf.add('client');
    segment.decide(['b', 'c']);
    expect(segment.believed).to.equal('b, but client c');
    for (const host of ['a', 'b', 'c', 'router']) segment.deaf.add(host);
    expect(segment.decide(['a', 'b']).believed, 'c is out').to.equal('b, but a a');
    expect(segment.decide(['a', 'c']).believed, 'and b, too').to.match(/^a/);
  });

  it('is one of several also on a segment that is whole', () => {
    const segment = new Segment();
    segment.isPerfect = true;
    segment.decide(['a']).decide(['a', 'b']);
    expect(segment.believed).to.equal('b');
  });

  it('is the first one alone where the segment was whole when it came to claim the address', () => {
    const segment = new Segment();
    segment.isPerfect = true;
    segment.decide(['a']).until(5);
    expect(segment.said).to.deep.equal([]);
    segment.isPerfect = false;
    segment.deaf.add('client');
    segment.decide(['a', 'b']);
    expect(segment.believed).to.equal('b, but client a');
  });

  it('is forgotten when the address is nobody’s any more', () => {
    const segment = new Segment().decide(['a']).until(20).decide(['a', 'b']).until(40);
    expect(segment.believed).to.equal('b');
    segment.claims.forget(VIP);
    for (const host of ['a', 'c', 'client', 'router']) segment.deaf.add(host);
    segment.deaf.add('b');
    segment.decide(['a', 'b']);
    expect(segment.believed).to.equal('a, but b b');
  });

  it('is forgotten as well once all is whole and one alone claims the address', () => {
    const segment = new Segment().decide(['a']).until(20).decide(['a', 'b']).until(40);
    segment.isPerfect = true;
    segment.decide(['c']).until(60);
    segment.isPerfect = false;
    for (const host of ['a', 'b', 'c', 'client', 'router']) segment.deaf.add(host);
    segment.decide(['b', 'c']);
    expect(segment.believed, 'what was heard of b is long gone').to.include('but client c');
  });

  it('is by chance one or the other, where two announce it at one instant', () => {
    const believed = Array.from({ length: 20 }, (_, index) => {
      return new Segment(index + 1).decide(['a', 'b']).believed.slice(0, 1);
    });
    expect(new Set(believed)).to.deep.equal(new Set(['a', 'b']));
  });
});
