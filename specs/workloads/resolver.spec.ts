// Goal: the query sequences and the clocks of dns-ipam.md §15, measured with glibc 2.36 and musl
// 1.2.5, over a network that answers as the spec tells it to.

import { expect } from 'chai';
import { ip } from '../../src/values/ip';
import { formatRatio } from '../../src/values/ratio';
import { ask, DNS, knows, SECOND, TABLE } from './resolver-world';
import type { Asking, Server } from './resolver-world';

for (const libc of ['glibc', 'musl', 'musl-1.2.3', 'go']) {
  describe(`the search list of ${libc}`, () => {
    const COUNTS: readonly (readonly [name: string, queries: number, rcode: string])[] = [
      ['svc1', 2, 'NOERROR'],
      ['svc2.other', 4, 'NOERROR'],
      ['svc2.other.svc', 6, 'NOERROR'],
      ['svc2.other.svc.cluster.local', 8, 'NOERROR'],
      ['svc2.other.svc.cluster.local.', 2, 'NOERROR'],
      ['www.example.com', 8, 'NOERROR'],
      ['a.b.c.d.e.example.com', 2, 'NOERROR'],
      ['nosuch', 8, 'NXDOMAIN'],
      ['me', 0, 'NOERROR'],
      ['10.0.0.1', 0, 'NOERROR'],
    ];
    for (const [name, queries, rcode] of COUNTS) {
      it(`asks ${queries} times for ${name}: ${rcode}`, () => {
        const [resolution] = ask({ name, libc }, TABLE);
        expect(resolution!.queries).to.have.length(queries);
        expect(resolution!.rcode).to.equal(rcode);
        expect(resolution!.took).to.equal(0);
      });
    }
  });
}

/** name of the situation | options | glibc: rcode, seconds | musl: rcode, seconds | paths */
const SITUATIONS: readonly {
  readonly title: string;
  readonly asking: Asking;
  readonly servers: readonly Server[];
  readonly glibc: readonly [rcode: string, seconds: number];
  readonly musl: readonly [rcode: string, seconds: number];
}[] = [
  {
    title: 'dots >= ndots, and the name as it stands fails',
    asking: { name: 'svc2.other', options: { ndots: '1' } },
    servers: [TABLE],
    glibc: ['NOERROR', 0],
    musl: ['NXDOMAIN', 0],
  },
  {
    title: 'all queries are lost, one nameserver, a name as it stands',
    asking: { name: 'svc1.' },
    servers: [() => 'lost'],
    glibc: ['none', 10],
    musl: ['none', 5],
  },
  {
    title: 'all queries are lost, a short name',
    asking: { name: 'svc1' },
    servers: [() => 'lost'],
    glibc: ['none', 20],
    musl: ['none', 5],
  },
  {
    title: 'all queries are lost, two nameservers',
    asking: { name: 'svc1.', nameservers: [DNS, SECOND] },
    servers: [() => 'lost', () => 'lost'],
    glibc: ['none', 20],
    musl: ['none', 5],
  },
  {
    title: 'all queries are lost, three nameservers',
    asking: { name: 'svc1.', nameservers: [DNS, SECOND, ip('10.96.0.12')] },
    servers: [() => 'lost', () => 'lost', () => 'lost'],
    glibc: ['none', 28],
    musl: ['none', 5],
  },
  {
    title: 'timeout:1 attempts:3',
    asking: { name: 'svc1.', options: { timeout: '1', attempts: '3' } },
    servers: [() => 'lost'],
    glibc: ['none', 3],
    musl: ['none', 1],
  },
  {
    title: 'the first nameserver is dead',
    asking: { name: 'svc1', nameservers: [DNS, SECOND] },
    servers: [() => 'lost', TABLE],
    glibc: ['NOERROR', 5],
    musl: ['NOERROR', 0],
  },
  {
    title: 'an ICMP port unreachable',
    asking: { name: 'svc1' },
    servers: [() => 'no-endpoints'],
    glibc: ['none', 0],
    musl: ['none', 5],
  },
  {
    title: 'SERVFAIL for every name',
    asking: { name: 'svc1' },
    servers: [() => 'SERVFAIL'],
    glibc: ['SERVFAIL', 0],
    musl: ['SERVFAIL', 5],
  },
  {
    title: 'an address, but NXDOMAIN for the other family',
    asking: { name: 'svc1' },
    servers: [
      ({ name, type }) => {
        return type === 'A' && name.startsWith('svc1.default') ? ['10.96.0.1'] : 'NXDOMAIN';
      },
    ],
    glibc: ['NOERROR', 0],
    musl: ['NXDOMAIN', 0],
  },
];

