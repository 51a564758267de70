// The mark by which the iptables rules of kube-proxy ask for masquerading on the way out.
// source: pkg/proxy/iptables/proxier.go, pkg/proxy/ipvs/proxier.go (masqueradeMark)

import type { Chain, Match, Rule } from '../netfilter/ruleset';

/** `--iptables-masquerade-bit` 14. */
export const MASQUERADE_MARK = 0x4000;

export const MARKED: Match = { on: 'mark', value: MASQUERADE_MARK, mask: MASQUERADE_MARK };

export const MARK_MASQ: Chain = {
  name: 'KUBE-MARK-MASQ',
  rules: [{ matches: [], target: { do: 'mark-or', value: MASQUERADE_MARK } }],
};

/** The mark is cleared before the packet leaves, so that nothing behind can meet it again. */
export const POSTROUTING_RULES: readonly Rule[] = [
  { matches: [{ ...MARKED, not: true }], target: { do: 'return' } },
  { matches: [], target: { do: 'mark-xor', value: MASQUERADE_MARK } },
  {
    matches: [],
    comment: 'kubernetes service traffic requiring SNAT',
    target: { do: 'masquerade', randomFully: true },
  },
];
