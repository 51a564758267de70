// The published facts about Services, where they are at hand, and the runner itself: a wrong
// expectation has to be told from a right one.

import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { agrees, readVectorFile, vectorFileOf } from './vector-file';
import type { VectorCase, VectorFile } from './vector-file';
import { runVectors } from './run';

const FILE = '../shared/cases/services.public.json';

describe('vectors of the Service data plane', () => {
  it('agree with the model', function () {
    if (!existsSync(FILE)) {
      this.test!.title += ' (skipped: ../shared is absent)';
      return this.skip();
    }
    const result = runVectors(readVectorFile(FILE));
    expect(result.disagreements.join('\n')).to.equal('');
    expect(result.passed).to.be.at.least(450);
  });

  it('are reported with the rules that matched where the model disagrees', () => {
    const result = runVectors(WRONG);
    expect(result.failed).to.equal(1);
    expect(result.disagreements[0]).to.contain('X-1').and.to.contain('By matching:');
    expect(result.disagreements[0]).to.contain('KUBE-SERVICES');
  });

  it('fail one by one where they cannot be asked, with the reason', () => {
    const [right] = WRONG.groups[0]!.cases;
    const lost = { ...right!, id: 'X-3', ask: { ...right!.ask, node: 'n9' }, expect: {} };
    const result = runVectors(withCases([lost, { ...right!, expect: { verdict: 'reject' } }]));
    expect([result.passed, result.failed]).to.deep.equal([1, 1]);
    expect(result.disagreements[0]).to.contain('X-3').and.to.contain('no node n9');
  });

  it('count what is not asked as skipped, with the reason', () => {
    const question = { id: 'X-2', ask: { other: {} }, expect: {} };
    expect([...runVectors(withCases([question])).skipped]).to.deep.equal([['not run here', 1]]);
  });
});

describe('a vector file', () => {
  const bare = { format: 'vectors/1', domain: 'services' };
  const group = { id: 'G', cases: [{ id: 'G-1', ask: {}, expect: {} }] };

  it('may leave out what a group does not need', () => {
    const [read] = vectorFileOf({ ...bare, groups: [group], more: 1 }, 'f').groups;
    expect(read).to.deep.equal({ ...group, title: 'G', cluster: {}, objects: [] });
  });

  const wrong: readonly (readonly [string, unknown, string])[] = [
    ['a list', [], 'f: not a vector file of format vectors/1'],
    ['another format', { ...bare, format: 'x' }, 'f: not a vector file of format vectors/1'],
    ['no domain', { format: 'vectors/1', groups: [] }, 'f: no domain'],
    ['no groups', bare, 'f: no list of groups'],
    ['a group that is a text', { ...bare, groups: ['G'] }, 'f: group 1 is no object'],
    ['no cases', { ...bare, groups: [{ id: 'G' }] }, 'f: group 1 (G): no list of cases'],
    [
      'objects by name',
      { ...bare, groups: [{ ...group, objects: {} }] },
      'f: group 1 (G): objects is no list',
    ],
    [
      'a case without a question',
      { ...bare, groups: [{ id: 'G', cases: [{ id: 'G-1', expect: {} }] }] },
      'f: group 1 (G), case G-1: no question in ask',
    ],
    [
      'a case without an answer',
      { ...bare, groups: [{ id: 'G', cases: [{ ask: {} }] }] },
      'f: group 1 (G), case 1: no answer in expect',
    ],
  ];
  for (const [what, read, message] of wrong) {
    it(`with ${what} is refused by its place`, () => {
      expect(() => vectorFileOf(read, 'f')).to.throw(message);
    });
  }
});

describe('an answer agrees with an expectation', () => {
  it('that says little of one item and more of another, whatever their order', () => {
    const is = [
      { a: 1, b: 2 },
      { a: 1, b: 3 },
    ];
    expect(agrees(is, [{ a: 1 }, { a: 1, b: 2 }])).to.equal(true);
    expect(agrees(is, [{ b: 2 }, { a: 1, b: 2 }])).to.equal(false);
  });

  it('of a flag that is down where there is none', () => {
    expect(agrees({}, { unreplied: false })).to.equal(true);
    expect(agrees({ unreplied: true }, { unreplied: false })).to.equal(false);
    expect(agrees({}, { unreplied: true })).to.equal(false);
  });

  it('that leaves a field out, reads a list as a set and null as absent', () => {
    expect(agrees({ a: [1, 2], b: 3 }, { a: [2, 1] })).to.equal(true);
    expect(agrees({ a: [1, 2] }, { a: [1, 1] })).to.equal(false);
    expect(agrees({}, { a: null })).to.equal(true);
    expect(agrees({ a: 0 }, { a: null })).to.equal(false);
  });
});

/** The world of the wrong question, with others asked in it. */
function withCases(cases: readonly VectorCase[]): VectorFile {
  return { ...WRONG, groups: [{ ...WRONG.groups[0]!, cases }] };
}

/** One question with a wrong expectation. */
const WRONG: VectorFile = {
  format: 'vectors/1',
  domain: 'services',
  groups: [
    {
      id: 'X',
      title: 'a Service without endpoints',
      cluster: {
        kubernetes: '1.36',
        proxy: 'iptables',
        proxyConfig: { clusterCIDR: '10.0.0.0/8' },
        nodes: [{ name: 'n1', ips: ['192.168.0.2'] }],
      },
      objects: [
        {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: { name: 'svc1', namespace: 'ns1' },
          spec: { clusterIP: '172.30.0.41', ports: [{ port: 80 }] },
        },
      ],
      cases: [
        {
          id: 'X-1',
          ask: {
            node: 'n1',
            from: 'pod',
            src: '10.0.0.2',
            dst: '172.30.0.41',
            port: 80,
            protocol: 'TCP',
          },
          expect: { verdict: 'dnat' },
        },
      ],
    },
  ],
};
