// The lab's judgement itself: whatever differs between model and kernel must be noticed. Each
// spec takes an observation that agrees and changes one thing about it.

import { expect } from 'chai';
import type { TranslatedFlow } from '../../src/values/trace';
import { entry, GREETING, SEEN, SPORT, TRACE, tuple, turned } from './attempts';
import { agrees, compare, hasLostEntry, isAgreed, MODEL_PORT } from './compare';
import { ConnectionTables } from './connection-tables';
import type { ListedConnection } from './conntrack-list';
import type { Observation } from './observe';

describe('model and kernel', () => {
  it('agree where only the numbers of ports that are free to choose differ', () => {
    expect(agrees(TRACE, SEEN)).to.equal(true);
  });

  const DIFFERENCES: Readonly<Record<string, Partial<Observation>>> = {
    'the outcome': { outcome: 'timeout', greeting: undefined },
    'who answered': { greeting: { ...GREETING, name: 'lab/a2' } },
    'the port that answered': { greeting: { ...GREETING, port: 8081 } },
    'the source that the server sees': { greeting: { ...GREETING, seenAddress: '10.244.1.5' } },
    'the port that the server sees': { greeting: { ...GREETING, seenPort: 51_001 } },
    'that there is an entry at all': { entries: [] },
    'a further entry': { entries: [...SEEN.entries, { ...entry(SPORT, 51_000), node: 'n2' }] },
    'the node of an entry': { entries: [{ ...entry(SPORT, 51_000), node: 'n2' }] },
    'whether an answer was seen': { entries: [{ ...entry(SPORT, 51_000), unreplied: true }] },
    'the port of the client': { entries: [entry(SPORT + 1, 51_000)] },
  };
  for (const [what, difference] of Object.entries(DIFFERENCES)) {
    it(`differ in ${what}`, () => {
      expect(agrees(TRACE, { ...SEEN, ...difference })).to.equal(false);
    });
  }

  it('differ where a port was changed that the model says is kept', () => {
    const kept = { ...TRACE, translations: [entry(MODEL_PORT, MODEL_PORT)] };
    expect(agrees(kept, SEEN)).to.equal(false);
  });

  it('differ where one of the possible ways is never taken', () => {
    const other = { ...TRACE, disposition: 'refused-by-listener', translations: [] } as const;
    const comparison = compare([TRACE, other], [SEEN, SEEN]);
    expect(comparison.unseen).to.deep.equal([other]);
    expect(isAgreed(comparison)).to.equal(false);
  });
});

describe('an attempt of which an entry had gone', () => {
  it('is told from one that went another way', () => {
    const other = { ...entry(SPORT, 51_000), node: 'n2' };
    const told = (difference: Partial<Observation>): boolean =>
      hasLostEntry(TRACE, { ...SEEN, ...difference });
    expect(told({ entries: [] })).to.equal(true);
    expect(told({}), 'it is complete').to.equal(false);
    expect(told({ entries: [other] }), 'another entry').to.equal(false);
    expect(told({ entries: [], greeting: { ...GREETING, name: 'lab/a2' } })).to.equal(false);
    expect(told({ entries: [], greeting: { ...GREETING, seenAddress: '10.244.1.5' } })).to.equal(
      false,
    );
    expect(told({ entries: [], outcome: 'timeout' })).to.equal(false);
  });
});

describe('the entries of a connection', () => {
  it('are followed from node to node through masquerading', () => {
    const first = entry(SPORT, 51_000);
    const next = tuple('10.244.1.1', 51_000, '10.244.1.6', 8080);
    const second = { original: next, reply: turned(next), unreplied: false };
    const stranger = tuple('10.244.1.1', 51_001, '10.244.1.6', 8080);
    const common = { assured: true, state: 'ESTABLISHED' };
    const tables = new Map([
      ['n1', [{ ...common, ...first }]],
      ['n2', [second, { ...second, original: stranger }].map((it) => ({ ...common, ...it }))],
    ]);
    const found = new ConnectionTables(tables).entriesOf(first.original);
    expect(found.map(({ node, original }) => [node, original])).to.deep.equal([
      ['n1', first.original],
      ['n2', next],
    ]);
  });
});

describe('the entries of a connection whose random port another one has too', () => {
  it('end where the packet came to, not in the other one', () => {
    const first = entry(SPORT, 51_000);
    const next = tuple('10.244.1.1', 51_000, '10.244.1.6', 8080);
    const passed = { original: next, reply: turned(next), unreplied: false };
    const other = { ...passed, reply: turned(tuple('10.244.1.1', 65_523, '10.244.1.6', 8080)) };
    const common = { assured: true, state: 'ESTABLISHED' };
    const tables = new Map([
      ['n1', [first, other].map((it) => ({ ...common, ...it }))],
      ['n2', [{ ...common, ...passed }]],
    ]);
    const found = new ConnectionTables(tables).entriesOf(first.original);
    expect(found.map(({ node, original }) => [node, original])).to.deep.equal([
      ['n1', first.original],
      ['n2', next],
    ]);
  });
});

describe('a port clash', () => {
  it('is a port that was changed because another connection holds the tuple', () => {
    const changed = entry(SPORT, 51_000) as ListedConnection & TranslatedFlow;
    const holder = { ...changed, original: tuple('10.244.1.9', 1, '10.96.0.1', 80) };
    const held = { ...holder, reply: { ...changed.reply, dport: SPORT } };
    const clashing = new ConnectionTables(new Map([['n1', [changed, held]]]));
    expect(clashing.hasClash([changed], SPORT)).to.equal(true);
    const free = new ConnectionTables(new Map([['n1', [changed, holder]]]));
    expect(free.hasClash([changed], SPORT)).to.equal(false);
  });
});
