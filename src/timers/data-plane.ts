// The delays of proxies, load balancers, resolvers and the sockets of clients.

import { MEMBERLIST_TIMERS } from './memberlist';
import { fixed, spread } from './row';
import type { TimerRow } from './row';
import { milliseconds, seconds, ZERO } from '../values/time';

const ms = milliseconds;

export const DATA_PLANE_TIMERS = {
  'kube-proxy.minSyncPeriod': {
    kind: 'wait',
    delays: 'the next sync of the rules after the last one ended',
    value: fixed(seconds(1)),
    tutorial: fixed(ZERO),
    knob: 'KubeProxyConfiguration iptables.minSyncPeriod, nftables.minSyncPeriod',
    source:
      'pkg/proxy/apis/config/v1alpha1/defaults.go; pkg/proxy/runner/bounded_frequency_runner.go',
  },
  'kube-proxy.syncPeriod': {
    kind: 'wait',
    delays: 'the retry of a sync that failed; after twice as long, kube-proxy is not healthy',
    value: fixed(seconds(30)),
    knob: 'KubeProxyConfiguration syncPeriod',
    source:
      'pkg/proxy/runner/bounded_frequency_runner.go (retryInterval); ' +
      'cmd/kube-proxy/app/server.go (2 * SyncPeriod)',
  },
  'kube-proxy.canary': {
    kind: 'quantiser',
    delays: "in iptables mode, the next look whether kube-proxy's canary chain is still there",
    value: fixed(seconds(30)),
    knob: 'KubeProxyConfiguration syncPeriod',
    source: 'pkg/util/iptables/iptables.go Monitor; pkg/proxy/iptables/proxier.go NewProxier',
  },
  'kube-proxy.staleChainAge': {
    kind: 'wait',
    delays: 'in nftables mode, deleting a chain that nothing leads to, in the next sync after it',
    value: fixed(seconds(1)),
    source: 'pkg/proxy/nftables/proxier.go syncProxyRules (staleChains)',
  },
  'kube-proxy.lockWait': {
    kind: 'wait',
    delays: 'the end of iptables-restore where somebody else holds the lock of iptables',
    value: fixed(seconds(5)),
    source: 'pkg/util/iptables/iptables.go WaitSecondsValue (iptables-restore -w 5)',
  },
  'kube-proxy.ipvs.minSyncPeriod': {
    kind: 'wait',
    delays: 'in IPVS mode, the next sync of the rules after the last one ended',
    value: fixed(ZERO),
    knob: 'KubeProxyConfiguration ipvs.minSyncPeriod',
    source: 'pkg/proxy/apis/config/v1alpha1/defaults.go (IPVS.MinSyncPeriod is left at zero)',
  },
  'cilium.minSyncPeriod': {
    kind: 'wait',
    delays: "the next change of Cilium's maps after the last one",
    value: fixed(ZERO),
    source: 'cilium pkg/loadbalancer/reconciler: each change is written as it comes',
  },
  'kube-proxy.build': {
    kind: 'latency',
    delays: 'computing the rules of a sync',
    value: fixed(ms(10)),
    tutorial: { gain: fixed(ms(5)), loss: fixed(ms(50)) },
    source:
      'composed timeline C1: a small sync takes 30 ms, a third of it building (kubernetes#138073)',
  },
  'kube-proxy.restore': {
    kind: 'latency',
    delays: 'iptables-restore of the rules of a sync',
    value: fixed(ms(20)),
    tutorial: { gain: fixed(ms(5)), loss: fixed(ms(50)) },
    source:
      'composed timeline C1: a small sync takes 30 ms, two thirds of it restoring ' +
      '(kubernetes#138073)',
  },
  'kube-proxy.effect': {
    kind: 'latency',
    delays: 'the effect of restored rules on new connections',
    value: fixed(ZERO),
    tutorial: { gain: fixed(ZERO), loss: fixed(ms(50)) },
    source: 'iptables-restore is atomic: there is none; the tutorial timeline shows one',
  },
  'cloud-load-balancer.healthCheckInterval': {
    kind: 'quantiser',
    delays: "a cloud load balancer's next look at a node's health check port",
    value: fixed(seconds(8)),
    knob: 'health check interval of the load balancer',
    source: 'cloud-provider-gcp providers/gce/gce.go (8 s, 3 failures, 1 success, timeout 1 s)',
  },
  'cloud-load-balancer.healthCheckTimeout': {
    kind: 'wait',
    delays: 'giving up on a health check that nobody answers',
    value: fixed(seconds(1)),
    knob: 'health check timeout of the load balancer',
    source: 'cloud-provider-gcp providers/gce/gce.go',
  },
  'metallb.announce': {
    kind: 'latency',
    delays: 'the gratuitous ARP or BGP update after a speaker has seen a change',
    value: fixed(ms(10)),
    source: 'no constant upstream; assumed (metallb speaker/main.go reacts to each event)',
  },
  'metallb.memberlistDetection': {
    kind: 'latency',
    delays: 'the loss of a speaker with its node, until the others take its layer 2 addresses over',
    value: spread(seconds(5), seconds(10)),
    source: 'metallb internal/speakerlist; hashicorp/memberlist config.go (DefaultLANConfig)',
  },
  ...MEMBERLIST_TIMERS,
  'metallb.bgpHoldTime': {
    kind: 'wait',
    delays: 'the end of the routes to a silent speaker',
    value: fixed(seconds(90)),
    knob: 'BGPPeer spec.holdTime',
    source:
      'metallb internal/bgp/native/native.go NewSession (90 s where the peer says nothing); FRR ' +
      'has 180 s of its own (bgpd.h BGP_DEFAULT_HOLDTIME)',
  },
  'resolver.timeout': {
    kind: 'wait',
    delays: 'giving up on one DNS query that nobody answers',
    value: fixed(seconds(5)),
    knob: 'dnsConfig.options timeout',
    source: 'resolv.conf(5) RES_TIMEOUT; measured with glibc 2.36 and musl 1.2.5',
  },
  'tcp.connectTimeout': {
    kind: 'wait',
    delays: 'giving up on a TCP connection that nobody answers',
    value: fixed(seconds(127)),
    knob: 'net.ipv4.tcp_syn_retries',
    source: 'Linux Documentation/networking/ip-sysctl.rst (6 retries: 1+2+4+…+64 s)',
  },
  'tcp.retransmissionTimeout': {
    kind: 'wait',
    delays: 'giving up on an open TCP connection whose segments nobody acknowledges',
    value: fixed(ms(924_600)),
    knob: 'net.ipv4.tcp_retries2',
    bounds: { least: ms(200), most: seconds(3_600) },
    source: 'Linux Documentation/networking/ip-sysctl.rst (15 retries: 924.6 s)',
  },
  'network.linkLatency': {
    kind: 'latency',
    delays: 'a packet between two nodes',
    value: fixed(ZERO),
    source: 'not modelled: a walk takes no virtual time',
  },
} as const satisfies Record<string, TimerRow>;
