// Goal: what the options of resolv.conf and the limits of the libraries change, as the lab has seen
// it of glibc 2.36, musl 1.2.3 and 1.2.5, and dig 9.18 (specs/lab/resolvers).

import { expect } from 'chai';
import { ip } from '../../src/values/ip';
import { CERTAIN, formatRatio, NEVER } from '../../src/values/ratio';
import { seconds } from '../../src/values/time';
import { emptyReply } from '../../src/workloads/dns-message';
import { resolve } from '../../src/workloads/index';
import type { LookupRequest, NameserverPath } from '../../src/workloads/index';
import { ask, DNS, knows, SECOND, TABLE } from './resolver-world';
import type { Asking, Server } from './resolver-world';

const THIRD = ip('10.96.0.12');
const DIRECT = 'svc1.default.svc.cluster.local.';
const lost: Server = () => 'lost';

/** Seconds, number of the server and type of each query, the worst way first. */
function sent(asking: Asking, ...paths: readonly Server[]) {
  const nameservers = asking.nameservers ?? [DNS];
  const [way] = ask(asking, ...paths);
  return way!.exchanges.map(({ at, server, query }) => {
    return `${at / 1e6} ${nameservers.indexOf(server!)} ${query.split(' ')[1]}`;
  });
}

describe('no-aaaa', () => {
  const options = { 'no-aaaa': '' };
  const dual = knows({ 'svc1.default.svc.cluster.local': ['10.96.0.1', 'fd00::1'] });

  it('leaves A alone of both', () => {
    const [way] = ask({ name: 'svc1', options }, dual);
    expect(way!.queries).to.deep.equal(['svc1.default.svc.cluster.local A']);
    expect(way!.answers).to.deep.equal(['10.96.0.1']);
  });

  it('asks for A in place of AAAA, and takes none of it', () => {
    const [way] = ask({ name: DIRECT, types: ['AAAA'], options }, dual);
    expect(way!.queries).to.deep.equal(['svc1.default.svc.cluster.local A']);
    expect([way!.rcode, way!.answers]).to.deep.equal(['NOERROR', []]);
    expect(ask({ name: 'no.', types: ['AAAA'], options }, dual)[0]!.rcode).to.equal('NXDOMAIN');
  });

  it('is unknown to musl', () => {
    expect(ask({ name: 'svc1', libc: 'musl', options }, dual)[0]!.queries).to.have.length(2);
  });
});

describe('rotate', () => {
  const asking = { name: DIRECT, nameservers: [DNS, SECOND], options: { rotate: '' } };

  it('begins anywhere: each server is the first with the same chance', () => {
    const ways = ask(asking, TABLE, TABLE);
    const seen = ways.map(({ server, probability }) => `${server} ${formatRatio(probability)}`);
    expect(seen).to.have.members([`${DNS} 1/2`, `${SECOND} 1/2`]);
  });

  it('is unknown to musl, and begins with the first server in Go', () => {
    expect(ask({ ...asking, libc: 'go' }, TABLE, TABLE)[0]!.server).to.equal(DNS);
    expect(ask({ ...asking, libc: 'musl' }, TABLE, TABLE)).to.have.length(1);
  });
});

describe('use-vc', () => {
  const both = { name: 'svc1', nameservers: [DNS, SECOND], options: { 'use-vc': '' } };

  it('takes the answer of the first server as it is, even if that failed', () => {
    const [way] = ask({ ...both, tcp: () => 'SERVFAIL' }, TABLE, TABLE);
    expect(new Set(way!.exchanges.map(({ server }) => server))).to.deep.equal(new Set([DNS]));
    expect([way!.rcode, way!.queries.length]).to.deep.equal(['SERVFAIL', 8]);
  });
});

