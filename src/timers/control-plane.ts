// The delays of the API server, the controllers and the scheduler.

import { fixed } from './row';
import type { TimerRow } from './row';
import { milliseconds, seconds, ZERO } from '../values/time';

const ms = milliseconds;

export const CONTROL_PLANE_TIMERS = {
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
  'controller-manager.retryMax': {
    kind: 'wait',
    delays: 'the same at the most, where a controller has no maximum of its own',
    value: fixed(seconds(1_000)),
    source: 'staging/src/k8s.io/client-go/util/workqueue/default_rate_limiters.go',
  },
  'controller-manager.namespace.retryMax': {
    kind: 'wait',
    delays: 'any retry of the namespace controller at the most',
    value: fixed(seconds(60)),
    source: 'pkg/controller/namespace/namespace_controller.go nsControllerRateLimiter',
  },
  'controller-manager.requestInterval': {
    kind: 'latency',
    delays: 'each request of one pass beyond the first 30 (20 a second)',
    value: fixed(ms(50)),
    tutorial: fixed(ZERO),
    knob: 'kube-controller-manager --kube-api-qps, --kube-api-burst',
    source: 'pkg/controller/apis/config/v1alpha1/defaults.go (20 qps, burst 30)',
  },
  'scheduler.requestInterval': {
    kind: 'latency',
    delays: 'each request of the scheduler beyond the first 100 in a row (50 a second)',
    value: fixed(ms(20)),
    tutorial: fixed(ZERO),
    knob: 'KubeSchedulerConfiguration clientConnection.qps, clientConnection.burst',
    source: 'pkg/scheduler/apis/config/v1/defaults.go (ClientConnection)',
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
  'controller-manager.endpointslicemirroring.retryMax': {
    kind: 'wait',
    delays: 'any retry of the controller that mirrors Endpoints at the most',
    value: fixed(seconds(100)),
    source:
      'pkg/controller/endpointslicemirroring/endpointslicemirroring_controller.go maxSyncBackOff',
  },
  'controller-manager.endpointslice.updatesBatchPeriod': {
    kind: 'wait',
    delays: 'looking at the Services of a pod that has changed; changes of a Service never wait',
    value: fixed(ZERO),
    knob: 'kube-controller-manager --endpointslice-updates-batch-period',
    source: 'pkg/controller/endpointslice/endpointslice_controller.go syncPod (AddAfter)',
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
  'controller-manager.job.syncBatchPeriod': {
    kind: 'wait',
    delays: 'looking at a Job one of whose pods has changed',
    value: fixed(seconds(1)),
    source: 'pkg/controller/job/job_controller.go SyncJobBatchPeriod',
  },
  'controller-manager.job.podFailureBackOff': {
    kind: 'wait',
    delays: 'replacing the first failed pod of a Job; doubles with each failure in a row',
    value: fixed(seconds(10)),
    source: 'pkg/controller/job/job_controller.go DefaultJobPodFailureBackOff',
  },
  'controller-manager.job.podFailureBackOffMax': {
    kind: 'wait',
    delays: 'replacing a failed pod of a Job at the most',
    value: fixed(seconds(600)),
    source: 'pkg/controller/job/job_controller.go MaxJobPodFailureBackOff',
  },
  'controller-manager.job.retry': {
    kind: 'wait',
    delays: 'the first retry of a failed pass of the Job controller; doubles each time',
    value: fixed(seconds(1)),
    source: 'pkg/controller/job/job_controller.go DefaultJobApiBackOff',
  },
  'controller-manager.job.retryMax': {
    kind: 'wait',
    delays: 'the same at the most',
    value: fixed(seconds(60)),
    source: 'pkg/controller/job/job_controller.go MaxJobApiBackOff',
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
  'apiserver.defaultNotReadyToleration': {
    kind: 'wait',
    delays: 'deleting the pods of a node that says itself that it is not ready, from its taint',
    value: fixed(seconds(300)),
    knob: 'kube-apiserver --default-not-ready-toleration-seconds',
    source: 'plugin/pkg/admission/defaulttolerationseconds',
  },
  'scheduler.bind': {
    kind: 'latency',
    delays: 'choosing a node for a pod, without the write',
    value: fixed(ms(5)),
    tutorial: fixed(ms(5)),
    source: 'milliseconds in the composed timeline C12 (schedule 0.02 s including write and watch)',
  },
  'controller-manager.daemonset.failedPodBackOff': {
    kind: 'wait',
    delays: 'replacing the second failed daemon of a node; the first is free, each further doubles',
    value: fixed(seconds(1)),
    source: 'cmd/kube-controller-manager/app/apps.go (flowcontrol.NewBackOff(1s, 15m))',
  },
  'controller-manager.daemonset.failedPodBackOffMax': {
    kind: 'wait',
    delays: 'the same at the most; twice as long without one forgets the count',
    value: fixed(seconds(900)),
    source: 'cmd/kube-controller-manager/app/apps.go (flowcontrol.NewBackOff(1s, 15m))',
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
  'cloud-controller-manager.retry': {
    kind: 'wait',
    delays: 'the first retry of a failed pass of the service controller; doubles each time',
    value: fixed(seconds(5)),
    source: 'staging/src/k8s.io/cloud-provider/controllers/service/controller.go minRetryDelay',
  },
  'cloud-controller-manager.retryMax': {
    kind: 'wait',
    delays: 'the same at the most',
    value: fixed(seconds(300)),
    source: 'staging/src/k8s.io/cloud-provider/controllers/service/controller.go maxRetryDelay',
  },
  'cloud-controller-manager.ensureLoadBalancer': {
    kind: 'latency',
    delays: 'the external address of a new Service, while the cloud sets up a load balancer',
    value: fixed(seconds(60)),
    source: 'no constant upstream (cloud minutes, cloud-provider/controllers/service); assumed',
  },
} as const satisfies Record<string, TimerRow>;
