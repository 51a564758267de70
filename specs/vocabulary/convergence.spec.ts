// Goal: the time of a change is counted as the network programming SLI counts it: from what the API
// says of its cause to the instant at which enough nodes live by it, or by a later change.
// source: community sig-scalability/slos/network_programming_latency.md

import { expect } from 'chai';
import { judgeChanges } from '../../src/vocabulary/convergence';
import type { Observation } from '../../src/vocabulary/define';
import type { Sample } from '../../src/vocabulary/history';
import type { Stretch } from '../../src/vocabulary/stretch';
import { s, t } from '../runner/plans';

const ALL = (converged: number, total: number): boolean => converged === total;
const ANY = (converged: number): boolean => converged > 0;

/** A sample: the truth, what each of two nodes lives by, and since when the API says so. */
function sample(second: number, truth: string, one: string, two: string, since?: number): Sample {
  const views = [one, two].map((state, index) => {
    const place = `worker-${index + 1}`;
    return {
      place,
      state,
      trouble: state === truth ? '' : 'is late',
      agent: `kube-proxy@${place}`,
    };
  });
  const agreement = {
    truth,
    views,
    objects: [],
    ...(since !== undefined && { since: t(since) }),
  };
  return { at: t(second), observation: { agreement } as unknown as Observation };
}

function stretch(samples: readonly Sample[], by: number, more: Partial<Stretch> = {}): Stretch {
  return { from: t(10), to: t(60), seen: t(60), samples, by: s(by), ...more };
}

const BEFORE = sample(9, 'a', 'a', 'a');

describe('the time that a change takes', () => {
  const ONE = [
    sample(10, 'a', 'a', 'a'),
    sample(12, 'b', 'a', 'a', 11),
    sample(13, 'b', 'b', 'a', 11),
    sample(15, 'b', 'b', 'b', 11),
  ];

  it('goes from its cause in the API to the last node', () => {
    expect(judgeChanges(stretch(ONE, 4), true, ALL)).to.deep.equal({
      passed: true,
      actual: '4s after the change at t=11s',
      at: t(12),
      over: t(15),
      took: s(4),
    });
    expect(judgeChanges(stretch(ONE, 3.999999), true, ALL).passed).to.equal(false);
  });

  it('ends with the first node where any suffices', () => {
    expect(judgeChanges(stretch(ONE, 2), true, ANY)).to.include({ passed: true, over: t(13) });
  });

  it('begins with the write where the API tells of no younger cause', () => {
    const older = ONE.map((it) => {
      const { agreement } = it.observation;
      return { ...it, observation: { agreement: { ...agreement!, since: t(5) } } as never };
    });
    expect(judgeChanges(stretch(older, 3), true, ALL).actual).to.equal(
      '3s after the change at t=12s',
    );
  });

  it('ends, too, where the nodes go on to a later change at once', () => {
    const overtaken = [
      sample(10, 'a', 'a', 'a'),
      sample(12, 'b', 'a', 'a'),
      sample(13, 'c', 'a', 'a'),
      sample(14, 'c', 'c', 'c'),
    ];
    expect(judgeChanges(stretch(overtaken, 2), true, ALL)).to.include({
      passed: true,
      actual: '2s after the change at t=12s, the slowest of 2 changes',
    });
  });

  it('ends, too, with a node that lives by the change when the API has gone on already', () => {
    const behind = [
      sample(10, 'a', 'a', 'a'),
      sample(12, 'b', 'a', 'a'),
      sample(13, 'c', 'a', 'a'),
      sample(14, 'c', 'b', 'b'),
      sample(15, 'c', 'c', 'c'),
    ];
    expect(judgeChanges(stretch(behind, 2), false, ALL)).to.include({ passed: true, over: t(14) });
  });

  it('is that of the first change alone, unless each is asked for', () => {
    const two = [...ONE, sample(20, 'c', 'b', 'b'), sample(30, 'c', 'c', 'c')];
    expect(judgeChanges(stretch(two, 4), false, ALL).passed).to.equal(true);
    expect(judgeChanges(stretch(two, 4), true, ALL)).to.include({
      passed: false,
      actual: '10s after the change at t=20s; 1 of 2 changes were late',
    });
  });

  it('has no end where the nodes never agree', () => {
    const verdict = judgeChanges(stretch(ONE.slice(0, 3), 600), true, ALL);
    expect(verdict.passed).to.equal(false);
    expect(verdict.actual).to.equal('the change at t=11s has not converged by t=1m');
  });

  it('counts a change at the first instant of the stretch', () => {
    const samples = [sample(10, 'b', 'a', 'a'), sample(11, 'b', 'b', 'b')];
    expect(judgeChanges(stretch(samples, 1, { before: BEFORE }), true, ALL).passed).to.equal(true);
  });

  it('counts what comes to be as a change', () => {
    const nothing = { at: t(10), observation: {} as Observation };
    const samples = [nothing, sample(11, 'a', '', ''), sample(12, 'a', 'a', 'a')];
    expect(judgeChanges(stretch(samples, 1), true, ALL).actual).to.equal(
      '1s after the change at t=11s',
    );
  });

  it('is nothing to judge where nothing changed, and that is said', () => {
    const verdict = judgeChanges(stretch([sample(10, 'a', 'a', 'a')], 1), true, ALL);
    expect(verdict.vacuous).to.equal('nothing changed in the API: it says a throughout');
  });
});
