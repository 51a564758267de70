// The published facts about Services, where they are at hand, and the runner itself: a wrong
// expectation has to be told from a right one.

import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { readVectorFile, agrees } from './vector-file';
import type { VectorFile } from './vector-file';
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

  it('count what is not asked as skipped, with the reason', () => {
    const question = { id: 'X-2', ask: { other: {} }, expect: {} };
    const file = { ...WRONG, groups: [{ ...WRONG.groups[0]!, cases: [question] }] };
    expect([...runVectors(file).skipped]).to.deep.equal([['not run here', 1]]);
  });
});

describe('an answer agrees with an expectation', () => {
  it('that leaves a field out, reads a list as a set and null as absent', () => {
    expect(agrees({ a: [1, 2], b: 3 }, { a: [2, 1] })).to.equal(true);
    expect(agrees({ a: [1, 2] }, { a: [1, 1] })).to.equal(false);
    expect(agrees({}, { a: null })).to.equal(true);
    expect(agrees({ a: 0 }, { a: null })).to.equal(false);
  });
});

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
