// What the API server fills in where an object says nothing. An override holds for these objects
// alone: whoever says it himself goes before.

import { fixed, WHOLE_SECONDS } from './row';
import type { TimerRow } from './row';
import { seconds, ZERO } from '../values/time';

export const OBJECT_TIMERS = {
  'kubelet.probe': {
    kind: 'wait',
    delays: 'the next probe of a container',
    value: fixed(seconds(10)),
    knob: 'the probe: periodSeconds',
    bounds: WHOLE_SECONDS,
    source: 'pkg/apis/core/v1/defaults.go SetDefaults_Probe',
  },
  'kubelet.probeTimeout': {
    kind: 'wait',
    delays: 'giving up a probe that is not answered',
    value: fixed(seconds(1)),
    knob: 'the probe: timeoutSeconds',
    bounds: WHOLE_SECONDS,
    source: 'pkg/apis/core/v1/defaults.go SetDefaults_Probe',
  },
  'kubelet.probeInitialDelay': {
    kind: 'wait',
    delays: 'the first probe of a container, from its start',
    value: fixed(ZERO),
    knob: 'the probe: initialDelaySeconds',
    bounds: { isWhole: true },
    source: 'staging/src/k8s.io/api/core/v1/types.go Probe (no default but zero)',
  },
  'service.sessionAffinity': {
    kind: 'wait',
    delays: 'forgetting which backend a client had',
    value: fixed(seconds(10_800)),
    knob: 'the Service: sessionAffinityConfig.clientIP.timeoutSeconds',
    bounds: { least: seconds(1), most: seconds(86_400), isWhole: true },
    source: 'pkg/apis/core/v1/defaults.go SetDefaults_Service',
  },
  'spec.progressDeadlineSeconds': {
    kind: 'wait',
    delays: 'saying that a rollout does not advance',
    value: fixed(seconds(600)),
    knob: 'the Deployment: progressDeadlineSeconds',
    bounds: WHOLE_SECONDS,
    source: 'pkg/apis/apps/v1/defaults.go SetDefaults_Deployment',
  },
  'spec.terminationGracePeriodSeconds': {
    kind: 'wait',
    delays: 'SIGKILL after SIGTERM',
    value: fixed(seconds(30)),
    knob: 'the pod: terminationGracePeriodSeconds, or whoever deletes it',
    bounds: { isWhole: true },
    source: 'pkg/apis/core/v1/defaults.go SetDefaults_PodSpec',
  },
} as const satisfies Record<string, TimerRow>;
