// The delays of the control plane's own processes: who leads, and who is known to be there.

import { fixed, spread } from './row';
import type { TimerRow } from './row';
import { milliseconds, seconds } from '../values/time';

export const COMPONENT_TIMERS = {
  'leader-election.leaseDuration': {
    kind: 'wait',
    delays: 'taking over from a leader that is gone, from when its last renewal was seen',
    value: fixed(seconds(15)),
    knob: '--leader-elect-lease-duration',
    source: 'staging/src/k8s.io/component-base/config/v1alpha1/defaults.go',
  },
  'leader-election.renewDeadline': {
    kind: 'wait',
    delays: 'the end of a leader that cannot renew its lease, from the renewal that failed first',
    value: fixed(seconds(10)),
    knob: '--leader-elect-renew-deadline',
    source: 'staging/src/k8s.io/component-base/config/v1alpha1/defaults.go',
  },
  'leader-election.retryPeriod': {
    kind: 'wait',
    delays: 'the next look at the lease; a leader renews without the jitter',
    value: spread(seconds(2), milliseconds(4_400)),
    knob: '--leader-elect-retry-period',
    source:
      'component-base/config/v1alpha1/defaults.go; client-go/tools/leaderelection JitterFactor 1.2',
  },
  'apiserver.endpointReconciler.leaseTTL': {
    kind: 'wait',
    delays: 'forgetting a dead API server, from when it renewed its own lease last',
    value: fixed(seconds(15)),
    source: 'pkg/controlplane/instance.go DefaultEndpointReconcilerTTL',
  },
  'apiserver.endpointReconciler.interval': {
    kind: 'quantiser',
    delays: 'renewing that lease, and writing the endpoints of the kubernetes Service',
    value: fixed(seconds(10)),
    source: 'pkg/controlplane/instance.go DefaultEndpointReconcilerInterval',
  },
} as const satisfies Record<string, TimerRow>;
