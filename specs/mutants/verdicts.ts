// What can be wrong about the instants that outages and convergence are measured by.

import { PolicyAgents } from '../../src/node/policy/policy-agents';
import { milliseconds, ZERO } from '../../src/values/time';
import { DnsView } from '../../src/workloads/dns-view';
import * as connections from '../../src/network/connections';
import { withDelays } from './delays';
import type { Mutant } from './mutants';
import { replace } from './replace';

export const VERDICT_MUTANTS: readonly Mutant[] = [
  {
    name: 'relist-at-once',
    sentence: 'The kubelet looks at its containers all the time, so that a crash is known at once.',
    scenario: 'scenarios/timing/outage.yaml',
    expectation: 'a relist of the kubelet just before the crash',
    breaks: () => withDelays({ 'kubelet.plegRelistPeriod': milliseconds(1) }),
  },
  {
    name: 'restore-takes-no-time',
    sentence: 'Rules are in the kernel at the instant in which kube-proxy begins to write them.',
    scenario: 'scenarios/timing/outage.yaml',
    expectation: 'a relist of the kubelet just before the crash',
    breaks: () => withDelays({ 'kube-proxy.restore': ZERO }),
  },
  {
    name: 'connections-follow-the-rules',
    sentence: 'A packet of a connection that stands is sent wherever new ones go.',
    scenario: 'scenarios/timing/outage.yaml',
    expectation: 'a connection to the crashed backend is lost for good',
    breaks: () =>
      replace(
        connections,
        'continueConnection',
        (proceed: typeof connections.continueConnection) => {
          return (ground, connection) =>
            proceed(ground, connection).map((trace) => ({ ...trace, disposition: 'answered' }));
        },
      ),
  },
  {
    name: 'restore-takes-twice-as-long',
    sentence: 'A sync of few rules takes kube-proxy 50 ms.',
    scenario: 'scenarios/timing/convergence.yaml',
    expectation: 'from the condition of the pod to the rules of the last node',
    breaks: () => withDelays({ 'kube-proxy.restore': milliseconds(40) }),
  },
  {
    name: 'names-change-late',
    sentence: 'CoreDNS lists the API once and hears of nothing that changes afterwards.',
    scenario: 'scenarios/timing/convergence.yaml',
    expectation: 'every CoreDNS knows the name of a Service',
    breaks: () =>
      replace(DnsView.prototype, 'sync', (sync: DnsView['sync']) => {
        return function (this: DnsView) {
          sync.call(this);
          for (const informer of this['informers']) informer.hold();
        };
      }),
  },
  {
    name: 'policies-apply-at-once',
    sentence: 'An agent enforces a policy at the instant in which it hears of it.',
    scenario: 'scenarios/timing/convergence.yaml',
    expectation: 'every node enforces a new policy',
    breaks: () =>
      replace(PolicyAgents.prototype, 'isCurrent', () => {
        return function () {
          return true;
        };
      }),
  },
];
