// Goal: every timer that timing.md §2 names is a row of the table, or is named with what sets it,
// or is named with what is missed without it; and nothing is in two of these.

import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { DECLARED_WAITS } from '../../src/timers/declared';
import { NOT_MODELLED } from '../../src/timers/not-modelled';
import { SET_ELSEWHERE } from '../../src/timers/set-elsewhere';
import { TIMERS } from '../../src/timing';

const FACTS = '../shared/reference/timing.md';
const ALL = { ...TIMERS, ...NOT_MODELLED, ...SET_ELSEWHERE };

/** By the first words of a line in the tables of the page: the names that answer it here. */
const ANSWERS: Readonly<Record<string, readonly string[]>> = {
  'generic PLEG relist': ['kubelet.plegRelistPeriod', 'kubelet.plegHealth'],
  'evented PLEG': ['kubelet.eventedPleg'],
  'syncLoop sync tick': ['kubelet.syncLoop'],
  housekeeping: ['kubelet.housekeeping'],
  'pod resync': ['kubelet.podResync'],
  'pod sync error back-off': ['kubelet.syncErrorBackOff', 'kubelet.networkNotReadyBackOff'],
  CrashLoopBackOff: ['kubelet.crashLoopBackOff', 'kubelet.crashLoopBackOffMax'],
  'image pull back-off': ['kubelet.imagePullBackOff', 'kubelet.imagePullBackOffMax'],
  'image pull |': ['kubelet.registryPullQPS'],
  'probe period': ['kubelet.probe'],
  'graceful termination': ['spec.terminationGracePeriodSeconds', 'kubelet.minimumGracePeriod'],
  'volume manager': ['kubelet.volumesReady', 'kubelet.volumeTimeout'],
  'node lease renew': ['kubelet.leaseRenewInterval', 'kubelet.leaseBackoff'],
  'node status': ['kubelet.nodeStatusUpdateFrequency', 'kubelet.nodeStatusReportFrequency'],
  'watch fan-out': ['apiserver.watch', 'apiserver.slowWatcherBudget'],
  'watch timeout': ['apiserver.watchTimeout'],
  'bookmarks / watch history': ['apiserver.watchBookmark', 'apiserver.watchHistory'],
  'request timeout': ['apiserver.requestTimeout'],
  'client rate limits': [
    'controller-manager.requestInterval',
    'scheduler.requestInterval',
    'kubelet.kubeAPIQPS',
    'kube-proxy.kubeAPIQPS',
  ],
  'generic workqueue': [
    'controller-manager.retry',
    'controller-manager.retryMax',
    'client.workqueueQPS',
  ],
  'informer resync': ['client.resyncPeriod'],
  'EndpointSlice batch': ['controller-manager.endpointslice.updatesBatchPeriod'],
  toleration: ['apiserver.defaultNotReadyToleration', 'apiserver.defaultUnreachableToleration'],
  'CCM node lifecycle': ['cloud-controller-manager.nodeLifecycle'],
  scheduler: ['scheduler.podInitialBackoff', 'scheduler.unschedulableFlush'],
  'service controller (cloud LB)': [
    'cloud-controller-manager.retry',
    'cloud-controller-manager.retryMax',
    'cloud-controller-manager.nodeSync',
  ],
  'full sync': ['kube-proxy.fullSyncPeriod'],
  'nftables stale chains': ['kube-proxy.staleChainAge'],
  'session affinity': ['service.sessionAffinity'],
  'conntrack TCP est': ['conntrack.tcpEstablished', 'conntrack.tcpCloseWait'],
  'kernel conntrack others': ['conntrack.tcpOther', 'conntrack.udp', 'conntrack.icmp'],
  'kubernetes plugin TTL': ['coredns.ttl'],
  'cache plugin': ['coredns.cache'],
  'startup wait for API': ['coredns.startupTimeout'],
  lameduck: ['coredns.lameduck'],
  reload: ['coredns.reload'],
  forward: ['coredns.forwardTimeout', 'coredns.forwardHealthCheck'],
  'Calico Felix': ['calico-node.calcTick', 'calico-typha.batch', 'calico-node.applyRetry'],
};

describe('the timers of a real cluster', () => {
  it('are each a row of the table, set elsewhere, or not modelled', () => {
    const sets = [TIMERS, SET_ELSEWHERE, NOT_MODELLED].map((it) => Object.keys(it));
    const names = sets.flat();
    expect(names.filter((name, index) => names.indexOf(name) !== index)).to.deep.equal([]);
    for (const name of Object.values(ANSWERS).flat()) expect(ALL).to.have.property(name);
  });

  it('are those that the page of facts names', function () {
    if (!existsSync(FACTS)) {
      console.log('skipped: ../shared is absent');
      this.skip();
    }
    const lines = readFileSync(FACTS, 'utf8').split('\n');
    for (const words of Object.keys(ANSWERS)) {
      const found = lines.some((line) => line.startsWith(`| ${words}`));
      expect(found, words).to.equal(true);
    }
  });

  it('have the names by which chains of causes know them', () => {
    const inChains = ['coredns.reload', 'kubelet.probe', 'spec.progressDeadlineSeconds'];
    expect(DECLARED_WAITS).to.include.keys([...inChains, 'spec.terminationGracePeriodSeconds']);
    expect(SET_ELSEWHERE).to.include.keys([...inChains, 'spec.terminationGracePeriodSeconds']);
  });

  it('say where they come from, and what is missed without them', () => {
    for (const [name, it] of Object.entries(NOT_MODELLED)) {
      expect(name).to.match(/^[a-z-]+(\.[a-z]+)?\.[a-zA-Z]+$/);
      for (const text of [it.delays, it.value, it.source, it.without]) {
        expect(text.trim(), name).not.to.equal('');
      }
    }
  });
});
