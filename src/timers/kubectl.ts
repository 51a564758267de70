// The delays of kubectl, where a command of it goes on for a while.

import { fixed } from './row';
import type { TimerRow } from './row';
import { seconds } from '../values/time';

export const KUBECTL_TIMERS = {
  'kubectl.evictRetry': {
    kind: 'wait',
    delays: 'trying an eviction again that a PodDisruptionBudget has refused',
    value: fixed(seconds(5)),
    source: 'staging/src/k8s.io/kubectl/pkg/cmd/drain/drain.go (EvictErrorRetryDelay)',
  },
  'kubectl.deletePoll': {
    kind: 'wait',
    delays: 'looking again whether a pod that `kubectl drain` evicted is gone',
    value: fixed(seconds(1)),
    source: 'staging/src/k8s.io/kubectl/pkg/drain/drain.go waitForDelete',
  },
} as const satisfies Record<string, TimerRow>;
