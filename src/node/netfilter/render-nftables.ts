// An nft table as the text that `nft list table` prints and `nft -f` loads: what the evaluator
// walks is what a real kernel can be given.
// source: nftables src/rule.c (form), doc/statements.txt and doc/data-types.txt

import { cidr } from '../../values/cidr';
import { formatEndpoint, ipToNumber } from '../../values/ip';
import type { Family, IP } from '../../values/ip';
import { sortedBy } from '../../values/order';
import { isInverted } from './match';
import type {
  BaseChain,
  Chain,
  Field,
  MapElement,
  Match,
  NamedSet,
  NftTable,
  Rule,
  Ruleset,
  Target,
  TranslationTarget,
  VerdictMap,
} from './ruleset';

/** `ip` or `ip6`, and what belongs to it. */
const WORDS = {
  IPv4: { ip: 'ip', address: 'ipv4_addr' },
  IPv6: { ip: 'ip6', address: 'ipv6_addr' },
} as const;

/** The nft table of the ruleset; empty where it has none. */
export function renderNftables({ nft }: Ruleset): string {
  return nft === undefined ? '' : renderTable(nft);
}

function renderTable(table: NftTable): string {
  const { family } = table;
  const blocks = [
    ...[...table.sets.values()].map((set) => setBlock(set, family)),
    ...[...table.maps.values()].map((map) => mapBlock(map, family)),
    ...table.baseChains.map((chain) => chainBlock(chain, family, baseLine(chain))),
    ...[...table.chains.values()].map((chain) => chainBlock(chain, family)),
  ];
  const comment = table.comment === undefined ? '' : `\tcomment ${quoted(table.comment)}\n`;
  const head = `table ${WORDS[family].ip} ${table.name} {\n${comment}`;
  return `${head}${blocks.join('\n')}}\n`;
}

function setBlock(set: NamedSet, family: Family): string {
  const elements = inOrder([...set.elements], set.fields, (key) => key);
  // Addresses of IPv4 stand in pairs; whatever is longer has a line of its own.
  const perLine = set.fields.length === 1 && family === 'IPv4' ? 2 : 1;
  return block(`set ${set.name}`, [
    `type ${typeOf(set.fields, family)}`,
    ...(set.timeout === undefined ? [] : ['size 65535', 'flags dynamic,timeout']),
    ...(set.timeout === undefined ? [] : [`timeout ${durationText(set.timeout)}`]),
    ...commentLine(set.comment),
    ...elementsLine(elements, perLine),
  ]);
}

function mapBlock(map: VerdictMap, family: Family): string {
  const elements = inOrder([...map.elements], map.fields, ([key]) => key);
  return block(`map ${map.name}`, [
    `type ${typeOf(map.fields, family)} : verdict`,
    ...commentLine(map.comment),
    ...elementsLine(elements.map(([key, element]) => mapElement(key, element))),
  ]);
}

/** `10.96.0.20 . tcp . 80 comment "ns1/svc1:p80" : goto reject-chain`. */
export function mapElement(key: string, { verdict, comment }: MapElement): string {
  const words = comment === undefined ? key : `${key} comment ${quoted(comment)}`;
  return `${words} : ${verdict.do === 'goto' ? `goto ${verdict.chain}` : verdict.do}`;
}

function chainBlock(chain: Chain, family: Family, base?: string): string {
  const rules = chain.rules.map((rule) => renderNftRule(rule, family));
  return block(`chain ${chain.name}`, base === undefined ? rules : [base, ...rules]);
}

/** At the hook `output` nft knows the priorities of destination NAT by their numbers only. */
const DNAT_NUMBERS = { 'dstnat - 10': '-110', dstnat: '-100' } as const;

function baseLine({ type, hook, priority, policy = 'ACCEPT' }: BaseChain): string {
  const isNumber = hook === 'OUTPUT' && (priority === 'dstnat' || priority === 'dstnat - 10');
  const rank = isNumber ? DNAT_NUMBERS[priority] : priority;
  const place = `type ${type} hook ${hook.toLowerCase()} priority ${rank}`;
  return `${place}; policy ${policy.toLowerCase()};`;
}

