// Goal: what a sync costs grows with the number of Services as it was measured, and a full write
// costs more than an update (reference timing.md §4.2).

import { expect } from 'chai';

import { Random } from '../src/kernel/random';
import { Timing } from '../src/timing';
import type { Profile } from '../src/timing';
import { programmingCost } from '../src/timers/rule-programming';
import { NEWEST_VERSION } from '../src/values/kube-version';
import { milliseconds, ZERO } from '../src/values/time';
import type { Duration } from '../src/values/time';

const ms = (count: number): Duration => milliseconds(count);

describe('the cost of programming rules', () => {
  it('is part of the base of a sync up to a hundred Services', () => {
    for (const mode of ['iptables', 'nftables']) {
      expect(programmingCost(mode, 'full', 100)).to.equal(ZERO);
      expect(programmingCost(mode, 'partial', 1)).to.equal(ZERO);
    }
  });

  it('is what was measured, less the base, at the points of the table', () => {
    expect(programmingCost('iptables', 'partial', 1_000)).to.equal(ms(70));
    expect(programmingCost('iptables', 'full', 5_000)).to.equal(ms(20_955));
    expect(programmingCost('nftables', 'partial', 10_000)).to.equal(ms(171));
    expect(programmingCost('nftables', 'full', 1_000)).to.equal(ms(346));
  });

  it('is linear between the points and beyond them', () => {
    expect(programmingCost('nftables', 'partial', 3_000)).to.equal(ms(50));
    expect(programmingCost('nftables', 'partial', 15_000)).to.equal(ms(261));
  });

  it('is higher for a restart than for an update, for every number', () => {
    for (const services of [500, 2_000, 7_000, 20_000]) {
      const full = programmingCost('iptables', 'full', services);
      expect(full).to.be.greaterThan(programmingCost('iptables', 'partial', services));
    }
  });

  it('is unknown for modes that nobody has measured, and so none', () => {
    expect(programmingCost('ipvs', 'full', 10_000)).to.equal(ZERO);
  });

  it('is none in profiles that take no time, or where the scenario says what a restore takes', () => {
    const cost = (profile: Profile, overrides = {}) => {
      const options = { kubernetes: NEWEST_VERSION, profile, overrides };
      return new Timing(options, new Random(1)).programming('iptables', 'partial', 5_000);
    };
    expect(cost('default')).to.equal(ms(290));
    expect(cost('instant')).to.equal(ZERO);
    expect(cost('tutorial')).to.equal(ZERO);
    expect(cost('default', { 'kube-proxy.restore': ms(5) })).to.equal(ZERO);
  });

  it('is as many times as high for a proxy that is slow', () => {
    const options = { kubernetes: NEWEST_VERSION, profile: 'default' } as const;
    const timing = new Timing(options, new Random(1));
    const slow = { add: ms(50), factor: 3, only: ['sync'] } as const;
    timing.slowdowns.set('kube-proxy@worker-1', 'fault', slow);
    const cost = (actor: string) => timing.programming('iptables', 'partial', 5_000, actor);
    expect(cost('kube-proxy@worker-1')).to.equal(ms(870));
    expect(cost('kube-proxy@worker-2')).to.equal(ms(290));
  });
});
