// Goal: the comparison of resolvers tells an agreement from every kind of difference, the table of
// scenarios has something to compare, and each wrong model is one. No root is needed here.

import { expect } from 'chai';
import { ip } from '../../../src/values/ip';
import { agrees, ANY_TIME } from './agreement';
import { readDig, readGetaddrinfo } from './client-output';
import { muslProfile } from './clients';
import { modelledRuns } from './modelled';
import type { Run, SeenQuery } from './modelled';
import { RESOLVER_SABOTAGES } from './sabotage';
import { SCENARIOS } from './scenarios';
import type { Scenario } from './scenarios';

const QUERY: SeenQuery = {
  at: 0,
  server: 0,
  transport: 'UDP',
  socket: 1,
  query: 'web A',
  udpSize: 0,
};
const SECOND = { ...QUERY, query: 'web AAAA' };
const RUN: Run = { queries: [QUERY, SECOND], results: ['ok 10.96.0.20'], took: [20] };

/** The run with other queries. */
const asking = (...queries: readonly SeenQuery[]): Run => ({ ...RUN, queries });

describe('a run of a real resolver', () => {
  it('agrees with the same run, early or late by what a busy machine is', () => {
    expect(agrees(RUN, RUN)).to.equal(true);
    expect(agrees(RUN, { ...RUN, took: [400] })).to.equal(true);
    expect(agrees(RUN, asking(QUERY, { ...SECOND, at: 300 }))).to.equal(true);
  });

  it('differs by any part of any query', () => {
    const parts: readonly Partial<SeenQuery>[] = [
      { at: 1_000 },
      { server: 1 },
      { transport: 'TCP' },
      { socket: 2 },
      { query: 'web.test AAAA' },
      { udpSize: 1_232 },
    ];
    for (const part of parts) {
      const real = asking(QUERY, { ...SECOND, ...part });
      expect(agrees(RUN, real), JSON.stringify(part)).to.equal(false);
    }
  });

  it('differs by order, number, result and time', () => {
    expect(agrees(RUN, asking(SECOND, QUERY))).to.equal(false);
    expect(agrees(RUN, asking(QUERY))).to.equal(false);
    expect(agrees(RUN, asking(QUERY, SECOND, SECOND))).to.equal(false);
    expect(agrees(RUN, { ...RUN, results: ['EAI_AGAIN'] })).to.equal(false);
    expect(agrees(RUN, { ...RUN, took: [2_020] })).to.equal(false);
    expect(agrees({ ...RUN, took: [2_020] }, RUN)).to.equal(false);
  });

  it('can be told to differ by nothing but its times', () => {
    const late = { ...asking(QUERY, { ...SECOND, at: 2_000 }), took: [2_020] };
    expect(agrees(RUN, late)).to.equal(false);
    expect(agrees(RUN, late, ANY_TIME)).to.equal(true);
    expect(agrees(RUN, { ...late, results: ['EAI_AGAIN'] }, ANY_TIME)).to.equal(false);
  });

  it('has no order among queries that leave for different servers at one moment', () => {
    const other = { ...QUERY, server: 1 };
    expect(agrees(asking(QUERY, other), asking(other, QUERY))).to.equal(true);
    const later = { ...other, at: 1_000 };
    expect(agrees(asking(QUERY, later), asking(later, QUERY))).to.equal(false);
  });
});

const addresses = ['10.96.1.10', '10.96.1.11', '10.96.1.12', '10.96.1.13'].map(ip);
const runsOf = (scenario: Scenario, libc: string) =>
  modelledRuns(scenario, libc, addresses.slice(0, scenario.servers?.length ?? 1));

describe('the scenarios', () => {
  it('have titles of their own', () => {
    expect(new Set(SCENARIOS.map(({ title }) => title)).size).to.equal(SCENARIOS.length);
  });

  it('are modelled for everyone who goes through them', () => {
    for (const scenario of SCENARIOS) {
      for (const name of scenario.clients ?? ['glibc', 'musl']) {
        for (const { results } of runsOf(scenario, name)) {
          expect(results, `${scenario.title}, ${name}`).to.have.length(scenario.names.length);
          expect(results, `${scenario.title}, ${name}`).not.to.include('not-modelled');
        }
      }
    }
  });

  it('are spoilt by each wrong model: no run of it is one of the right one', () => {
    for (const { title, client, scenario, spoil } of RESOLVER_SABOTAGES) {
      const right = SCENARIOS.find((it) => it.title === scenario);
      expect(right, title).not.to.equal(undefined);
      const wrong = runsOf(spoil(right!), client);
      const unseen = runsOf(right!, client).filter((run) => !wrong.some((it) => agrees(it, run)));
      expect(unseen, title).not.to.have.length(0);
    }
  });
});

describe('what real resolvers print', () => {
  it('is read line by line of getaddrinfo, addresses sorted', () => {
    const text = 'web ok 21 10.96.0.21 10.96.0.20 fd00::1\nno EAI_NONAME 80\n';
    expect(readGetaddrinfo(text)).to.deep.equal({
      results: ['ok 10.96.0.20 10.96.0.21 fd00::1', 'EAI_NONAME'],
      took: [21, 80],
    });
  });

  it('is read of dig: code, flags, records; or that nobody answered', () => {
    const text = [
      ';; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 1',
      ';; flags: qr aa rd; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 0',
      'web.test.\t\t30\tIN\tA\t10.96.0.20',
    ].join('\n');
    const results = ['NOERROR; qr aa rd; web.test. 30 A 10.96.0.20'];
    expect(readDig(text).results).to.deep.equal(results);
    expect(readDig(';; no servers could be reached').results).to.deep.equal(['none']);
  });

  it('names the profile of a musl by its version', () => {
    expect(['1.1.24', '1.2.3', '1.2.4', '1.2.5', '1.3.0'].map(muslProfile)).to.deep.equal([
      'musl-1.2.3',
      'musl-1.2.3',
      'musl',
      'musl',
      'musl',
    ]);
  });
});
