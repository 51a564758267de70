// Goal: every process has its own version, and each timer runs by the version of its process.

import { expect } from 'chai';
import { Random } from '../../src/kernel/random';
import { Timing } from '../../src/timing';
import { Versions } from '../../src/timers/versions';
import type { KubeVersion } from '../../src/values/kube-version';
import { seconds } from '../../src/values/time';

const OLD = '1.31' as KubeVersion;
const NEW = '1.32' as KubeVersion;
const GRACE = 'controller-manager.nodelifecycle.monitorGracePeriod';

describe('the versions of a cluster', () => {
  it('are one at first', () => {
    const versions = new Versions(OLD);
    for (const actor of ['apiserver', 'kubelet@worker-1', 'controller-manager/job']) {
      expect(versions.of(actor)).to.equal(OLD);
    }
  });

  it('are of single processes from then on', () => {
    const versions = new Versions(OLD);
    versions.set('kube-proxy@worker-1', NEW);
    expect(versions.of('kube-proxy@worker-1')).to.equal(NEW);
    expect(versions.of('kube-proxy@worker-2')).to.equal(OLD);
    expect(versions.of('kubelet@worker-1')).to.equal(OLD);
  });

  it('are those of the process for each of its controllers', () => {
    const versions = new Versions(OLD);
    versions.set('controller-manager', NEW);
    expect(versions.of('controller-manager/job')).to.equal(NEW);
    expect(versions.of('cloud-controller-manager/service')).to.equal(OLD);
  });

  it('can go back', () => {
    const versions = new Versions(OLD);
    versions.set('kubelet@worker-1', NEW);
    versions.set('kubelet@worker-1', OLD);
    expect(versions.of('kubelet@worker-1')).to.equal(OLD);
  });

  it('tell what a process was at the beginning, whatever it has become', () => {
    const versions = new Versions(OLD, new Map([['kubelet@worker-1', NEW]]));
    versions.set('kubelet@worker-1', OLD);
    versions.set('kubelet@worker-2', NEW);
    expect(versions.of('kubelet@worker-1')).to.equal(OLD);
    expect(versions.first('kubelet@worker-1')).to.equal(NEW);
    expect(versions.first('kubelet@worker-2')).to.equal(OLD);
  });
});

describe('a timer with older values', () => {
  const timing = (): Timing => {
    return new Timing({ kubernetes: OLD, profile: 'default' }, new Random(1));
  };

  it('follows its own process, and no other', () => {
    const table = timing();
    table.versions.set('apiserver', NEW);
    table.versions.set('kubelet@worker-1', NEW);
    expect(table.delay(GRACE).least).to.equal(seconds(40));
    expect(table.wait(GRACE, 'kubelet@worker-1')).to.equal(seconds(40));
    table.versions.set('controller-manager', NEW);
    expect(table.delay(GRACE).least).to.equal(seconds(50));
    expect(table.draw(GRACE, 'controller-manager/node-lifecycle')).to.equal(seconds(50));
  });

  it('follows one of several like processes where that one is named', () => {
    const table = timing();
    table.versions.set('controller-manager@cp-2', NEW);
    expect(table.delay(GRACE).least).to.equal(seconds(40));
    expect(table.draw(GRACE, 'controller-manager@cp-2')).to.equal(seconds(50));
  });

  it('draws the same whatever the version', () => {
    const draws = (version: KubeVersion): readonly number[] => {
      const table = timing();
      table.versions.set('kube-proxy@worker-1', version);
      return [1, 2, 3].map(() => table.draw('kubelet.containerStart', 'kube-proxy@worker-1'));
    };
    expect(draws(NEW)).to.deep.equal(draws(OLD));
  });
});
