// IPVS: which real servers a new connection can get under each scheduler, who stays with one, and
// what the tools print (services §6b).

import { expect } from 'chai';
import { newEntry, answered } from '../../../src/node/netfilter/conntrack-entry';
import type { ConntrackEntry } from '../../../src/node/netfilter/conntrack-entry';
import { traverse } from '../../../src/node/netfilter/evaluate';
import type { HookContext } from '../../../src/node/netfilter/evaluate';
import { renderVirtualServers } from '../../../src/node/netfilter/render-ipvs';
import type { Ruleset } from '../../../src/node/netfilter/ruleset';
import { SCHEDULERS, schedule, virtualServerKey } from '../../../src/node/netfilter/virtual-server';
import type { Scheduler, VirtualServer } from '../../../src/node/netfilter/virtual-server';
import { ip } from '../../../src/values/ip';
import type { Packet } from '../../../src/values/packet';
import { add, formatRatio, NEVER } from '../../../src/values/ratio';
import { START } from '../../../src/values/time';

const VIP = ip('10.96.0.20');
const TUPLE = {
  protocol: 'TCP',
  src: ip('10.244.1.3'),
  sport: 40_000,
  dst: VIP,
  dport: 80,
} as const;
const SYN: Packet = { tuple: TUPLE, kind: 'syn', mark: 0 };

function virtualServer(scheduler: Scheduler, ...weights: number[]): VirtualServer {
  return {
    protocol: 'TCP',
    address: VIP,
    port: 80,
    scheduler,
    servers: weights.map((weight, index) => ({
      address: ip(`10.244.1.${index + 5}`),
      port: 8080,
      weight,
    })),
    comment: 'shop/backend:http',
  };
}

/** `5 1/2`: the last part of each possible server's address, with its share. */
function sharesOf(
  virtual: VirtualServer,
  counts: Readonly<Record<string, readonly [active: number, inactive: number]>> = {},
): string[] {
  const choices = schedule(virtual, TUPLE, ({ address }) => {
    const [active, inactive] = counts[address.slice('10.244.1.'.length)] ?? [0, 0];
    return { active, inactive };
  });
  return choices.map(({ server, share }) => `${server.address.slice(9)} ${formatRatio(share)}`);
}

describe('schedulers of virtual servers', () => {
  it('share a cycle equally in turn, and by weight', () => {
    expect(sharesOf(virtualServer('rr', 1, 1, 1))).to.deep.equal(['5 1/3', '6 1/3', '7 1/3']);
    expect(sharesOf(virtualServer('wrr', 3, 1))).to.deep.equal(['5 3/4', '6 1/4']);
  });

  it('give nothing to a server of weight zero, whatever they are', () => {
    for (const scheduler of SCHEDULERS) {
      expect(sharesOf(virtualServer(scheduler, 0, 1)), scheduler).to.deep.equal(['6 1']);
      expect(sharesOf(virtualServer(scheduler, 0, 0)), scheduler).to.deep.equal([]);
    }
  });

  it('prefer the least connections, an active one weighing 256 inactive ones', () => {
    const virtual = virtualServer('lc', 1, 1, 1);
    expect(sharesOf(virtual, { 5: [1, 0], 6: [0, 255], 7: [2, 0] })).to.deep.equal(['6 1']);
    expect(sharesOf(virtual, { 5: [1, 0] })).to.deep.equal(['6 1/2', '7 1/2']);
    expect(sharesOf(virtualServer('wlc', 4, 1), { 5: [2, 0], 6: [1, 0] })).to.deep.equal(['5 1']);
  });

  it('expect the shortest delay of active connections only', () => {
    expect(sharesOf(virtualServer('sed', 1, 1), { 5: [1, 0], 6: [0, 900] })).to.deep.equal(['6 1']);
    expect(sharesOf(virtualServer('sed', 3, 1), { 5: [1, 0] })).to.deep.equal(['5 1']);
  });

  it('never queue where a server is idle', () => {
    expect(sharesOf(virtualServer('nq', 3, 1), { 5: [1, 0] })).to.deep.equal(['6 1']);
    expect(sharesOf(virtualServer('nq', 3, 1), { 5: [1, 0], 6: [1, 0] })).to.deep.equal(['5 1']);
  });

  it('send a source, or a destination, to one server by hash', () => {
    const one = (scheduler: Scheduler, tuple: object) => {
      const virtual = virtualServer(scheduler, 1, 1, 1);
      const choices = schedule(virtual, { ...TUPLE, ...tuple }, () => ({ active: 0, inactive: 0 }));
      expect(choices.length).to.equal(1);
      return choices[0]!.server.address;
    };
    const sources = Array.from({ length: 60 }, (_, index) => ip(`10.244.3.${index + 1}`));
    const bySource = new Set(sources.map((src) => one('sh', { src })));
    const byDestination = new Set(sources.map((src) => one('dh', { src })));
    expect([bySource.size, byDestination.size]).to.deep.equal([3, 1]);
    expect(one('sh', { sport: 1 })).to.equal(one('sh', { sport: 2 }));
  });
});

