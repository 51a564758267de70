// Rulesets as the text that iptables-restore loads: what the evaluator walks is what a real
// kernel can be given.
// source: iptables/iptables-save.c (form), extensions/libxt_*.man and libipt_*.man (options)

import { cidr } from '../../values/cidr';
import { formatEndpoint } from '../../values/ip';
import type { Ratio } from '../../values/ratio';
import { isInverted } from './match';
import type { Chain, Field, Match, Rule, Ruleset, Table, TableName, Target } from './ruleset';

const PORT_PROTOCOLS: readonly string[] = ['TCP', 'UDP', 'SCTP'];

/** The whole ruleset, one `*table … COMMIT` after the other. */
export function renderIptables(ruleset: Ruleset): string {
  return [...ruleset.tables.values()].map(renderTable).join('');
}

/**
 * The rules of a whole host as one ruleset: the rules of a shared built-in chain follow each
 * other in the order of `rulesets`, as `traverse` walks them. Throws where two rulesets bring
 * different chains under one name.
 */
export function mergeRulesets(rulesets: readonly Ruleset[]): Ruleset {
  const tables = new Map<TableName, Table>();
  for (const table of rulesets.flatMap((ruleset) => [...ruleset.tables.values()])) {
    const chains = new Map(tables.get(table.name)?.chains);
    for (const chain of table.chains.values()) {
      chains.set(chain.name, mergeChains(chains.get(chain.name), chain));
    }
    tables.set(table.name, { name: table.name, chains });
  }
  return { tables };
}

function mergeChains(before: Chain | undefined, chain: Chain): Chain {
  if (before === undefined || before === chain) return chain;
  if (before.policy === undefined || chain.policy === undefined) {
    throw new RangeError(`two rulesets bring a chain ${chain.name}`);
  }
  const policy = before.policy === 'DROP' ? 'DROP' : chain.policy;
  return { name: chain.name, policy, rules: [...before.rules, ...chain.rules] };
}

function renderTable(table: Table): string {
  const chains = [...table.chains.values()];
  const lines = [
    `*${table.name}`,
    ...chains.map((chain) => `:${chain.name} ${chain.policy ?? '-'} [0:0]`),
    ...chains.flatMap((chain) => chain.rules.map((rule) => renderRule(chain.name, rule))),
    'COMMIT',
  ];
  return `${lines.join('\n')}\n`;
}

/** One line: `-A KUBE-SERVICES -d 10.96.0.10/32 -p udp -m udp --dport 53 -j KUBE-SVC-…`. */
export function renderRule(chain: string, rule: Rule): string {
  const words = [
    `-A ${chain}`,
    ...addressWords(rule),
    ...protocolWords(rule),
    ...(rule.comment === undefined ? [] : [`-m comment --comment ${quoted(rule.comment)}`]),
    ...rule.matches.flatMap(extensionWords),
    ...targetWords(rule.target),
  ];
  return words.join(' ');
}

/** The comment as the parser of iptables-restore reads it back. */
function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/** Addresses and interfaces come before the extensions, as iptables-save prints them. */
function addressWords(rule: Rule): string[] {
  const words = rule.matches.map((match) => {
    switch (match.on) {
      case 'source':
        return `${negation(match)}-s ${cidr(match.cidr).text}`;
      case 'destination':
        return `${negation(match)}-d ${cidr(match.cidr).text}`;
      case 'in-interface':
        return `${negation(match)}-i ${match.name}`;
      case 'out-interface':
        return `${negation(match)}-o ${match.name}`;
      default:
        return '';
    }
  });
  return words.filter((word) => word !== '');
}

/** A port is a matter of the protocol's own extension, which `-p` has to announce. */
function protocolWords(rule: Rule): string[] {
  const protocol = rule.matches.find((match) => match.on === 'protocol');
  if (protocol === undefined) return [];
  const name = protocol.protocol.toLowerCase();
  const ports = rule.matches.flatMap((match) => {
    if (match.on === 'source-port') return [`${negation(match)}--sport ${match.port}`];
    if (match.on === 'destination-port') return [`${negation(match)}--dport ${match.port}`];
    return [];
  });
  const needsExtension = ports.length > 0 || rule.target.do === 'dnat';
  const extension = needsExtension && PORT_PROTOCOLS.includes(protocol.protocol);
  return [`${negation(protocol)}-p ${name}`, ...(extension ? [`-m ${name}`] : []), ...ports];
}

function extensionWords(match: Match): string[] {
  switch (match.on) {
    case 'address-type': {
      const side = match.side === 'source' ? 'src' : 'dst';
      return [`-m addrtype ${negation(match)}--${side}-type ${match.type}`];
    }
    case 'mark':
      return [`-m mark ${negation(match)}--mark ${hex(match.value)}/${hex(match.mask)}`];
    case 'state':
      return [`-m conntrack ${negation(match)}--ctstate ${match.states.join(',')}`];
    case 'statistic':
      return [`-m statistic --mode random --probability ${decimal(match.probability)}`];
    case 'recent':
      return [`-m recent --name ${match.list} --rcheck --seconds ${match.seconds} --reap`];
    case 'recent-set':
      return [`-m recent --name ${match.list} --set`];
    case 'set':
      return [`-m set ${negation(match)}--match-set ${match.set} ${directions(match.fields)}`];
    case 'source-in':
    case 'destination-in':
      throw new RangeError(`iptables has no ${match.on}`);
    default:
      return [];
  }
}

function targetWords(target: Target): string[] {
  switch (target.do) {
    case 'jump':
      return [`-j ${target.chain}`];
    case 'accept':
    case 'drop':
    case 'return':
    case 'reject':
      return [`-j ${target.do.toUpperCase()}`];
    case 'continue':
      return [];
    case 'notrack':
      return ['-j NOTRACK'];
    case 'dnat':
      return [`-j DNAT --to-destination ${formatEndpoint(target.address, target.port)}`];
    case 'snat':
      return [`-j SNAT --to-source ${target.address}`];
    case 'masquerade':
      return [target.randomFully ? '-j MASQUERADE --random-fully' : '-j MASQUERADE'];
    case 'goto':
      return [`-g ${target.chain}`];
    case 'random-goto':
    case 'random-dnat':
    case 'verdict-map':
      throw new RangeError(`iptables has no ${target.do}`);
    case 'mark-or':
      return [`-j MARK --or-mark ${hex(target.value)}`];
    case 'mark-xor':
      return [`-j MARK --xor-mark ${hex(target.value)}`];
  }
}

/** `dst,dst,src`: an ipset takes the protocol together with the port. */
function directions(fields: readonly Field[]): string {
  const asked = fields.filter((field) => field !== 'protocol');
  return asked.map((field) => (field === 'source' ? 'src' : 'dst')).join(',');
}

/**
 * Ten decimals, as kube-proxy writes them. The kernel compares 31 random bits.
 * source: pkg/proxy/iptables/proxier.go computeProbability; net/netfilter/xt_statistic.c
 */
function decimal({ numerator, denominator }: Ratio): string {
  return (numerator / denominator).toFixed(10);
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

function negation(match: Match): string {
  return isInverted(match) ? '! ' : '';
}
