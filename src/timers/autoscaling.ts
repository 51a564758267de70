// The delays of autoscaling by load: the controller's, and those of metrics-server.

import { fixed } from './row';
import type { TimerRow } from './row';
import { seconds } from '../values/time';

export const AUTOSCALING_TIMERS = {
  'controller-manager.hpa.syncPeriod': {
    kind: 'wait',
    delays: 'looking at a HorizontalPodAutoscaler, counted from its coming or its last look',
    value: fixed(seconds(15)),
    knob: 'kube-controller-manager --horizontal-pod-autoscaler-sync-period',
    source: 'pkg/controller/podautoscaler/config/v1alpha1/defaults.go; rate_limiters.go',
  },
  'controller-manager.hpa.downscaleStabilization': {
    kind: 'wait',
    delays: 'scaling down after the load has fallen, where the autoscaler says nothing else',
    value: fixed(seconds(300)),
    knob: 'kube-controller-manager --horizontal-pod-autoscaler-downscale-stabilization',
    source: 'pkg/controller/podautoscaler/config/v1alpha1/defaults.go',
  },
  'controller-manager.hpa.initialReadinessDelay': {
    kind: 'wait',
    delays: 'taking a pod that is not ready for one that was ready before, from its start',
    value: fixed(seconds(30)),
    knob: 'kube-controller-manager --horizontal-pod-autoscaler-initial-readiness-delay',
    source: 'pkg/controller/podautoscaler/config/v1alpha1/defaults.go',
  },
  'controller-manager.hpa.cpuInitializationPeriod': {
    kind: 'wait',
    delays: 'believing the CPU of a pod that is not ready, or not for long, from its start',
    value: fixed(seconds(300)),
    knob: 'kube-controller-manager --horizontal-pod-autoscaler-cpu-initialization-period',
    source: 'pkg/controller/podautoscaler/config/v1alpha1/defaults.go',
  },
  'metrics-server.resolution': {
    kind: 'quantiser',
    delays: 'seeing what pods use',
    value: fixed(seconds(15)),
    knob: 'metrics-server --metric-resolution',
    source: 'kubernetes-sigs/metrics-server manifests/base/deployment.yaml',
  },
} as const satisfies Record<string, TimerRow>;
