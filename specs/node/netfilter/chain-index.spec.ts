// The index of a chain may leave out rules, but never one that could match, and never their order:
// compared with reading every rule, over all small chains.

import { expect } from 'chai';
import { ChainIndex } from '../../../src/node/netfilter/chain-index';
import { compiledRule } from '../../../src/node/netfilter/match';
import type { HookContext } from '../../../src/node/netfilter/match';
import type { Chain, Match, Rule } from '../../../src/node/netfilter/ruleset';
import { ANY_PORT } from '../../../src/values/flow';
import { ip } from '../../../src/values/ip';
import type { Packet } from '../../../src/values/packet';

const ADDRESSES = ['10.96.0.1', '10.96.0.2', '192.168.1.11', 'fd00::1'].map((text) => ip(text));
const PORTS = [80, 81, ANY_PORT] as const;

const CONTEXT: HookContext = {
  state: 'NEW',
  isDnat: false,
  isLocal: () => true,
  recent: () => false,
};

const CONDITIONS: readonly (readonly Match[])[] = [
  [],
  [{ on: 'destination', cidr: '10.96.0.1/32' }],
  [{ on: 'destination', cidr: '10.96.0.2/32', not: true }],
  [{ on: 'destination', cidr: '10.96.0.0/16' }],
  [{ on: 'destination', cidr: 'fd00::1/128' }],
  [{ on: 'destination-port', port: 80 }],
  [{ on: 'destination-port', port: 81, not: true }],
  [
    { on: 'destination', cidr: '10.96.0.1/32' },
    { on: 'destination-port', port: 80 },
  ],
  [
    { on: 'destination', cidr: '10.96.0.2/32' },
    { on: 'destination-port', port: 81 },
  ],
];

/** A chain of `length` rules whose conditions are the digits of `code`. */
function chainOf(length: number, code: number): Chain {
  const rules = Array.from({ length }, (_, index): Rule => {
    const digit = Math.floor(code / CONDITIONS.length ** (index % 5) + index) % CONDITIONS.length;
    return { matches: CONDITIONS[digit]!, target: { do: 'continue' } };
  });
  return { name: 'CHAIN', rules };
}

function* packets(): Generator<Packet> {
  for (const dst of ADDRESSES) {
    for (const dport of PORTS) {
      const tuple = { protocol: 'TCP', src: ip('10.244.1.3'), sport: 40_000, dst, dport } as const;
      yield { tuple, kind: 'syn', mark: 0 };
    }
  }
}

describe('the index of a chain', () => {
  it('finds the same matching rules in the same order as reading all of them', () => {
    for (let code = 0; code < 2_000; code += 7) {
      const chain = chainOf(20, code);
      const index = new ChainIndex(chain);
      for (const packet of packets()) {
        const matches = (position: number) =>
          compiledRule(chain.rules[position]!).matches(packet, CONTEXT, new Map());
        const all = [...chain.rules.keys()].filter(matches);
        expect(index.candidates(packet.tuple).filter(matches)).to.deep.equal(all);
      }
    }
  });

  it('gives a packet to one of ten thousand Services no more than the rules it could meet', () => {
    const rules = Array.from({ length: 10_000 }, (_, index): Rule => {
      const cidr = `10.96.${index >> 8}.${index & 255}/32`;
      const matches: Match[] = [
        { on: 'destination', cidr },
        { on: 'destination-port', port: 80 },
      ];
      return { matches, target: { do: 'accept' } };
    });
    const last: Rule = {
      matches: [{ on: 'address-type', side: 'destination', type: 'LOCAL' }],
      target: { do: 'accept' },
    };
    const index = new ChainIndex({ name: 'KUBE-SERVICES', rules: [...rules, last] });
    const src = ip('10.244.1.3');
    const tuple = { protocol: 'TCP', src, sport: 1, dst: ip('10.96.3.7'), dport: 80 } as const;
    expect(index.candidates(tuple)).to.deep.equal([3 * 256 + 7, 10_000]);
  });
});
