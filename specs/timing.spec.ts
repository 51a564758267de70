// Goal: a delay is what version, profile and override make it, and a draw stays within it.

import { expect } from 'chai';
import { Random } from '../src/kernel/random';
import { PROFILES, Timing, TIMERS } from '../src/timing';
import type { Profile, TimerName, TimerRow } from '../src/timing';
import type { KubeVersion } from '../src/values/kube-version';
import { MODELLED_VERSIONS, NEWEST_VERSION } from '../src/values/kube-version';
import { milliseconds, seconds, START, ZERO } from '../src/values/time';

function timing(profile: Profile, kubernetes = '1.36', overrides = {}): Timing {
  const options = { kubernetes: kubernetes as KubeVersion, profile, overrides };
  return new Timing(options, new Random(1));
}

const NAMES = Object.keys(TIMERS) as TimerName[];

describe('the table of delays', () => {
  it('names the real knob first: component, then timer', () => {
    for (const name of NAMES) expect(name).to.match(/^[a-z-]+(\.[a-z][a-zA-Z]*)?\.[a-zA-Z0-9]+$/);
  });

  it('knows older versions', () => {
    const grace = 'controller-manager.nodelifecycle.monitorGracePeriod';
    // source: kubernetes#126287 raised the default from 40 s to 50 s in 1.32
    expect(timing('default', '1.31').delay(grace).least).to.equal(seconds(40));
    expect(timing('default', '1.32').delay(grace).least).to.equal(seconds(50));
  });

  it('lets one process differ from all others, before what is said of all of them', () => {
    const name = 'kubelet.shutdownGracePeriod';
    const ofActors = new Map([['kubelet@worker-1', { [name]: seconds(7) }]]);
    const overrides = { [name]: seconds(30), 'kubelet.runtimeDown': seconds(9) };
    const options = {
      kubernetes: NEWEST_VERSION,
      profile: 'default',
      overrides,
      ofActors,
    } as const;
    const table = new Timing(options, new Random(1));
    const of = (actor?: string) => table.delay(name, 'gain', actor).least;
    expect([of('kubelet@worker-1'), of('kubelet@worker-2'), of()]).to.deep.equal(
      [7, 30, 30].map(seconds),
    );
    expect(table.base(name, 'kubelet@worker-1')).to.equal(seconds(7));
    expect(table.wait('kubelet.runtimeDown', 'kubelet@worker-1')).to.equal(seconds(9));
  });

  it('keeps waits and drops the rest under "instant"', () => {
    for (const name of NAMES) {
      const row: TimerRow = TIMERS[name];
      const { least } = timing('instant').delay(name);
      expect(least, name).to.equal(row.kind === 'wait' ? row.value.least : 0);
    }
  });

  it('brackets every draw by "best" and "worst", for every version', () => {
    for (const version of MODELLED_VERSIONS) {
      const table = timing('default', version);
      for (const name of NAMES) {
        const low = timing('best', version).delay(name).least;
        const high = timing('worst', version).delay(name).least;
        for (let draw = 0; draw < 20; draw++) {
          expect(table.draw(name, 'spec'), name).to.be.within(low, high);
        }
      }
    }
  });

  it('tells gain from loss under "tutorial" only', () => {
    // The two classic timelines: a Service live at +40 ms, a dead pod forgotten at +350 ms.
    const tutorial = timing('tutorial');
    expect(tutorial.delay('apiserver.watch', 'gain').least).to.equal(milliseconds(5));
    expect(tutorial.delay('apiserver.watch', 'loss').least).to.equal(milliseconds(50));
    const usual = timing('default');
    for (const name of NAMES) {
      expect(usual.delay(name, 'loss'), name).to.deep.equal(usual.delay(name, 'gain'));
    }
  });

  it('takes the default of the version where the tutorial says nothing', () => {
    const grace = 'controller-manager.nodelifecycle.monitorGracePeriod';
    expect(timing('tutorial', '1.31').delay(grace).least).to.equal(seconds(40));
  });

  it('lets a scenario replace a row, whatever the profile', () => {
    const overrides = { 'kubelet.plegRelistPeriod': milliseconds(7) };
    for (const profile of PROFILES) {
      const table = timing(profile, '1.36', overrides);
      expect(table.delay('kubelet.plegRelistPeriod').least, profile).to.equal(milliseconds(7));
    }
  });

  it('gives each actor a phase of its own within the period', () => {
    const table = timing('default');
    const phases = ['a', 'b', 'c'].map((actor) => table.phase('kubelet.plegRelistPeriod', actor));
    expect(new Set(phases).size).to.equal(3);
    for (const phase of phases) expect(phase).to.be.within(0, seconds(1) - 1);
    expect(timing('tutorial').phase('kubelet.plegRelistPeriod', 'a')).to.equal(0);
  });

  it('goes on under another profile', () => {
    const table = timing('instant');
    table.switchTo('default');
    expect(table.profile).to.equal('default');
    expect(table.delay('apiserver.write').least).to.equal(milliseconds(10));
  });
});

describe('what a latency is for everybody alike', () => {
  it('is its value, as its profile has it', () => {
    expect(timing('default').uniform('metallb.announce')).to.equal(milliseconds(10));
    expect(timing('instant').uniform('metallb.announce')).to.equal(ZERO);
    expect(timing('tutorial').uniform('apiserver.watch', 'loss')).to.equal(milliseconds(50));
  });

  it('is nothing where it is drawn each time', () => {
    const drawn = NAMES.filter((name) => timing('default').delay(name).extra > 0);
    expect(drawn).to.not.deep.equal([]);
    for (const name of drawn) expect(timing('default').uniform(name), name).to.equal(undefined);
  });

  it('is nothing for what clocks measure: they may differ', () => {
    const measured = NAMES.filter((name) => TIMERS[name].kind !== 'latency');
    for (const name of measured) expect(timing('worst').uniform(name), name).to.equal(undefined);
  });

  it('is nothing where anybody is slow', () => {
    const table = timing('default');
    const slow = { add: seconds(1), factor: 1, only: ['sync'] } as const;
    table.slowdowns.set('metallb/speaker@worker-1', 'fault', slow);
    expect(table.uniform('metallb.announce')).to.equal(undefined);
    table.slowdowns.remove('metallb/speaker@worker-1', 'fault');
    expect(table.uniform('metallb.announce')).to.equal(milliseconds(10));
  });
});

describe('what is left of a pause that is drawn anew each time', () => {
  const RETRY = 'leader-election.retryPeriod';

  it('is as many times as long as the clock of its process is slow', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const options = { kubernetes: NEWEST_VERSION, profile: 'default' } as const;
      const [right, slow] = [1, 2].map(() => new Timing(options, new Random(seed)));
      slow!.clocks.set('scheduler', 'fault', { offset: 0, drift: -500_000 }, START);
      const left = right!.remainder(RETRY, 'scheduler');
      expect(slow!.remainder(RETRY, 'scheduler'), `seed ${seed}`).to.equal(2 * left);
    }
  });
});
