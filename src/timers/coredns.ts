// The delays of CoreDNS and of the DNS caches on nodes. A Corefile goes before them. The Corefiles
// that a cluster has by itself take what the scenario overrides, in place of their own words.

import { fixed, WHOLE_SECONDS } from './row';
import type { TimerRow } from './row';
import { milliseconds, seconds, ZERO } from '../values/time';

export const COREDNS_TIMERS = {
  'coredns.lameduck': {
    kind: 'wait',
    delays: 'the end of a CoreDNS that was told to stop; it answers until then',
    value: fixed(seconds(5)),
    knob: 'Corefile health { lameduck }',
    source: 'coredns plugin/health; cmd/kubeadm/app/phases/addons/dns/manifests.go',
  },
  'coredns.ttl': {
    kind: 'wait',
    delays: "asking CoreDNS again for a name of the cluster; kubeadm's Corefile says 30s",
    value: fixed(seconds(5)),
    knob: 'Corefile kubernetes { ttl }',
    bounds: { least: ZERO, most: seconds(3_600), isWhole: true },
    source:
      'coredns plugin/kubernetes/kubernetes.go defaultTTL; plugin/kubernetes/setup.go; ' +
      'cmd/kubeadm/app/phases/addons/dns',
  },
  'coredns.cacheSuccess': {
    kind: 'wait',
    delays: "asking again for what CoreDNS has in its cache, at the most; kubeadm's says 30s",
    value: fixed(seconds(3_600)),
    knob: 'Corefile cache { success }',
    bounds: WHOLE_SECONDS,
    source: 'coredns plugin/pkg/dnsutil/ttl.go MaximumDefaultTTL; plugin/cache/setup.go',
  },
  'coredns.cacheDenial': {
    kind: 'wait',
    delays: "asking again for what CoreDNS knows not to exist, at the most; kubeadm's says 30s",
    value: fixed(seconds(1_800)),
    knob: 'Corefile cache { denial }',
    bounds: WHOLE_SECONDS,
    source: 'coredns plugin/cache/cache.go maxNTTL; plugin/cache/setup.go',
  },
  'coredns.cacheFailure': {
    kind: 'wait',
    delays: 'asking an upstream again that has failed, while the failure is in the cache',
    value: fixed(seconds(5)),
    knob: 'Corefile cache { servfail }',
    bounds: { least: ZERO, most: seconds(300), isWhole: true },
    source: 'coredns plugin/cache/cache.go (failttl: minNTTL); plugin/cache/setup.go',
  },
  'coredns.reload': {
    kind: 'wait',
    delays: 'noticing that the Corefile has changed',
    value: fixed(seconds(30)),
    knob: 'Corefile reload INTERVAL',
    bounds: { least: seconds(2) },
    source: 'coredns plugin/reload/setup.go defaultInterval, minInterval',
  },
  'coredns.reloadJitter': {
    kind: 'wait',
    delays: 'the same, more or less; no more than half of the interval',
    value: fixed(seconds(15)),
    knob: 'Corefile reload INTERVAL JITTER',
    bounds: { least: seconds(1), orNone: true },
    source: 'coredns plugin/reload/setup.go defaultJitter, minJitter',
  },
  'coredns.forwardTimeout': {
    kind: 'wait',
    delays: 'giving up on one upstream',
    value: fixed(seconds(2)),
    source: 'coredns plugin/forward/forward.go defaultReadTimeout',
  },
  'coredns.forwardDeadline': {
    kind: 'wait',
    delays: 'giving up on all upstreams together',
    value: fixed(seconds(5)),
    source: 'coredns plugin/forward/forward.go defaultTimeout',
  },
  'coredns.forwardHealthCheck': {
    kind: 'wait',
    delays: 'the next look at an upstream that has failed',
    value: fixed(milliseconds(500)),
    knob: 'Corefile forward { health_check }',
    bounds: { least: milliseconds(1) },
    source: 'coredns plugin/forward/forward.go hcInterval; plugin/pkg/proxy/health.go',
  },
  'coredns.forwardHealthTimeout': {
    kind: 'wait',
    delays: 'giving up on such a look',
    value: fixed(seconds(1)),
    source: 'coredns plugin/pkg/proxy/health.go defaultTimeout',
  },
  'node-cache.success': {
    kind: 'wait',
    delays: 'asking again for a name of the cluster that the cache of a node has, at the most',
    value: fixed(seconds(30)),
    knob: 'Corefile cache { success }, of NodeLocal DNSCache',
    bounds: WHOLE_SECONDS,
    source: 'cluster/addons/dns/nodelocaldns/nodelocaldns.yaml',
  },
  'node-cache.denial': {
    kind: 'wait',
    delays: 'the same for a name that it knows not to exist',
    value: fixed(seconds(5)),
    knob: 'Corefile cache { denial }, of NodeLocal DNSCache',
    bounds: WHOLE_SECONDS,
    source: 'cluster/addons/dns/nodelocaldns/nodelocaldns.yaml',
  },
} as const satisfies Record<string, TimerRow>;
