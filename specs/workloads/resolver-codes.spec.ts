// Goal: what resolvers make of codes, ICMP errors and odd files: the rows of dns-ipam.md §15.2 and
// §15.3 that are about no lost packet.

import { expect } from 'chai';
import { ip } from '../../src/values/ip';
import { seconds } from '../../src/values/time';
import { ask, DNS, knows, SECOND, TABLE } from './resolver-world';
import type { Asking, Server } from './resolver-world';

const DIRECT = 'svc1.default.svc.cluster.local.';

function seen(asking: Asking, ...paths: readonly Server[]) {
  const [way] = ask(asking, ...paths);
  return { rcode: way!.rcode, took: way!.took / 1e6, asked: way!.queries.length };
}

describe('musl', () => {
  const musl = { name: DIRECT, libc: 'musl', types: ['A'] };

  it('ignores REFUSED and ICMP errors, and waits for 5 s', () => {
    for (const said of ['REFUSED', 'NOTIMP', 'no-endpoints'] as const) {
      expect(seen(musl, () => said).took, said).to.equal(5);
    }
  });

  it('ignores a search line of more than 255 characters altogether', () => {
    const filler = Array.from({ length: 20 }, (_, index) => `long-domain-${index}.example`);
    const search = ['default.svc.cluster.local', ...filler];
    const names = (libc: string) =>
      ask({ name: 'svc1', libc, types: ['A'], search }, TABLE)[0]!.queries;
    expect(names('musl')).to.deep.equal(['svc1 A']);
    expect(names('glibc')).to.deep.equal(['svc1.default.svc.cluster.local A']);
  });

  it('passes over a `.` in the search list, for which glibc takes the name as it stands', () => {
    const table = knows({ 'www.example.com': ['203.0.113.5'] });
    const search = ['one.test', '.', 'two.test'];
    const names = (libc: string) =>
      ask({ name: 'www.example.com', libc, types: ['A'], search }, table)[0]!.queries;
    expect(names('glibc')).to.deep.equal(['www.example.com.one.test A', 'www.example.com A']);
    expect(names('musl')).to.deep.equal([
      'www.example.com.one.test A',
      'www.example.com.two.test A',
      'www.example.com A',
    ]);
  });

  it('makes a malformed query of it before 1.2.4, of which nothing can be said', () => {
    const asking = { name: 'svc1', libc: 'musl-1.2.3', search: ['one.test', '.'] };
    const [way] = ask(asking, () => 'NXDOMAIN');
    expect([way!.rcode, way!.notModelled, way!.reason]).to.deep.equal([
      'none',
      true,
      'musl before 1.2.4 makes a malformed query of a dot in the search list',
    ]);
  });

  it('gives up at once where TCP is refused or brings an error', () => {
    for (const said of ['no-endpoints', 'SERVFAIL'] as const) {
      const [way] = ask({ ...musl, tcp: () => said }, () => 'truncated');
      expect([way!.rcode, way!.took], said).to.deep.equal(['none', 0]);
    }
  });

  it('asks all nameservers at once, so that the first answer wins', () => {
    const nameservers = [DNS, SECOND];
    const [way] = ask({ ...musl, nameservers }, () => 'lost', TABLE);
    expect([way!.answers, way!.took]).to.deep.equal([['10.96.0.1'], 0]);
    expect(way!.exchanges.map(({ server }) => server)).to.deep.equal(nameservers);
  });

  it('asks three of four nameservers', () => {
    const nameservers = [DNS, SECOND, ip('10.96.0.12'), ip('10.96.0.13')];
    const servers = nameservers.map(() => () => 'lost' as const);
    const [way] = ask({ ...musl, nameservers, options: { attempts: '1' } }, ...servers);
    expect(way!.exchanges.map(({ server }) => server)).to.deep.equal(nameservers.slice(0, 3));
  });

  it('divides its patience by its attempts', () => {
    const options = { timeout: '1', attempts: '3' };
    const [way] = ask({ ...musl, options }, () => 'lost');
    expect(way!.exchanges.map(({ at }) => at / 1e3)).to.deep.equal([0, 333, 666]);
    expect(way!.took).to.equal(seconds(1));
  });
});

describe('programs that ask directly', () => {
  const direct = (libc: string, said: Server) => seen({ name: 'svc1', libc, types: ['A'] }, said);

  it('take an error for an answer (dig), or try the next time (c-ares)', () => {
    for (const said of ['SERVFAIL', 'REFUSED', 'NOTIMP'] as const) {
      expect(
        direct('dig', () => said),
        said,
      ).to.include({ rcode: said, asked: 1 });
      expect(direct('c-ares', () => said).asked, said).to.equal(4);
    }
  });

  it('take a denial and an empty answer as they are', () => {
    for (const libc of ['dig', 'c-ares']) {
      expect(direct(libc, () => 'NXDOMAIN')).to.deep.equal({
        rcode: 'NXDOMAIN',
        took: 0,
        asked: 1,
      });
      expect(direct(libc, () => [])).to.deep.equal({ rcode: 'NOERROR', took: 0, asked: 1 });
    }
  });

  it('hear of ICMP errors at once', () => {
    for (const libc of ['dig', 'c-ares']) {
      expect(
        direct(libc, () => 'no-endpoints'),
        libc,
      ).to.include({ rcode: 'none', took: 0 });
    }
  });
});

describe('every resolver', () => {
  for (const libc of ['glibc', 'musl', 'go', 'dig', 'c-ares']) {
    it(`tells what is not modelled, and asks no further: ${libc}`, () => {
      const ways = ask({ name: DIRECT, libc, types: ['A'] }, () => 'answered');
      expect(ways.map(({ reason }) => reason)).to.deep.equal(['it was answered']);
      expect(ways[0]!.queries).to.have.length(1);
    });
  }
});
