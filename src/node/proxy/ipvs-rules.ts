// The iptables rules of IPVS mode. IPVS chooses and translates the destination by itself; the
// rules only mark what has to be masqueraded and keep out what may not come in. They do not grow
// with the number of Services: they ask ipsets.
// source: pkg/proxy/ipvs/proxier.go writeIptablesRules, iptablesJumpChain, ipsetWithIptablesChain

import type { Protocol } from '../../values/flow';
import type { Chain, Field, Match, NamedSet, Rule } from '../netfilter/ruleset';
import type { Table, TableName } from '../netfilter/ruleset';
import { MARKED, MARK_MASQ, POSTROUTING_RULES } from './masquerade';
import type { IpsetName } from './ipvs-service';
import type { ProxyNode } from './proxy-mode';

const SERVICE: readonly Field[] = ['destination', 'protocol', 'destination-port'];
const PORT: readonly Field[] = ['destination-port'];
const WITH_SOURCE: readonly Field[] = [...SERVICE, 'source'];
const FROM_SERVICE: readonly Field[] = ['source', 'protocol', 'destination-port'];

/** What every set is keyed by. */
export const IPSET_FIELDS: Readonly<
  Record<IpsetName | 'LOOP-BACK' | 'IPVS-IPS', readonly Field[]>
> = {
  'LOOP-BACK': WITH_SOURCE,
  'CLUSTER-IP': SERVICE,
  'EXTERNAL-IP': SERVICE,
  'EXTERNAL-IP-LOCAL': SERVICE,
  'LOAD-BALANCER': SERVICE,
  'LOAD-BALANCER-LOCAL': SERVICE,
  'LOAD-BALANCER-FW': SERVICE,
  'LOAD-BALANCER-SOURCE-CIDR': WITH_SOURCE,
  'LOAD-BALANCER-SOURCE-IP': WITH_SOURCE,
  'NODE-PORT-TCP': PORT,
  'NODE-PORT-LOCAL-TCP': PORT,
  'NODE-PORT-UDP': PORT,
  'NODE-PORT-LOCAL-UDP': PORT,
  'NODE-PORT-SCTP-HASH': SERVICE,
  'NODE-PORT-LOCAL-SCTP-HASH': SERVICE,
  'HEALTH-CHECK-NODE-PORT': PORT,
  'IPVS-IPS': ['destination'],
};

export type AnyIpset = keyof typeof IPSET_FIELDS;

/** `KUBE-CLUSTER-IP`, or `KUBE-6-CLUSTER-IP` for IPv6. */
export function ipsetName(name: AnyIpset, { family }: ProxyNode): string {
  return family === 'IPv4' ? `KUBE-${name}` : `KUBE-6-${name}`;
}

/** The tables; rules that would ask an empty set are left out. */
export function ipvsTables(
  node: ProxyNode,
  sets: ReadonlyMap<string, NamedSet>,
): ReadonlyMap<TableName, Table> {
  const rules = new IpvsRules(node, sets);
  return new Map<TableName, Table>([
    ['filter', tableOf('filter', rules.filterChains())],
    ['nat', tableOf('nat', rules.natChains())],
  ]);
}

const MARK: Rule['target'] = { do: 'jump', chain: 'KUBE-MARK-MASQ' };
const RETURN: Rule['target'] = { do: 'return' };
const ACCEPT: Rule['target'] = { do: 'accept' };
const NEW: Match = { on: 'state', states: ['NEW'] };
const DESTINATION_LOCAL: Match = { on: 'address-type', side: 'destination', type: 'LOCAL' };
const SOURCE_NOT_LOCAL: Match = { on: 'address-type', side: 'source', type: 'LOCAL', not: true };

class IpvsRules {
  private readonly node: ProxyNode;
  private readonly sets: ReadonlyMap<string, NamedSet>;

  constructor(node: ProxyNode, sets: ReadonlyMap<string, NamedSet>) {
    this.node = node;
    this.sets = sets;
  }

