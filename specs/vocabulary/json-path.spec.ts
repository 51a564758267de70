// Goal: a query finds what JSONPath says, a malformed one is refused with its position instead of
// finding nothing, and no filter can become code.

import { expect } from 'chai';
import { checkPath, query } from '../../src/vocabulary/json-path';

const STATE = {
  objects: {
    pods: [
      pod('a', 'Running', 1, { 'app.kubernetes.io/name': 'web' }),
      pod('b', 'Pending', 2, { app: "it's" }),
      pod('c', 'Running', 3, { app: ')]' }),
    ],
  },
  nodes: { 'worker-1': { powered: true, routes: [{ via: null }] } },
};

function pod(name: string, phase: string, restarts: number, labels: object) {
  return { metadata: { name, labels }, status: { phase, restarts } };
}

function names(filter: string): unknown {
  return query(STATE, `$.objects.pods[?(${filter})].metadata.name`);
}

describe('a query', () => {
  it('walks names, indexes, slices, wildcards and descendants', () => {
    expect(query(STATE, '$.objects.pods[0].metadata.name')).to.deep.equal(['a']);
    expect(query(STATE, "$['objects']['pods'][1]['status'].phase")).to.deep.equal(['Pending']);
    expect(query(STATE, '$.objects.pods[1:].metadata.name')).to.deep.equal(['b', 'c']);
    expect(query(STATE, '$.objects.pods[*].status.restarts')).to.deep.equal([1, 2, 3]);
    expect(query(STATE, '$..phase')).to.deep.equal(['Running', 'Pending', 'Running']);
    expect(query(STATE, "$.nodes['worker-1'].powered")).to.deep.equal([true]);
    expect(query(STATE, '$.nodes.worker-1.routes[0].via')).to.deep.equal([null]);
    expect(query(STATE, '$.nothing.here')).to.deep.equal([]);
  });

  it('filters by comparison, presence, and their combinations', () => {
    expect(names("@.status.phase == 'Running'")).to.deep.equal(['a', 'c']);
    expect(names('@.status.phase != "Running"')).to.deep.equal(['b']);
    expect(names('@.status.restarts >= 2 && @.status.restarts < 3')).to.deep.equal(['b']);
    expect(names('!(@.status.restarts > 1 || false)')).to.deep.equal(['a']);
    expect(names("@.metadata.labels['app.kubernetes.io/name']")).to.deep.equal(['a']);
    expect(names('@.metadata.labels.app')).to.deep.equal(['b', 'c']);
  });

  it('reads texts with quotes and brackets as texts', () => {
    expect(names("@.metadata.labels.app == 'it\\'s'")).to.deep.equal(['b']);
    expect(names('@.metadata.labels.app == "it\'s"')).to.deep.equal(['b']);
    expect(names("@.metadata.labels.app == ')]'")).to.deep.equal(['c']);
  });

  it('compares neither texts with numbers nor missing fields with anything', () => {
    expect(names("@.status.restarts == '1'")).to.deep.equal([]);
    expect(names('@.status.missing < 5')).to.deep.equal([]);
    expect(names('@.status.missing != 5')).to.deep.equal(['a', 'b', 'c']);
  });

  it('keeps the filters of different queries apart', () => {
    expect(names('@.status.restarts == 1')).to.deep.equal(['a']);
    expect(names('@.status.restarts == 2')).to.deep.equal(['b']);
    expect(names('@.status.restarts == 1')).to.deep.equal(['a']);
  });
});

describe('a malformed query', () => {
  const refused: readonly (readonly [path: string, message: RegExp])[] = [
    ['not a path [', /starts with \$/],
    ['$.', /a name is expected after the dot/],
    ['$.a[', /expected after \[/],
    ['$.a b', /" " is not expected here/],
    ['$.a[?(@.b == 1)', /not closed/],
    ['$.a[?(@.b == 1]', /not closed/],
    ['$.a^', /"\^" is not expected/],
    ['$.a~', /"~" is not expected/],
    ['$.a[(@.length-1)]', /expected after \[/],
    ['$.a.`b', /a name is expected/],
    ["$.a['x','y']", /expected after \[/],
    ["$['__proto__`']", /not a name that a path may contain/],
    [`$.${'a.'.repeat(2_000)}`, /too long/],
  ];
  for (const [path, message] of refused) {
    it(`is refused: ${path.slice(0, 40)}`, () => {
      expect(checkPath(path)?.message).to.match(message);
      expect(() => query(STATE, path)).to.throw(RangeError);
    });
  }

  it('names the character that is wrong, inside of filters too', () => {
    expect(checkPath('$.pods[?(@.a == b)]')).to.deep.include({ position: 16 });
    expect(checkPath('$.pods[?(@.a = 1)]')).to.deep.include({ position: 13 });
  });
});

describe('an attack by filter', () => {
  const attacks = [
    'constructor.constructor("return process")()',
    '@.constructor.constructor("return process")()',
    '@["constructor"]("x")',
    'this.constructor',
    'process.exit(1)',
    'globalThis',
    'require("fs")',
    '@.a; process.exit()',
    '@.a = 1',
    '`${1}`',
    '(() => 1)()',
    'new Date()',
    '@.a[@.b]',
    '@path',
    '@root.a',
    '@.a + 1',
    '/(a+)+$/.test(@.a)',
    '@.a ? 1 : 2',
    '@.__lookupGetter__("x")',
    '',
    '('.repeat(5_000),
    '!'.repeat(1_000) + '@.a',
  ];
  for (const attack of attacks) {
    it(`is refused: ${attack.slice(0, 50) || '(an empty filter)'}`, () => {
      expect(checkPath(`$.objects.pods[?(${attack})]`)).to.not.equal(undefined);
    });
  }

  it('reads only own properties: prototypes offer nothing', () => {
    for (const field of ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'length']) {
      expect(names(`@.${field}`), field).to.deep.equal([]);
      expect(names(`@['${field}'].name`), field).to.deep.equal([]);
      expect(query(STATE, `$.objects['${field}']`), field).to.deep.equal([]);
      expect(query(STATE, `$.objects.${field}`), field).to.deep.equal([]);
    }
  });

  it('leaves no trace on prototypes', () => {
    query(STATE, "$.objects['__proto__'].polluted");
    expect(({} as Record<string, unknown>)['polluted']).to.equal(undefined);
  });
});
