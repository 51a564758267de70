// kube-proxy's iptables mode, the default one: Services and endpoints in, rules of the tables nat
// and filter out. Pure; nodes whose rules are equal are given one and the same ruleset.
// source: pkg/proxy/iptables/proxier.go syncProxyRules, iptablesJumpChains

import { bitsOf, familyOf, ip } from '../../values/ip';
import { compareText } from '../../values/order';
import { renderIptables } from '../netfilter/render-iptables';
import type { Chain, Hook, Match, Rule, Ruleset, Table, TableName } from '../netfilter/ruleset';
import { endpointText } from './categorize-endpoints';
import { serviceChainNames } from './chain-names';
import { contextOf, serviceRules } from './iptables-service';
import type { FilterChain, ServiceContext, ServiceRules } from './iptables-service';
import { MARKED, MARK_MASQ, POSTROUTING_RULES } from './masquerade';
import { isLoopback, nodePortAddresses } from './node-port-addresses';
import type { ProxyInput, ProxyMode, ProxyNode, ServicePortName } from './proxy-mode';
import { leaves, RevisedRulesets } from './revised-rulesets';
import type { Assembly, Revised } from './revised-rulesets';
import { endpointCount, oneText, Rulesets } from './ruleset-cache';
import { ServiceChains } from './service-chains';

/**
 * Which iptables the image of kube-proxy brings: a matter of the image, not of its configuration.
 * source: kubernetes-sigs/iptables-wrappers
 */
const IPTABLES_BACKEND = {
  description:
    'The back end of the iptables in the image of kube-proxy: `nft`, as the host has it, or ' +
    '`legacy`. Default: nft.',
  enum: ['nft', 'legacy'],
} as const;

const LOOPBACK = ip('127.0.0.1');

/** source: pkg/proxy/iptables/proxier.go largeClusterEndpointsThreshold */
const LARGE_CLUSTER_ENDPOINTS = 1000;

export const iptables: ProxyMode = {
  name: 'iptables',
  upkeep: { takesLock: true, watchesCanary: true, hasOwnTable: false },
  settings: {
    iptablesBackend: IPTABLES_BACKEND,
    localhostNodePorts: {
      description: 'Whether NodePorts answer on 127.0.0.1. Default: true.',
      type: 'boolean',
    },
  },
  compile,
  render: renderIptables,
  endpointsOf,
};

const rulesets = new Rulesets();
const revisions = new RevisedRulesets<ServiceRules>();

function compile(input: ProxyInput, node: ProxyNode): Ruleset {
  const isLarge = endpointCount(input) > LARGE_CLUSTER_ENDPOINTS;
  const { configuration, context } = setupOf(node, isLarge);
  return rulesets.of(input, node, configuration, () => {
    return whenRead(() => revisions.of(input, configuration, assemblyFor(context)).tables);
  });
}

/** Rules that are made when the first reads them: a cluster settles without a look at any. */
function whenRead(find: () => Ruleset['tables']): Ruleset {
  let tables: Ruleset['tables'] | undefined;
  return Object.freeze({
    get tables() {
      return (tables ??= find());
    },
  });
}

/** What rules depend on besides Services and endpoints. */
interface Setup {
  readonly context: ServiceContext;
  /** A text that is equal for equal ones. */
  readonly configuration: string;
}

/** A node is one object for as long as a process runs on it. */
const setups = {
  small: new WeakMap<ProxyNode, Setup>(),
  large: new WeakMap<ProxyNode, Setup>(),
};

function setupOf(node: ProxyNode, isLarge: boolean): Setup {
  const known = isLarge ? setups.large : setups.small;
  let setup = known.get(node);
  if (setup === undefined) {
    const context = contextOf(node, isLarge);
    const configuration = oneText(
      [
        node.family,
        context.configuration,
        ...nodePortRules(node).map((rule) => JSON.stringify(rule.matches)),
        node.localhostNodePorts,
        node.tcpBeLiberal === true,
      ].join('|'),
    );
    known.set(node, (setup = { context, configuration }));
  }
  return setup;
}

