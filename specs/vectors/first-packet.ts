// The first packet of a flow at one node: through nat and filter as the kernel runs them.
// source: pkg/proxy/iptables/proxier_test.go tracePacket (the question), netfilter hook order

import { formatEndpoint, ip } from '../../src/values/ip';
import type { Family, IP } from '../../src/values/ip';
import type { Protocol } from '../../src/values/flow';
import type { Packet } from '../../src/values/packet';
import { traverse } from '../../src/node/netfilter/evaluate';
import type { Branch, HookContext } from '../../src/node/netfilter/evaluate';
import { balanceSocket } from '../../src/node/netfilter/ebpf';
import { renderRule } from '../../src/node/netfilter/render-iptables';
import { mapElement, renderNftRule } from '../../src/node/netfilter/render-nftables';
import type { Hook, RuleReference, Ruleset, TableName } from '../../src/node/netfilter/ruleset';
import { proxyMode } from '../../src/node/proxy/index';
import type { ProxyNode } from '../../src/node/proxy/proxy-mode';
import { proxyInput, proxyNode } from './proxy-world';
import type { Answer, Question } from './vector-file';

export interface FirstPacket {
  readonly node: string;
  readonly from: 'pod' | 'node' | 'external';
  readonly src: string;
  readonly dst: string;
  readonly port: number;
  readonly protocol: Protocol;
}

/** What became of the packet in one way through the node. */
interface Fate {
  readonly verdict: 'dnat' | 'accept' | 'drop' | 'reject' | 'no-match';
  readonly endpoint: string | undefined;
  readonly masquerade: boolean;
  readonly rules: readonly RuleReference[];
}

export function firstPacket(question: Question): Answer {
  const ask = { protocol: 'TCP', ...question.ask } as unknown as FirstPacket;
  const family: Family = ask.dst.includes(':') ? 'IPv6' : 'IPv4';
  const node = proxyNode(question, ask.node, family);
  const { proxy = 'iptables' } = question.cluster;
  const ruleset = proxyMode(proxy)!.compile(proxyInput(question, family), node);
  const fates = new PacketWalk(ruleset, node).fates(ask);
  const verdicts = [...new Set(fates.map(({ verdict }) => verdict))];
  const endpoints = fates.flatMap(({ endpoint }) => endpoint ?? []);
  const why = fates.flatMap(({ rules }) => [
    'By matching:',
    ...rules.map((it) => lineOf(it, family)),
  ]);
  const masquerade = fates.some((fate) => fate.masquerade);
  const agreed = fates.every((fate) => fate.masquerade === masquerade);
  return {
    is: {
      verdict: verdicts.join(' or '),
      ...(endpoints.length === 0 ? {} : { endpoints: [...new Set(endpoints)] }),
      masquerade: agreed ? masquerade : 'in part',
    },
    why,
  };
}

function lineOf({ table, chain, position, rule, element }: RuleReference, family: Family): string {
  if (table === 'ipvs') return `${table} ${chain} server ${position}`;
  if (table === 'nat' || table === 'filter')
    return `${table} ${position}: ${renderRule(chain, rule)}`;
  const found = element === undefined ? '' : ` (${mapElement(element.key, element)})`;
  return `${table} ${chain} ${position}: ${renderNftRule(rule, family)}${found}`;
}

export class PacketWalk {
  private readonly ruleset: Ruleset;
  private readonly node: ProxyNode;
  /** Where the packet came in, as far as the question tells. */
  private device: string | undefined;

  constructor(ruleset: Ruleset, node: ProxyNode) {
    this.ruleset = ruleset;
    this.node = node;
  }

  fates(ask: Omit<FirstPacket, 'node'>): Fate[] {
    const tuple = {
      protocol: ask.protocol,
      src: ip(ask.src),
      sport: 40_000,
      dst: ip(ask.dst),
      dport: ask.port,
    };
    const sent: Packet = { tuple, kind: 'syn', mark: 0 };
    const isOwn = ask.from === 'node';
    const opened = ask.from === 'external' ? undefined : this.opened(sent);
    if (opened !== undefined) return opened;
    if (ask.from === 'external') this.device = 'eth0';
    return this.hook('nat', isOwn ? 'OUTPUT' : 'PREROUTING', sent, sent).flatMap((branch) => {
      return this.afterNat(branch, sent, isOwn);
    });
  }

