// Which chains the kernel calls at a place of a packet's way, and in which order. iptables' tables
// stand at fixed places; a base chain of nft says itself at which hook and priority it stands.
// source: include/uapi/linux/netfilter_ipv4.h (NF_IP_PRI_*)

import type { EbpfTable } from './ebpf';
import { backendOf } from './ruleset';
import type {
  BaseChain,
  Chain,
  Hook,
  IptablesBackend,
  NamedSet,
  NftTable,
  Ruleset,
  Table,
  TableName,
  VerdictMap,
} from './ruleset';
import type { VirtualServerTable } from './virtual-server';

/** Chains that lead to one another, with the sets and maps that their rules may ask. */
export interface RuleSource {
  readonly name: string;
  /** Of a table of iptables, where that is not the host's own. */
  readonly backend?: IptablesBackend;
  readonly chains: ReadonlyMap<string, Chain>;
  readonly sets: ReadonlyMap<string, NamedSet>;
  readonly maps: ReadonlyMap<string, VerdictMap>;
}

/** One call of the kernel: to chains of rules, to IPVS, or to an eBPF program. */
export type Layer =
  | RuleLayer
  | { readonly ipvs: VirtualServerTable }
  | { readonly ebpf: EbpfTable; readonly isOutbound: boolean };

/** Chains that run one after the other, under one policy. */
export interface RuleLayer {
  readonly entries: readonly Entry[];
  readonly policy: 'accept' | 'drop';
}

export interface Entry {
  readonly source: RuleSource;
  readonly chain: Chain;
}

/**
 * The table of iptables at whose place a base chain of nft runs. One before `dstnat` runs where
 * the kernel goes on to table nat; between the two nothing of the model stands.
 */
const PLACES: Readonly<Record<BaseChain['priority'], TableName>> = {
  'dstnat - 10': 'nat',
  dstnat: 'nat',
  filter: 'filter',
  srcnat: 'nat',
};

const NO_SETS: ReadonlyMap<string, NamedSet> = new Map();
const NO_MAPS: ReadonlyMap<string, VerdictMap> = new Map();

/** The calls of the kernel for some rulesets, by place; none of them ever changes. */
interface Calls {
  readonly rulesets: readonly Ruleset[];
  readonly byTable: Map<TableName, Map<Hook, readonly Layer[]>>;
}

/**
 * By the first and the last of their rulesets: a walk asks at each hook, and most hosts have the
 * same rules of kube-proxy and others of their own.
 */
const callsOf = new WeakMap<Ruleset, WeakMap<Ruleset, Calls>>();

/**
 * The calls at `hook` of `table`, in the kernel's order. Several rulesets of a host share the
 * built-in chains of iptables, in the order of `rulesets`; each base chain of nft is a call of
 * its own. Where both stand at one priority, nft's is taken to have been registered last and so is
 * called first: no modelled rule of the one asks what the other has done.
 *
 * The two back ends of iptables are a call each, under a policy each. Whose ruleset comes first in
 * `rulesets` is called first; what the one accepts goes on to the other.
 *
 * source: net/netfilter/core.c nf_hook_entries_grow (of one priority, the last one comes first)
 */
export function layersAt(
  rulesets: readonly Ruleset[],
  table: TableName,
  hook: Hook,
): readonly Layer[] {
  if (rulesets.length === 0) return [];
  const { byTable } = callsFor(rulesets);
  let byHook = byTable.get(table);
  if (byHook === undefined) byTable.set(table, (byHook = new Map()));
  let layers = byHook.get(hook);
  if (layers === undefined) byHook.set(hook, (layers = findLayers(rulesets, table, hook)));
  return layers;
}

function callsFor(rulesets: readonly Ruleset[]): Calls {
  const [first, last] = [rulesets[0]!, rulesets.at(-1)!];
  let byLast = callsOf.get(first);
  if (byLast === undefined) callsOf.set(first, (byLast = new WeakMap()));
  let calls = byLast.get(last);
  if (calls === undefined || !areSame(calls.rulesets, rulesets)) {
    byLast.set(last, (calls = { rulesets: [...rulesets], byTable: new Map() }));
  }
  return calls;
}

function areSame(known: readonly Ruleset[], rulesets: readonly Ruleset[]): boolean {
  return known.length === rulesets.length && known.every((it, index) => it === rulesets[index]);
}

function findLayers(rulesets: readonly Ruleset[], table: TableName, hook: Hook): Layer[] {
  const layers: Layer[] = [];
  const shared = new Map<IptablesBackend, Entry[]>();
  for (const ruleset of rulesets) {
    if (ruleset.ebpf !== undefined) layers.push(...ebpfLayers(ruleset.ebpf, table, hook));
    if (ruleset.nft !== undefined) layers.push(...nftLayers(ruleset.nft, table, hook));
    const own = ruleset.tables.get(table);
    const chain = own?.chains.get(hook);
    if (chain === undefined) continue;
    const entry = { source: iptablesSource(own!, ruleset), chain };
    const standing = shared.get(backendOf(ruleset));
    if (standing === undefined) shared.set(backendOf(ruleset), [entry]);
    else standing.push(entry);
  }
  for (const entries of shared.values()) layers.push({ entries, policy: policyOf(entries) });
  if (callsIpvs(table, hook)) {
    for (const { ipvs } of rulesets) if (ipvs !== undefined) layers.push({ ipvs });
  }
  return layers;
}

/** source: net/netfilter/ipvs/ip_vs_core.c ip_vs_ops4 (NF_INET_LOCAL_IN, NF_INET_LOCAL_OUT) */
function callsIpvs(table: TableName, hook: Hook): boolean {
  return (table === 'filter' && hook === 'INPUT') || (table === 'nat' && hook === 'OUTPUT');
}

/** At the device, before netfilter sees what comes in, and after it has seen what goes out. */
function ebpfLayers(ebpf: EbpfTable, table: TableName, hook: Hook): Layer[] {
  if (table !== 'nat' || (hook !== 'PREROUTING' && hook !== 'POSTROUTING')) return [];
  return [{ ebpf, isOutbound: hook === 'POSTROUTING' }];
}

function nftLayers(table: NftTable, place: TableName, hook: Hook): Layer[] {
  const own = table.baseChains.filter((it) => it.hook === hook && PLACES[it.priority] === place);
  // `dstnat - 10` is the one priority before another at the same place.
  const ordered = own.sort((a, b) => rankOf(a) - rankOf(b));
  return ordered.map((chain) => {
    const entries = [{ source: table, chain }];
    return { entries, policy: policyOf(entries) };
  });
}

function rankOf({ priority }: BaseChain): number {
  return priority === 'dstnat - 10' ? 0 : 1;
}

function iptablesSource({ name, chains }: Table, ruleset: Ruleset): RuleSource {
  const { sets = NO_SETS, backend } = ruleset;
  return { name, chains, sets, maps: NO_MAPS, ...(backend !== undefined && { backend }) };
}

function policyOf(entries: readonly Entry[]): RuleLayer['policy'] {
  return entries.some(({ chain }) => chain.policy === 'DROP') ? 'drop' : 'accept';
}
