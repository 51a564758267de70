// The one rule that all plug-ins have in some form: what leaves the pod network takes the node's
// address, with a list of destinations for which it does not.

import type { Family } from '../../values/ip';
import { cidr } from '../../values/cidr';
import type { Chain, Rule, Ruleset, Target } from '../netfilter/ruleset';

export interface MasqueradeSettings {
  /** The plug-in's own chain: `cali-nat-outgoing`. */
  readonly chain: string;
  readonly comment: string;
  /** Packets from these ranges. */
  readonly sources: readonly string[];
  /** Except those to these ranges. */
  readonly exclude: readonly string[];
  /** MASQUERADE by default. */
  readonly target?: Target;
}

/** The rules of one family; undefined where it has no range to masquerade. */
export function masqueradeRules(
  family: Family,
  { chain, comment, sources, exclude, target }: MasqueradeSettings,
): Ruleset | undefined {
  const ofFamily = (ranges: readonly string[]): readonly string[] =>
    ranges.filter((range) => cidr(range).family === family);
  const from = ofFamily(sources);
  if (from.length === 0) return undefined;
  const rules: Rule[] = [
    ...ofFamily(exclude).map((range): Rule => ({
      matches: [{ on: 'destination', cidr: range }],
      target: { do: 'return' },
      comment,
    })),
    ...from.map((range): Rule => ({
      matches: [{ on: 'source', cidr: range }],
      target: target ?? { do: 'masquerade', randomFully: true },
      comment,
    })),
  ];
  const chains: Chain[] = [
    {
      name: 'POSTROUTING',
      policy: 'ACCEPT',
      rules: [{ matches: [], target: { do: 'jump', chain }, comment }],
    },
    { name: chain, rules },
  ];
  const table = { name: 'nat', chains: new Map(chains.map((it) => [it.name, it])) } as const;
  return { tables: new Map([[table.name, table]]) };
}