  /** What a socket of the node or of its pods makes of the call, where a program is asked. */
  private opened(sent: Packet): Fate[] | undefined {
    const ways = balanceSocket([this.ruleset], sent, {
      isLocal: (address) => this.isLocal(address),
      recent: () => false,
    });
    return ways?.map(({ verdict, packet, rules }) => {
      const { dst, dport } = packet.tuple;
      if (verdict !== 'accept') return { verdict, endpoint: undefined, masquerade: false, rules };
      return { verdict: 'dnat', endpoint: formatEndpoint(dst, dport), masquerade: false, rules };
    });
  }

  private afterNat(before: Branch, sent: Packet, isOwn: boolean): Fate[] {
    const isHere = this.isLocal(before.packet.tuple.dst);
    const hooks: Hook[] = isOwn
      ? ['OUTPUT', ...(isHere ? (['INPUT'] as const) : [])]
      : [isHere ? 'INPUT' : 'FORWARD'];
    return hooks
      .reduce<Branch[]>(
        (ways, hook) => ways.flatMap((way) => this.filtered(way, hook, sent)),
        [before],
      )
      .flatMap((way) => this.sentOn(way, isHere, sent))
      .flatMap((filtered) => this.leaving(filtered, before.rules.length, sent));
  }

  /** What IPVS takes out of INPUT leaves by OUTPUT. */
  private sentOn(way: Branch, wasHere: boolean, sent: Packet): Branch[] {
    const isSentOn = wasHere && !this.isLocal(way.packet.tuple.dst);
    return isSentOn ? this.filtered(way, 'OUTPUT', sent) : [way];
  }

  private filtered(way: Branch, hook: Hook, sent: Packet): Branch[] {
    if (way.verdict !== 'accept') return [way];
    return this.hook('filter', hook, way.packet, sent).map((branch) => {
      return { ...branch, rules: [...way.rules, ...branch.rules] };
    });
  }

  private leaving(way: Branch, natRules: number, sent: Packet): Fate[] {
    const { dst, dport } = way.packet.tuple;
    const common = { endpoint: undefined, masquerade: false, rules: way.rules };
    if (way.verdict !== 'accept') return [{ ...common, verdict: way.verdict }];
    const accepted = way.rules.slice(natRules).some(({ rule }) => rule.target.do === 'accept');
    if (!isTranslated(sent, way.packet)) {
      return [{ ...common, verdict: accepted ? 'accept' : 'no-match' }];
    }
    return this.hook('nat', 'POSTROUTING', way.packet, sent).map((last) => ({
      verdict: 'dnat',
      endpoint: formatEndpoint(dst, dport),
      masquerade: last.packet.tuple.src !== sent.tuple.src || isMasquerade(last),
      rules: [...way.rules, ...last.rules],
    }));
  }

  private isLocal(address: IP): boolean {
    const virtual = this.ruleset.ipvs?.addresses.has(address) === true;
    return virtual || this.node.addresses.includes(address);
  }

  private hook(table: TableName, hook: Hook, packet: Packet, sent: Packet): Branch[] {
    const context: HookContext = {
      state: 'NEW',
      isDnat: isTranslated(sent, packet),
      isLocal: (address) => this.isLocal(address),
      recent: () => false,
      masqueradeAddress: this.node.addresses[0]!,
      ...(this.device !== undefined && { inInterface: this.device }),
    };
    return traverse([this.ruleset], table, hook, packet, context);
  }
}

function isMasquerade({ rules }: Branch): boolean {
  return rules.some(({ rule }) => rule.target.do === 'masquerade');
}

function isTranslated(sent: Packet, now: Packet): boolean {
  return sent.tuple.dst !== now.tuple.dst || sent.tuple.dport !== now.tuple.dport;
}
