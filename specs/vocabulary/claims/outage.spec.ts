// Goal: an outage is counted probe by probe from a history of states, exactly: which probes of the
// grid fall into which state, the longest gap, the failures by kind, the average. What may fail
// counts as failing, each source and each kept connection by itself.

import { expect } from 'chai';
import outage from '../../../src/vocabulary/claims/outage';
import type { FiveTuple } from '../../../src/values/flow';
import { ratio } from '../../../src/values/ratio';
import { backends, walk } from '../../runner/fake-cluster';
import type { Change } from '../../runner/fake-cluster';
import { after, outcomeOf, REACH, runScript, plan, s, step, t } from '../../runner/plans';
import type { Outcome } from '../../../src/runner/result';
import type { PlannedExpectation, PlannedStep } from '../../../src/language/plan';

const FINE = backends('answered', 'answered', 'answered');
const ONE_REFUSED = backends('answered', 'refused-by-listener', 'answered');

function becomes(second: number, walks: readonly ReturnType<typeof walk>[]): Change {
  return [second, (cluster) => void (cluster.walks = () => walks)];
}

function judged(
  limits: object,
  script: readonly Change[],
  more: Partial<PlannedExpectation> = {},
  timeline?: readonly PlannedStep[],
): Outcome {
  const args = { ...REACH, ...limits };
  const expected = { operator: 'after', after: after('crash'), claim: 'outage', args, ...more };
  return outcomeOf(expected as Partial<PlannedExpectation>, script, timeline);
}

