// Finds the rules of a chain that a packet could meet, without reading the others. A chain with a
// rule for each of ten thousand Services is walked like one with ten: by exact destination.
//
// The index leaves out a rule only where its address or port says that it cannot match; order is
// kept. So the walk through an index and the walk through all rules give the same result, which
// specs/node/netfilter/chain-index.spec.ts compares.

import { cidr } from '../../values/cidr';
import type { FiveTuple, Port } from '../../values/flow';
import { bitsOf } from '../../values/ip';
import type { IP } from '../../values/ip';
import { compiledRule } from './match';
import type { CompiledRule } from './match';
import type { Chain, Rule } from './ruleset';

/** Below this length, reading every rule is cheaper than an index. */
const INDEXED_LENGTH_MIN = 16;

/** Positions count from 0 here. */
export class ChainIndex {
  /** Every position, for a chain that is too short for more. */
  private readonly everything: readonly number[] | undefined;
  /** Rules that ask for no exact destination; every packet could meet them. */
  private readonly anywhere: number[] = [];
  private readonly byAddress = new Map<string, number[]>();
  private readonly byPort = new Map<Port, number[]>();
  private readonly byBoth = new Map<string, number[]>();
  private readonly chain: Chain;
  private readonly compiled: (CompiledRule | undefined)[];

  constructor(chain: Chain) {
    this.chain = chain;
    this.compiled = chain.rules.map(() => undefined);
    const isShort = chain.rules.length < INDEXED_LENGTH_MIN;
    this.everything = isShort ? [...chain.rules.keys()] : undefined;
    if (!isShort) chain.rules.forEach((rule, position) => this.add(rule, position));
  }

  /** The positions of the rules that a packet of this tuple could meet, in the chain's order. */
  candidates({ dst, dport }: FiveTuple): readonly number[] {
    if (this.everything !== undefined) return this.everything;
    const specific = [
      ...(this.byBoth.get(`${dst} ${dport}`) ?? []),
      ...(this.byAddress.get(dst) ?? []),
      ...(this.byPort.get(dport) ?? []),
    ];
    if (specific.length === 0) return this.anywhere;
    return [...specific, ...this.anywhere].sort((a, b) => a - b);
  }

  /** The rule at a position, ready for walking. */
  ruleAt(position: number): CompiledRule {
    return (this.compiled[position] ??= compiledRule(this.chain.rules[position]!));
  }

  private add(rule: Rule, position: number): void {
    const address = exactDestination(rule);
    const port = exactPort(rule);
    if (address !== undefined && port !== undefined) {
      append(this.byBoth, `${address} ${port}`, position);
    } else if (address !== undefined) append(this.byAddress, address, position);
    else if (port !== undefined) append(this.byPort, port, position);
    else this.anywhere.push(position);
  }
}

const indexes = new WeakMap<Chain, ChainIndex>();

/** The index of a chain, made when it is first asked for. Chains never change. */
export function indexOf(chain: Chain): ChainIndex {
  let index = indexes.get(chain);
  if (index === undefined) {
    index = new ChainIndex(chain);
    indexes.set(chain, index);
  }
  return index;
}

function append<K>(map: Map<K, number[]>, key: K, position: number): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [position]);
  else list.push(position);
}

function exactDestination(rule: Rule): IP | undefined {
  for (const match of rule.matches) {
    if (match.on !== 'destination' || match.not === true) continue;
    const { text, prefix, family } = cidr(match.cidr);
    if (prefix === bitsOf(family)) return text.slice(0, text.indexOf('/')) as IP;
  }
  return undefined;
}

function exactPort(rule: Rule): number | undefined {
  for (const match of rule.matches) {
    if (match.on === 'destination-port' && match.not !== true) return match.port;
  }
  return undefined;
}