/** One rule: `ip daddr . meta l4proto . th dport vmap @service-ips`. */
export function renderNftRule(rule: Rule, family: Family): string {
  const words = [
    ...rule.matches.flatMap((match) => matchWords(match, rule, family)),
    ...targetWords(rule.target, family),
    ...commentLine(rule.comment),
  ];
  return words.join(' ');
}

function matchWords(match: Match, rule: Rule, family: Family): string[] {
  const { ip } = WORDS[family];
  switch (match.on) {
    case 'protocol':
      return hasPort(rule) ? [] : [`meta l4proto ${negation(match)}${lower(match.protocol)}`];
    case 'source':
      return [`${ip} saddr ${negation(match)}${rangeText(match.cidr)}`];
    case 'destination':
      return [`${ip} daddr ${negation(match)}${rangeText(match.cidr)}`];
    case 'source-in':
      return [`${ip} saddr ${negation(match)}${rangesText(match.cidrs)}`];
    case 'destination-in':
      return [`${ip} daddr ${negation(match)}${rangesText(match.cidrs)}`];
    case 'source-port':
      return [`${protocolOf(rule)} sport ${negation(match)}${match.port}`];
    case 'destination-port':
      return [`${protocolOf(rule)} dport ${negation(match)}${match.port}`];
    case 'in-interface':
      return [`iifname ${negation(match)}${quoted(match.name.replace(/\+$/, '*'))}`];
    case 'out-interface':
      return [`oifname ${negation(match)}${quoted(match.name.replace(/\+$/, '*'))}`];
    case 'address-type': {
      const side = match.side === 'source' ? 'saddr' : 'daddr';
      return [`fib ${side} type ${negation(match)}local`];
    }
    case 'mark':
      return [markWords(match)];
    case 'state':
      return [stateWords(match)];
    case 'set':
      return [`${fieldsText(match.fields, family)} ${negation(match)}@${match.set}`];
    case 'recent':
      return [`${ip} saddr @${match.list}`];
    case 'recent-set':
      return [`update @${match.list} { ${ip} saddr }`];
    case 'statistic':
      throw new RangeError('nft has no statistic match; it picks by numgen');
  }
}

/** A port is asked of its protocol: `tcp dport 80` needs no `meta l4proto tcp` before it. */
function hasPort({ matches }: Rule): boolean {
  return matches.some(({ on }) => on === 'source-port' || on === 'destination-port');
}

function protocolOf({ matches }: Rule): string {
  const protocol = matches.find((match) => match.on === 'protocol');
  return protocol === undefined ? 'th' : lower(protocol.protocol);
}

function markWords({ mask, value, not }: Extract<Match, { on: 'mark' }>): string {
  const bits = `meta mark & ${hex(mask)}`;
  // A single bit is asked for as kube-proxy does: whether it is zero.
  const isSingleBit = value === mask && (mask & (mask - 1)) === 0;
  if (isSingleBit) return `${bits} ${not === true ? '==' : '!='} ${hex(0)}`;
  return `${bits} ${not === true ? '!=' : '=='} ${hex(value)}`;
}

/** Whether the destination was translated is a matter of `ct status`, all else of `ct state`. */
function stateWords({ states, not }: Extract<Match, { on: 'state' }>): string {
  if (states.includes('DNAT')) return `ct status ${not === true ? '! ' : ''}dnat`;
  return `ct state ${not === true ? '! ' : ''}${states.map(lower).join(',')}`;
}

function targetWords(target: Target, family: Family): string[] {
  switch (target.do) {
    case 'jump':
    case 'goto':
      return [`${target.do} ${target.chain}`];
    case 'accept':
    case 'drop':
    case 'reject':
    case 'return':
      return [target.do];
    case 'continue':
      return [];
    case 'notrack':
      return ['notrack'];
    case 'verdict-map':
      return [`${fieldsText(target.fields, family)} vmap @${target.map}`];
    case 'random-goto':
      return [`${numgen(target.chains)} vmap ${numbered(target.chains.map((it) => `goto ${it}`))}`];
    case 'dnat':
      return [`dnat to ${formatEndpoint(target.address, target.port)}`];
    case 'random-dnat': {
      const to = `dnat ${WORDS[family].ip} to ${numgen(target.to)}`;
      return [`${to} map ${numbered(target.to.map(concatenated))}`];
    }
    case 'snat':
      return [`snat to ${target.address}`];
    case 'masquerade': {
      const masquerade = target.randomFully ? 'masquerade fully-random' : 'masquerade';
      if (target.clearMark === undefined) return [masquerade];
      return [`meta mark set meta mark ^ ${hex(target.clearMark)}`, masquerade];
    }
    case 'mark-or':
      return [`meta mark set meta mark | ${hex(target.value)}`];
    case 'mark-xor':
      return [`meta mark set meta mark ^ ${hex(target.value)}`];
  }
}

