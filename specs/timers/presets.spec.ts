// Goal: the profiles of whole clusters that people know by name set the rows that their sources
// name, and nothing else (timing.md §8).

import { expect } from 'chai';
import { Random } from '../../src/kernel/random';
import { PRESETS } from '../../src/timers/presets';
import { PROFILES, TIMERS, Timing } from '../../src/timing';
import type { Profile, TimerName } from '../../src/timing';
import { programmingCost } from '../../src/timers/rule-programming';
import { NEWEST_VERSION } from '../../src/values/kube-version';
import { formatDuration } from '../../src/values/time';

function timingOf(profile: Profile, overrides = {}): Timing {
  return new Timing({ kubernetes: NEWEST_VERSION, profile, overrides }, new Random(1));
}

/** Rows in which a profile differs from `default`. */
function differences(profile: Profile): Record<string, string> {
  const [plain, other] = [timingOf('default'), timingOf(profile)];
  const changed = (Object.keys(TIMERS) as TimerName[]).filter((name) => {
    const [one, two] = [plain.range(name), other.range(name)];
    return one.least !== two.least || one.most !== two.most;
  });
  return Object.fromEntries(changed.map((name) => [name, formatDuration(other.delay(name).least)]));
}

describe('the profiles of known clusters', () => {
  it('stand beside the others', () => {
    expect(PROFILES).to.include.members([
      'default',
      'MediumUpdateAverageReaction',
      'LowUpdateSlowReaction',
      'large-5000',
    ]);
  });

  it('are the worker latency profiles of OpenShift: status update, grace and toleration', () => {
    const node = 'controller-manager.nodelifecycle.monitorGracePeriod';
    const plain = timingOf('default');
    expect(plain.delay('kubelet.nodeStatusUpdateFrequency').least).to.equal(10_000_000);
    expect(plain.delay(node).least).to.equal(50_000_000);
    expect(plain.delay('apiserver.defaultUnreachableToleration').least).to.equal(300_000_000);
    expect(differences('MediumUpdateAverageReaction')).to.deep.equal({
      'kubelet.nodeStatusUpdateFrequency': '20s',
      'kubelet.leaseRequestTimeout': '20s',
      [node]: '2m',
      'apiserver.defaultNotReadyToleration': '1m',
      'apiserver.defaultUnreachableToleration': '1m',
    });
    expect(differences('LowUpdateSlowReaction')).to.deep.equal({
      'kubelet.nodeStatusUpdateFrequency': '1m',
      'kubelet.leaseRequestTimeout': '40s',
      [node]: '5m',
      'apiserver.defaultNotReadyToleration': '1m',
      'apiserver.defaultUnreachableToleration': '1m',
    });
  });

  it('are 5,000 nodes with 10,000 Services, whose rules are written every 10 s', () => {
    expect(differences('large-5000')).to.deep.equal({ 'kube-proxy.minSyncPeriod': '10s' });
    const few = timingOf('large-5000').programming('iptables', 'full', 5);
    expect(few).to.equal(programmingCost('iptables', 'full', 10_000));
    expect(few).to.be.above(timingOf('default').programming('iptables', 'full', 5));
    const many = timingOf('large-5000').programming('iptables', 'full', 20_000);
    expect(many).to.equal(programmingCost('iptables', 'full', 20_000));
  });

  it('draw phases as the default does, and give way to what a scenario sets', () => {
    const name = 'kubelet.plegRelistPeriod';
    const plain = timingOf('default').phase(name, 'kubelet@worker-1');
    expect(timingOf('large-5000').phase(name, 'kubelet@worker-1')).to.equal(plain).and.above(0);
    const own = timingOf('large-5000', { 'kube-proxy.minSyncPeriod': 3_000_000 });
    expect(own.delay('kube-proxy.minSyncPeriod').least).to.equal(3_000_000);
  });

  it('name rows of the table and where they are from', () => {
    for (const { timers, source } of Object.values(PRESETS)) {
      expect(Object.keys(TIMERS)).to.include.members(Object.keys(timers));
      expect(source).to.match(/openshift\/api|KEP-3453/);
    }
  });
});
