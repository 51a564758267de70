// Goal: `after` with `by`, `hold` and `takes` judges as language.md says: it becomes true within
// the time and stays true until the timeline does anything else, or for `hold`.

import { expect } from 'chai';
import { backends, walk } from '../../runner/fake-cluster';
import type { Change } from '../../runner/fake-cluster';
import { after, outcomeOf, s, step, t } from '../../runner/plans';

const ALL_FINE = backends('answered', 'answered', 'answered');
const ONE_REFUSED = backends('answered', 'refused-by-listener', 'answered');

/** From this second on, one of three backends refuses, or all answer. */
function refuses(second: number): Change {
  return [second, (cluster) => void (cluster.walks = () => ONE_REFUSED)];
}

function answers(second: number): Change {
  return [second, (cluster) => void (cluster.walks = () => ALL_FINE)];
}

const BY_2S = { operator: 'after', after: after('crash'), by: s(2) } as const;

describe('after … by', () => {
  it('passes when the claim becomes true in time and stays true to the end', () => {
    const outcome = outcomeOf(BY_2S, [refuses(10), answers(11.5)]);
    expect(outcome.status).to.equal('passed');
    expect(outcome.actual).to.equal('ok since t=11.5s');
    expect(outcome.title).to.equal('shop/frontend reaches backend:80 within 2s of "crash"');
  });

  it('passes at the deadline itself and fails a microsecond later', () => {
    expect(outcomeOf(BY_2S, [refuses(10), answers(12)]).status).to.equal('passed');
    expect(outcomeOf(BY_2S, [refuses(10), answers(12.000001)]).status).to.equal('failed');
  });

  it('tells until when it was otherwise, and for which part', () => {
    const outcome = outcomeOf(BY_2S, [refuses(10), answers(12.6)]);
    expect(outcome.status).to.equal('failed');
    expect(outcome.expected).to.equal('ok by t=12s, and from then on');
    expect(outcome.actual).to.equal('refused until t=12.6s for 1 of 3 possible backends');
    expect(outcome.at).to.equal(t(12));
  });

  it('passes when the step disturbed nothing: survival is an answer', () => {
    expect(outcomeOf(BY_2S).actual).to.equal('ok since t=10s');
  });

  it('fails when it became true in time and broke before anything else happened', () => {
    const outcome = outcomeOf(BY_2S, [refuses(10), answers(11), refuses(20)]);
    expect(outcome.status).to.equal('failed');
    expect(outcome.actual).to.equal(
      'ok at first, but refused for 1 of 3 possible backends from t=20s on',
    );
  });

  it('need not stay true beyond the next step of the timeline', () => {
    const steps = [step('crash'), step('next', { when: { at: t(20) } })];
    const script = [refuses(10), answers(11), refuses(20)];
    expect(outcomeOf(BY_2S, script, steps).status).to.equal('passed');
  });

  it('takes a recovery for a step of the timeline', () => {
    const kill = { kind: 'fault', name: 'kill' } as const;
    const crash = step('crash', {
      verb: kill,
      args: { pod: 'shop/backend#2' },
      recovery: { for: s(10) },
    });
    const script = [refuses(10), answers(11), refuses(20)];
    expect(outcomeOf(BY_2S, script, [crash]).status).to.equal('passed');
  });

  it('counts from the recovery of a step where that is named', () => {
    const kill = { kind: 'fault', name: 'kill' } as const;
    const crash = step('crash', {
      verb: kill,
      args: { pod: 'shop/backend#2' },
      recovery: { for: s(10) },
    });
    const end = { step: 'crash', edge: 'end', repetition: 1 } as const;
    const outcome = outcomeOf({ ...BY_2S, after: end }, [refuses(10), answers(21)], [crash]);
    expect(outcome.status).to.equal('passed');
    expect(outcome.title).to.match(/within 2s of the end of "crash"$/);
  });

  it('is an error where its step never happens', () => {
    const never = { step: 'crash', edge: 'end', repetition: 1 } as const;
    const outcome = outcomeOf({ ...BY_2S, after: never });
    expect(outcome).to.include({ status: 'error', code: 'never-evaluated' });
  });

  it('is an error where the deciding answer is not modelled', () => {
    const unknown = walk('not-modelled', { reason: 'hostPort is not modelled' });
    const outcome = outcomeOf(BY_2S, [[10, (it) => void (it.walks = () => [unknown])]]);
    expect(outcome).to.include({ status: 'error', code: 'not-modelled' });
    expect(outcome.actual).to.equal('not modelled: hostPort is not modelled');
  });

  it('is an error where there is no source from the step to the deadline', () => {
    const outcome = outcomeOf({
      ...BY_2S,
      args: { from: { pods: { labels: { app: 'x' } } }, to: 'b:1' },
    });
    expect(outcome).to.include({ status: 'error', code: 'vacuous' });
    expect(outcome.actual).to.equal('nothing to judge: nothing matches pods with app=x');
  });
});

