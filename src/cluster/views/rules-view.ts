// The rules of kube-proxy in a node's kernel as plain objects, for queries and reports.

import { renderRule } from '../../node/netfilter/render-iptables';
import { renderNftRule } from '../../node/netfilter/render-nftables';
import type {
  Chain,
  IptablesBackend,
  NftTable,
  Rule,
  Ruleset,
  Table,
} from '../../node/netfilter/ruleset';
import type { Family } from '../../values/ip';
import { formatRatio } from '../../values/ratio';

/** One rule where it stands. */
export interface RuleView {
  readonly family: Family;
  /** `nat`, `filter`, or the name of a table of nft. */
  readonly table: string;
  /** `legacy` where the table of iptables stands there, and not where the host's own does. */
  readonly backend?: IptablesBackend;
  readonly chain: string;
  /** 1-based, as iptables counts. */
  readonly position: number;
  /** The rule as `iptables-save` or `nft list ruleset` prints it. */
  readonly text: string;
  readonly comment?: string;
  /** The chain that it jumps or goes to. */
  readonly to?: string;
  /** The exact share of what reaches the rule that it takes, where it picks at random. */
  readonly probability?: string;
}

/** Every rule of every table, in the order in which the tool prints them. */
export function rulesOf(rulesets: Iterable<readonly [Family, Ruleset]>): readonly RuleView[] {
  return [...rulesets].flatMap(([family, ruleset]) => [
    ...[...ruleset.tables.values()].flatMap((table) => ofIptables(family, table, ruleset)),
    ...(ruleset.nft === undefined ? [] : ofNftables(family, ruleset.nft)),
  ]);
}

function ofIptables(family: Family, { name, chains }: Table, { backend }: Ruleset): RuleView[] {
  const views = [...chains.values()].flatMap((chain) =>
    viewsOf(family, name, chain, (rule) => renderRule(chain.name, rule)),
  );
  return backend === undefined ? views : views.map((view) => ({ ...view, backend }));
}

function ofNftables(family: Family, { name, baseChains, chains }: NftTable): RuleView[] {
  return [...baseChains, ...chains.values()].flatMap((chain) =>
    viewsOf(family, name, chain, (rule) => renderNftRule(rule, family)),
  );
}

function viewsOf(
  family: Family,
  table: string,
  chain: Chain,
  render: (rule: Rule) => string,
): RuleView[] {
  return chain.rules.map((rule, index) => ({
    family,
    table,
    chain: chain.name,
    position: index + 1,
    text: render(rule),
    ...(rule.comment !== undefined && { comment: rule.comment }),
    ...('chain' in rule.target && { to: rule.target.chain }),
    ...probabilityOf(rule),
  }));
}

function probabilityOf({ matches }: Rule): { readonly probability?: string } {
  const share = matches.find((match) => match.on === 'statistic');
  return share === undefined ? {} : { probability: formatRatio(share.probability) };
}
