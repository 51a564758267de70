// The rules that the model generated for one machine, as text, and their way into a real kernel.

import type { Machine } from '../../src/node/machine';
import { mergeRulesets, renderIptables } from '../../src/node/netfilter/render-iptables';
import { renderNftables } from '../../src/node/netfilter/render-nftables';
import { tupleKey } from '../../src/values/flow';
import { parseConntrackList } from './conntrack-list';
import type { ListedConnection } from './conntrack-list';
import { runIn } from './commands';

export interface RuleTexts {
  /** For `iptables-restore`. */
  readonly iptables: string;
  /** For `nft -f`. */
  readonly nft: string;
}

/** All rules of a machine, kube-proxy's and the CNI's. */
export function ruleTexts(machine: Machine): RuleTexts {
  const rulesets = machine.rulesets('IPv4');
  return {
    iptables: renderIptables(mergeRulesets(rulesets)),
    nft: rulesets.map(renderNftables).join(''),
  };
}

/**
 * Loads the texts into a namespace. Of two chains at one hook and priority the kernel calls the
 * one that was registered last first: nft's come after iptables', as `layersAt` has it.
 * source: net/netfilter/core.c nf_hook_entries_grow
 */
export async function loadRules(namespace: string, { iptables, nft }: RuleTexts): Promise<void> {
  if (iptables !== '') await runIn(namespace, 'iptables-restore', [], iptables);
  if (nft !== '') await runIn(namespace, 'nft', ['-f', '-'], nft);
  await watchConnections(namespace);
}

/**
 * Makes the kernel track connections in a namespace whose own rules may not ask for it, as every
 * host does that runs a container runtime.
 */
export async function watchConnections(namespace: string): Promise<void> {
  await runIn(namespace, 'nft', ['-f', '-'], WATCH);
}

const WATCH = `table ip lab-watch {
  chain input { type filter hook input priority 300; ct state new counter; }
}
`;

/** So many lists in a row must bring nothing new before what was read counts as everything. */
const LISTS_AGREEING = 3;

/**
 * What `conntrack -L` prints, read until nothing new comes: a list that is long comes in parts,
 * and an entry can be missed between two of them while others come and go.
 * source: net/netfilter/nf_conntrack_netlink.c ctnetlink_dump_table
 */
export async function connectionsIn(namespace: string): Promise<ListedConnection[]> {
  const found = new Map<string, ListedConnection>();
  let agreeing = 0;
  while (agreeing < LISTS_AGREEING) {
    const known = found.size;
    for (const it of parseConntrackList(await runIn(namespace, 'conntrack', ['-L']))) {
      found.set(tupleKey(it.original), it);
    }
    agreeing = found.size > known ? 0 : agreeing + 1;
  }
  return [...found.values()];
}
