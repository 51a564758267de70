// What can be wrong about conntrack, rules and kube-proxy.

import { Conntrack, ConntrackOverlay } from '../../src/node/netfilter/conntrack';
import * as evaluate from '../../src/node/netfilter/evaluate';
import * as match from '../../src/node/netfilter/match';
import type { Chain } from '../../src/node/netfilter/ruleset';
import { Machine } from '../../src/node/machine';
import * as nodePorts from '../../src/node/proxy/node-port-addresses';
import * as service from '../../src/node/proxy/iptables-service';
import { KubeProxy } from '../../src/node/proxy/kube-proxy';
import { RuleWriter } from '../../src/node/proxy/rule-writer';
import { SyncRunner } from '../../src/node/proxy/sync-runner';
import type { KubeVersion } from '../../src/values/kube-version';
import { CERTAIN } from '../../src/values/ratio';
import { seconds, ZERO } from '../../src/values/time';
import { withDelays } from './delays';
import type { Mutant } from './mutants';
import { replace, together } from './replace';
import type { Undo } from './replace';

/** The last version before the burst went. */
const OLD = '1.33' as KubeVersion;

type Lookup = Conntrack['lookup'];
type Traverse = typeof evaluate.traverse;
type NodePortAddresses = typeof nodePorts.nodePortAddresses;
type ServiceRules = typeof service.serviceRules;

function withBranches(
  change: (branches: ReturnType<Traverse>, sent: Parameters<Traverse>[3]) => ReturnType<Traverse>,
): Undo {
  return replace<Traverse>(evaluate, 'traverse', (traverse) => (...args) => {
    return change(traverse(...args), args[3]);
  });
}

function withServiceRules(
  change: (rules: ReturnType<ServiceRules>) => ReturnType<ServiceRules>,
): Undo {
  return replace<ServiceRules>(service, 'serviceRules', (build) => (...args) => {
    return change(build(...args));
  });
}

function withoutMasquerade(): Undo {
  return withBranches((branches, { tuple: { src, sport } }) =>
    branches.map((branch) => {
      const { packet } = branch;
      return { ...branch, packet: { ...packet, tuple: { ...packet.tuple, src, sport } } };
    }),
  );
}

