// What can be wrong about tables that are full, and about what is programmed and then lost.

import * as wiping from '../../src/cluster/faults/wiping';
import { Network } from '../../src/network/network';
import * as netfilterWalk from '../../src/network/netfilter-walk';
import { CNI_PLUGINS } from '../../src/node/cni/index';
import { Conntrack } from '../../src/node/netfilter/conntrack';
import * as podFailures from '../../src/node/kubelet/pod-failures';
import { KubeProxy } from '../../src/node/proxy/kube-proxy';
import { RestoreFaults } from '../../src/node/proxy/restore-faults';
import { RouteTable } from '../../src/node/route-table';
import { seconds } from '../../src/values/time';
import { withDelays } from './delays';
import type { Mutant } from './mutants';
import { replace } from './replace';

export const LOSS_MUTANTS: readonly Mutant[] = [
  {
    name: 'canary-every-five-minutes',
    sentence: 'kube-proxy looks for its canary every five minutes.',
    scenario: 'scenarios/faults/rules-flushed.yaml',
    expectation: 'kube-proxy misses its canary',
    breaks: () => withDelays({ 'kube-proxy.canary': seconds(300) }),
  },
  {
    name: 'partial-sync-makes-the-table',
    sentence: 'A partial sync succeeds though the table of nftables is gone.',
    scenario: 'scenarios/faults/rules-flushed.yaml',
    expectation: 'the first sync fails',
    breaks: () =>
      replace(KubeProxy.prototype, 'restore', (restore: () => void) => {
        return function (this: KubeProxy) {
          this['faults'].isFlushed = false;
          restore.call(this);
        };
      }),
  },
  {
    name: 'lock-is-free',
    sentence: 'iptables-restore does not wait for the lock.',
    scenario: 'scenarios/faults/lock-held.yaml',
    expectation: 'the lock is free, and the old rules stand',
    breaks: () => replace(RestoreFaults.prototype, 'hold', () => () => {}),
  },
  {
    name: 'table-without-end',
    sentence: 'A full conntrack table takes one more entry.',
    scenario: 'scenarios/faults/conntrack-full.yaml',
    expectation: 'a new connection finds no place',
    breaks: () => replace(Conntrack.prototype, 'fill', () => () => {}),
  },
  {
    name: 'full-table-forgets-connections',
    sentence: 'A table that is filled loses the entries that it had.',
    scenario: 'scenarios/faults/conntrack-full.yaml',
    expectation: 'one that stands goes on',
    breaks: () =>
      replace(Conntrack.prototype, 'fill', (fill: Conntrack['fill']) => {
        return function (this: Conntrack, ...args) {
          this.flush();
          fill.apply(this, args);
        };
      }),
  },
  {
    name: 'flush-of-nothing',
    sentence: 'Connections keep their translation when their entries are flushed.',
    scenario: 'scenarios/faults/conntrack-flushed.yaml',
    expectation: 'a connection to the Service may be reset',
    breaks: () => replace(Conntrack.prototype, 'flush', () => () => {}),
  },
  {
    name: 'masquerade-finds-a-port',
    sentence: 'A node whose ports are all taken translates one more source.',
    scenario: 'scenarios/faults/snat-ports-used-up.yaml',
    expectation: 'a client of the node port waits',
    breaks: () => replace(netfilterWalk, 'findsNoPort', () => () => false),
  },
  {
    name: 'addresses-without-end',
    sentence: 'A node without addresses gives out one more.',
    scenario: 'scenarios/faults/addresses-used-up.yaml',
    expectation: 'one of the two new pods finds an address',
    breaks: () => replace(Network.prototype, 'takeAddresses', () => () => {}),
  },
  {
    name: 'memory-after-one-death',
    sentence: 'A process that is restarted finds memory where the last one found none.',
    scenario: 'scenarios/faults/out-of-memory.yaml',
    expectation: 'its restarts are at 10, 20 and 40 s',
    breaks: () => replace(podFailures, 'isOutOfMemory', () => () => false),
  },
  {
    name: 'routes-stay-lost',
    sentence: 'No agent writes routes again that somebody has deleted.',
    scenario: 'scenarios/faults/routes-wiped.yaml',
    expectation: 'the agent has looked',
    breaks: () => replace(RouteTable.prototype, 'recover', () => () => false),
  },
  {
    name: 'flannel-looks-at-vxlan-routes',
    sentence: 'flannel with VXLAN looks for missing routes, as with host-gw.',
    scenario: 'scenarios/faults/routes-wiped.yaml',
    expectation: 'nobody looks',
    breaks: () =>
      replace(CNI_PLUGINS.get('flannel')!, 'routeUpkeep', () => () => 'flannel.routeCheck'),
  },
  {
    name: 'slice-comes-late',
    sentence: 'The controller takes half a minute over a Service that has lost its slice.',
    scenario: 'scenarios/faults/slice-deleted.yaml',
    expectation: 'its controller makes another',
    breaks: () => withDelays({ 'controller-manager.endpointslice.minSyncDelay': seconds(30) }),
  },
  {
    name: 'bridges-are-always-filtered',
    sentence: 'What a bridge passes on goes through conntrack whatever the sysctl says.',
    scenario: 'scenarios/faults/bridge-without-netfilter.yaml',
    expectation: 'the answer of a neighbour is not recognised',
    breaks: () =>
      replace<typeof wiping.wipingHandles>(wiping, 'wipingHandles', (create) => (context) => {
        return { ...create(context), unhookBridges: () => true };
      }),
  },
];
