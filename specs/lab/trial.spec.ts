// Goal: an attempt that lost an entry is made again once; whatever comes again is a difference.

import { expect } from 'chai';
import { SEEN, TRACE } from './attempts';
import type { Flow } from './flows';
import type { Observation, Observer } from './observe';
import type { Case } from './trial';
import { sendOnce, verdictOf } from './trial';

const FLOW: Flow = {
  title: 'p1 → local by node port of n1, TCP',
  from: { pod: 'lab/p1' },
  to: { address: TRACE.sent.dst, port: 30_081, protocol: 'TCP' },
};

const LOST: Observation = { ...SEEN, entries: [] };

describe('a flow of the lab', () => {
  /** Sends it in as many rounds as there are observations, one in each. */
  async function sent(...rounds: readonly Observation[]): Promise<Case> {
    const left = [...rounds];
    const attempt = () => Promise.resolve([[left.shift()!]]);
    const it: Case = { flow: FLOW, traces: [TRACE], observations: [], lost: [] };
    for (const _ of rounds) await sendOnce({ attempt } as unknown as Observer, [it]);
    return it;
  }

  it('agrees where the second attempt does, and says that there was one', async () => {
    const verdict = verdictOf(await sent(LOST, SEEN));
    expect(verdict).to.include({ difference: undefined, isRepeated: true });
  });

  it('differs where it loses an entry again', async () => {
    expect(verdictOf(await sent(LOST, LOST, SEEN)).difference).to.include('kernel ok');
  });

  it('differs where nothing but the lost attempt is there', async () => {
    expect(verdictOf(await sent(LOST)).difference).to.include('0 attempts');
  });

  it('differs at once where another answered', async () => {
    const other = { ...SEEN, greeting: { ...SEEN.greeting!, name: 'lab/a2' } };
    expect(verdictOf(await sent(other, SEEN)).difference).to.include('lab/a2');
  });
});
