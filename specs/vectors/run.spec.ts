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

  it('skip what a person has to read, and nothing else', () => {
    const text = { id: 'X-2', ask: { text: 'x' }, expect: { text: 'y' } };
    const other = { id: 'X-4', ask: { other: {} }, expect: {} };
    const result = runVectors(withCases([text, other]));
    expect([...result.skipped]).to.deep.equal([['read by a person', 1]]);
    expect(result.failed).to.equal(1);
    expect(result.disagreements[0]).to.contain('ask has none of node, categorize');
  });
});

describe('a question of the wrong form fails with a sentence', () => {
  const flow = { node: 'n1', from: 'pod', src: '10.0.0.2', dst: '172.30.0.41', port: 80 };
  const sync = { min: 1, retry: 5, max: 10, requests: [0], until: 5 };
  const entry = { src: '10.0.0.2', sport: 1, dst: '172.30.0.41', dport: 53 };
  const call = { from: 'ns1/p', dst: '172.30.0.41', port: 80 };
  const rows: readonly (readonly [string, object, string])[] = [
    ['no address', { ...flow, dst: undefined }, 'ask.dst must be an IP address, is missing'],
    ['a name', { ...flow, src: 'web' }, 'ask.src must be an IP address, is "web"'],
    ['a port in quotes', { ...flow, port: '80' }, 'ask.port must be a port number, is "80"'],
    [
      'a Service alone',
      { categorize: { node: 'n1', service: 'svc1' } },
      'categorize.service must be a Service as ns/name, is "svc1"',
    ],
    ['a text', { get: 'n1' }, 'get must be a mapping, is "n1"'],
    [
      'a client of no kind',
      { connect: { ...call, from: 'p' } },
      'connect.from must be ns/pod, node/name or ext/name, is "p"',
    ],
    ['no table', { conntrack: call }, 'conntrack.at must be a text, is missing'],
    [
      'half an entry',
      { cleanup: { entry: { protocol: 'UDP', original: entry } } },
      'cleanup.entry.reply must be a mapping, is undefined',
    ],
    [
      'an endpoint chain of nobody',
      { chain: { kind: 'endpoint', service: 'a/b' } },
      'chain.endpoint must be a text, is missing',
    ],
    [
      'no time between syncs',
      { syncs: { ...sync, max: 0 } },
      'syncs.max must be a number of seconds above 0, is 0',
    ],
    [
      'a request at noon',
      { syncs: { ...sync, requests: ['noon'] } },
      'syncs.requests must be a list, each a number of seconds, is ["noon"]',
    ],
    ['an object without a kind', { admit: {} }, 'ask.admit must be an object with a kind, is {}'],
    ['a node outside', { connect: { ...call, from: 'node/n9' } }, 'no node n9'],
    ['a machine outside', { connect: { ...call, from: 'ext/x' } }, 'no external x'],
    ['a way by nobody', { connect: { ...call, from: 'node/n1', via: 'n9' } }, 'no node n9'],
    ['the table of nobody', { conntrack: { ...call, from: 'node/n1', at: 'n9' } }, 'no node n9'],
    ['the health of nobody', { get: { node: 'n9', port: 10_256 } }, 'no node n9'],
  ];
  for (const [what, ask, sentence] of rows) {
    it(`about ${what}`, () => {
      const result = runVectors(withCases([{ id: 'X-5', ask: { ...ask }, expect: {} }]));
      expect(result.disagreements.join('\n')).to.contain(sentence);
    });
  }

  it('about a world of the wrong form', () => {
    const metadata = { name: 's', namespace: 'ns1' };
    const slice = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata };
    const problem = (cluster: object, objects: unknown[] = []) =>
      runVectors({
        ...WRONG,
        groups: [
          {
            ...WRONG.groups[0]!,
            cases: [{ id: 'X', ask: { ...flow }, expect: {}, cluster, objects }],
          },
        ],
      } as VectorFile).disagreements.join('\n');
    expect(problem({ kubernetes: 'new' })).to.contain('cluster.kubernetes must be a version');
    expect(problem({ nodes: [{ name: 'n1' }] })).to.contain('cluster.nodes[0].ips must be a list');
    expect(problem({ serviceCIDR: 'x' })).to.contain('cluster.serviceCIDR must be a CIDR');
    expect(problem({ proxy: 'userspace' })).to.contain('there is no mode userspace of kube-proxy');
    const endpoints = { ...slice, endpoints: [null] };
    expect(problem({}, [endpoints])).to.contain('of the case: endpoints[0] must be a mapping');
    expect(problem({}, [null])).to.contain('objects[0] of the case: must be an object');
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
