// Chains of an nft table that nothing leads to any more. kube-proxy empties them at once and
// deletes them at a later sync: kernels before 6.2 hold a chain that a map element pointed to for
// a moment longer.
// source: pkg/proxy/nftables/proxier.go syncProxyRules (staleChains)

import type { Chain, NftTable, Ruleset } from '../netfilter/ruleset';
import { compareText } from '../../values/order';
import { OverlayMap } from '../../values/overlay-map';
import { later } from '../../values/time';
import type { Duration, Instant } from '../../values/time';
import { isServiceChain } from './nftables-names';
import type { Replacement, Writing } from './proxy-mode';

/** What one process of kube-proxy knows of them; a new process finds them in the kernel again. */
export class StaleChains implements Replacement {
  /** Since the start of which sync, by chain. */
  private readonly since = new Map<string, Instant>();
  private readonly age: Duration;

  /** `age`: how long a chain has to have been stale when a sync starts that deletes it. */
  constructor(age: Duration) {
    this.age = age;
  }

  written(before: Ruleset, after: Ruleset, { start }: Writing): Ruleset {
    if (after.nft === undefined) return after;
    const deleted = this.old(start);
    const standing = before.nft?.chains ?? new Map<string, Chain>();
    const { chains: written } = after.nft;
    const stale = goneFrom(standing, written).filter((name) => {
      return isServiceChain(name) && !deleted.has(name);
    });
    this.since.clear();
    for (const name of stale) this.since.set(name, start);
    if (stale.length === 0) return after;
    const empty = new Map(stale.map((name) => [name, { name, rules: [] }]));
    const chains = OverlayMap.of(written).with(empty, () => [...written.keys(), ...stale]);
    return { ...after, nft: { ...after.nft, chains } };
  }

  /**
   * They are not empty after all: which ones are stale is found anew.
   * source: pkg/proxy/nftables/proxier.go syncProxyRules (clear(proxier.staleChains))
   */
  failed(): void {
    this.since.clear();
  }

  /** Those that have been stale for long enough. */
  private old(start: Instant): ReadonlySet<string> {
    const aged = [...this.since].filter(([, since]) => later(since, this.age) < start);
    return new Set(aged.map(([name]) => name));
  }
}

/** The names that only `before` has, sorted; found without listing what both have in common. */
function goneFrom(before: NftTable['chains'], after: NftTable['chains']): string[] {
  const changed = OverlayMap.of(before).changedFrom(OverlayMap.of(after));
  return [...changed].filter((name) => before.has(name) && !after.has(name)).sort(compareText);
}
