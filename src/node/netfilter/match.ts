// One rule made ready for walking: its conditions as predicates over a packet.

import { contains, cidr as rangeOf } from '../../values/cidr';
import type { IP } from '../../values/ip';
import type { FiveTuple } from '../../values/flow';
import type { Packet } from '../../values/packet';
import { CERTAIN, complement, multiply } from '../../values/ratio';
import type { Ratio } from '../../values/ratio';
import type { ConntrackEntry } from './conntrack-entry';
import type { Chain, ConnectionState, Field, Match, NamedSet, Rule } from './ruleset';

/** What rules can ask besides the packet itself. */
export interface HookContext {
  /** What conntrack says of the packet's connection. */
  readonly state: ConnectionState;
  /** Whether the destination of the packet's connection was translated. */
  readonly isDnat: boolean;
  /** Whether the address is one of this host (`addrtype LOCAL`). */
  isLocal(address: IP): boolean;
  /** Whether the address was put into the `recent` list within the last `seconds`. */
  recent(list: string, address: IP, seconds: number): boolean;
  /** Whether the packet stands for those of all source ports; it has the one that it has if not. */
  readonly isAnyPort?: boolean;
  /** Known in PREROUTING, INPUT and FORWARD. */
  readonly inInterface?: string | undefined;
  /** Known in FORWARD, OUTPUT and POSTROUTING. */
  readonly outInterface?: string | undefined;
  /** The primary address of the outgoing interface: what MASQUERADE puts in as the source. */
  readonly masqueradeAddress?: IP | undefined;
  /** The connections that stand on this host, for schedulers that count them. */
  connections?(): readonly ConntrackEntry[];
  /** Told of each chain that the packet comes to; undefined for one that is not there. */
  readonly reads?: ((chain: Chain | undefined) => void) | undefined;
}

/** The sets that rules of one source may ask, by name. */
export type Sets = ReadonlyMap<string, NamedSet>;

export type Predicate = (packet: Packet, context: HookContext, sets: Sets) => boolean;

/** An address that a rule writes into a `recent` list, should the packet really be sent. */
export interface RecentSetting {
  readonly list: string;
  /** How many addresses the list holds; the default of xt_recent where it is not said. */
  readonly capacity?: number;
}

export interface CompiledRule {
  readonly matches: Predicate;
  /** How likely a packet that meets the conditions is taken; 1 without a `statistic` match. */
  readonly probability: Ratio;
  /** How likely it passes by. */
  readonly missed: Ratio;
  /** The `recent` lists into which the source address is written when the rule matches. */
  readonly recentSets: readonly RecentSetting[];
}

const compiledRules = new WeakMap<Rule, CompiledRule>();

/** The rule made ready, at the first time that a packet comes near it. Rules never change. */
export function compiledRule(rule: Rule): CompiledRule {
  let compiled = compiledRules.get(rule);
  if (compiled === undefined) {
    compiled = compile(rule);
    compiledRules.set(rule, compiled);
  }
  return compiled;
}

function compile(rule: Rule): CompiledRule {
  const predicates: Predicate[] = [];
  const recentSets: RecentSetting[] = [];
  let probability = CERTAIN;
  for (const match of rule.matches) {
    if (match.on === 'statistic') probability = multiply(probability, match.probability);
    else if (match.on === 'recent-set') recentSets.push(settingOf(match));
    else predicates.push(predicateOf(match));
  }
  const matches: Predicate = (packet, context, sets) => {
    for (const holds of predicates) if (!holds(packet, context, sets)) return false;
    return true;
  };
  return { matches, probability, missed: complement(probability), recentSets };
}

function settingOf({ list, capacity }: Extract<Match, { on: 'recent-set' }>): RecentSetting {
  return capacity === undefined ? { list } : { list, capacity };
}

/** What a packet's fields are called as an element: `10.96.0.10 . udp . 53`. */
export function elementKey(fields: readonly Field[], { tuple }: Packet): string {
  if (fields.length === 1) return fieldText(fields[0]!, tuple);
  return fields.map((field) => fieldText(field, tuple)).join(' . ');
}

function fieldText(field: Field, tuple: FiveTuple): string {
  switch (field) {
    case 'source':
      return tuple.src;
    case 'destination':
      return tuple.dst;
    case 'protocol':
      return tuple.protocol.toLowerCase();
    case 'destination-port':
      return String(tuple.dport);
  }
}

type Condition = Exclude<Match, { on: 'statistic' | 'recent-set' }>;

function predicateOf(match: Condition): Predicate {
  const holds = positive(match);
  const inverted = isInverted(match);
  return inverted ? (packet, context, sets) => !holds(packet, context, sets) : holds;
}

/** Whether the condition is asked with a `!`. */
export function isInverted(match: Match): boolean {
  return 'not' in match && match.not;
}

function positive(match: Condition): Predicate {
  switch (match.on) {
    case 'protocol':
      return ({ tuple }) => tuple.protocol === match.protocol;
    case 'source':
      return inRange(match.cidr, ({ tuple }) => tuple.src);
    case 'destination':
      return inRange(match.cidr, ({ tuple }) => tuple.dst);
    case 'source-port':
      return ({ tuple }) => tuple.sport === match.port;
    case 'destination-port':
      return ({ tuple }) => tuple.dport === match.port;
    case 'in-interface':
      return (_, { inInterface }) => matchesInterface(match.name, inInterface);
    case 'out-interface':
      return (_, { outInterface }) => matchesInterface(match.name, outInterface);
    case 'address-type':
      return ({ tuple }, context) => {
        return context.isLocal(match.side === 'source' ? tuple.src : tuple.dst);
      };
    case 'mark':
      // Bitwise operators yield signed numbers; `>>> 0` makes marks with the top bit comparable.
      return ({ mark }) => (mark & match.mask) >>> 0 === match.value;
    case 'state':
      return (_, { state, isDnat }) => {
        return match.states.includes(state) || (isDnat && match.states.includes('DNAT'));
      };
    case 'source-in':
      return inAnyRange(match.cidrs, ({ tuple }) => tuple.src);
    case 'destination-in':
      return inAnyRange(match.cidrs, ({ tuple }) => tuple.dst);
    case 'set':
      return (packet, _, sets) => {
        return sets.get(match.set)?.elements.has(elementKey(match.fields, packet)) === true;
      };
    case 'recent':
      return ({ tuple }, context) => context.recent(match.list, tuple.src, match.seconds);
  }
}

function inRange(text: string, addressOf: (packet: Packet) => IP): Predicate {
  const range = rangeOf(text);
  return (packet) => contains(range, addressOf(packet));
}

function inAnyRange(texts: readonly string[], addressOf: (packet: Packet) => IP): Predicate {
  const ranges = texts.map(rangeOf);
  return (packet) => ranges.some((range) => contains(range, addressOf(packet)));
}

/** A trailing `+` stands for any rest, as in `-i veth+`. */
function matchesInterface(pattern: string, name: string | undefined): boolean {
  if (name === undefined) return false;
  return pattern.endsWith('+') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