  natChains(): Chain[] {
    const toServices = jump('KUBE-SERVICES', 'kubernetes service portals');
    return [
      builtIn('PREROUTING', [toServices]),
      builtIn('INPUT', []),
      builtIn('OUTPUT', [toServices]),
      builtIn('POSTROUTING', [jump('KUBE-POSTROUTING', 'kubernetes postrouting rules')]),
      { name: 'KUBE-SERVICES', rules: this.services() },
      { name: 'KUBE-LOAD-BALANCER', rules: this.loadBalancer() },
      { name: 'KUBE-NODE-PORT', rules: this.nodePort() },
      { name: 'KUBE-POSTROUTING', rules: this.postrouting() },
      MARK_MASQ,
    ];
  }

  filterChains(): Chain[] {
    const firewall = jump('KUBE-PROXY-FIREWALL', 'kube-proxy firewall rules');
    return [
      builtIn('INPUT', [
        jump('KUBE-IPVS-FILTER', 'kubernetes ipvs access filter'),
        firewall,
        jump('KUBE-NODE-PORT', 'kubernetes health check rules'),
      ]),
      builtIn('FORWARD', [firewall, jump('KUBE-FORWARD', 'kubernetes forwarding rules')]),
      builtIn('OUTPUT', [jump('KUBE-IPVS-OUT-FILTER', 'kubernetes ipvs access filter')]),
      { name: 'KUBE-FORWARD', rules: FORWARD },
      { name: 'KUBE-NODE-PORT', rules: this.healthChecks() },
      { name: 'KUBE-PROXY-FIREWALL', rules: this.proxyFirewall() },
      { name: 'KUBE-SOURCE-RANGES-FIREWALL', rules: this.sourceRanges() },
      { name: 'KUBE-IPVS-FILTER', rules: this.accessFilter() },
      { name: 'KUBE-IPVS-OUT-FILTER', rules: [] },
    ];
  }

  /** Loopback is left alone, so NodePorts do not answer on it. */
  private services(): Rule[] {
    const rules: Rule[] = [];
    if (this.node.family === 'IPv4') {
      rules.push({ matches: [{ on: 'source', cidr: '127.0.0.0/8' }], target: RETURN });
    }
    rules.push(...this.asking('LOAD-BALANCER', { do: 'jump', chain: 'KUBE-LOAD-BALANCER' }));
    rules.push(...this.masqueradeInternal(), ...this.externalIPs());
    rules.push({ matches: [DESTINATION_LOCAL], target: { do: 'jump', chain: 'KUBE-NODE-PORT' } });
    // Whatever other agents add behind cannot keep packets from virtual servers.
    return [
      ...rules,
      ...this.asking('CLUSTER-IP', ACCEPT),
      ...this.asking('LOAD-BALANCER', ACCEPT),
    ];
  }

  /**
   * Without a detector of pods, what comes from the host itself is masqueraded: the host takes the
   * dialled address, which is its own, as the source.
   */
  private masqueradeInternal(): Rule[] {
    const { masqueradeAll, clusterCIDR } = this.node;
    const comment = 'Kubernetes service cluster ip + port for masquerade purpose';
    if (this.isEmpty('CLUSTER-IP')) return [];
    const asked = masqueradeAll || clusterCIDR !== undefined ? SERVICE : FROM_SERVICE;
    const matches = [this.set('CLUSTER-IP', asked)];
    if (!masqueradeAll && clusterCIDR !== undefined) {
      matches.push({ on: 'source', cidr: clusterCIDR, not: true });
    }
    return [{ matches, comment, target: MARK }];
  }

  private externalIPs(): Rule[] {
    return [
      ...this.asking('EXTERNAL-IP', MARK),
      ...this.asking('EXTERNAL-IP', ACCEPT, SOURCE_NOT_LOCAL),
      ...this.asking('EXTERNAL-IP', ACCEPT, DESTINATION_LOCAL),
      ...this.asking('EXTERNAL-IP-LOCAL', ACCEPT, SOURCE_NOT_LOCAL),
      ...this.asking('EXTERNAL-IP-LOCAL', ACCEPT, DESTINATION_LOCAL),
    ];
  }