function numgen(choices: readonly unknown[]): string {
  return `numgen random mod ${choices.length}`;
}

/** `{ 0 : 10.244.1.5 . 8080, 1 : 10.244.2.6 . 8080 }`. */
function numbered(texts: readonly string[]): string {
  return `{ ${texts.map((text, index) => `${index} : ${text}`).join(', ')} }`;
}

function concatenated({ address, port }: TranslationTarget): string {
  return `${address} . ${port}`;
}

function typeOf(fields: readonly Field[], family: Family): string {
  const types = {
    source: WORDS[family].address,
    destination: WORDS[family].address,
    protocol: 'inet_proto',
    'destination-port': 'inet_service',
  };
  return fields.map((field) => types[field]).join(' . ');
}

function fieldsText(fields: readonly Field[], family: Family): string {
  const { ip } = WORDS[family];
  const words = {
    source: `${ip} saddr`,
    destination: `${ip} daddr`,
    protocol: 'meta l4proto',
    'destination-port': 'th dport',
  };
  return fields.map((field) => words[field]).join(' . ');
}

/** Several ranges are an anonymous set, ordered by their first addresses. */
function rangesText(texts: readonly string[]): string {
  if (texts.length === 1) return rangeText(texts[0]!);
  return `{ ${sortedBy(texts, (text) => addressKey(cidr(text).first))
    .map(rangeText)
    .join(', ')} }`;
}

/** A range of one address prints as the address. */
function rangeText(text: string): string {
  const range = cidr(text);
  const [address, prefix] = range.text.split('/') as [string, string];
  return Number(prefix) === (range.family === 'IPv4' ? 32 : 128) ? address : range.text;
}

function block(head: string, lines: readonly string[]): string {
  return `\t${head} {\n${lines.map((line) => `\t\t${line}\n`).join('')}\t}\n`;
}

function commentLine(comment: string | undefined): string[] {
  return comment === undefined ? [] : [`comment ${quoted(comment)}`];
}

function elementsLine(elements: readonly string[], perLine = 1): string[] {
  if (elements.length === 0) return [];
  const text = elements.reduce((before, element, index) => {
    return `${before}${index % perLine === 0 ? ',\n\t\t\t     ' : ', '}${element}`;
  });
  return [`elements = { ${text} }`];
}

/** As the kernel's numbers order the elements, which is how nft lists them. */
function inOrder<T>(
  elements: readonly T[],
  fields: readonly Field[],
  keyOf: (element: T) => string,
): T[] {
  return sortedBy(elements, (element) => {
    const texts = keyOf(element).split(' . ');
    return fields.map((field, index) => orderKey(field, texts[index]!)).join(' ');
  });
}

const PROTOCOL_NUMBERS: Readonly<Record<string, number>> = { icmp: 1, tcp: 6, udp: 17, sctp: 132 };

function orderKey(field: Field, text: string): string {
  if (field === 'protocol') return String(PROTOCOL_NUMBERS[text]).padStart(3, '0');
  return field === 'destination-port' ? text.padStart(5, '0') : addressKey(ipToNumber(text as IP));
}

function addressKey(address: bigint): string {
  return address.toString(16).padStart(32, '0');
}

/** `3h`, `1d12h`, `1m30s`. */
function durationText(seconds: number): string {
  const units = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const;
  return units.map(([count, unit]) => (count === 0 ? '' : `${count}${unit}`)).join('');
}

function quoted(text: string): string {
  return `"${text}"`;
}

function lower(text: string): string {
  return text.toLowerCase();
}

/** Eight digits, as nft prints marks. */
function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}

function negation(match: Match): string {
  return isInverted(match) ? '!= ' : '';
}
