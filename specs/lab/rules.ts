// The rules that the model generated for one machine, as text, and their way into a real kernel.

import type { Machine } from '../../src/node/machine';
import { mergeRulesets, renderIptables } from '../../src/node/netfilter/render-iptables';
import { backendOf } from '../../src/node/netfilter/ruleset';
import type { IptablesBackend } from '../../src/node/netfilter/ruleset';
import { renderNftables } from '../../src/node/netfilter/render-nftables';
import { tupleKey } from '../../src/values/flow';
import { parseConntrackList } from './conntrack-list';
import type { ListedConnection } from './conntrack-list';
import { runIn } from './commands';

export interface RuleTexts {
  /** For `iptables-restore`, which writes to nf_tables. */
  readonly iptables: string;
  /** For `iptables-legacy-restore`. */
  readonly legacy: string;
  /** Whether that is loaded after the other, as it was on the node. */
  readonly isLegacyLast: boolean;
  /** For `nft -f`. */
  readonly nft: string;
}

/** All rules of a machine, kube-proxy's and the CNI's. */
export function ruleTexts(machine: Machine): RuleTexts {
  const rulesets = machine.rulesets('IPv4');
  const textIn = (backend: IptablesBackend): string => {
    const standing = rulesets.filter((ruleset) => backendOf(ruleset) === backend);
    return renderIptables(mergeRulesets(standing));
  };
  return {
    iptables: textIn('nft'),
    legacy: textIn('legacy'),
    isLegacyLast: machine.hookedBackends.at(-1) === 'legacy',
    nft: rulesets.map(renderNftables).join(''),
  };
}

/**
 * Loads the texts into a namespace. Of two chains at one hook and priority the kernel calls the
 * one that was registered last first: nft's come after iptables', as `layersAt` has it, and the two
 * back ends of iptables in the order in which the node got them.
 * source: net/netfilter/core.c nf_hook_entries_grow
 */
export async function loadRules(namespace: string, texts: RuleTexts): Promise<void> {
  const { iptables, legacy, isLegacyLast, nft } = texts;
  const tables = [
    ['iptables-legacy-restore', legacy],
    // Which of the two has this name is the distribution's choice.
    [legacy === '' ? 'iptables-restore' : 'iptables-nft-restore', iptables],
  ] as const;
  for (const [tool, text] of isLegacyLast ? [...tables].reverse() : tables) {
    if (text !== '') await runIn(namespace, tool, [], text);
  }
  if (nft !== '') await runIn(namespace, 'nft', ['-f', '-'], nft);
  await watchConnections(namespace);
}

/**
 * Makes the kernel track connections in a namespace whose own rules may not ask for it, as every
 * host does that runs a container runtime, and keep what has ended until everybody has read it.
 */
export async function watchConnections(namespace: string): Promise<void> {
  await runIn(namespace, 'nft', ['-f', '-'], WATCH);
  const orders = ENDED.map((name) => `echo ${LONG} > /proc/sys/net/netfilter/nf_conntrack_${name}`);
  await runIn(namespace, 'sh', ['-e'], `${orders.join('\n')}\n`);
}

/** Timeouts of connections that are over, of which some are shorter than a round of attempts. */
const ENDED = ['tcp_timeout_close', 'tcp_timeout_time_wait', 'udp_timeout'] as const;
/** In seconds; no setting of the lab takes longer. */
const LONG = 600;

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
