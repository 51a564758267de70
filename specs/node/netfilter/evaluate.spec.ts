// A walk through rules returns every way with its exact probability, in the order in which the
// kernel reads rules, and names those that matched.

import { expect } from 'chai';
import { traverse } from '../../../src/node/netfilter/evaluate';
import type { HookContext } from '../../../src/node/netfilter/evaluate';
import type {
  Chain,
  Match,
  Rule,
  Ruleset,
  TableName,
  Target,
} from '../../../src/node/netfilter/ruleset';
import { ANY_PORT } from '../../../src/values/flow';
import { ip } from '../../../src/values/ip';
import { add, formatRatio, NEVER, ratio } from '../../../src/values/ratio';
import { CONTEXT, PACKET } from './first-packet';

function rule(target: Target, ...matches: Match[]): Rule {
  return { matches, target };
}

function rulesetOf(table: TableName, ...chains: Chain[]): Ruleset {
  const byName = new Map(chains.map((it) => [it.name, it]));
  return { tables: new Map([[table, { name: table, chains: byName }]]) };
}

function inLegacy(ruleset: Ruleset): Ruleset {
  return { ...ruleset, backend: 'legacy' };
}

function chain(name: string, ...rules: Rule[]): Chain {
  return { name, rules };
}

function dnat(address: string): Rule {
  return rule({ do: 'dnat', address: ip(address), port: 8080 });
}

/** Endpoint chains behind equal shares, as kube-proxy writes them. */
function spreadOver(count: number): Ruleset {
  const shares = Array.from({ length: count }, (_, index) => {
    const left = count - index;
    const share: Match[] = left > 1 ? [{ on: 'statistic', probability: ratio(1, left) }] : [];
    return rule({ do: 'jump', chain: `SEP-${index}` }, ...share);
  });
  const ends = shares.map((_, index) => chain(`SEP-${index}`, dnat(`10.244.1.${index + 1}`)));
  const entry = chain('PREROUTING', rule({ do: 'jump', chain: 'SVC' }));
  return rulesetOf('nat', entry, chain('SVC', ...shares), ...ends);
}