describe('outage', () => {
  it('measures a gap from the first probe that may fail to the first that cannot', () => {
    const script = [becomes(10, ONE_REFUSED), becomes(10.634, FINE)];
    expect(judged({ gap: '640ms' }, script).status).to.equal('passed');
    const outcome = judged({ gap: '630ms' }, script);
    expect(outcome).to.include({ status: 'failed', at: t(10) });
    expect(outcome.actual).to.equal(
      'a gap of 640ms from t=10s to t=10.64s: 64 probes refused (refused-by-listener) ' +
        'for 1 of 3 possible backends',
    );
    expect(outcome.expected).to.equal('a gap of exactly 630ms');
  });

  it('sends a probe at the step itself and none at the instant that ends the stretch', () => {
    const all = judged({ failures: { refused: 100 } }, [becomes(10, ONE_REFUSED)], { hold: s(1) });
    expect(all.status).to.equal('passed');
    expect(
      judged({ failures: { refused: 0 } }, [becomes(11, ONE_REFUSED)], { hold: s(1) }).actual,
    ).to.equal('none of 100 probes fails');
  });

  it('misses a state that lies between two probes, and no state that holds one', () => {
    const between = [becomes(10.001, ONE_REFUSED), becomes(10.009, FINE)];
    expect(judged({ gap: '0s' }, between).status).to.equal('passed');
    const around = [becomes(10.009, ONE_REFUSED), becomes(10.010001, FINE)];
    expect(judged({ gap: '10ms' }, around).status).to.equal('passed');
    expect(judged({ gap: '0s', interval: '1ms' }, between).status).to.equal('failed');
  });

  it('takes several states for one gap and tells what they were', () => {
    const script = [
      becomes(10, ONE_REFUSED),
      becomes(10.1, backends('answered', 'node-down', 'answered')),
      becomes(10.3, FINE),
    ];
    expect(judged({ gap: '0s' }, script).actual).to.match(
      /^a gap of 300ms .* 30 probes refused, timeout \(refused-by-listener, node-down\)/,
    );
    expect(judged({ failures: { refused: 10, timeout: 20, fail: 30 } }, script).status).to.equal(
      'passed',
    );
  });

  it('judges the longest of several gaps', () => {
    const script = [
      becomes(10, ONE_REFUSED),
      becomes(10.1, FINE),
      becomes(11, ONE_REFUSED),
      becomes(11.2, FINE),
    ];
    expect(judged({ gap: { atMost: '200ms' }, failures: { fail: 30 } }, script).status).to.equal(
      'passed',
    );
    expect(judged({ gap: { atMost: '199ms' } }, script).at).to.equal(t(11));
    const equals = [...script.slice(0, 3), becomes(11.1, FINE)];
    expect(judged({ gap: '0s' }, equals).at).to.equal(t(10));
  });

  it('lets no bound allow a gap that is open when the run ends', () => {
    const outcome = judged({ gap: { atMost: '24h' } }, [becomes(10, ONE_REFUSED)]);
    expect(outcome.status).to.equal('failed');
    expect(outcome.actual).to.match(/^a gap of no known end from t=10s on: probes refused/);
  });

  it('ends with the next thing that the timeline does', () => {
    const steps = [step('crash'), step('next', { when: { at: t(12) } })];
    const outcome = judged({ gap: '2s' }, [becomes(10, ONE_REFUSED)], {}, steps);
    expect(outcome.status).to.equal('passed');
  });

  it('gives the exact average where that is asked', () => {
    const script = [becomes(10, ONE_REFUSED), becomes(11, FINE)];
    const hold = { hold: s(10) };
    // A tenth of the probes meets a refusal with a probability of 1/3.
    expect(judged({ odds: { atLeast: '29/30', atMost: '29/30' } }, script, hold).status).to.equal(
      'passed',
    );
    expect(judged({ odds: { atLeast: '99/100' } }, script, hold).actual).to.match(
      /answers with a probability of 29\/30$/,
    );
    expect(judged({ odds: { atLeast: '1/2' } }, script)).to.include({ code: 'vacuous' });
  });

  it('takes an answer that comes later than the client waits for a timeout', () => {
    const late = [{ ...walk('answered'), took: s(0.3) }];
    const script = [becomes(10, late), becomes(10.1, FINE)];
    expect(judged({ failures: { timeout: 10 }, timeout: '200ms' }, script).status).to.equal(
      'passed',
    );
    expect(judged({ failures: { fail: 0 } }, script).status).to.equal('passed');
  });

  it('judges `during` by itself', () => {
    const during = { from: t(5), to: t(8) };
    const bounds = { operator: 'during', after: undefined, during } as object;
    const outcome = judged({ gap: '0s' }, [becomes(10, ONE_REFUSED)], bounds);
    expect(outcome).to.include({ status: 'passed', actual: 'none of 300 probes fails' });
    expect(outcome.title).to.equal(
      'shop/frontend probes backend:80 every 10ms with no gap from 5s to 8s',
    );
  });

  it('is an error where there is no source, or where no probe could succeed', () => {
    const nobody = { from: { pods: { labels: { app: 'x' } } }, gap: '0s' };
    expect(judged(nobody, [])).to.include({ status: 'error', code: 'vacuous' });
    const dead = judged({ failures: { timeout: 0 } }, [becomes(1, [walk('no-route')])]);
    expect(dead).to.include({ status: 'error', code: 'vacuous' });
    expect(dead.actual).to.equal('nothing to judge: no probe could succeed at all: unreachable');
  });

  it('is an error where an answer is not modelled', () => {
    const outcome = judged({ gap: '0s' }, [becomes(10, [walk('not-modelled')])]);
    expect(outcome).to.include({ status: 'error', code: 'not-modelled' });
  });

  it('refuses what cannot be judged', () => {
    const problems = (args: object) =>
      outage.check!({ ...REACH, ...args }).map(({ message }) => message);
    expect(problems({})[0]).to.match(/^say what the outage may cost/);
    expect(problems({ gap: '0s', timeout: '2s' })[0]).to.match(/waits no longer than that/);
    expect(problems({ gap: '0s', interval: '0s' })[0]).to.match(/some time between/);
    expect(problems({ gap: '0s', opened: '5s' })[0]).to.match(/is for `connections: kept`/);
    expect(problems({ gap: '0s', to: 'dns:53/udp', connections: 'kept' })[0]).to.match(/only TCP/);
    expect(problems({ gap: '0s' })).to.deep.equal([]);
  });
});

