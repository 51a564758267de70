// Wrong rules on purpose: a lab that agrees with these would agree with anything. Each changes one
// thing in the text that goes to the kernel; the model stays what it is, and must be contradicted.

import type { IptablesBackend } from '../../src/node/netfilter/ruleset';
import type { RuleTexts } from './rules';

export interface Sabotage {
  readonly title: string;
  readonly proxy: string;
  /** As those of a setting; without it, kube-proxy has had one image. */
  readonly backends?: readonly IptablesBackend[];
  /** What is wrong in a text; without it, the two back ends are hooked in the other way round. */
  readonly text?: {
    readonly tool: 'iptables' | 'nft';
    readonly wrong: RegExp;
    readonly instead: string;
  };
}

export const SABOTAGES: readonly Sabotage[] = [
  {
    title: 'masquerading is left out',
    proxy: 'iptables',
    text: { tool: 'iptables', wrong: /^-A KUBE-POSTROUTING .*-j MASQUERADE.*\n/gm, instead: '' },
  },
  {
    title: 'an endpoint’s rule leads to another pod',
    proxy: 'iptables',
    text: {
      tool: 'iptables',
      wrong: /--to-destination 10\.244\.1\.3:8080/g,
      instead: '--to-destination 10.244.1.4:8080',
    },
  },
  {
    title: 'the first endpoint takes all',
    proxy: 'iptables',
    text: {
      tool: 'iptables',
      wrong: /--probability 0\.5000000000/g,
      instead: '--probability 1.0000000000',
    },
  },
  {
    title: 'what should be rejected is dropped',
    proxy: 'iptables',
    text: { tool: 'iptables', wrong: /-j REJECT/g, instead: '-j DROP' },
  },
  {
    title: 'masquerading is left out',
    proxy: 'nftables',
    text: { tool: 'nft', wrong: /masquerade fully-random/g, instead: 'accept' },
  },
  {
    title: 'an endpoint’s rule leads to another pod',
    proxy: 'nftables',
    text: { tool: 'nft', wrong: /10\.244\.1\.3 \. 8080/g, instead: '10.244.1.4 . 8080' },
  },
  {
    title: 'what should be rejected is dropped',
    proxy: 'nftables',
    text: { tool: 'nft', wrong: /^(\s+)reject$/gm, instead: '$1drop' },
  },
  {
    title: 'the other iptables is asked first',
    proxy: 'iptables',
    backends: ['nft', 'legacy', 'nft'],
  },
];

/** The texts with what is wrong in them. Throws where there is nothing to spoil. */
export function spoil(texts: RuleTexts, { title, text }: Sabotage): RuleTexts {
  if (text === undefined) return { ...texts, isLegacyLast: !texts.isLegacyLast };
  const { tool, wrong, instead } = text;
  const spoilt = texts[tool].replace(wrong, instead);
  if (spoilt === texts[tool]) throw new RangeError(`sabotage "${title}" finds nothing to change`);
  return { ...texts, [tool]: spoilt };
}
