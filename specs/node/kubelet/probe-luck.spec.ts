// Goal: where a bad line may fail a probe, each tick fares by itself, always in the same way for one
// seed; verdicts come at the tick that reaches the threshold, whoever looks in between.

import { expect } from 'chai';

import { Random } from '../../../src/kernel/random';
import { findingAt, newProbe, nextDue, observe, tick } from '../../../src/node/kubelet/probes';
import type { ProbeLuck, ProbeState } from '../../../src/node/kubelet/probes';
import { ratio } from '../../../src/values/ratio';
import type { Instant } from '../../../src/values/time';

const SECOND = 1_000_000;

function probe(seed: number, percent: number): ProbeState {
  const made = newProbe(1, 'readiness', { periodSeconds: 10, failureThreshold: 3 }, 0 as Instant);
  made.base = 0 as Instant;
  made.result = 'success';
  const luck: ProbeLuck = { random: new Random(seed), name: 'p', odds: ratio(percent, 100) };
  observe(made, 0 as Instant, 'success', luck);
  return made;
}

/** What the ticks find, one letter for each: `+` and `-`. */
function ticks(made: ProbeState, count: number): string {
  const all = Array.from({ length: count }, (_, index) => findingAt(made, index * 10 * SECOND));
  return all.map((found) => (found === 'success' ? '+' : '-')).join('');
}

describe('probes over a line that loses packets', () => {
  it('fail as often as the odds say, and otherwise with another seed', () => {
    const found = ticks(probe(1, 60), 1_000);
    expect(found.replaceAll('-', '')).to.have.length.within(555, 645);
    expect(ticks(probe(1, 60), 1_000)).to.equal(found);
    expect(ticks(probe(2, 60), 1_000)).not.to.equal(found);
  });

  it('give their verdict at the third failure in a row', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const made = probe(seed, 50);
      const third = ticks(made, 200).indexOf('---') + 2;
      const due = nextDue(made, undefined);
      expect(due, `seed ${seed}`).to.equal(third * 10 * SECOND);
      observe(made, due!, 'success', made.luck);
      expect(made.result, 'before the tick').to.equal('success');
      tick(made, due!);
      expect(made.result).to.equal('failure');
    }
  });

  it('give the same verdict whoever looks in between', () => {
    const made = probe(1, 50);
    const due = nextDue(made, undefined)!;
    for (let at = 0; at <= due; at += 3 * SECOND) {
      observe(made, at as Instant, 'success', made.luck);
      expect(nextDue(made, undefined), `at ${at / SECOND} s`).to.equal(due);
    }
  });

  it('are looked at again after a while where luck holds on', () => {
    const sure = probe(1, 100);
    expect(nextDue(sure, undefined)).to.equal(200 * 10 * SECOND);
  });

  it('find nothing but failures where there is nothing to find', () => {
    const made = probe(1, 50);
    observe(made, 0 as Instant, 'failure', made.luck);
    expect(ticks(made, 10)).to.equal('----------');
  });
});
