// Goal: every timer that timing.md §2 names is a row of the table, which a scenario can override,
// or is named with what is missed without it; and nothing is both.

import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { DECLARED_WAITS } from '../../src/timers/declared';
import { NOT_MODELLED } from '../../src/timers/not-modelled';
import { TIMERS } from '../../src/timing';

const FACTS = '../shared/reference/timing.md';
const ALL = { ...TIMERS, ...NOT_MODELLED };

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
  'probe period': ['kubelet.probe', 'kubelet.probeTimeout', 'kubelet.probeInitialDelay'],
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
  'kernel conntrack others': [
    'conntrack.udp',
    'conntrack.udpStream',
    'conntrack.tcpSynSent',
    'conntrack.tcpSynRecv',
    'conntrack.tcpFinWait',
    'conntrack.tcpTimeWait',
    'conntrack.tcpLastAck',
    'conntrack.tcpClose',
    'conntrack.icmp',
    'conntrack.generic',
  ],
  'TCP client': ['tcp.connectTimeout', 'tcp.retransmissionTimeout'],
  'kubernetes plugin TTL': ['coredns.ttl'],
  'cache plugin': ['coredns.cacheSuccess', 'coredns.cacheDenial', 'coredns.cacheFailure'],
  'NodeLocal DNSCache': ['node-cache.success', 'node-cache.denial'],
  'startup wait for API': ['coredns.startupTimeout'],
  lameduck: ['coredns.lameduck'],
  reload: ['coredns.reload', 'coredns.reloadJitter'],
  forward: [
    'coredns.forwardTimeout',
    'coredns.forwardDeadline',
    'coredns.forwardHealthCheck',
    'coredns.forwardExpire',
  ],
  'Calico Felix': ['calico-node.calcTick', 'calico-typha.batch', 'calico-node.applyRetry'],
};

describe('the timers of a real cluster', () => {
  it('are each a row of the table, or not modelled', () => {
    const sets = [TIMERS, NOT_MODELLED].map((it) => Object.keys(it));
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
    expect(TIMERS).to.include.keys([...inChains, 'spec.terminationGracePeriodSeconds']);
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
