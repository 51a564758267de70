// Goal: a delay that real components work out from others moves with them, and gives way to
// whoever says it itself: the suspicion of hashicorp/memberlist (util.go suspicionTimeout:
// SuspicionMult x ProbeInterval), the patience of a kubelet's heartbeats (cmd/kubelet/app/server.go
// heartbeatClientConfig.Timeout: nodeStatusUpdateFrequency, at the most the lease duration).

import { expect } from 'chai';

import { Random } from '../../src/kernel/random';
import { TIMERS, Timing } from '../../src/timing';
import type { Profile, TimerName, TimerRow } from '../../src/timing';
import { NEWEST_VERSION } from '../../src/values/kube-version';
import { formatDuration, milliseconds, seconds } from '../../src/values/time';
import type { Duration } from '../../src/values/time';

const SUSPICION = 'metallb.suspicionTimeout';
const PROBE = 'metallb.probeInterval';
const PATIENCE = 'kubelet.leaseRequestTimeout';
const STATUS = 'kubelet.nodeStatusUpdateFrequency';
const RENEWAL = 'kubelet.leaseRenewInterval';

type Said = Readonly<Record<string, Duration>>;

function timingOf(overrides: Said, own: Said = {}, profile: Profile = 'default'): Timing {
  const ofActors = new Map([['kubelet@worker-1', own]]);
  const options = { kubernetes: NEWEST_VERSION, profile, overrides, ofActors };
  return new Timing(options, new Random(1));
}

function delayOf(name: TimerName, overrides: Said, own?: Said, node = 'worker-1'): string {
  const timing = timingOf(overrides, own);
  return formatDuration(timing.delay(name, 'gain', `kubelet@${node}`).least);
}

describe('a delay that follows from others', () => {
  it('is what the table says while nobody says anything', () => {
    for (const [name, row] of Object.entries<TimerRow>(TIMERS)) {
      if (row.follows === undefined) continue;
      const all = row.follows.map(({ of, times }) => times * TIMERS[of as TimerName].value.least);
      expect(row.value, name).to.deep.equal({ least: Math.min(...all), extra: 0 });
    }
    expect(delayOf(SUSPICION, {})).to.equal('4s');
    expect(delayOf(PATIENCE, {})).to.equal('10s');
  });

  it('is four probe intervals, for a suspicion', () => {
    expect(delayOf(SUSPICION, { [PROBE]: seconds(3) })).to.equal('12s');
    expect(delayOf(SUSPICION, { [PROBE]: milliseconds(250) })).to.equal('1s');
  });

  it('is the shortest of several: a status update, or four renewals of a lease', () => {
    expect(delayOf(PATIENCE, { [STATUS]: seconds(4) })).to.equal('4s');
    expect(delayOf(PATIENCE, { [STATUS]: seconds(60) })).to.equal('40s');
    expect(delayOf(PATIENCE, { [RENEWAL]: seconds(2) })).to.equal('8s');
    expect(delayOf(PATIENCE, { [RENEWAL]: seconds(20) })).to.equal('10s');
    expect(delayOf(PATIENCE, { [RENEWAL]: seconds(20), [STATUS]: seconds(60) })).to.equal('1m');
  });

  it('gives way to whoever says it itself', () => {
    expect(delayOf(SUSPICION, { [PROBE]: seconds(3), [SUSPICION]: seconds(5) })).to.equal('5s');
    expect(delayOf(PATIENCE, { [PATIENCE]: seconds(7) }, { [STATUS]: seconds(4) })).to.equal('7s');
  });

  it('is the own one of the process that says one of them', () => {
    const own = { [STATUS]: seconds(4) };
    expect(delayOf(PATIENCE, {}, own)).to.equal('4s');
    expect(delayOf(PATIENCE, {}, own, 'worker-2')).to.equal('10s');
    const common = { [STATUS]: seconds(20) };
    expect(delayOf(PATIENCE, common, own)).to.equal('4s');
    expect(delayOf(PATIENCE, common, own, 'worker-2')).to.equal('20s');
    const timing = timingOf(common, own);
    for (const [node, wanted] of [
      ['worker-2', 20],
      ['worker-1', 4],
      ['worker-2', 20],
    ] as const) {
      const { least } = timing.delay(PATIENCE, 'gain', `kubelet@${node}`);
      expect(least, 'whoever asks first').to.equal(seconds(wanted));
    }
  });

  it('follows under a profile without latencies too, but not what this one zeroes', () => {
    const instant = (overrides: Said): number =>
      timingOf(overrides, {}, 'instant').delay(PATIENCE).least;
    expect(instant({})).to.equal(seconds(10));
    expect(instant({ [STATUS]: seconds(4) })).to.equal(seconds(4));
  });
});