export const DATA_PLANE_MUTANTS: readonly Mutant[] = [
  {
    name: 'conntrack-forgets-replies',
    sentence: 'Conntrack does not know the answers of a connection: nothing is translated back.',
    scenario: 'scenarios/services/cluster-ip.yaml',
    expectation: 'shop/frontend reaches',
    breaks() {
      const forget = (lookup: Lookup): Lookup =>
        function (this: Conntrack, ...args) {
          const hit = lookup.apply(this, args);
          return hit?.direction === 'reply' ? undefined : hit;
        };
      return together(
        replace(Conntrack.prototype, 'lookup', forget),
        replace(ConntrackOverlay.prototype, 'lookup', forget),
      );
    },
  },
  {
    name: 'kube-proxy-at-once',
    sentence: 'kube-proxy writes its rules in no time and without a pause between two syncs.',
    scenario: 'scenarios/timing/service-creation.yaml',
    expectation: 'reaches 10.96.0.40:80',
    breaks: () =>
      withDelays({
        'kube-proxy.minSyncPeriod': ZERO,
        'kube-proxy.build': ZERO,
        'kube-proxy.restore': ZERO,
      }),
  },
  {
    name: 'kube-proxy-burst',
    sentence: 'kube-proxy still has its burst of two syncs in 1.34 and later.',
    scenario: 'scenarios/timing/service-creation.yaml',
    expectation: 'is refused by 10.96.0.40:80',
    breaks: () =>
      replace(KubeProxy.prototype, 'newRunner', () => {
        return () => new SyncRunner(OLD, seconds(1));
      }),
  },
  {
    name: 'kube-proxy-flushes-tcp',
    sentence: 'kube-proxy forgets all connections, TCP included, whenever it writes its rules.',
    scenario: 'scenarios/services/established-connections.yaml',
    expectation: 'on the connections opened at 5s',
    breaks: () =>
      replace(RuleWriter.prototype, 'cleanUp', () => {
        return function (this: RuleWriter) {
          this['options'].machine.conntrack.flush();
          return true;
        };
      }),
  },
  {
    name: 'udp-entries-stay',
    sentence: 'kube-proxy leaves the UDP entries of endpoints that are gone.',
    scenario: 'scenarios/network/udp-flows.yaml',
    expectation: 'on the connections opened at 5s',
    breaks: () => replace(RuleWriter.prototype, 'cleanUp', () => () => false),
  },
  {
    name: 'no-masquerade',
    sentence: 'MASQUERADE does nothing: the source of a packet stays what it was.',
    scenario: 'scenarios/network/hairpin.yaml',
    expectation: 'reaches backend:80',
    breaks: withoutMasquerade,
  },
  {
    name: 'no-masquerade-of-egress',
    sentence: 'The same, seen by a server of the internet.',
    scenario: 'scenarios/network/egress.yaml',
    expectation: 'reaches api.example.com:443',
    breaks: withoutMasquerade,
  },
  {
    name: 'everything-masqueraded',
    sentence: 'Whatever leaves a node carries the address of the node.',
    scenario: 'scenarios/network/other-node.yaml',
    expectation: 'has no DNAT and no SNAT',
    breaks: () =>
      replace<Traverse>(evaluate, 'traverse', (traverse) => (...args) => {
        const [, , hook, , { masqueradeAddress }] = args;
        const branches = traverse(...args);
        if (hook !== 'POSTROUTING' || masqueradeAddress === undefined) return branches;
        return branches.map((branch) => {
          const { packet } = branch;
          const tuple = { ...packet.tuple, src: masqueradeAddress };
          return { ...branch, packet: { ...packet, tuple } };
        });
      }),
  },
  {
    name: 'node-ports-on-every-address',
    sentence: 'kube-proxy serves NodePorts on all addresses, whatever it was told.',
    scenario: 'scenarios/troubleshooting/node-port-elsewhere.yaml',
    expectation: 'is refused by 192.168.1.11:30080',
    breaks: () =>
      replace<NodePortAddresses>(nodePorts, 'nodePortAddresses', (choose) => {
        return (_setting, family, addresses) => choose([], family, addresses);
      }),
  },
  {
    name: 'always-the-first-endpoint',
    sentence: 'A statistic rule always matches, so the first endpoint gets everything.',
    scenario: 'scenarios/services/equal-shares.yaml',
    expectation: '1/3',
    breaks: () =>
      replace<typeof match.compiledRule>(match, 'compiledRule', (compiled) => (rule) => {
        return { ...compiled(rule), probability: CERTAIN };
      }),
  },
  {
    name: 'probabilities-in-reverse',
    sentence: 'The rules of a Service have their probabilities in the wrong order.',
    scenario: 'scenarios/network/iptables-rules.yaml',
    expectation: 'the first rule takes a third',
    breaks: () => withServiceRules((rules) => ({ ...rules, chains: rules.chains.map(inReverse) })),
  },
  {
    name: 'reject-is-drop',
    sentence: 'REJECT is silent, as DROP is.',
    scenario: 'scenarios/troubleshooting/selector-typo.yaml',
    expectation: 'is refused by',
    breaks: () =>
      withBranches((branches) =>
        branches.map((branch) =>
          branch.verdict === 'reject' ? { ...branch, verdict: 'drop' } : branch,
        ),
      ),
  },
  {
    name: 'reject-is-drop-for-names',
    sentence: 'The same, for the Service of DNS when no server is left.',
    scenario: 'scenarios/dns/all-servers-lost.yaml',
    expectation: 'shop/frontend gets no answer for backend at 40s',
    breaks: () =>
      withBranches((branches) =>
        branches.map((branch) =>
          branch.verdict === 'reject' ? { ...branch, verdict: 'drop' } : branch,
        ),
      ),
  },
  {
    name: 'no-rule-for-empty-services',
    sentence: 'A Service without endpoints is left without any rule.',
    scenario: 'scenarios/services/needs-endpoints.yaml',
    expectation: 'is refused by lonely:80',
    breaks: () =>
      withServiceRules((rules) => ({
        ...rules,
        filter: { ...rules.filter, 'KUBE-SERVICES': [] },
      })),
  },
  {
    name: 'rules-outlive-the-power',
    sentence: 'The rules of a node survive the loss of its power.',
    scenario: 'scenarios/lifecycle/node-reboot.yaml',
    expectation: 'no rule outlives the kernel',
    breaks: () =>
      replace(Machine.prototype, 'powerOff', (powerOff: Machine['powerOff']) => {
        return function (this: Machine) {
          const rules = [...this.proxyRules];
          powerOff.call(this);
          for (const [family, ruleset] of rules) this.proxyRules.set(family, ruleset);
        };
      }),
  },
];

/** The probabilities of the chain that spreads, the last one first. */
function inReverse(chain: Chain): Chain {
  const shares = chain.rules.flatMap(({ matches }) => matches.filter(isShare)).reverse();
  const rules = chain.rules.map((rule) => ({
    ...rule,
    matches: rule.matches.map((it) => (isShare(it) ? shares.shift()! : it)),
  }));
  return { ...chain, rules };
}

function isShare({ on }: Chain['rules'][number]['matches'][number]): boolean {
  return on === 'statistic';
}
