// Goal: a stretch begins with what was the case at its first instant and ends before its last one.

import { expect } from 'chai';
import type { Observation } from '../../src/vocabulary/define';
import { History } from '../../src/vocabulary/history';
import { stretchOf } from '../../src/vocabulary/stretch';
import { t } from '../runner/plans';

function history(...seconds: readonly number[]): History {
  const made = new History();
  for (const second of seconds) made.add(t(second), { key: String(second) } as Observation);
  return made;
}

describe('a stretch of a history', () => {
  const instants = (of: ReturnType<typeof stretchOf>) => of.samples.map(({ at }) => at);

  it('has every change inside, and none at its end', () => {
    const made = history(1, 5, 8, 9);
    expect(instants(stretchOf(made, { from: t(5), to: t(9) }))).to.deep.equal([t(5), t(8)]);
    expect(instants(stretchOf(made, { from: t(6), to: t(9) }))).to.deep.equal([t(6), t(8)]);
  });

  it('knows what was the case just before it', () => {
    expect(stretchOf(history(1, 5), { from: t(5), to: t(9) }).before?.observation.key).to.equal(
      '1',
    );
    expect(stretchOf(history(5), { from: t(5), to: t(9) }).before).to.equal(undefined);
  });

  it('goes on to the last look where nothing ends it', () => {
    const open = stretchOf(history(1, 5, 8), { from: t(2) });
    expect(open)
      .to.include({ seen: t(8) })
      .and.not.have.property('to');
    expect(instants(open)).to.deep.equal([t(2), t(5), t(8)]);
  });
});
