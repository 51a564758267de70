// When a sync may start, in both generations of the runner.
// The instants follow bounded_frequency_runner.go of 1.34 and of 1.33.

import { expect } from 'chai';
import { SyncRunner } from '../../../src/node/proxy/sync-runner';
import { milliseconds, seconds } from '../../../src/values/time';
import type { Instant } from '../../../src/values/time';
import type { KubeVersion } from '../../../src/values/kube-version';

const ms = (count: number) => milliseconds(count) as number as Instant;

/** Requests at instants, each run taking 30 ms: when do runs start? All in milliseconds. */
function starts(kubernetes: string, requests: readonly number[], until = 10_000): number[] {
  const runner = new SyncRunner(kubernetes as KubeVersion, seconds(1));
  const waiting = [...requests];
  const runs: number[] = [];
  let now = ms(0);
  let endsAt: Instant | undefined;
  for (;;) {
    const candidates = [
      waiting[0] === undefined ? Infinity : ms(waiting[0]),
      endsAt ?? Infinity,
      runner.nextStart(now) ?? Infinity,
    ];
    now = Math.min(...candidates) as Instant;
    if (now > ms(until)) return runs;
    if (now === endsAt) {
      runner.end(now);
      endsAt = undefined;
    } else if (now === candidates[0]) {
      waiting.shift();
      runner.request();
    } else {
      runner.begin(now);
      runs.push(now / 1000);
      endsAt = (now + ms(30)) as Instant;
    }
  }
}

describe('the sync runner', () => {
  it('runs at once when it has been idle', () => {
    expect(starts('1.36', [0])).to.deep.equal([0]);
  });

  it('waits for minSyncPeriod from the end of the last run', () => {
    expect(starts('1.36', [15, 35])).to.deep.equal([15, 1045]);
  });

  it('takes many requests in the meantime as one', () => {
    expect(starts('1.36', [0, 10, 20, 400, 900])).to.deep.equal([0, 1030]);
  });

  it('lets two runs follow each other up to 1.33', () => {
    expect(starts('1.33', [15, 35])).to.deep.equal([15, 45]);
  });

  it('lets the third wait for a token and the interval up to 1.33', () => {
    expect(starts('1.33', [0, 40, 80])).to.deep.equal([0, 40, 1070]);
  });

  it('gives a token back with each interval', () => {
    expect(starts('1.33', [0, 40, 2_100, 2_140])).to.deep.equal([0, 40, 2_100, 2_140]);
  });

  it('repeats a failed run after the retry interval', () => {
    const runner = new SyncRunner('1.36' as KubeVersion, seconds(1));
    runner.request();
    runner.begin(ms(0));
    runner.end(ms(0), seconds(30));
    expect(runner.nextStart(ms(0))).to.equal(ms(30_000));
    runner.request();
    expect(runner.nextStart(ms(0))).to.equal(ms(1_000));
  });
});
