// What can be wrong about the components of the cluster and their connections.

import { Connections } from '../../src/apiserver/connections';
import { Informer } from '../../src/apiserver/informer';
import { LeaderElection } from '../../src/cluster/leader-election';
import { Proxies } from '../../src/cluster/proxies';
import { Prober } from '../../src/node/prober';
import { seconds, ZERO } from '../../src/values/time';
import { withDelays } from './delays';
import type { Mutant } from './mutants';
import { replace, together } from './replace';

export const COMPONENT_MUTANTS: readonly Mutant[] = [
  {
    name: 'rules-die-with-kube-proxy',
    sentence: 'The rules of a node are gone when its kube-proxy dies.',
    scenario: 'scenarios/faults/kube-proxy-dead-stale-endpoint.yaml',
    expectation: 'node/worker-1 reaches 10.96.0.20:80',
    breaks: () =>
      replace(Proxies.prototype, 'stop', (stop: Proxies['stop']) => {
        return function (this: Proxies, node) {
          stop.call(this, node);
          this['context'].machines.get(node)!.proxyRules.clear();
        };
      }),
  },
  {
    name: 'sync-before-the-lists',
    sentence: 'kube-proxy writes its rules before it has listed anything.',
    scenario: 'scenarios/faults/kube-proxy-restart-before-sync-udp-conntrack.yaml',
    expectation: 'the rules of its predecessor stand',
    breaks: () => {
      const listed = Object.getOwnPropertyDescriptor(Informer.prototype, 'isListed')!;
      Object.defineProperty(Informer.prototype, 'isListed', { ...listed, get: () => true });
      return () => Object.defineProperty(Informer.prototype, 'isListed', listed);
    },
  },
  {
    name: 'leader-for-ever',
    sentence: 'A leader works on though it cannot renew its lease.',
    scenario: 'scenarios/faults/apiserver-down-dataplane-alive.yaml',
    expectation: 'the controller manager gives up its lease',
    breaks: () => replace(LeaderElection.prototype, 'fail', () => () => {}),
  },
  {
    name: 'lease-of-one-second',
    sentence: 'A lease counts as expired after a second.',
    scenario: 'scenarios/faults/kcm-leader-15s.yaml',
    expectation: 'leads',
    breaks: () => withDelays({ 'leader-election.leaseDuration': seconds(1) }),
  },
  {
    name: 'dead-api-server-is-forgotten-at-once',
    sentence: 'An API server that dies leaves the kubernetes Service at once.',
    scenario: 'scenarios/faults/apiserver-member-15s.yaml',
    expectation: 'the kubernetes Service forgets it',
    breaks: () =>
      withDelays({
        'apiserver.endpointReconciler.leaseTTL': ZERO,
        'apiserver.endpointReconciler.interval': ZERO,
      }),
  },
  {
    name: 'outage-unnoticed',
    sentence: 'Requests and watches get through to an API server that is gone.',
    scenario: 'scenarios/faults/apiserver-down-dataplane-alive.yaml',
    expectation: 'is refused by backend:80',
    breaks: () =>
      together(
        replace(Connections.prototype, 'sever', () => () => {}),
        replace(Connections.prototype, 'carries', () => () => true),
      ),
  },
  {
    name: 'probes-pass-a-stopped-process',
    sentence: 'A process that is stopped answers its probes.',
    scenario: 'scenarios/faults/paused-pod.yaml',
    expectation: 'an HTTP probe notices',
    breaks: () => replace(Prober.prototype, 'ask', () => () => ({ outcome: 'success' as const })),
  },
];