describe('many addresses', () => {
  const NAME = 'svc1.default.svc.cluster.local';
  const addresses = (count: number) =>
    Array.from({ length: count }, (_, index) => `10.244.1.${index + 1}`);
  const asked = (count: number, asking: Partial<Asking> = {}) =>
    ask({ name: 'svc1', ...asking }, knows({ [NAME]: addresses(count) }))[0]!.queries.length;

  it('are asked for again by glibc where they do not fit: 40 octets each, 1024, then 2048', () => {
    expect(asked(24)).to.equal(2);
    expect(asked(25)).to.equal(4);
    expect(asked(50)).to.equal(4);
    expect(asked(51)).to.equal(6);
  });

  it('are all of the other libraries, and of one family, at once', () => {
    for (const libc of ['musl', 'go']) expect(asked(25, { libc }), libc).to.equal(2);
    expect(asked(25, { types: ['A'] })).to.equal(1);
  });
});

describe('more than three nameservers', () => {
  const nameservers = [DNS, SECOND, THIRD, ip('10.96.0.13')];

  it('are three to each library', () => {
    for (const libc of ['glibc', 'musl', 'go']) {
      const asking = { name: DIRECT, libc, nameservers, options: { attempts: '1' } };
      const [way] = ask(asking, lost, lost, lost, TABLE);
      const asked = new Set(way!.exchanges.map(({ server }) => server));
      expect([...asked], libc).to.deep.equal([DNS, SECOND, THIRD]);
    }
  });
});

describe('dig', () => {
  const dig = { name: DIRECT, libc: 'dig', types: ['A'], nameservers: [DNS, SECOND, THIRD] };

  it('spends its attempts on the first server, then asks each of the others once', () => {
    const times = ['0 0 A', '5 0 A', '10 0 A', '15 1 A', '20 2 A'];
    expect(sent(dig, lost, lost, lost)).to.deep.equal(times);
  });

  it('reads timeout and attempts from resolv.conf', () => {
    const options = { timeout: '1', attempts: '2' };
    const times = ['0 0 A', '1 0 A', '2 1 A', '3 2 A'];
    expect(sent({ ...dig, options }, lost, lost, TABLE)).to.deep.equal(times);
  });
});

describe('the size that is offered by EDNS', () => {
  const offered = (libc: string, options: ReadonlyMap<string, string> = new Map()) => {
    const sizes: number[] = [];
    const request: LookupRequest = {
      name: DIRECT,
      types: ['A'],
      conf: { nameservers: [DNS], search: [], options, isNodes: false },
      hosts: new Map(),
      libc,
      timeout: seconds(5),
      connectTimeout: seconds(127),
      race: NEVER,
      open: (_, transport) => {
        const reply = { ...emptyReply('NOERROR'), truncated: transport === 'UDP' };
        const ask: NameserverPath['ask'] = (_question, udpSize) => {
          sizes.push(udpSize);
          return [{ probability: CERTAIN, value: { kind: 'reply', reply } }];
        };
        return [{ probability: CERTAIN, value: { trace: undefined, ask } }];
      },
    };
    resolve(request);
    return sizes;
  };

  it('is none of glibc, musl and c-ares in Node, and 1232 of dig, over TCP too', () => {
    for (const libc of ['glibc', 'musl', 'c-ares']) {
      expect(offered(libc), libc).to.deep.equal([0, 0]);
    }
    expect(offered('dig')).to.deep.equal([1_232, 1_232]);
  });

  it('is 1200 of glibc with edns0', () => {
    expect(offered('glibc', new Map([['edns0', '']]))).to.deep.equal([1_200, 1_200]);
  });
});

describe('the hosts file', () => {
  const queries = (name: string, libc: string) => ask({ name, libc }, TABLE)[0]!.queries.length;

  it('does not know names with a dot at the end, but to Go', () => {
    const counts = ['glibc', 'musl', 'go'].map((libc) => queries('me.', libc));
    expect(counts).to.deep.equal([2, 2, 0]);
  });

  it('is compared letter by letter by musl', () => {
    expect(['glibc', 'go'].map((libc) => queries('ME', libc))).to.deep.equal([0, 0]);
    expect(queries('ME', 'musl')).to.be.greaterThan(0);
  });
});
