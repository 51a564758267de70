// A table of nft is walked as the kernel walks it: its base chains at their places in the order of
// the hooks, its maps by one look, its random picks as ways with exact shares.

import { expect } from 'chai';
import { traverse } from '../../../src/node/netfilter/evaluate';
import type {
  BaseChain,
  Chain,
  MapElement,
  NftTable,
  Rule,
  Ruleset,
  Target,
} from '../../../src/node/netfilter/ruleset';
import { ip } from '../../../src/values/ip';
import { formatRatio } from '../../../src/values/ratio';
import { CONTEXT, PACKET } from './first-packet';

const KEY = '10.96.0.20 . tcp . 80';
const FIELDS = ['destination', 'protocol', 'destination-port'] as const;

function rule(target: Target): Rule {
  return { matches: [], target };
}

function base(
  priority: BaseChain['priority'],
  hook: BaseChain['hook'],
  ...rules: Rule[]
): BaseChain {
  const type = priority === 'dstnat' || priority === 'srcnat' ? 'nat' : 'filter';
  return { name: `${type}-${hook}-${priority}`, type, hook, priority, rules };
}

interface Parts {
  readonly base: readonly BaseChain[];
  readonly chains?: readonly Chain[];
  readonly map?: ReadonlyMap<string, MapElement>;
}

function rulesetOf({ base: baseChains, chains = [], map = new Map() }: Parts): Ruleset {
  const nft: NftTable = {
    name: 'kube-proxy',
    family: 'IPv4',
    sets: new Map([
      ['known', { name: 'known', fields: ['destination'], elements: new Set(['10.96.0.20']) }],
    ]),
    maps: new Map([['services', { name: 'services', fields: FIELDS, elements: map }]]),
    baseChains,
    chains: new Map(chains.map((it) => [it.name, it])),
  };
  return { tables: new Map(), nft };
}

const DISPATCH = rule({ do: 'verdict-map', map: 'services', fields: FIELDS });

describe('a packet in an nft table', () => {
  it('follows the map to the chain that its fields name, and names the element', () => {
    const map = new Map([[KEY, { verdict: { do: 'goto', chain: 'reject-chain' } as const }]]);
    const chains = [{ name: 'reject-chain', rules: [rule({ do: 'reject' })] }];
    const ruleset = rulesetOf({ base: [base('filter', 'FORWARD', DISPATCH)], chains, map });
    const [branch, ...others] = traverse([ruleset], 'filter', 'FORWARD', PACKET, CONTEXT);
    expect(others).to.deep.equal([]);
    expect(branch!.verdict).to.equal('reject');
    expect(branch!.rules.map(({ chain }) => chain)).to.deep.equal([
      'filter-FORWARD-filter',
      'reject-chain',
    ]);
    expect(branch!.rules[0]!.element).to.deep.include({ key: KEY });
  });

  it('goes on with the next rule where the map says nothing, which then has not matched', () => {
    const ruleset = rulesetOf({
      base: [base('filter', 'FORWARD', DISPATCH, rule({ do: 'drop' }))],
    });
    const [branch] = traverse([ruleset], 'filter', 'FORWARD', PACKET, CONTEXT);
    expect(branch!.verdict).to.equal('drop');
    expect(branch!.rules.map(({ position }) => position)).to.deep.equal([2]);
  });

  it('does not come back from a goto', () => {
    const chains = [{ name: 'empty-handed', rules: [rule({ do: 'continue' })] }];
    const ruleset = rulesetOf({
      base: [
        base(
          'filter',
          'FORWARD',
          rule({ do: 'goto', chain: 'empty-handed' }),
          rule({ do: 'drop' }),
        ),
      ],
      chains,
    });
    const [branch] = traverse([ruleset], 'filter', 'FORWARD', PACKET, CONTEXT);
    expect(branch!.verdict).to.equal('accept');
  });

  it('asks named sets', () => {
    const asks = (not: boolean): Rule => ({
      matches: [{ on: 'set', set: 'known', fields: ['destination'], not }],
      target: { do: 'drop' },
    });
    const verdictOf = (not: boolean) => {
      const ruleset = rulesetOf({ base: [base('filter', 'FORWARD', asks(not))] });
      return traverse([ruleset], 'filter', 'FORWARD', PACKET, CONTEXT)[0]!.verdict;
    };
    expect([verdictOf(false), verdictOf(true)]).to.deep.equal(['drop', 'accept']);
  });

  it('splits where one of several endpoints is picked, each with the same share', () => {
    const to = [1, 2, 3].map((it) => ({ address: ip(`10.244.1.${it}`), port: 8080 }));
    const ruleset = rulesetOf({
      base: [base('dstnat', 'PREROUTING', rule({ do: 'random-dnat', to }))],
    });
    const branches = traverse([ruleset], 'nat', 'PREROUTING', PACKET, CONTEXT);
    expect(branches.map(({ packet }) => packet.tuple.dst)).to.deep.equal(
      to.map(({ address }) => address),
    );
    expect(branches.map(({ probability }) => formatRatio(probability))).to.deep.equal([
      '1/3',
      '1/3',
      '1/3',
    ]);
  });

  it('meets the chain before destination NAT while it still has its own destination', () => {
    const dnat = rule({ do: 'dnat', address: ip('10.244.1.5'), port: 8080 });
    const drop: Rule = {
      matches: [{ on: 'destination', cidr: '10.96.0.20/32' }],
      target: { do: 'drop' },
    };
    const chains = [base('dstnat', 'PREROUTING', dnat), base('dstnat - 10', 'PREROUTING', drop)];
    const [branch] = traverse([rulesetOf({ base: chains })], 'nat', 'PREROUTING', PACKET, CONTEXT);
    expect(branch!.verdict).to.equal('drop');
  });

  it('is translated once: what nft has settled no rule of iptables settles again', () => {
    const iptables: Ruleset = {
      tables: new Map([
        [
          'nat',
          {
            name: 'nat',
            chains: new Map([
              [
                'POSTROUTING',
                { name: 'POSTROUTING', rules: [rule({ do: 'snat', address: ip('192.0.2.1') })] },
              ],
            ]),
          },
        ],
      ]),
    };
    const sourceAfter = (...rules: Rule[]) => {
      const nft = rulesetOf({ base: [base('srcnat', 'POSTROUTING', ...rules)] });
      const [branch] = traverse([nft, iptables], 'nat', 'POSTROUTING', PACKET, CONTEXT);
      return branch!.packet.tuple.src;
    };
    expect(sourceAfter()).to.equal('192.0.2.1');
    expect(sourceAfter(rule({ do: 'accept' }))).to.equal('192.0.2.1');
    expect(sourceAfter(rule({ do: 'masquerade', randomFully: true }))).to.equal('192.168.1.11');
  });

  it('loses the mark by the rule that masquerades it', () => {
    const masquerade = rule({ do: 'masquerade', randomFully: true, clearMark: 0x4000 });
    const ruleset = rulesetOf({ base: [base('srcnat', 'POSTROUTING', masquerade)] });
    const marked = { ...PACKET, mark: 0x4001 };
    const [branch] = traverse([ruleset], 'nat', 'POSTROUTING', marked, CONTEXT);
    expect(branch!.packet).to.deep.include({ mark: 1 });
  });
});
