// Goal: `loop` finds that a process asks itself, as coredns plugin/loop/loop.go does: its own name
// comes back more than twice.
// Method: an upstream that is the process itself, or one that answers.

import { expect } from 'chai';
import { CERTAIN } from '../../../src/values/ratio';
import { ip } from '../../../src/values/ip';
import type { Instant } from '../../../src/values/time';
import type { DnsRequest, Upstream } from '../../../src/workloads/coredns/plugin';
import { drawnBy } from '../../../src/workloads/courses';
import { DnsWorld } from '../dns-world';
import { Stream } from '../../../src/kernel/random';

const SELF = '10.244.1.2';

/** A process whose upstream 10.244.1.2 is itself. */
function worldOf(corefile: string): DnsWorld {
  const self: { world?: DnsWorld } = {};
  const isSelf = (server: Upstream): boolean => server !== 'node' && server.address === ip(SELF);
  self.world = new DnsWorld(corefile, {
    askUpstream: (server, request: DnsRequest) => [
      {
        probability: CERTAIN,
        value: isSelf(server) ? self.world!.dns.answer(request) : 'unreachable',
      },
    ],
  });
  return self.world;
}

/** The zones in which the process finds a loop. */
function loopsIn(world: DnsWorld): string[] {
  const { dns } = world;
  const request = {
    client: undefined,
    transport: 'UDP',
    udpSize: 512,
    clock: { now: 0 as Instant },
    real: false,
    choose: drawnBy(new Stream(1)),
    depth: 0,
  } as const;
  return dns.loops
    .filter((loop) => {
      const name = loop.begin('12.34');
      dns.answer({ ...request, question: { name, type: 'HINFO' } });
      loop.end();
      return loop.isLooping;
    })
    .map(({ zone }) => zone);
}

describe('loop', () => {
  it('finds a block that forwards to the process itself', () => {
    expect(loopsIn(worldOf(`.:53 {\nforward . ${SELF}\nloop\n}`))).to.deep.equal(['']);
  });

  it('finds nothing where another server is asked', () => {
    expect(loopsIn(worldOf('.:53 {\nforward . 192.0.2.1\nloop\n}'))).to.deep.equal([]);
  });

  it('looks at each block with a name in its own zone', () => {
    const blocks = `a.test:53 {\nforward . ${SELF}\nloop\n}\nb.test:53 {\nforward . 192.0.2.1\nloop\n}`;
    expect(loopsIn(worldOf(blocks))).to.deep.equal(['a.test']);
  });

  it('counts nothing but its own name, and only while it looks', () => {
    const world = worldOf('.:53 {\nforward . 192.0.2.1\nloop\n}');
    for (let turn = 0; turn < 5; turn++) world.ask('12.34', 'HINFO');
    expect(world.dns.loops[0]!.isLooping).to.equal(false);
  });

  it('takes no arguments', () => {
    expect(() => worldOf('.:53 {\nloop now\n}')).to.throw('loop takes no arguments');
  });
});
