// Goal: a fingerprint says which part of the behaviour has moved, and where it moved first; what
// only the trace can see moves the trace alone (dst.md §2.2).

import { expect } from 'chai';
import { formatFingerprints, INGREDIENTS, movedSince } from './fingerprint';
import type { Fingerprint } from './fingerprint';

const TRACE = Array.from({ length: 100 }, (_, index) => `t=${index}s kube-proxy synced rules`);

const PLAIN: Fingerprint = {
  reach: ['passed a reaches b: ok', 'passed a reaches c: ok'],
  dns: ['passed a resolves b: 10.96.0.20'],
  nat: [],
  converge: ['passed a reaches b: t=12s'],
  trace: TRACE,
};

function moved(more: Partial<Fingerprint>, golden = PLAIN): string[] {
  const runs = (fingerprint: Fingerprint) => new Map([['seed 1 a.yaml: a shop', fingerprint]]);
  return movedSince(formatFingerprints(runs(golden)), runs({ ...PLAIN, ...more }));
}

describe('a fingerprint', () => {
  it('has a line for each ingredient, with what it needs to be compared', () => {
    const text = formatFingerprints(new Map([['seed 1 a.yaml: a shop', PLAIN]]));
    const [name, ...lines] = text.trimEnd().split('\n');
    expect(name).to.equal('seed 1 a.yaml: a shop');
    expect(lines.map((line) => line.trim().split(' ')[0])).to.deep.equal([...INGREDIENTS]);
    // Of a trace of 100 events the 1st, 2nd, 4th, … 64th have a mark.
    expect(lines.at(-1)).to.match(/^ {2}trace {4}[0-9a-f]{8} 100( [0-9a-f]{4}){7}$/);
    expect(lines[2]).to.equal('  nat      00000000 0');
  });

  it('that is equal has not moved', () => {
    expect(moved({})).to.deep.equal([]);
  });

  it('moves by its trace alone where the same behaviour has other events', () => {
    const trace = TRACE.map((line, index) => (index === 20 ? `${line} twice` : line));
    expect(moved({ trace })).to.deep.equal([
      'seed 1 a.yaml: a shop\n  trace moved: first (100 then, 100 now) between event 16 and 31: ' +
        't=16s kube-proxy synced rules … t=31s kube-proxy synced rules',
    ]);
  });

  it('names the first verdict of an ingredient that is another one', () => {
    const reach = ['passed a reaches b: ok', 'failed a reaches c: refused'];
    expect(moved({ reach })).to.deep.equal([
      'seed 1 a.yaml: a shop\n  reach moved: first (2 then, 2 now) in: failed a reaches c: refused',
    ]);
  });

  it('tells of what was added or taken away at the end', () => {
    expect(moved({ trace: TRACE.slice(0, 99) })[0]).to.contain('the end (100 then, 99 now)');
    expect(moved({ nat: ['passed'] })[0]).to.contain('nat moved: first (0 then, 1 now) in: passed');
    expect(moved({ dns: [] })[0]).to.contain('dns moved: the end (1 then, 0 now)');
  });

  it('tells of runs that are new or gone', () => {
    const golden = formatFingerprints(new Map([['old', PLAIN]]));
    expect(movedSince(golden, new Map([['new', PLAIN]]))).to.deep.equal([
      'new\n  is new',
      'old\n  is gone',
    ]);
  });
});
