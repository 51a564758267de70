// Goal: an attempt that lost an entry is made again once; whatever comes again is a difference. One
// that clashed says nothing at all.

import { expect } from 'chai';
import { SEEN, TRACE } from './attempts';
import type { Flow } from './flows';
import type { Observation, Observer } from './observe';
import type { Case } from './trial';
import { sample, sendOnce, verdictOf } from './trial';

const FLOW: Flow = {
  title: 'p1 → local by node port of n1, TCP',
  from: { pod: 'lab/p1' },
  to: { address: TRACE.sent.dst, port: 30_081, protocol: 'TCP' },
};

const LOST: Observation = { ...SEEN, entries: [] };
const CLASHED: Observation = { ...SEEN, hasClashed: true };

describe('a flow of the lab', () => {
  /** Nothing has been sent yet. */
  function unsent(): Case {
    return { flow: FLOW, traces: [TRACE], observations: [], lost: [] };
  }

  /** Whoever observes sees these, one in each round. */
  function observerOf(rounds: readonly Observation[]): Observer {
    const left = [...rounds];
    const attempt = () => Promise.resolve([left.splice(0, 1)]);
    return { attempt } as unknown as Observer;
  }

  /** Sends it in as many rounds as there are observations. */
  async function sent(...rounds: readonly Observation[]): Promise<Case> {
    const observer = observerOf(rounds);
    const it = unsent();
    for (const _ of rounds) await sendOnce(observer, [it]);
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

  it('is sampled anew where the attempt clashed with another connection, or lost an entry', async () => {
    for (const spoilt of [[CLASHED], [LOST], [CLASHED, LOST, CLASHED]]) {
      const it = unsent();
      await sample(observerOf([...spoilt, SEEN, LOST]), [it]);
      expect(it.observations).to.deep.equal([SEEN]);
    }
  });
});
