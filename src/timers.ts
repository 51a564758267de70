// Every delay of the model in one table: what it delays, how long, which knob moves it, and where
// the figure comes from. No component holds a duration of its own.
//
// A row is a `latency` (the time that work or a message takes), a `quantiser` (a loop that looks
// only every so often) or a `wait` (a duration that is configured on purpose). The profile
// `instant` zeroes the first two and keeps the waits: they are what the scenario is about.

import { POLICY_TIMERS } from './policy-timers';
import { fixed, spread } from './timer-row';
import type { TimerRow } from './timer-row';
import { milliseconds, seconds, ZERO } from './values/time';

export { fixed } from './timer-row';
export type { Delay, Effect, TimerRow } from './timer-row';

const ms = milliseconds;

export const TIMERS = {
  ...POLICY_TIMERS,
  'apiserver.write': {
    kind: 'latency',
    delays: 'a write, from the request to the stored object',
    value: fixed(ms(10)),
    tutorial: { gain: fixed(ms(10)), loss: fixed(ZERO) },
    source:
      'no constant upstream; 10 ms is the assumption of the composed timelines C1-C3 ' +
      '(SLO: p99 <= 1 s, community sig-scalability/slos/api_call_latency.md)',
  },
  'apiserver.watch': {
    kind: 'latency',
    delays: 'a watch event, from the stored object to the component that watches',
    value: fixed(ms(5)),
    tutorial: { gain: fixed(ms(5)), loss: fixed(ms(50)) },
    source:
      'no constant upstream; 5 ms is the assumption of the composed timelines C1-C3 ' +
      '(SLI without an objective: community sig-scalability/slos/watch_latency.md)',
  },
  'controller-manager.reconcile': {
    kind: 'latency',
    delays: 'one pass of a controller over one object',
    value: fixed(ms(5)),
    tutorial: fixed(ZERO),
    source: 'no constant upstream; the composed timeline C1 leaves 5 ms for it',
  },
  'controller-manager.retry': {
    kind: 'wait',
    delays: 'the first retry of a failed pass of a controller; doubles each time',
    value: fixed(ms(5)),
    source: 'staging/src/k8s.io/client-go/util/workqueue/default_rate_limiters.go',
  },
  'controller-manager.requestInterval': {
    kind: 'latency',
    delays: 'each request of one pass beyond the first 30 (20 a second)',
    value: fixed(ms(50)),
    tutorial: fixed(ZERO),
    knob: 'kube-controller-manager --kube-api-qps, --kube-api-burst',
    source: 'pkg/controller/apis/config/v1alpha1/defaults.go (20 qps, burst 30)',
  },
  'controller-manager.endpointslice.sync': {
    kind: 'latency',
    delays: 'one pass of the EndpointSlice controller over one Service',
    value: fixed(ms(5)),
    tutorial: { gain: fixed(ZERO), loss: fixed(ms(50)) },
    source: 'no constant upstream; the composed timeline C1 leaves 5 ms for it',
  },
  'controller-manager.endpointslice.retry': {
    kind: 'wait',
    delays: 'the first retry of a failed pass of the EndpointSlice controller; doubles each time',
    value: fixed(seconds(1)),
    source: 'pkg/controller/endpointslice/endpointslice_controller.go defaultSyncBackOff',
  },
  'controller-manager.endpointslice.minSyncDelay': {
    kind: 'wait',
    delays: 'looking again at a Service one of whose slices somebody else has changed',
    value: fixed(seconds(1)),
    source:
      'pkg/controller/endpointslice/endpointslice_controller.go endpointSliceChangeMinSyncDelay',
  },
  'controller-manager.nodelifecycle.monitorPeriod': {
    kind: 'quantiser',
    delays: 'noticing that a node renews its lease no longer',
    value: fixed(seconds(5)),
    knob: 'kube-controller-manager --node-monitor-period',
    source: 'cloud-provider/config defaults.go; pkg/controller/nodelifecycle',
  },
  'controller-manager.nodelifecycle.monitorGracePeriod': {
    kind: 'wait',
    delays: 'declaring a silent node Unknown, counted from when the controller saw its last lease',
    value: fixed(seconds(50)),
    older: [{ below: '1.32', value: fixed(seconds(40)) }],
    knob: 'kube-controller-manager --node-monitor-grace-period',
    source: 'pkg/controller/nodelifecycle/config/v1alpha1/defaults.go; kubernetes#126287',
  },
  'controller-manager.nodelifecycle.startupGracePeriod': {
    kind: 'wait',
    delays: 'declaring a node Unknown that has never renewed a lease',
    value: fixed(seconds(60)),
    knob: 'kube-controller-manager --node-startup-grace-period',
    source: 'pkg/controller/nodelifecycle/config/v1alpha1/defaults.go',
  },
  'controller-manager.nodelifecycle.evictionInterval': {
    kind: 'wait',
    delays: 'tainting the next unreachable node of the same zone (0.1 a second)',
    value: fixed(seconds(10)),
    knob: 'kube-controller-manager --node-eviction-rate',
    source: 'pkg/controller/nodelifecycle/scheduler/rate_limited_queue.go',
  },
  'controller-manager.nodelifecycle.secondaryEvictionInterval': {
    kind: 'wait',
    delays: 'the same where most nodes of a zone of a large cluster are silent (0.01 a second)',
    value: fixed(seconds(100)),
    knob: 'kube-controller-manager --secondary-node-eviction-rate',
    source: 'pkg/controller/nodelifecycle/node_lifecycle_controller.go ReducedQPSFunc',
  },
  'controller-manager.nodelifecycle.evictionPeriod': {
    kind: 'quantiser',
    delays: 'the pass that taints unreachable nodes',
    value: fixed(ms(100)),
    source: 'pkg/controller/nodelifecycle scheduler.NodeEvictionPeriod',
  },
  'controller-manager.podgc.period': {
    kind: 'quantiser',
    delays: 'noticing the pods of a node that is deleted',
    value: fixed(seconds(20)),
    source: 'pkg/controller/podgc/gc_controller.go gcCheckPeriod',
  },
  'controller-manager.podgc.quarantine': {
    kind: 'wait',
    delays: 'removing those pods, counted from when their node was missed first',
    value: fixed(seconds(40)),
    source: 'pkg/controller/podgc/gc_controller.go quarantineTime',
  },
  'apiserver.defaultUnreachableToleration': {
    kind: 'wait',
    delays: 'deleting the pods of an unreachable node, counted from its taint',
    value: fixed(seconds(300)),
    knob: 'kube-apiserver --default-unreachable-toleration-seconds',
    source: 'plugin/pkg/admission/defaulttolerationseconds',
  },
  'scheduler.bind': {
    kind: 'latency',
    delays: 'choosing a node for a pod, without the write',
    value: fixed(ms(5)),
    tutorial: fixed(ms(5)),
    source: 'milliseconds in the composed timeline C12 (schedule 0.02 s including write and watch)',
  },
  'scheduler.podInitialBackoff': {
    kind: 'wait',
    delays: 'trying a pod again that fitted nowhere; doubles up to 10 s',
    value: fixed(seconds(1)),
    knob: 'KubeSchedulerConfiguration podInitialBackoffSeconds',
    source: 'pkg/scheduler/apis/config/v1/defaults.go',
  },
  'scheduler.podMaxBackoff': {
    kind: 'wait',
    delays: 'trying such a pod again at the most',
    value: fixed(seconds(10)),
    knob: 'KubeSchedulerConfiguration podMaxBackoffSeconds',
    source: 'pkg/scheduler/apis/config/v1/defaults.go',
  },
  'kubelet.plegRelistPeriod': {
    kind: 'quantiser',
    delays: 'noticing that a container exited or started by itself',
    value: fixed(seconds(1)),
    tutorial: fixed(ms(50)),
    source:
      'pkg/kubelet/kubelet.go genericPlegRelistPeriod; counted from the end of the last relist',
  },
  'kubelet.plegRelistCost': {
    kind: 'latency',
    delays: 'one relist of the containers of a node',
    value: spread(ms(20), ms(40)),
    tutorial: fixed(ZERO),
    source: 'pkg/kubelet/pleg/generic.go; 20 ms on small nodes, composed timeline C2 U(0, 1.04) s',
  },
  'kubelet.leaseRenewInterval': {
    kind: 'quantiser',
    delays: 'the next heartbeat of a node',
    value: spread(seconds(10), ms(10_400)),
    knob: 'KubeletConfiguration nodeLeaseDurationSeconds (a quarter of it)',
    source:
      'pkg/kubelet/kubelet.go nodeLeaseRenewIntervalFraction; component-helpers lease controller',
  },
  'kubelet.volumesReady': {
    kind: 'latency',
    delays: 'mounting the volumes of a pod (each has a projected token)',
    value: spread(ms(100), ms(300)),
    tutorial: fixed(ZERO),
    source: 'pkg/kubelet/volumemanager/volume_manager.go; loops 100 ms, wait poll 300 ms',
  },
  'kubelet.sandboxStart': {
    kind: 'latency',
    delays: 'the pod sandbox with its CNI ADD',
    value: spread(ms(300), seconds(1)),
    tutorial: fixed(ZERO),
    source: 'composed timeline C12 (sandbox and CNI 0.3-1 s)',
  },
  'kubelet.containerStart': {
    kind: 'latency',
    delays: 'a container, from the decision to the running process',
    value: spread(ms(200), seconds(1)),
    tutorial: fixed(ms(100)),
    source: 'composed timelines C2 and C12 (start 0.2-1 s)',
  },
  'kubelet.crashLoopBackOff': {
    kind: 'wait',
    delays: 'the second restart of a container; the first is free, each further one doubles',
    value: fixed(seconds(10)),
    source: 'pkg/kubelet/kuberuntime/kuberuntime_manager.go doBackOff; kubelet.go backOffPeriod',
  },
  'kubelet.crashLoopBackOffMax': {
    kind: 'wait',
    delays: 'any restart at the most; twice as long without a crash forgets the count',
    value: fixed(seconds(300)),
    knob: 'KubeletConfiguration crashLoopBackOff.maxContainerRestartPeriod (1.35)',
    source: 'pkg/kubelet/kubelet.go MaxCrashLoopBackOff; KEP-5593',
  },
  'kubelet.syncErrorBackOff': {
    kind: 'wait',
    delays: 'the next try to start a pod whose sandbox could not be made',
    value: spread(seconds(10), seconds(15)),
    source: 'pkg/kubelet/kubelet.go backOffPeriod, pod_workers.go workerBackOffPeriodJitterFactor',
  },
  'kubelet.statusSyncPeriod': {
    kind: 'quantiser',
    delays: 'repairing a pod status that somebody else has overwritten',
    value: fixed(seconds(10)),
    source: 'pkg/kubelet/status/status_manager.go syncPeriod, needsReconcile',
  },
  'kubelet.podTeardown': {
    kind: 'latency',
    delays: 'removing the object of a pod after its last container has stopped',
    value: spread(seconds(1), seconds(2)),
    tutorial: fixed(ZERO),
    source: 'composed timeline C3 (object removed 1-2 s after exit); pod_workers.go, housekeeping',
  },
  'kubelet.minimumGracePeriod': {
    kind: 'wait',
    delays: 'SIGKILL after SIGTERM, where the grace period leaves less than that',
    value: fixed(seconds(2)),
    source: 'pkg/kubelet/kuberuntime/kuberuntime_manager.go minimumGracePeriodInSeconds',
  },
  'node.stopTimeout': {
    kind: 'wait',
    delays: 'cutting the power of a node that shuts down, while processes ignore SIGTERM',
    value: fixed(seconds(90)),
    knob: 'systemd DefaultTimeoutStopSec',
    source: 'systemd-system.conf(5); graceful node shutdown of the kubelet is off by default',
  },
  'kubelet.nodeStart': {
    kind: 'latency',
    delays: 'a node from power to a running kubelet',
    value: spread(seconds(20), seconds(40)),
    source: 'no constant upstream: firmware and operating system; assumed',
  },
  'kube-proxy.minSyncPeriod': {
    kind: 'wait',
    delays: 'the next sync of the rules after the last one ended',
    value: fixed(seconds(1)),
    tutorial: fixed(ZERO),
    knob: 'KubeProxyConfiguration iptables.minSyncPeriod, nftables.minSyncPeriod',
    source:
      'pkg/proxy/apis/config/v1alpha1/defaults.go; pkg/proxy/runner/bounded_frequency_runner.go',
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
  'cloud-controller-manager.ensureLoadBalancer': {
    kind: 'latency',
    delays: 'the external address of a new Service, while the cloud sets up a load balancer',
    value: fixed(seconds(60)),
    source: 'no constant upstream (cloud minutes, cloud-provider/controllers/service); assumed',
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
    delays: 'the loss of a speaker, until the others take its layer 2 addresses over',
    value: spread(seconds(5), seconds(10)),
    source: 'metallb internal/speakerlist; hashicorp/memberlist config.go (DefaultLANConfig)',
  },
  'metallb.bgpHoldTime': {
    kind: 'wait',
    delays: 'the end of the routes to a silent speaker',
    value: fixed(seconds(90)),
    knob: 'BGPPeer spec.holdTime',
    source: 'metallb api/v1beta2 bgppeer_types.go; RFC 4271 section 10 (suggested 90 s)',
  },
  'coredns.lameduck': {
    kind: 'wait',
    delays: 'the end of a CoreDNS that was told to stop; it answers until then',
    value: fixed(seconds(5)),
    knob: 'Corefile health { lameduck }',
    source: 'coredns plugin/health; cmd/kubeadm/app/phases/addons/dns/manifests.go',
  },
  'kubelet.configMapPropagation': {
    kind: 'quantiser',
    delays: 'a changed ConfigMap on its way into the volumes of running pods',
    value: spread(ZERO, seconds(90)),
    knob: '--sync-frequency',
    source: 'pkg/kubelet/kubelet.go (syncFrequency 1m, workers jitter by half of it)',
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
  'network.linkLatency': {
    kind: 'latency',
    delays: 'a packet between two nodes',
    value: fixed(ZERO),
    source: 'not modelled: a walk takes no virtual time',
  },
} as const satisfies Record<string, TimerRow>;

export type TimerName = keyof typeof TIMERS;