describe('outage of connections that are kept', () => {
  const KEPT = { connections: 'kept', gap: '0s' };
  const TUPLE = { protocol: 'TCP', sport: 40_001 } as unknown as FiveTuple;

  /** Two connections that were possible, of which the first is reset from second 11 to 12. */
  function twoConnections(isAlive = () => true): Change {
    return [
      1,
      (cluster) => {
        const opened = { ...walk('answered'), probability: ratio(1, 2) };
        const connections = [1, 2].map((id) => {
          const tuple = { ...TUPLE, sport: 40_000 + id };
          return { from: { pod: 'shop/frontend-a' }, tuple, opened, client: { isAlive } } as never;
        });
        cluster.open = () => connections;
        cluster.proceed = (({ tuple }: { readonly tuple: FiveTuple }) => {
          const { now } = cluster.kernel;
          const isReset = tuple.sport === 40_001 ? now >= t(11) && now < t(12) : now >= t(12);
          return [walk(isReset && now < t(13) ? 'connection-reset' : 'answered')];
        }) as never;
      },
    ];
  }
  const nothing = (second: number): Change => [second, () => undefined];

  it('takes each of them for a client by itself: two gaps in a row are no longer one', () => {
    const script = [twoConnections(), nothing(11), nothing(12), nothing(13)];
    const outcome = judged({ ...KEPT, gap: '1s' }, script);
    expect(outcome.status, outcome.actual).to.equal('passed');
    expect(judged({ ...KEPT, failures: { reset: 100 }, gap: '1s' }, script).status).to.equal(
      'passed',
    );
    expect(judged(KEPT, script).actual).to.match(/100 probes reset \(connection-reset\), shop/);
  });

  it('counts for the worst of those that one client could have', () => {
    const script = [twoConnections(), nothing(11), nothing(12), nothing(13)];
    const hold = { hold: s(2) };
    const limits = { connections: 'kept', gap: '1s', failures: { reset: 100, fail: 100 } };
    // Within two seconds only the first of the two connections is reset.
    const outcome = judged(limits, script, hold);
    expect(outcome.status, outcome.actual).to.equal('passed');
    const average = { connections: 'kept', odds: { atLeast: '3/4', atMost: '3/4' } };
    expect(judged(average, script, hold).status).to.equal('passed');
  });

  it('is opened just before the step', () => {
    const opened: number[] = [];
    const spy: Change = [
      1,
      (cluster) => {
        cluster.open = () => {
          opened.push(cluster.kernel.now);
          return [];
        };
      },
    ];
    const outcome = judged(KEPT, [spy]);
    // Once in the run, and once in the one that explains.
    expect(new Set(opened)).to.deep.equal(new Set([t(10) - 1]));
    expect(outcome).to.include({ status: 'error', code: 'vacuous' });
    expect(outcome.actual).to.equal('nothing to judge: no connection could be opened');
  });

  it('sends nothing for a client that is gone', () => {
    const outcome = judged(KEPT, [twoConnections(() => false)]);
    expect(outcome.actual).to.match(/no client that opened a connection runs any longer/);
  });
});

describe('the number of probes', () => {
  it('costs nothing: a day at every microsecond is counted as fast as a second', () => {
    const args = { ...REACH, interval: '1us', failures: { fail: 3_600_000_000 } };
    const expected = { operator: 'during', claim: 'outage', args } as const;
    const during = { from: t(10), to: t(10 + 86_400) };
    const script = [becomes(20, ONE_REFUSED), becomes(3_620, FINE)];
    const { outcomes } = runScript(plan([{ ...expected, during }], []), script);
    expect(outcomes[0]!.status, outcomes[0]!.actual).to.equal('passed');
  });
});