function assemblyFor(context: ServiceContext): Assembly<ServiceRules> {
  const { node } = context;
  return {
    part: (service, endpoints) => serviceRules(service, endpoints, context),
    assemble: (parts) => tablesOf(natTable(parts, node), filterTable(parts, node)),
    revise: ({ tables }, changes, parts) => {
      const nat = tables.get('nat')!;
      const filter = tables.get('filter')!;
      return tablesOf(
        revisedNat(nat, changes, parts, node),
        leaves(changes, (it) => it.filter) ? filter : filterTable(parts, node),
      );
    },
  };
}

function tablesOf(nat: Table, filter: Table): Ruleset {
  return {
    tables: new Map<TableName, Table>([
      ['filter', filter],
      ['nat', nat],
    ]),
  };
}

type Parts = ReadonlyMap<string, ServiceRules>;

function natTable(parts: Parts, node: ProxyNode): Table {
  return { name: 'nat', chains: ServiceChains.of(sharedNat(frontChains(parts, node)), parts) };
}

/** Where no Service came to life or lost its last endpoint, the long chains stay one object. */
function revisedNat(
  { chains }: Table,
  changes: readonly Revised<ServiceRules>[],
  parts: Parts,
  node: ProxyNode,
): Table {
  const isSame = leaves(changes, (it) => it.nat);
  const front = isSame ? FRONT.map((name) => chains.get(name)!) : frontChains(parts, node);
  return { name: 'nat', chains: (chains as ServiceChains).with(sharedNat(front), parts) };
}

/** The chains that belong to no Service. */
function sharedNat(front: readonly Chain[]): Chain[] {
  return [...BUILT_IN, ...front, POSTROUTING, MARK_MASQ];
}

/** One object each, so that whoever has passed them knows them again in the next ruleset. */
const BUILT_IN: readonly Chain[] = [
  builtIn('PREROUTING', [jump('KUBE-SERVICES', 'kubernetes service portals')]),
  builtIn('INPUT', []),
  builtIn('OUTPUT', [jump('KUBE-SERVICES', 'kubernetes service portals')]),
  builtIn('POSTROUTING', [jump('KUBE-POSTROUTING', 'kubernetes postrouting rules')]),
];

const FRONT = ['KUBE-SERVICES', 'KUBE-NODEPORTS'] as const;

/** The chains that find the Service of a packet. */
function frontChains(parts: Parts, node: ProxyNode): Chain[] {
  const all = [...parts.values()];
  const services = all.flatMap((it) => it.nat['KUBE-SERVICES']);
  const nodePorts = all.flatMap((it) => it.nat['KUBE-NODEPORTS']);
  return [
    // The NodePort rules come last: an address of a Service may be one of this node.
    { name: 'KUBE-SERVICES', rules: [...services, ...nodePortRules(node)] },
    { name: 'KUBE-NODEPORTS', rules: nodePorts },
  ];
}

const POSTROUTING: Chain = { name: 'KUBE-POSTROUTING', rules: POSTROUTING_RULES };

/** How packets to this node's NodePort addresses find KUBE-NODEPORTS. */
function nodePortRules(node: ProxyNode): Rule[] {
  const comment = 'kubernetes service nodeports; NOTE: this must be the last rule in this chain';
  const target: Rule['target'] = { do: 'jump', chain: 'KUBE-NODEPORTS' };
  const loopback = node.family === 'IPv4' ? '127.0.0.0/8' : '::1/128';
  const allowsLoopback = servesLoopback(node);
  const { all, addresses } = nodePortAddresses(node.nodePortAddresses, node.family, node.addresses);
  if (all) {
    const matches: Match[] = [{ on: 'address-type', side: 'destination', type: 'LOCAL' }];
    if (!allowsLoopback) matches.push({ on: 'destination', cidr: loopback, not: true });
    return [{ matches, comment, target }];
  }
  return addresses
    .filter((address) => allowsLoopback || !isLoopback(address))
    .map((address) => {
      const range = `${address}/${bitsOf(familyOf(address))}`;
      return { matches: [{ on: 'destination', cidr: range }], comment, target };
    });
}

const NEW: Match = { on: 'state', states: ['NEW'] };
const TO_FIREWALL = jump('KUBE-PROXY-FIREWALL', 'kubernetes load balancer firewall', NEW);
const TO_SERVICES = jump('KUBE-SERVICES', 'kubernetes service portals', NEW);
const TO_EXTERNAL = jump(
  'KUBE-EXTERNAL-SERVICES',
  'kubernetes externally-visible service portals',
  NEW,
);

