// Goal: `inspect` says of the values that a query finds whether they are what they must be.

import { expect } from 'chai';
import inspect from '../../../src/vocabulary/claims/inspect';
import { shop } from '../../runner/fake-cluster';

const STATE = {
  pods: [
    { name: 'a', phase: 'Running', labels: { x: '1', y: '2' }, ports: [80, 443] },
    { name: 'b', phase: 'Running', labels: { y: '2', x: '1' }, ports: [] },
  ],
};

function observe(args: object) {
  const cluster = shop();
  cluster.state = STATE;
  return inspect.observe(cluster, args as never, { explain: true });
}

function holds(query: string, wanted: object): boolean | undefined {
  return observe({ query, ...wanted }).holds;
}

describe('inspect', () => {
  it('demands that every value equals, and that there is one', () => {
    expect(holds('$.pods[*].phase', { equals: 'Running' })).to.equal(true);
    expect(holds('$.pods[*].name', { equals: 'a' })).to.equal(false);
    expect(holds('$.pods[*].nothing', { equals: 'a' })).to.equal(false);
    expect(holds('$.pods[0].ports', { equals: [80, 443] })).to.equal(true);
    expect(holds('$.pods[0].ports', { equals: [443, 80] })).to.equal(false);
  });

  it('compares mappings whatever the order of their keys', () => {
    expect(holds('$.pods[*].labels', { equals: { y: '2', x: '1' } })).to.equal(true);
  });

  it('finds parts of texts, lists and mappings', () => {
    expect(holds('$.pods[*].phase', { contains: 'unn' })).to.equal(true);
    expect(holds('$.pods[*].ports', { contains: 443 })).to.equal(true);
    expect(holds('$.pods[*].labels', { contains: { y: '2' } })).to.equal(true);
    expect(holds('$.pods[*].labels', { contains: { y: '3' } })).to.equal(false);
    expect(holds('$.pods[*].labels', { contains: { toString: '3' } })).to.equal(false);
  });

  it('counts, and notices absence', () => {
    expect(holds('$.pods[?(@.phase == "Running")]', { count: 2 })).to.equal(true);
    expect(observe({ query: '$.pods[*].name', count: 3 }).actual).to.equal('2 values: ["a","b"]');
    expect(holds('$.pods[?(@.phase == "Failed")]', { absent: true })).to.equal(true);
    expect(holds('$.pods[0].name', { absent: true })).to.equal(false);
  });

  it('matches every text by a pattern', () => {
    expect(holds('$.pods[*].name', { matches: '^[ab]$' })).to.equal(true);
    expect(holds('$.pods[*].name', { matches: '^a$' })).to.equal(false);
    expect(holds('$.pods[*].ports', { matches: '.' })).to.equal(false);
  });

  it('shows what it found, and cuts what is long', () => {
    expect(observe({ query: '$.pods[0].name', equals: 'z' }).actual).to.equal('a');
    expect(observe({ query: '$.pods[*].name', equals: 'z' }).actual).to.equal(
      '2 values: ["a","b"]',
    );
    expect(observe({ query: '$.none', equals: 'z' }).actual).to.equal('nothing');
  });

  for (const [query, hint] of [
    ['$.object.pods[*]', 'did you mean "objects"?'],
    ['$.pods[*]', 'the state has journal, loadBalancers, nodes, now, objects'],
    ['$.objects.pod[*]', 'did you mean "pods"?'],
    ["$['objects'].svc", 'did you mean "services"?'],
    ['$.objects.endpointslice[0]', 'did you mean "endpointslices"?'],
    ['$.objects.ingresss', 'did you mean "ingresses"?'],
  ] as const) {
    it(`refuses ${query}, which finds nothing whatever happens`, () => {
      const [problem] = inspect.check!({ query, absent: true });
      expect(problem).to.include({ path: '/query', severity: 'error', hint });
    });
  }

  for (const query of ['$..pods', '$.*', '$.objects.ingresses', '$.objects.widgets', '$.nodes.x']) {
    it(`takes ${query}`, () => {
      expect(inspect.check!({ query, absent: true })).to.deep.equal([]);
    });
  }

  it('refuses malformed queries and patterns with the place of the mistake', () => {
    const problems = inspect.check!({ query: '$.a[', matches: '(a' });
    expect(problems.map(({ path, message }) => `${path} ${message}`)).to.deep.equal([
      '/query an index, a quoted name, * or ?(filter) is expected after [, ' +
        'at character 4 of "$.a["',
      '/matches the group is not closed, at character 3 of "(a"',
    ]);
  });
});
