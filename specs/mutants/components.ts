// What can be wrong about the components of the cluster and their connections.

import { Connections } from '../../src/apiserver/connections';
import { Informer } from '../../src/apiserver/informer';
import { LeaderElection } from '../../src/cluster/components/leader-election';
import { Proxies } from '../../src/cluster/proxies';
import { Upgrades } from '../../src/cluster/components/upgrades';
import { Prober } from '../../src/node/kubelet/prober';
import { Versions } from '../../src/timers/versions';
import { NEWEST_VERSION } from '../../src/values/kube-version';
import type { KubeVersion } from '../../src/values/kube-version';
import { seconds, ZERO } from '../../src/values/time';
import { withDelays } from './delays';
import type { Mutant } from './mutants';
import { replace, together } from './replace';
import type { Undo } from './replace';

/** Changes which version a process is taken to be of. */
function withVersions(change: (actor: string, own: KubeVersion) => KubeVersion): Undo {
  return replace(Versions.prototype, 'of', (of: Versions['of']) => {
    return function (this: Versions, actor) {
      return change(actor, of.call(this, actor));
    };
  });
}

export const COMPONENT_MUTANTS: readonly Mutant[] = [
  {
    name: 'kubelets-begin-like-the-control-plane',
    sentence: 'The version of a node is that of its kube-proxy alone.',
    scenario: 'scenarios/lifecycle/nodes-of-two-versions.yaml',
    expectation: 'the old kubelet takes its pod out of the Service of DNS',
    breaks: () =>
      withVersions((actor, own) => (actor.startsWith('kubelet') ? NEWEST_VERSION : own)),
  },
  {
    name: 'proxies-begin-like-the-control-plane',
    sentence: 'The version of a node is that of its kubelet alone.',
    scenario: 'scenarios/lifecycle/nodes-of-two-versions.yaml',
    expectation: 'the old one spreads',
    breaks: () =>
      withVersions((actor, own) => (actor.startsWith('kube-proxy') ? NEWEST_VERSION : own)),
  },
  {
    name: 'a-version-for-the-whole-cluster',
    sentence: 'The controller manager is as new as the API server.',
    scenario: 'scenarios/lifecycle/upgrade-controller-manager.yaml',
    expectation: 'a controller manager of 1.31 waits 40 s',
    breaks: () => withVersions((_actor, own) => (own === '1.31' ? NEWEST_VERSION : own)),
  },
  {
    name: 'a-program-that-stays',
    sentence: 'A kube-proxy that is replaced does what the one before did.',
    scenario: 'scenarios/services/mixed-kube-proxies.yaml',
    expectation: 'with hints for nodes it stays on its own',
    breaks: () => {
      const old = '1.33' as KubeVersion;
      return withVersions((actor, own) => (actor.startsWith('kube-proxy@') ? old : own));
    },
  },
  {
    name: 'hints-without-their-writer',
    sentence: 'The controller manager writes hints for nodes as soon as the API server takes them.',
    scenario: 'scenarios/services/mixed-kube-proxies.yaml',
    expectation: 'a new kube-proxy finds no hints to follow',
    breaks: () => {
      const now = NEWEST_VERSION;
      return withVersions((actor, own) => (actor.startsWith('controller-manager') ? now : own));
    },
  },
  {
    name: 'daemons-all-at-once',
    sentence: 'An upgrade of kube-proxy waits for none of them to run again.',
    scenario: 'scenarios/lifecycle/upgrade-kube-proxy.yaml',
    expectation: 'never fewer than two of the three',
    breaks: () =>
      replace(Upgrades.prototype, 'upgrade', (upgrade: Upgrades['upgrade']) => {
        return function (this: Upgrades, components, to) {
          for (const component of components) upgrade.call(this, [component], to);
        };
      }),
  },
  {
    name: 'results-of-probes-handed-on',
    sentence: 'A kubelet of every version knows the probes of the one before.',
    scenario: 'scenarios/lifecycle/upgrade-kubelet.yaml',
    expectation: 'a kubelet of 1.34 takes its pods out',
    breaks: () => {
      const now = NEWEST_VERSION;
      return withVersions((actor, own) => (actor.startsWith('kubelet@') ? now : own));
    },
  },
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
