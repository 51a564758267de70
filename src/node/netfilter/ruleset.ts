// Netfilter rules as data: what a proxy mode compiles to, what the evaluator walks, and what
// prints as text that the real iptables-restore loads. One truth, not a model and a drawing of it.
//
// This folder holds the netfilter of one host: rules (here), the walk of a packet through them
// (evaluate), connections and affinity lists (conntrack, recent), the text of the real tool
// (render-iptables). It may not know Service, Pod or label; it draws no random numbers (a walk
// returns every way with its probability); and it moves no time.

import type { IP } from '../../values/ip';
import type { Protocol } from '../../values/flow';
import type { Ratio } from '../../values/ratio';

export type TableName = 'nat' | 'filter' | 'mangle' | 'raw';
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
  | { readonly on: 'recent'; readonly list: string; readonly seconds: number }
  /** Always true; writes the source address into the list, as `-m recent --set` does. */
  | { readonly on: 'recent-set'; readonly list: string };

/** What a rule does with a packet that meets all its conditions. */
export type Target =
  | { readonly do: 'jump'; readonly chain: string }
  | { readonly do: 'accept' }
  | { readonly do: 'drop' }
  | { readonly do: 'return' }
  /** A rule without a target: it only counts, and the next rule follows. */
  | { readonly do: 'continue' }
  | { readonly do: 'reject' }
  | { readonly do: 'dnat'; readonly address: IP; readonly port: number }
  | { readonly do: 'masquerade'; readonly randomFully: boolean }
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

export interface Table {
  readonly name: TableName;
  /** In the order in which they print. A built-in chain that is absent is empty and accepts. */
  readonly chains: ReadonlyMap<string, Chain>;
}

/** All rules of one family on one node. Immutable; nodes with equal rules share one object. */
export interface Ruleset {
  readonly tables: ReadonlyMap<TableName, Table>;
}

/** A place in a ruleset, for traces and failure texts. */
export interface RuleReference {
  readonly table: TableName;
  readonly chain: string;
  /** 1-based, as iptables counts. */
  readonly position: number;
  readonly rule: Rule;
}