  /** A Local policy keeps the source, wherever the connection comes from. */
  private loadBalancer(): Rule[] {
    return [...this.asking('LOAD-BALANCER-LOCAL', RETURN), { matches: [], target: MARK }];
  }

  private nodePort(): Rule[] {
    return (['TCP', 'UDP', 'SCTP'] as const).flatMap((protocol) => {
      const suffix = protocol === 'SCTP' ? 'SCTP-HASH' : protocol;
      const is = protocolMatch(protocol);
      return [
        ...this.asking(`NODE-PORT-LOCAL-${suffix}`, RETURN, is),
        ...this.asking(`NODE-PORT-${suffix}`, MARK, is),
      ];
    });
  }

  /** A pod that reaches itself has to be masqueraded, marked or not. */
  private postrouting(): Rule[] {
    const hairpin = this.asking('LOOP-BACK', { do: 'masquerade', randomFully: false });
    return [...hairpin, ...POSTROUTING_RULES];
  }

  private healthChecks(): Rule[] {
    return this.asking('HEALTH-CHECK-NODE-PORT', ACCEPT, protocolMatch('TCP'));
  }

  private proxyFirewall(): Rule[] {
    return this.asking('LOAD-BALANCER-FW', { do: 'jump', chain: 'KUBE-SOURCE-RANGES-FIREWALL' });
  }

  private sourceRanges(): Rule[] {
    return [
      ...this.asking('LOAD-BALANCER-SOURCE-CIDR', RETURN),
      ...this.asking('LOAD-BALANCER-SOURCE-IP', RETURN),
      { matches: [], target: { do: 'drop' } },
    ];
  }

  /**
   * Service addresses are local to the host, so its own sockets would answer on ports that no
   * Service has (kubernetes#72236).
   */
  private accessFilter(): Rule[] {
    const known = ['LOAD-BALANCER', 'CLUSTER-IP', 'EXTERNAL-IP', 'EXTERNAL-IP-LOCAL'] as const;
    return [
      ...known.flatMap((set) => this.asking(set, RETURN)),
      ...this.asking('HEALTH-CHECK-NODE-PORT', RETURN),
      ...this.asking('IPVS-IPS', { do: 'reject' }, NEW),
    ];
  }

  /** A rule that asks a set; none where nothing is in it. */
  private asking(set: AnyIpset, target: Rule['target'], ...matches: Match[]): Rule[] {
    if (this.isEmpty(set)) return [];
    return [{ matches: [...matches, this.set(set, IPSET_FIELDS[set])], target }];
  }

  private set(set: AnyIpset, fields: readonly Field[]): Match {
    return { on: 'set', set: ipsetName(set, this.node), fields };
  }

  private isEmpty(set: AnyIpset): boolean {
    return !this.sets.has(ipsetName(set, this.node));
  }
}

/** INVALID packets are not dropped in this mode. */
const FORWARD: readonly Rule[] = [
  { matches: [MARKED], comment: 'kubernetes forwarding rules', target: ACCEPT },
  {
    matches: [{ on: 'state', states: ['RELATED', 'ESTABLISHED'] }],
    comment: 'kubernetes forwarding conntrack rule',
    target: ACCEPT,
  },
];

function protocolMatch(protocol: Protocol): Match {
  return { on: 'protocol', protocol };
}

function jump(chain: string, comment: string): Rule {
  return { matches: [], comment, target: { do: 'jump', chain } };
}

function builtIn(name: string, rules: readonly Rule[]): Chain {
  return { name, policy: 'ACCEPT', rules };
}

function tableOf(name: TableName, chains: readonly Chain[]): Table {
  return { name, chains: new Map(chains.map((chain) => [chain.name, chain])) };
}
