// Wrong rules on purpose: a lab that agrees with these would agree with anything. Each changes one
// thing in the text that goes to the kernel; the model stays what it is, and must be contradicted.

import type { RuleTexts } from './rules';

export interface Sabotage {
  readonly title: string;
  readonly proxy: string;
  readonly tool: keyof RuleTexts;
  readonly wrong: RegExp;
  readonly instead: string;
}

export const SABOTAGES: readonly Sabotage[] = [
  {
    title: 'masquerading is left out',
    proxy: 'iptables',
    tool: 'iptables',
    wrong: /^-A KUBE-POSTROUTING .*-j MASQUERADE.*\n/gm,
    instead: '',
  },
  {
    title: 'an endpoint’s rule leads to another pod',
    proxy: 'iptables',
    tool: 'iptables',
    wrong: /--to-destination 10\.244\.1\.3:8080/g,
    instead: '--to-destination 10.244.1.4:8080',
  },
  {
    title: 'the first endpoint takes all',
    proxy: 'iptables',
    tool: 'iptables',
    wrong: /--probability 0\.5000000000/g,
    instead: '--probability 1.0000000000',
  },
  {
    title: 'what should be rejected is dropped',
    proxy: 'iptables',
    tool: 'iptables',
    wrong: /-j REJECT/g,
    instead: '-j DROP',
  },
  {
    title: 'masquerading is left out',
    proxy: 'nftables',
    tool: 'nft',
    wrong: /masquerade fully-random/g,
    instead: 'accept',
  },
  {
    title: 'an endpoint’s rule leads to another pod',
    proxy: 'nftables',
    tool: 'nft',
    wrong: /10\.244\.1\.3 \. 8080/g,
    instead: '10.244.1.4 . 8080',
  },
  {
    title: 'what should be rejected is dropped',
    proxy: 'nftables',
    tool: 'nft',
    wrong: /^(\s+)reject$/gm,
    instead: '$1drop',
  },
];

/** The texts with the wrong rule in them. Throws where there is nothing to spoil. */
export function spoil(texts: RuleTexts, { title, tool, wrong, instead }: Sabotage): RuleTexts {
  const spoilt = texts[tool].replace(wrong, instead);
  if (spoilt === texts[tool]) throw new RangeError(`sabotage "${title}" finds nothing to change`);
  return { ...texts, [tool]: spoilt };
}