describe('after … by … hold', () => {
  const HOLD = { ...BY_2S, hold: s(5) } as const;

  it('passes when it stays true for that long, whatever comes later', () => {
    expect(outcomeOf(HOLD, [refuses(10), answers(11), refuses(16)]).status).to.equal('passed');
    expect(outcomeOf(HOLD, [refuses(10), answers(11), refuses(15.9)]).status).to.equal('failed');
  });

  it('forgives an early flap if the time is not over', () => {
    const script = [refuses(10), answers(10.5), refuses(11), answers(12)];
    expect(outcomeOf(HOLD, script).status).to.equal('passed');
  });

  it('looks past the next step', () => {
    const steps = [step('crash'), step('next', { when: { at: t(13) } })];
    const script = [refuses(10), answers(11), refuses(13)];
    expect(outcomeOf(HOLD, script, steps).status).to.equal('failed');
  });
});

const takes = (atLeast: number, atMost: number) =>
  ({
    operator: 'after',
    after: after('crash'),
    takes: { atLeast: s(atLeast), atMost: s(atMost) },
  }) as const;

describe('after … takes', () => {
  it('passes inside of its bounds, which belong to it', () => {
    const script = [refuses(10), answers(10.35)];
    expect(outcomeOf(takes(0.35, 0.35), script).status).to.equal('passed');
    expect(outcomeOf(takes(0.3, 0.4), script).status).to.equal('passed');
  });

  it('fails when it takes longer, or less', () => {
    const script = [refuses(10), answers(10.35)];
    const late = outcomeOf(takes(0, 0.3), script);
    expect(late.status).to.equal('failed');
    expect(late.actual).to.equal('ok after 350ms (t=10.35s)');
    const early = outcomeOf(takes(0.4, 1), script);
    expect(early.status).to.equal('failed');
    expect(early.expected).to.equal('ok 400ms to 1s after the step, and from then on');
  });

  it('counts to the last time that it became true', () => {
    const script = [refuses(10), answers(10.1), refuses(10.2), answers(10.35)];
    expect(outcomeOf(takes(0.35, 0.35), script).status).to.equal('passed');
  });

  it('fails when it never becomes true', () => {
    const outcome = outcomeOf(takes(0, 1), [refuses(10)]);
    expect(outcome.status).to.equal('failed');
    expect(outcome.actual).to.match(/never for good after it$/);
  });
});

describe('after, with a claim that judges a change', () => {
  const CONVERGE = { ...BY_2S, claim: 'converge', args: { service: 'shop/backend' } } as const;
  const service: Change = [
    1,
    (cluster) =>
      cluster.put({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'backend', namespace: 'shop' },
        spec: { clusterIP: '10.96.0.20' },
      }),
  ];

  it('is an error where nothing changed', () => {
    const outcome = outcomeOf(CONVERGE, [service]);
    expect(outcome).to.include({ status: 'error', code: 'vacuous' });
    expect(outcome.actual).to.match(/"crash" changed nothing that it judges/);
  });

  it('passes where something changed and the nodes followed at the same instant', () => {
    const moved: Change = [
      10,
      (cluster) => {
        cluster.serves = ['10.244.1.5:8080'];
        cluster.programs.set('worker-1', ['10.244.1.5:8080']);
        cluster.programs.set('worker-2', ['10.244.1.5:8080']);
      },
    ];
    expect(outcomeOf(CONVERGE, [service, moved]).status).to.equal('passed');
  });
});
