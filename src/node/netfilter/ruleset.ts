// Netfilter rules as data: what a proxy mode compiles to, what the evaluator walks, and what
// prints as text that the real iptables-restore or nft loads. One truth, not a model and a drawing
// of it. Both tools say the same things in different words, so there is one vocabulary of
// conditions and targets for both; a renderer refuses what its tool has no word for.
//
// This folder holds the netfilter of one host: rules (here), virtual servers (virtual-server), the
// walk of a packet through them (layers, match, evaluate, ipvs, ebpf), connections and affinity
// lists (conntrack, recent), and the text of the real tools (render-iptables, render-nftables,
// render-ipvs). It may not know Service, Pod or label; it draws no random numbers (a walk returns
// every way with its probability); and it moves no time.

import type { Family, IP } from '../../values/ip';
import type { Protocol } from '../../values/flow';
import type { Ratio } from '../../values/ratio';
import type { EbpfTable } from './ebpf';
import type { VirtualServerTable } from './virtual-server';

export type TableName = 'nat' | 'filter' | 'mangle' | 'raw';
/**
 * Where the kernel keeps tables of iptables: in ip_tables of its own, or as tables of nf_tables.
 * Both can hold tables of one name, and neither tool shows the other's.
 */
export type IptablesBackend = 'legacy' | 'nft';
/** What the iptables of a host writes to today, and so everybody who does not bring another. */
export const HOST_BACKEND: IptablesBackend = 'nft';
export type Hook = 'PREROUTING' | 'INPUT' | 'FORWARD' | 'OUTPUT' | 'POSTROUTING';
export type ConnectionState = 'NEW' | 'ESTABLISHED' | 'RELATED' | 'INVALID' | 'UNTRACKED';
/** What `--ctstate` may ask for: DNAT is true of a connection whose destination was translated. */
export type MatchState = ConnectionState | 'DNAT';

/** One condition of a rule. `not` inverts it. */
export type Match =
  | { readonly on: 'protocol'; readonly protocol: Protocol; readonly not?: boolean }
  | { readonly on: 'source'; readonly cidr: string; readonly not?: boolean }
  | { readonly on: 'destination'; readonly cidr: string; readonly not?: boolean }
  | { readonly on: 'source-port'; readonly port: number; readonly not?: boolean }
  | { readonly on: 'destination-port'; readonly port: number; readonly not?: boolean }
  | { readonly on: 'in-interface'; readonly name: string; readonly not?: boolean }
  | { readonly on: 'out-interface'; readonly name: string; readonly not?: boolean }
  | {
      readonly on: 'address-type';
      readonly side: 'source' | 'destination';
      readonly type: 'LOCAL';
      readonly not?: boolean;
    }
  | { readonly on: 'mark'; readonly value: number; readonly mask: number; readonly not?: boolean }
  | { readonly on: 'state'; readonly states: readonly MatchState[]; readonly not?: boolean }
  | { readonly on: 'statistic'; readonly probability: Ratio }
  /** The source is in one of several ranges: an anonymous set of nft. */
  | { readonly on: 'source-in'; readonly cidrs: readonly string[]; readonly not?: boolean }
  | { readonly on: 'destination-in'; readonly cidrs: readonly string[]; readonly not?: boolean }
  /** The packet's fields are an element of a named set: an ipset, or a set of the nft table. */
  | {
      readonly on: 'set';
      readonly set: string;
      readonly fields: readonly Field[];
      readonly not?: boolean;
    }
  | { readonly on: 'recent'; readonly list: string; readonly seconds: number }
  /**
   * Always true; writes the source address into the list, as `-m recent --set` does, or nft's
   * `update @list { ip saddr }`.
   */
  | { readonly on: 'recent-set'; readonly list: string; readonly capacity?: number };

/** A part of a packet by which sets and maps are keyed. */
export type Field = 'source' | 'destination' | 'protocol' | 'destination-port';

/** An address and port that a rule may translate to. */
export interface TranslationTarget {
  readonly address: IP;
  readonly port: number;
}

