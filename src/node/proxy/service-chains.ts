// The chains of table nat in iptables mode. Those of a Service port come to be when somebody looks
// one of them up or lists the table: a packet meets a few Services, and each of ten thousand has a
// chain for every endpoint, whose name is a hash.

import type { Chain } from '../netfilter/ruleset';
import { hashOfChain, isEndpointChain } from './chain-names';

/** The chains of one Service port, where `chains` may cost something the first time. */
export interface OwnChains {
  /** What the names of those chains end in that other chains lead to. */
  readonly hash: string;
  readonly chains: readonly Chain[];
}

type Parts = ReadonlyMap<string, OwnChains>;

/** The keys of the Service ports by the hashes of their names. */
type KeyOfHash = ReadonlyMap<string, string>;

/** Equal to a map that holds every chain, in the order of the shared ones and the parts. */
export class ServiceChains implements ReadonlyMap<string, Chain> {
  private readonly shared: readonly Chain[];
  private readonly parts: Parts;
  private readonly keyOfHash: KeyOfHash;
  /** What was looked for so far, and the chains of the same Service ports. */
  private readonly found: Map<string, Chain>;
  private hasAll = false;

  private constructor(shared: readonly Chain[], parts: Parts, keys: KeyOfHash) {
    this.shared = shared;
    this.parts = parts;
    this.keyOfHash = keys;
    this.found = new Map(shared.map((chain) => [chain.name, chain]));
  }

  static of(shared: readonly Chain[], parts: Parts): ServiceChains {
    const keys = new Map<string, string>();
    for (const [key, { hash }] of parts) keys.set(hash, key);
    return new ServiceChains(shared, parts, keys);
  }

  /** With other rules of the same Service ports. */
  with(shared: readonly Chain[], parts: Parts): ServiceChains {
    return new ServiceChains(shared, parts, this.keyOfHash);
  }

  get size(): number {
    let size = this.shared.length;
    for (const { chains } of this.parts.values()) size += chains.length;
    return size;
  }

  /** A Service's own chains are all found with the first of them that others lead to. */
  get(name: string): Chain | undefined {
    const known = this.found.get(name);
    if (known !== undefined || this.hasAll) return known;
    const key = this.keyOfHash.get(hashOfChain(name));
    if (key !== undefined) this.enter(this.parts.get(key)!);
    // The hash of an endpoint's chain says nothing of the Service port it belongs to.
    else if (isEndpointChain(name)) this.enterAll();
    return this.found.get(name);
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  *keys(): MapIterator<string> {
    for (const [name] of this.entries()) yield name;
    return undefined;
  }

  *values(): MapIterator<Chain> {
    yield* this.shared;
    for (const { chains } of this.parts.values()) yield* chains;
    return undefined;
  }

  *entries(): MapIterator<[string, Chain]> {
    for (const chain of this.values()) yield [chain.name, chain];
    return undefined;
  }

  [Symbol.iterator](): MapIterator<[string, Chain]> {
    return this.entries();
  }

  forEach(callback: (chain: Chain, name: string, map: ReadonlyMap<string, Chain>) => void): void {
    for (const [name, chain] of this) callback(chain, name, this);
  }

  private enter({ chains }: OwnChains): void {
    for (const chain of chains) this.found.set(chain.name, chain);
  }

  private enterAll(): void {
    this.hasAll = true;
    for (const part of this.parts.values()) this.enter(part);
  }
}
