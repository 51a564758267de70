// Goal: pod addresses come as the host-local plug-in gives them out (dns-ipam.md §17.2).

import { expect } from 'chai';

import { Stream } from '../../../src/kernel/random';
import { HostLocal } from '../../../src/node/cni/host-local';
import { addressAt, cidr, sizeOf } from '../../../src/values/cidr';
import type { IP } from '../../../src/values/ip';

/** What `reserve` gave, one address as text. */
function next(ipam: HostLocal, id: string): string {
  const reserved = ipam.reserve(id);
  return typeof reserved === 'string' ? reserved : reserved.join();
}

/** The plug-in as its source has it: each range goes round by itself. */
class Upstream {
  readonly byId = new Map<string, readonly IP[]>();
  private readonly ranges: readonly { readonly text: string; last: number }[];

  constructor(ranges: readonly string[]) {
    this.ranges = ranges.map((text) => ({ text, last: 0 }));
  }

  reserve(id: string): readonly IP[] | undefined {
    const held = [...this.byId.values()].flat();
    const places = this.ranges.map(({ text, last }) => {
      const { family } = cidr(text);
      const end = Number(sizeOf(cidr(text))) - (family === 'IPv4' ? 2 : 1);
      for (let tried = 1; tried <= end; tried++) {
        const place = ((last + tried - 1) % end) + 1;
        if (place !== 1 && !held.includes(addressAt(cidr(text), place))) return place;
      }
      return undefined;
    });
    if (places.includes(undefined)) return undefined;
    this.ranges.forEach((range, index) => (range.last = places[index]!));
    const addresses = this.ranges.map(({ text, last }) => addressAt(cidr(text), last));
    this.byId.set(id, addresses);
    return addresses;
  }
}

/** Who has taken the next addresses, of whom nobody has asked. */
class Arrivals {
  private waiting: (readonly [string, readonly IP[]])[] = [];
  private readonly ipam: HostLocal;

  constructor(ipam: HostLocal) {
    this.ipam = ipam;
  }

  get isEmpty(): boolean {
    return this.waiting.length === 0;
  }

  add(id: string, addresses: readonly IP[]): void {
    this.waiting.push([id, addresses]);
  }

  enter(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const [id, addresses] of waiting) this.ipam.note(id, addresses);
  }
}

/** Ranges that go round soon, of one length or of two. */
const RANGES = [['10.0.0.0/29'], ['10.0.0.0/28', 'fd00::/124'], ['10.0.0.0/28', 'fd00::/125']];

describe('host-local addresses', () => {
  it('are those of the plug-in, whether somebody tells of each or all of them later', () => {
    let next = 0;
    for (let seed = 0; seed < 300; seed++) {
      const stream = new Stream(seed * 7919);
      const ranges = RANGES[stream.below(RANGES.length)]!;
      const [ipam, upstream] = [new HostLocal(ranges), new Upstream(ranges)];
      const arrivals = new Arrivals(ipam);
      for (let step = 0; step < 40; step++) {
        const id = `pod-${step}`;
        const known = [...upstream.byId.keys()];
        const leaving = known[stream.below(known.length + 1)];
        const place = stream.below(2) === 0 ? ipam.takeNext(arrivals) : undefined;
        if (place !== undefined) {
          next++;
          const addresses = ranges.map((range) => addressAt(cidr(range), place));
          arrivals.add(id, addresses);
          expect(upstream.reserve(id)).to.deep.equal(addresses);
        } else if (stream.below(seed % 3 === 0 ? 30 : 3) > 0 || leaving === undefined) {
          const reserved = ipam.reserve(id, stream.below(2) === 0);
          const expected = upstream.reserve(id);
          if (expected === undefined) expect(reserved).to.match(/^no IP addresses available in/);
          else expect(reserved).to.deep.equal(expected);
        } else {
          ipam.release(leaving);
          upstream.byId.delete(leaving);
        }
        if (stream.below(10) === 0) {
          expect(new Map([...ipam.allocations].sort())).to.deep.equal(
            new Map([...upstream.byId].sort()),
          );
        }
      }
    }
    expect(next).to.be.above(500);
  });

  it('begin behind the gateway and end before the broadcast address, then there are none', () => {
    const ipam = new HostLocal(['10.0.0.0/29']);
    const given = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => next(ipam, id));
    expect(given).to.deep.equal([
      '10.0.0.2',
      '10.0.0.3',
      '10.0.0.4',
      '10.0.0.5',
      '10.0.0.6',
      'no IP addresses available in range set: 10.0.0.1-10.0.0.6',
    ]);
  });

  it('are not given out again before all others had their turn', () => {
    const ipam = new HostLocal(['10.0.0.0/29']);
    next(ipam, 'a');
    ipam.release('a');
    expect(next(ipam, 'b')).to.equal('10.0.0.3');
    for (const id of ['c', 'd', 'e']) next(ipam, id);
    expect(next(ipam, 'f')).to.equal('10.0.0.2');
  });

  it('are given out alike where it is known that nobody has the name, and are known by it', () => {
    const ipam = new HostLocal(['10.0.0.0/29']);
    expect(ipam.reserve('a', true)).to.deep.equal(['10.0.0.2']);
    expect(ipam.reserve('b', true)).to.deep.equal(['10.0.0.3']);
    expect(ipam.reserve('a')).to.match(/^10.0.0.2 has been allocated to a/);
    expect([...ipam.allocations.keys()]).to.deep.equal(['a', 'b']);
    ipam.release('b');
    expect(ipam.allocations.size).to.equal(1);
  });

  it('come round: a single released one is found wherever it is', () => {
    const ipam = new HostLocal(['10.0.0.0/29']);
    for (const id of ['a', 'b', 'c', 'd', 'e']) next(ipam, id);
    ipam.release('c');
    expect(next(ipam, 'x')).to.equal('10.0.0.4');
  });

  it('number 253 in a /24', () => {
    const ipam = new HostLocal(['10.244.1.0/24']);
    for (let pod = 0; pod < 253; pod++) expect(next(ipam, `${pod}`)).to.match(/^10\./);
    expect(next(ipam, 'one more')).to.equal(
      'no IP addresses available in range set: 10.244.1.1-10.244.1.254',
    );
  });

  it('come one of each family, and none at all where one family has none left', () => {
    const ipam = new HostLocal(['10.0.0.0/30', 'fd00::/64']);
    expect(next(ipam, 'a')).to.equal('10.0.0.2,fd00::2');
    expect(next(ipam, 'b')).to.include('no IP addresses');
    ipam.release('a');
    expect(next(ipam, 'c')).to.equal('10.0.0.2,fd00::3');
  });

  it('are refused to a sandbox that has some, and releasing an unknown one is no error', () => {
    const ipam = new HostLocal(['10.0.0.0/29']);
    next(ipam, 'a');
    expect(next(ipam, 'a')).to.include('duplicate allocation is not allowed');
    ipam.release('nobody');
    expect([...ipam.allocations.keys()]).to.deep.equal(['a']);
  });
});