describe('a packet in the rules', () => {
  it('is accepted where no rule and no policy says otherwise', () => {
    const [branch, ...others] = traverse([], 'filter', 'FORWARD', PACKET, CONTEXT);
    expect(others).to.deep.equal([]);
    expect(branch).to.include({ verdict: 'accept', packet: PACKET });
  });

  it('splits over random rules into equal shares that add up to 1', () => {
    for (let count = 1; count <= 12; count++) {
      const branches = traverse([spreadOver(count)], 'nat', 'PREROUTING', PACKET, CONTEXT);
      const shares = branches.map(({ probability }) => formatRatio(probability));
      expect(shares).to.deep.equal(Array(count).fill(count === 1 ? '1' : `1/${count}`));
      const total = branches.reduce((sum, { probability }) => add(sum, probability), NEVER);
      expect(formatRatio(total)).to.equal('1');
    }
  });

  it('names the rules that matched, with chain and position', () => {
    const [first] = traverse([spreadOver(2)], 'nat', 'PREROUTING', PACKET, CONTEXT);
    const places = first!.rules.map((it) => `${it.chain} ${it.position}`);
    expect(places).to.deep.equal(['PREROUTING 1', 'SVC 1', 'SEP-0 1']);
  });

  it('goes on behind the jump when a chain ends or returns', () => {
    const ruleset = rulesetOf(
      'filter',
      chain('INPUT', rule({ do: 'jump', chain: 'A' }), rule({ do: 'jump', chain: 'B' }), DROP),
      chain('A', rule({ do: 'mark-or', value: 1 }), rule({ do: 'return' }), DROP),
      chain('B', rule({ do: 'mark-or', value: 0x8000_0000 }), rule({ do: 'continue' })),
    );
    const [branch] = traverse([ruleset], 'filter', 'INPUT', PACKET, CONTEXT);
    expect(branch).to.deep.include({ verdict: 'drop' });
    expect(branch!.packet.mark).to.equal(0x8000_0001);
  });

  it('meets the policy when a built-in chain returns', () => {
    const forward: Chain = {
      name: 'FORWARD',
      policy: 'DROP',
      rules: [rule({ do: 'return' }), rule({ do: 'accept' })],
    };
    const [branch] = traverse([rulesetOf('filter', forward)], 'filter', 'FORWARD', PACKET, CONTEXT);
    expect(branch!.verdict).to.equal('drop');
  });

  it('runs the rules of several rulesets of a host one after the other', () => {
    const first = rulesetOf('filter', chain('FORWARD', rule({ do: 'mark-or', value: 4 })));
    const marked: Match = { on: 'mark', value: 4, mask: 4 };
    const second = rulesetOf('filter', chain('FORWARD', rule({ do: 'reject' }, marked)));
    expect(forwardVerdict([first, second])).to.equal('reject');
    expect(forwardVerdict([second, first])).to.equal('accept');
  });

  // Measured with iptables-legacy and iptables-nft in one namespace.
  it('passes the chains of both back ends of iptables, each under its own policy', () => {
    const drops: Chain = { name: 'FORWARD', policy: 'DROP', rules: [] };
    const accepts = rulesetOf('filter', chain('FORWARD', rule({ do: 'accept' })));
    const [own, legacy] = [rulesetOf('filter', drops), inLegacy(rulesetOf('filter', drops))];
    expect(forwardVerdict([accepts, own])).to.equal('accept');
    expect(forwardVerdict([accepts, legacy])).to.equal('drop');
    expect(forwardVerdict([legacy, accepts])).to.equal('drop');
    expect(forwardVerdict([accepts, inLegacy(accepts)])).to.equal('accept');
  });

  it('is translated once, by the back end that is asked first and says something', () => {
    const nft = rulesetOf('nat', chain('PREROUTING', dnat('10.244.1.1')));
    const legacy = inLegacy(rulesetOf('nat', chain('PREROUTING', dnat('10.244.1.9'))));
    const silent = rulesetOf('nat', chain('PREROUTING', rule({ do: 'continue' })));
    const chosen = (rulesets: readonly Ruleset[]) => {
      const branches = traverse(rulesets, 'nat', 'PREROUTING', PACKET, CONTEXT);
      return branches.map(({ packet, rules }) => [packet.tuple.dst, rules.at(-1)!.backend]);
    };
    expect(chosen([nft, legacy])).to.deep.equal([['10.244.1.1', undefined]]);
    expect(chosen([legacy, nft])).to.deep.equal([['10.244.1.9', 'legacy']]);
    expect(chosen([silent, legacy])).to.deep.equal([['10.244.1.9', 'legacy']]);
    // Rules of one back end follow each other in one chain, whoever stands between them.
    expect(chosen([silent, legacy, nft])).to.deep.equal([['10.244.1.1', undefined]]);
  });

  it('leaves with the address of the outgoing interface and a random port when masqueraded', () => {
    const ruleset = rulesetOf(
      'nat',
      chain('POSTROUTING', rule({ do: 'masquerade', randomFully: true })),
    );
    const [branch] = traverse([ruleset], 'nat', 'POSTROUTING', PACKET, CONTEXT);
    expect(branch!.packet.tuple).to.include({ src: '192.168.1.11', sport: ANY_PORT });
  });

  it('keeps its port when masqueraded without random ports', () => {
    const ruleset = rulesetOf(
      'nat',
      chain('POSTROUTING', rule({ do: 'masquerade', randomFully: false })),
    );
    const [branch] = traverse([ruleset], 'nat', 'POSTROUTING', PACKET, CONTEXT);
    expect(branch!.packet.tuple.sport).to.equal(40_000);
  });

  it('follows its sticky endpoint, and says which list is written', () => {
    const ruleset = rulesetOf(
      'nat',
      chain(
        'OUTPUT',
        rule({ do: 'jump', chain: 'SEP' }, { on: 'recent', list: 'SEP', seconds: 60 }),
      ),
      chain('SEP', {
        matches: [{ on: 'recent-set', list: 'SEP' }],
        target: dnat('10.244.1.5').target,
      }),
    );
    const known = { ...CONTEXT, recent: (list: string) => list === 'SEP' };
    const walk = (context: HookContext) =>
      traverse([ruleset], 'nat', 'OUTPUT', PACKET, context)[0]!;
    expect(walk(CONTEXT).recentSets).to.deep.equal([]);
    expect(walk(known).recentSets).to.deep.equal([{ list: 'SEP', address: '10.244.1.3' }]);
  });

  it('that chains lead in a circle is an error', () => {
    const loop = rulesetOf('filter', chain('INPUT', rule({ do: 'jump', chain: 'INPUT' })));
    expect(() => traverse([loop], 'filter', 'INPUT', PACKET, CONTEXT)).to.throw('jump in a loop');
  });

  for (const [name, match, holds] of [
    ['another protocol', { on: 'protocol', protocol: 'UDP' }, false],
    ['its source range', { on: 'source', cidr: '10.244.0.0/16' }, true],
    ['the negation of its source range', { on: 'source', cidr: '10.244.0.0/16', not: true }, false],
    ['another destination port', { on: 'destination-port', port: 81 }, false],
    ['its source port', { on: 'source-port', port: 40_000 }, true],
    ['a local destination', { on: 'address-type', side: 'destination', type: 'LOCAL' }, false],
    ['a connection that is new or known', { on: 'state', states: ['NEW', 'ESTABLISHED'] }, true],
    ['a translated connection', { on: 'state', states: ['DNAT'] }, false],
    ['the absence of a mark', { on: 'mark', value: 0x4000, mask: 0x4000, not: true }, true],
    ['an interface that is not known', { on: 'in-interface', name: 'cni0' }, false],
  ] as const satisfies readonly (readonly [string, Match, boolean])[]) {
    it(`${holds ? 'meets' : 'does not meet'} a rule that asks for ${name}`, () => {
      const ruleset = rulesetOf('filter', chain('INPUT', rule({ do: 'drop' }, match)));
      const [branch] = traverse([ruleset], 'filter', 'INPUT', PACKET, CONTEXT);
      expect(branch!.verdict).to.equal(holds ? 'drop' : 'accept');
    });
  }
});

const DROP = rule({ do: 'drop' });

function forwardVerdict(rulesets: Ruleset[]): string {
  return traverse(rulesets, 'filter', 'FORWARD', PACKET, CONTEXT)[0]!.verdict;
}