/** What a rule does with a packet that meets all its conditions. */
export type Target =
  | { readonly do: 'jump'; readonly chain: string }
  /** As a jump, but the chain's end returns to where the present chain was called from. */
  | { readonly do: 'goto'; readonly chain: string }
  /** What the map says of the packet's fields; the next rule follows where it says nothing. */
  | { readonly do: 'verdict-map'; readonly map: string; readonly fields: readonly Field[] }
  /** To one of the chains, each with an equal share. */
  | { readonly do: 'random-goto'; readonly chains: readonly string[] }
  | { readonly do: 'accept' }
  | { readonly do: 'drop' }
  | { readonly do: 'return' }
  /** A rule without a target: it only counts, and the next rule follows. */
  | { readonly do: 'continue' }
  /** In table raw: no connection is tracked for the packet; the next rule follows. */
  | { readonly do: 'notrack' }
  | { readonly do: 'reject' }
  | { readonly do: 'dnat'; readonly address: IP; readonly port: number }
  /** To one of the endpoints, each with an equal share. */
  | { readonly do: 'random-dnat'; readonly to: readonly TranslationTarget[] }
  /** `clearMark`: bits that the same rule takes off the packet's mark (nft). */
  | { readonly do: 'masquerade'; readonly randomFully: boolean; readonly clearMark?: number }
  | { readonly do: 'snat'; readonly address: IP }
  | { readonly do: 'mark-or'; readonly value: number }
  | { readonly do: 'mark-xor'; readonly value: number };

export interface Rule {
  readonly matches: readonly Match[];
  readonly target: Target;
  readonly comment?: string;
}

export interface Chain {
  readonly name: string;
  /** Built-in chains have a policy, own chains have none. */
  readonly policy?: 'ACCEPT' | 'DROP';
  readonly rules: readonly Rule[];
}

/** A table of iptables. Its built-in chains are shared by everybody on the host. */
export interface Table {
  readonly name: TableName;
  /** In the order in which they print. A built-in chain that is absent is empty and accepts. */
  readonly chains: ReadonlyMap<string, Chain>;
}

/** A chain of nft that the kernel itself calls, at a hook and a place in its order. */
export interface BaseChain extends Chain {
  readonly type: 'filter' | 'nat';
  readonly hook: Hook;
  readonly priority: 'dstnat - 10' | 'dstnat' | 'filter' | 'srcnat';
}

/** What can be asked for and listed; a set of strings will do. */
export type SetElements = Iterable<string> & { has(key: string): boolean };

/** A named set: of an nft table, or an ipset. */
export interface NamedSet {
  readonly name: string;
  readonly fields: readonly Field[];
  /** The texts of the fields, joined by ` . `: `10.96.0.10 . udp . 53`. */
  readonly elements: SetElements;
  /** Whether the last field of an element is a range, as in an ipset of type hash:ip,port,net. */
  readonly ranges?: boolean;
  readonly comment?: string;
  /** Seconds an element stays; rules put the elements in (`recent-set`), not who wrote the set. */
  readonly timeout?: number;
}

/** What a map says of one key. */
export interface MapElement {
  readonly verdict: Extract<Target, { do: 'goto' | 'drop' | 'accept' }>;
  readonly comment?: string;
}

export interface VerdictMap {
  readonly name: string;
  readonly fields: readonly Field[];
  readonly elements: ReadonlyMap<string, MapElement>;
  readonly comment?: string;
}

/** A table of nft. It belongs to who wrote it; no one else adds to its chains. */
export interface NftTable {
  readonly name: string;
  readonly family: Family;
  readonly comment?: string;
  readonly sets: ReadonlyMap<string, NamedSet>;
  readonly maps: ReadonlyMap<string, VerdictMap>;
  readonly baseChains: readonly BaseChain[];
  /** The chains that rules and maps lead to, in the order in which they print. */
  readonly chains: ReadonlyMap<string, Chain>;
}

/**
 * The rules of one family that one agent holds in a node's kernel. Immutable; nodes with equal
 * rules share one object.
 */
export interface Ruleset {
  /** Empty where the agent writes no iptables rules. */
  readonly tables: ReadonlyMap<TableName, Table>;
  /** Where these tables stand; HOST_BACKEND without it. */
  readonly backend?: IptablesBackend;
  /** The ipsets that rules of the tables ask, by name. */
  readonly sets?: ReadonlyMap<string, NamedSet>;
  readonly nft?: NftTable;
  readonly ipvs?: VirtualServerTable;
  readonly ebpf?: EbpfTable;
}

/** A process that has rules in the kernel, and writes them down when somebody reads them. */
export interface RuleSource {
  writeRules(): void;
}

/** Where the tables of iptables in a ruleset stand. */
export function backendOf({ backend = HOST_BACKEND }: Pick<Ruleset, 'backend'>): IptablesBackend {
  return backend;
}

/** A place in a ruleset, for traces and failure texts. */
export interface RuleReference {
  /** A table of iptables, or the name of an nft table. */
  readonly table: string;
  readonly chain: string;
  /** 1-based, as iptables counts. */
  readonly position: number;
  readonly rule: Rule;
  /** Of a table of iptables: where it stands; HOST_BACKEND without it. */
  readonly backend?: IptablesBackend;
  /** The element of a verdict map that decided. */
  readonly element?: MapElement & { readonly key: string };
}