const HALF_KNOWN: Server = ({ name }) => {
  if (name === 'svc.cluster.local') return 'NXDOMAIN';
  return name.startsWith('web.default')
    ? []
    : knows({ 'web.svc.cluster.local': ['10.0.0.1'] })({ name, type: 'A' });
};

describe('the two C libraries differ', () => {
  for (const { title, asking, servers, glibc, musl } of SITUATIONS) {
    it(title, () => {
      for (const [libc, [rcode, took]] of [
        ['glibc', glibc],
        ['musl', musl],
      ] as const) {
        const [resolution] = ask({ ...asking, libc }, ...servers);
        expect([libc, resolution!.rcode, resolution!.took / 1e6]).to.deep.equal([
          libc,
          rcode,
          took,
        ]);
      }
    });
  }

  it('NODATA for one search name: glibc goes on, musl stops', () => {
    const glibc = ask({ name: 'web', types: ['A'] }, HALF_KNOWN)[0]!;
    expect(glibc.answers).to.deep.equal(['10.0.0.1']);
    const musl = ask({ name: 'web', types: ['A'], libc: 'musl' }, HALF_KNOWN)[0]!;
    expect([musl.rcode, musl.answers]).to.deep.equal(['NOERROR', []]);
    expect(musl.queries).to.have.length(1);
  });

  it('resends once what nobody answers, and asks for the name as it stands at last', () => {
    const [resolution] = ask({ name: 'svc1', types: ['A'] }, () => 'lost');
    expect(resolution!.queries).to.deep.equal([
      'svc1.default.svc.cluster.local A',
      'svc1.default.svc.cluster.local A',
      'svc1 A',
      'svc1 A',
    ]);
    expect(resolution!.reason).to.contain('it was lost');
  });
});

describe('a lookup over two servers of which one is dead', () => {
  it('has two ways to go, the worst first, and their probabilities add up', () => {
    const ways = ask({ name: 'svc1', types: ['A'] }, TABLE, () => 'node-down');
    const told = ways.map((it) => [formatRatio(it.probability), it.rcode, it.took / 1e6]);
    // Dead for the search name: 10 s, then the name as it stands may reach the other server,
    // which does not know it, or be lost as well.
    expect(told).to.deep.equal([
      ['1/4', 'none', 20],
      ['1/4', 'NXDOMAIN', 10],
      ['1/2', 'NOERROR', 0],
    ]);
  });

  it('stays with its server over both attempts, since both leave from one socket', () => {
    const ways = ask(
      { name: 'svc1.default.svc.cluster.local.', types: ['A'] },
      TABLE,
      () => 'lost',
    );
    const told = ways.map((it) => [formatRatio(it.probability), it.rcode, it.took / 1e6]);
    expect(told).to.deep.equal([
      ['1/2', 'none', 10],
      ['1/2', 'NOERROR', 0],
    ]);
  });

  it('is one way where both answer alike, with both walks as its traces', () => {
    const ways = ask({ name: 'svc1' }, TABLE, TABLE);
    expect(ways).to.have.length(1);
    expect(ways[0]!.traces).to.have.length(2);
    expect(ways[0]!.ttl).to.equal(30);
    expect(ways[0]!.server).to.equal(DNS);
  });
});

describe('a server that is none', () => {
  it('makes the lookup not modelled, instead of guessing what it says', () => {
    const [resolution] = ask({ name: 'svc1.' }, () => 'answered');
    expect(resolution!.rcode).to.equal('none');
    expect(resolution!.traces[0]!.disposition).to.equal('not-modelled');
  });
});
