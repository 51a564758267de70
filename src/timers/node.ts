// The delays of the kubelet and of the machine under it.

import { fixed, spread } from './row';
import type { Bounds, TimerRow } from './row';
import { milliseconds, seconds, ZERO } from '../values/time';

const ms = milliseconds;

/** source: pkg/kubelet/apis/config/validation/validation.go (zero, or from 1 sec on) */
const SHUTDOWN: Bounds = { least: seconds(1), orNone: true };

export const NODE_TIMERS = {
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
  'kubelet.leaseRequestTimeout': {
    kind: 'wait',
    delays: 'giving up a renewal of the lease that nobody answers',
    value: fixed(seconds(10)),
    follows: [
      { times: 1, of: 'kubelet.nodeStatusUpdateFrequency' },
      { times: 4, of: 'kubelet.leaseRenewInterval' },
    ],
    source:
      'cmd/kubelet/app/server.go heartbeatClientConfig.Timeout (nodeStatusUpdateFrequency, at ' +
      'the most the lease duration)',
  },
  'kubelet.leaseBackoff': {
    kind: 'wait',
    delays: 'the next try after five renewals in a row have failed; doubles each time',
    value: fixed(ms(100)),
    source: 'component-helpers/apimachinery/lease/controller.go backoffEnsureLease',
  },
  'kubelet.leaseBackoffMax': {
    kind: 'wait',
    delays: 'the same at the most',
    value: fixed(seconds(7)),
    source: 'component-helpers/apimachinery/lease/controller.go maxBackoff',
  },
  'kubelet.systemdRestart': {
    kind: 'wait',
    delays: 'starting a kubelet whose process has died',
    value: fixed(seconds(10)),
    knob: 'RestartSec of kubelet.service',
    source: 'kubernetes/release cmd/krel/templates/latest/kubelet/kubelet.service (RestartSec=10)',
  },
  'kubelet.runtimeDown': {
    kind: 'wait',
    delays: 'counting the container runtime as down, from its last answer',
    value: fixed(seconds(30)),
    source: 'pkg/kubelet/kubelet.go maxWaitForContainerRuntime; runtime.go runtimeErrors',
  },
  'kubelet.runtimeStatusPeriod': {
    kind: 'quantiser',
    delays: 'asking the container runtime how it is',
    value: fixed(seconds(5)),
    source: 'pkg/kubelet/kubelet.go Run (updateRuntimeUp)',
  },
  'kubelet.nodeStatusUpdateFrequency': {
    kind: 'quantiser',
    delays: 'telling the API server that the condition of the node has changed',
    value: spread(seconds(10), ms(10_400)),
    knob: 'KubeletConfiguration nodeStatusUpdateFrequency',
    source: 'pkg/kubelet/apis/config/v1beta1/defaults.go; pkg/kubelet/kubelet.go Run (jitter 0.04)',
  },
  'runtime.systemdRestart': {
    kind: 'wait',
    delays: 'starting a container runtime whose process has died',
    value: fixed(seconds(5)),
    knob: 'RestartSec of containerd.service',
    source: 'containerd containerd.service (RestartSec=5)',
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
    bounds: { least: seconds(1), most: seconds(300) },
    knob: 'KubeletConfiguration crashLoopBackOff.maxContainerRestartPeriod',
    since: {
      version: '1.35',
      gate: { name: 'KubeletCrashLoopBackOffMax', from: '1.32' },
      source: 'pkg/features/kube_features.go; KEP-4603',
    },
    source: 'pkg/kubelet/kubelet.go MaxCrashLoopBackOff; KEP-5593',
  },
  'kubelet.imagePullBackOff': {
    kind: 'wait',
    delays: 'the second pull of an image that could not be pulled; doubles each time',
    value: fixed(seconds(10)),
    source:
      'pkg/kubelet/kubelet.go imageBackOffPeriod; pkg/kubelet/images/image_manager.go pullImage ' +
      '(by pod and image; a success takes nothing back)',
  },
  'kubelet.imagePullBackOffMax': {
    kind: 'wait',
    delays: 'any further pull at the most; twice as long without a failure forgets the count',
    value: fixed(seconds(300)),
    source: 'pkg/kubelet/kubelet.go MaxImageBackOff; client-go/util/flowcontrol/backoff.go',
  },
  'kubelet.syncErrorBackOff': {
    kind: 'wait',
    delays: 'the next look at a pod whose sandbox could not be made, or an image not be pulled',
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
    source: 'systemd-system.conf(5)',
  },
  'kubelet.shutdownGracePeriod': {
    kind: 'wait',
    delays: 'the shutdown of a node, while its kubelet ends the pods; zero: the kubelet does not',
    value: fixed(ZERO),
    knob: 'KubeletConfiguration shutdownGracePeriod',
    bounds: SHUTDOWN,
    source: 'pkg/kubelet/nodeshutdown/nodeshutdown_manager.go migrateConfig; KEP-2000',
  },
  'kubelet.shutdownGracePeriodCriticalPods': {
    kind: 'wait',
    delays: 'the same: the part of it that is kept for critical pods, after all others',
    value: fixed(ZERO),
    knob: 'KubeletConfiguration shutdownGracePeriodCriticalPods',
    bounds: SHUTDOWN,
    source: 'pkg/kubelet/nodeshutdown/nodeshutdown_manager.go migrateConfig; KEP-2000',
  },
  'kubelet.evictionMonitoringPeriod': {
    kind: 'quantiser',
    delays: 'noticing that a node is short of memory or disk, and looking again',
    value: fixed(seconds(10)),
    source: 'pkg/kubelet/kubelet.go evictionMonitoringPeriod; eviction/eviction_manager.go Start',
  },
  'kubelet.evictionCleanupPoll': {
    kind: 'quantiser',
    delays: 'looking again after a pod was evicted, from the end of its last container',
    value: fixed(seconds(1)),
    source: 'pkg/kubelet/eviction/eviction_manager.go podCleanupPollFreq, waitForPodsCleanup',
  },
  'kubelet.evictionPressureTransitionPeriod': {
    kind: 'wait',
    delays: 'saying that a node is under pressure no more, from when that was seen last',
    value: fixed(seconds(300)),
    knob: 'KubeletConfiguration evictionPressureTransitionPeriod',
    source: 'pkg/kubelet/apis/config/v1beta1/defaults.go; eviction/helpers.go',
  },
  'kubelet.nodeStart': {
    kind: 'latency',
    delays: 'a node from power to a running kubelet',
    value: spread(seconds(20), seconds(40)),
    source: 'no constant upstream: firmware and operating system; assumed',
  },
  'kubelet.configMapPropagation': {
    kind: 'quantiser',
    delays: 'a changed ConfigMap on its way into the volumes of running pods',
    value: spread(ZERO, seconds(90)),
    knob: '--sync-frequency',
    source: 'pkg/kubelet/kubelet.go (syncFrequency 1m, workers jitter by half of it)',
  },
} as const satisfies Record<string, TimerRow>;