const CONTEXT: HookContext = {
  state: 'NEW',
  isDnat: false,
  isLocal: () => true,
  recent: () => false,
};

function rulesetOf(virtual: VirtualServer): Ruleset {
  const key = virtualServerKey('TCP', VIP, 80);
  const ipvs = {
    servers: new Map([[key, virtual]]),
    nodePorts: new Map(),
    nodePortAddresses: [],
    addresses: new Set([VIP]),
  };
  return { tables: new Map(), ipvs };
}

describe('a packet to a virtual server', () => {
  const virtual = virtualServer('rr', 1, 1);

  it('is sent on in INPUT where it arrived, and in OUTPUT where the host sends it', () => {
    const hooks = [
      ['filter', 'INPUT'],
      ['nat', 'OUTPUT'],
      ['nat', 'PREROUTING'],
      ['filter', 'FORWARD'],
    ] as const;
    const ways = hooks.map(([table, hook]) => {
      const branches = traverse([rulesetOf(virtual)], table, hook, SYN, CONTEXT);
      const total = branches.reduce((sum, { probability }) => add(sum, probability), NEVER);
      expect(formatRatio(total)).to.equal('1');
      return branches.map(({ packet }) => packet.tuple.dst);
    });
    const sentOn = ['10.244.1.5', '10.244.1.6'];
    expect(ways).to.deep.equal([sentOn, sentOn, [VIP], [VIP]]);
  });

  it('is refused where there is no real server', () => {
    const ruleset = rulesetOf(virtualServer('rr'));
    const [branch, ...others] = traverse([ruleset], 'filter', 'INPUT', SYN, CONTEXT);
    expect(others).to.deep.equal([]);
    expect(branch!.verdict).to.equal('reject');
    expect(branch!.rules[0]!.rule.comment).to.equal('shop/backend:http has no endpoints');
  });

  it('passes by in the middle of a TCP connection that IPVS does not know', () => {
    const data = { ...SYN, kind: 'data' } as const;
    const [branch] = traverse([rulesetOf(virtual)], 'filter', 'INPUT', data, CONTEXT);
    expect(branch!.packet.tuple.dst).to.equal(VIP);
  });

  it('stays with the server of its client while persistence lasts', () => {
    const sticky = rulesetOf({ ...virtual, persistence: 600 });
    const first = traverse([sticky], 'filter', 'INPUT', SYN, CONTEXT);
    expect(first.length).to.equal(2);
    const [{ list, address } = { list: '', address: '' }] = first[1]!.recentSets;
    const recent: HookContext['recent'] = (asked, client, seconds) =>
      asked === list && client === address && seconds === 600;
    const again = traverse([sticky], 'filter', 'INPUT', SYN, { ...CONTEXT, recent });
    expect(again.map(({ packet }) => packet.tuple.dst)).to.deep.equal(['10.244.1.6']);
  });

  it('counts the connections that stand on the host', () => {
    const answer = { ...TUPLE, src: ip('10.244.1.5'), sport: 8080, dst: TUPLE.src, dport: 40_000 };
    const open: ConntrackEntry = answered(newEntry(TUPLE, answer, START), START);
    const context = { ...CONTEXT, connections: () => [open] };
    const least = rulesetOf(virtualServer('lc', 1, 1));
    const branches = traverse([least], 'filter', 'INPUT', SYN, context);
    expect(branches.map(({ packet }) => packet.tuple.dst)).to.deep.equal(['10.244.1.6']);
  });
});

describe('virtual servers as text', () => {
  it('read as ipvsadm -ln lists them', () => {
    const virtual = { ...virtualServer('rr', 1, 0), persistence: 10_800 };
    const table = rulesetOf(virtual).ipvs!;
    const count = { active: 2, inactive: 1 };
    expect(renderVirtualServers(table, () => count).split('\n')).to.deep.equal([
      'IP Virtual Server version 1.2.1 (size=4096)',
      'Prot LocalAddress:Port Scheduler Flags',
      '  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn',
      'TCP  10.96.0.20:80 rr persistent 10800',
      '  -> 10.244.1.5:8080              Masq    1      2          1         ',
      '  -> 10.244.1.6:8080              Masq    0      2          1         ',
      '',
    ]);
  });
});