/** Each jump is prepended in turn, so the last one that kube-proxy writes comes first. */
function filterTable(parts: Parts, node: ProxyNode): Table {
  const all = [...parts.values()];
  const guard = servesLoopback(node) ? [jump('KUBE-FIREWALL')] : [];
  const shared = (name: FilterChain): Chain => {
    return { name, rules: all.flatMap((it) => it.filter[name]) };
  };
  const healthChecks = jump('KUBE-NODEPORTS', 'kubernetes health check service ports');
  const forward = jump('KUBE-FORWARD', 'kubernetes forwarding rules');
  return tableOf('filter', [
    builtIn('INPUT', [...guard, TO_FIREWALL, healthChecks, TO_EXTERNAL]),
    builtIn('FORWARD', [TO_FIREWALL, forward, TO_SERVICES, TO_EXTERNAL]),
    builtIn('OUTPUT', [...guard, TO_FIREWALL, TO_SERVICES]),
    shared('KUBE-PROXY-FIREWALL'),
    shared('KUBE-NODEPORTS'),
    shared('KUBE-EXTERNAL-SERVICES'),
    shared('KUBE-SERVICES'),
    forwardChain(node),
    ...(servesLoopback(node) ? [FIREWALL] : []),
  ]);
}

/**
 * Masqueraded traffic passes a FORWARD policy DROP. What conntrack calls INVALID does not: it
 * would reach a client untranslated, and the client's RST would end a connection that stands.
 */
function forwardChain({ tcpBeLiberal = false }: ProxyNode): Chain {
  const invalid: Rule = {
    matches: [{ on: 'state', states: ['INVALID'] }],
    target: { do: 'drop' },
  };
  const rules = tcpBeLiberal ? FORWARD_RULES : [invalid, ...FORWARD_RULES];
  return { name: 'KUBE-FORWARD', rules };
}

const FORWARD_RULES: readonly Rule[] = [
  { matches: [MARKED], comment: 'kubernetes forwarding rules', target: { do: 'accept' } },
  {
    matches: [{ on: 'state', states: ['RELATED', 'ESTABLISHED'] }],
    comment: 'kubernetes forwarding conntrack rule',
    target: { do: 'accept' },
  },
];

/**
 * NodePorts on 127.0.0.1 need route_localnet, which would let neighbours reach what listens on
 * loopback only; this chain shuts them out again.
 */
const FIREWALL: Chain = {
  name: 'KUBE-FIREWALL',
  rules: [
    {
      matches: [
        { on: 'source', cidr: '127.0.0.0/8', not: true },
        { on: 'destination', cidr: '127.0.0.0/8' },
        { on: 'state', states: ['RELATED', 'ESTABLISHED', 'DNAT'], not: true },
      ],
      comment: 'block incoming localnet connections',
      target: { do: 'drop' },
    },
  ],
};

/** Whether NodePorts answer on 127.0.0.1; never for IPv6, nor where the setting leaves it out. */
function servesLoopback({ family, localhostNodePorts, nodePortAddresses: setting }: ProxyNode) {
  if (family !== 'IPv4' || !localhostNodePorts) return false;
  return nodePortAddresses(setting, family, [LOOPBACK]).addresses.length > 0;
}

function endpointsOf(ruleset: Ruleset, id: ServicePortName): readonly string[] {
  const chains = ruleset.tables.get('nat')?.chains;
  const { cluster, local } = serviceChainNames(id);
  const endpoints = new Set<string>();
  for (const { target } of [cluster, local].flatMap((name) => chains?.get(name)?.rules ?? [])) {
    const rules = target.do === 'jump' ? chains?.get(target.chain)?.rules : undefined;
    for (const rule of rules ?? []) {
      if (rule.target.do !== 'dnat') continue;
      endpoints.add(endpointText({ ip: rule.target.address, port: rule.target.port }));
    }
  }
  return [...endpoints].sort(compareText);
}

function jump(chain: string, comment?: string, ...matches: Match[]): Rule {
  const rule: Rule = { matches, target: { do: 'jump', chain } };
  return comment === undefined ? rule : { ...rule, comment };
}

function builtIn(name: Hook, rules: readonly Rule[]): Chain {
  return { name, policy: 'ACCEPT', rules };
}

function tableOf(name: TableName, chains: readonly Chain[]): Table {
  return { name, chains: new Map(chains.map((chain) => [chain.name, chain])) };
}
