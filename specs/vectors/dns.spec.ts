// The published facts about DNS, where they are at hand, and the runner itself: a wrong
// expectation has to be told from a right one.

import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { runVectors } from './run';
import { readVectorFile } from './vector-file';
import type { VectorFile } from './vector-file';

const FILE = '../shared/cases/dns.public.json';

describe('vectors of DNS', () => {
  it('agree with the model', function () {
    if (!existsSync(FILE)) {
      this.test!.title += ' (skipped: ../shared is absent)';
      return this.skip();
    }
    const result = runVectors(readVectorFile(FILE));
    expect(result.disagreements.join('\n')).to.equal('');
    expect(result.passed).to.be.at.least(165);
    expect([...result.skipped.keys()]).to.deep.equal(['read by a person']);
  });

  const RIGHT = { rcode: 'NOERROR', answer: ['web.shop.svc.cluster.local. 5 A 10.96.0.20'] };

  it('agree on a record with any TTL, and on a set', () => {
    const any = { ...RIGHT, answer: ['web.shop.svc.cluster.local. * A *'] };
    expect([failures(RIGHT), failures(any)]).to.deep.equal([0, 0]);
  });

  it('disagree on code, record, letter case, section and number of records', () => {
    const wrong = [
      { ...RIGHT, rcode: 'NXDOMAIN' },
      { ...RIGHT, answer: ['web.shop.svc.cluster.local. 6 A 10.96.0.20'] },
      { ...RIGHT, answer: ['WEB.shop.svc.cluster.local. 5 A 10.96.0.20'] },
      { ...RIGHT, answer: [] },
      { ...RIGHT, answer: [...RIGHT.answer, ...RIGHT.answer] },
      { ...RIGHT, authority: 'soa' },
      { ...RIGHT, tc: true },
    ];
    expect(wrong.map((it) => failures(it))).to.deep.equal(wrong.map(() => 1));
  });

  it('disagree on the order of the steps of a sequence', () => {
    const ask = { name: 'web.shop.svc.cluster.local.', type: 'A', at: 0 };
    const sequence = [ask, { ...ask, name: 'nope.shop.svc.cluster.local.', at: 1 }];
    const answers = [{ rcode: 'NOERROR' }, { rcode: 'NXDOMAIN' }];
    expect(failures({ sequence: answers }, { sequence })).to.equal(0);
    expect(failures({ sequence: [...answers].reverse() }, { sequence })).to.equal(1);
  });

  it('disagree on the order of queries, and on what a lookup comes to', () => {
    const lookup = {
      name: 'web',
      libc: 'glibc',
      resolv: { nameservers: ['10.96.0.10'], search: ['shop.svc.cluster.local'] },
    };
    const name = 'web.shop.svc.cluster.local.';
    const right = { queries: [`${name} A`, `${name} AAAA`], result: 'ok', ms: 0 };
    const wrong = { ...right, queries: [`${name} AAAA`, `${name} A`] };
    expect(failures(right, { lookup })).to.equal(0);
    expect(failures(wrong, { lookup })).to.equal(1);
    expect(failures({ ...right, ms: 5_000 }, { lookup })).to.equal(1);
    expect(failures({ ...right, result: 'nxdomain' }, { lookup })).to.equal(1);
  });
});

/** How many of the expectations fail: one or none. */
function failures(
  expected: Readonly<Record<string, unknown>>,
  ask: Readonly<Record<string, unknown>> = { name: 'web.shop.svc.cluster.local.', type: 'A' },
): number {
  const cases = [{ id: 'X-1', ask, expect: expected }];
  return runVectors({ ...WORLD, groups: [{ ...WORLD.groups[0]!, cases }] }).failed;
}

const WORLD: VectorFile = {
  format: 'vectors/1',
  domain: 'dns',
  groups: [
    {
      id: 'X',
      title: 'one Service',
      cluster: {
        kubernetes: '1.36',
        dns: { corefile: '. {\n kubernetes cluster.local\n}\n' },
      },
      objects: [
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
        {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: { name: 'web', namespace: 'shop' },
          spec: { clusterIP: '10.96.0.20', clusterIPs: ['10.96.0.20'], ports: [{ port: 80 }] },
        },
      ],
      cases: [],
    },
  ],
};
