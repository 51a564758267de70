// Goal: node ports come from 30086-32767 first, and explicit ones are honoured or refused.
// Rules: dns-ipam.md §19 (static band of 86), services.md §13.

import { expect } from 'chai';

import { NodePortAllocator } from '../../src/apiserver/node-port-allocator';
import { Random } from '../../src/kernel/random';

describe('the allocation of node ports', () => {
  it('keeps the first 86 for who asks for them, until no other is left', () => {
    const subject = new NodePortAllocator(new Random(1));
    const ports = Array.from({ length: 2_768 }, (_, index) => subject.allocate(`shop/s${index}`)!);
    expect(new Set(ports).size).to.equal(2_768);
    expect(Math.min(...ports.slice(0, 2_682))).to.equal(30_086);
    expect(Math.max(...ports.slice(2_682))).to.equal(30_085);
    expect(subject.allocate('shop/last')).to.equal(undefined);
  });

  it('gives an explicit port to one Service alone', () => {
    const subject = new NodePortAllocator(new Random(1));
    expect(subject.claim(30_080, 'shop/web')).to.equal(undefined);
    expect(subject.claim(30_080, 'shop/web')).to.equal(undefined);
    expect(subject.claim(30_080, 'shop/api')).to.equal(
      'provided port 30080 is already allocated to shop/web',
    );
    subject.release(30_080);
    expect(subject.claim(30_080, 'shop/api')).to.equal(undefined);
  });
});
