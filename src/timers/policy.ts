// The delays of the agents that enforce network policies, from what an agent has seen to the
// rules in the kernel. Part of the table of delays (index.ts).

import { fixed, spread } from './row';
import type { TimerRow } from './row';
import { milliseconds, seconds, ZERO } from '../values/time';

const ms = milliseconds;

export const POLICY_TIMERS = {
  'calico-node.calcTick': {
    kind: 'latency',
    delays: 'the calculation of a policy change by Felix, which looks at its input every 10 ms',
    value: spread(ZERO, ms(10)),
    tutorial: fixed(ZERO),
    source: 'felix/calc/async_calc_graph.go (tickInterval)',
  },
  'calico-node.applyThrottle': {
    kind: 'latency',
    delays: 'the application of calculated rules by Felix: once in 100 ms, ten in a row sooner',
    value: spread(ZERO, ms(100)),
    tutorial: fixed(ZERO),
    source: 'felix/dataplane/linux/int_dataplane.go (throttle)',
  },
  'calico-node.apply': {
    kind: 'latency',
    delays: 'writing the changed rules into the kernel',
    value: spread(ms(10), ms(500)),
    tutorial: fixed(ZERO),
    source: 'no constant upstream; 10-500 ms is the span of timeline C13',
  },
  'cilium-agent.apply': {
    kind: 'latency',
    delays: 'a policy change in the policy maps of the endpoints of a node',
    value: spread(ms(50), ms(150)),
    tutorial: fixed(ZERO),
    source:
      'no constant upstream; about the median of 116 ms from request to effect that ' +
      'SomaTomita/k8s-netpol-enforcement-window measured with Cilium 1.20.0',
  },
  'kube-network-policies.sync': {
    kind: 'latency',
    delays: 'new flows meeting a changed policy: the nftables rules are synced once a second',
    value: spread(ZERO, seconds(1)),
    tutorial: fixed(ZERO),
    source: 'kubernetes-sigs/kube-network-policies pkg/dataplane/controller.go',
  },
  'kube-network-policies.review': {
    kind: 'quantiser',
    delays: 'in strict mode, the next look at the connections that are open',
    value: fixed(seconds(30)),
    source: 'kubernetes-sigs/kube-network-policies pkg/dataplane/controller.go (connRunner)',
  },
  'weave-npc.apply': {
    kind: 'latency',
    delays: 'a policy change in the ipsets and rules of a node',
    value: spread(ms(10), ms(500)),
    tutorial: fixed(ZERO),
    source: 'no constant upstream and no measurement; the span of timeline C13 is assumed',
  },
  'aws-network-policy-agent.apply': {
    kind: 'latency',
    delays: 'a policy or a new pod on the eBPF programs of a node',
    value: spread(seconds(1), seconds(2)),
    tutorial: fixed(ZERO),
    source: 'aws/aws-network-policy-agent issues 83, 186, 345: pods are open for 1-2 s',
  },
} as const satisfies Record<string, TimerRow>;
