// Goal: speakers of MetalLB that do not hear each other go by their memberlist (hashicorp/memberlist
// state.go probeNode, suspicion.go; metallb internal/speakerlist joinMembers, internal/layer2
// announcer.go spamLoop): who takes whom for dead and when, who announces an address then, whom
// the router believes, and how they come together again.

import { expect } from 'chai';

import type { EndpointSlice } from '../../../src/apiserver/kinds/endpointslice';
import type { Cluster } from '../../../src/cluster/cluster';
import { createCluster, loadScenarios } from '../../../src/index';
import type { Cut, Degradation, Direction } from '../../../src/network/index';
import type { ClusterSpec } from '../../../src/values/cluster-spec';
import { ip } from '../../../src/values/ip';
import { ratio } from '../../../src/values/ratio';
import type { Instant } from '../../../src/values/time';
import { planText } from '../../runner/plan-text';

const SECOND = 1_000_000;
const SEEDS = Array.from({ length: 60 }, (_, index) => index + 1);
const VIP = ip('192.168.1.240');
const SPEC = loadScenarios(['scenarios/faults/metallb-split-brain.yaml']).plans[0]!.cluster;

/** The same cluster with so many nodes. */
function specOf(count: number): ClusterSpec {
  const nodes = Array.from({ length: count }, (_, index) => {
    const like = SPEC.nodes[index] ?? SPEC.nodes[0]!;
    if (index < SPEC.nodes.length) return like;
    const addresses = [ip(`192.168.1.${50 + index}`)];
    return {
      ...like,
      name: `worker-${index + 1}`,
      addresses,
      podCIDRs: [`10.244.${index + 1}.0/24`],
    };
  });
  return { ...SPEC, nodes };
}

function between(one: readonly string[], others: readonly string[], direction: Direction) {
  const side = (names: readonly string[]) => ({ is: 'hosts', hosts: new Set(names) }) as const;
  return { token: 'split', from: side(one), to: side(others), direction };
}

function cutOf(
  one: readonly string[],
  others: readonly string[],
  more: Partial<Cut> = {},
): readonly Cut[] {
  return [{ ...between(one, others, 'both'), mode: 'drop', established: 'break', ...more }];
}

class World {
  readonly cluster: Cluster;

  constructor(count: number, seed: number, spec = specOf(count)) {
    this.cluster = createCluster(spec, { seed });
    this.until(10);
  }

  until(seconds: number): this {
    this.cluster.kernel.runUntil((seconds * SECOND) as Instant);
    return this;
  }

  cut(cuts: readonly Cut[]): this {
    this.cluster.handles.cut('split', cuts);
    return this;
  }

  /** `worker-1 lost worker-2`, with the seconds since the cut. */
  said(action: string): { readonly who: string; readonly at: number }[] {
    const entries = this.cluster.kernel.journal.all().filter((it) => it.action === action);
    return entries
      .filter(({ actor }) => actor.startsWith('metallb/speaker@'))
      .map(({ actor, subject, at }) => {
        const who = `${actor.slice('metallb/speaker@'.length)} ${subject.slice('Node/'.length)}`;
        return { who, at: at / SECOND - 10 };
      });
  }

  get announcement() {
    const all = this.cluster.snapshot()['loadBalancers'] as readonly {
      readonly address: string;
      readonly nodes: readonly string[];
      readonly announcers: readonly string[];
      readonly neighbours: Readonly<Record<string, string>>;
    }[];
    return all.find(({ address }) => address === VIP)!;
  }

  /** Whom a client outside sends to. */
  get believed(): string {
    const { nodes, neighbours } = this.announcement;
    return neighbours['external/external'] ?? nodes[0]!;
  }
}

/** A Service with an address of that pool, and one of IPv6 that is the same for all pools. */
function twoAddresses(pool: string): string {
  const pools = `[{name: both, addresses: [192.168.1.${pool}/32, "fd00:9::1/128"]}]`;
  return `
scenario: two addresses of one Service
cluster:
  nodes: 3
  ipFamilies: [IPv4, IPv6]
  loadBalancer: {metallb: {pools: ${pools}}}
manifests: [../scenarios/manifests/shop.yaml]
expect:
  - {at: 1s, inspect: {query: "$.loadBalancers[*].address", count: 2}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  type: LoadBalancer
  ipFamilyPolicy: RequireDualStack
  ipFamilies: [IPv4, IPv6]
  selector: {app: backend}
  ports: [{port: 80, targetPort: 8080}]
`;
}

function times(worlds: readonly World[], who: string): number[] {
  return worlds.map((it) => it.said('lost').find((line) => line.who === who)!.at);
}

describe('speakers on two sides of a cut', function () {
  this.timeout(120_000);

  it('take each other for dead after a probe and 4 s, where nobody could share the doubt', () => {
    const worlds = SEEDS.map((seed) =>
      new World(3, seed).cut(cutOf(['worker-2'], ['worker-1', 'worker-3'])).until(40),
    );
    for (const world of worlds) {
      const lost = world.said('lost').map(({ who }) => who);
      expect(lost.sort()).to.deep.equal([
        'worker-1 worker-2',
        'worker-2 worker-1',
        'worker-2 worker-3',
        'worker-3 worker-2',
      ]);
      expect(world.announcement.announcers).to.deep.equal(['worker-1', 'worker-2']);
    }
    const all = times(worlds, 'worker-1 worker-2');
    expect(Math.min(...all)).to.be.within(5, 5.5);
    expect(Math.max(...all)).to.be.within(6, 8.01);
  });

  it('of five, take one for dead at once where three agree, and it them after 24 s each', () => {
    const names = ['worker-1', 'worker-3', 'worker-4', 'worker-5'];
    const worlds = SEEDS.slice(0, 30).map((seed) =>
      new World(5, seed).cut(cutOf(['worker-2'], names)).until(90),
    );
    for (const name of names) {
      const alone = times(worlds, `worker-2 ${name}`);
      expect(Math.min(...alone), 'nobody shares its doubt').to.be.at.least(25);
      const many = times(worlds, `${name} worker-2`);
      expect(Math.min(...many)).to.be.at.least(5);
      expect(Math.max(...many)).to.be.below(17);
    }
  });

  it('both announce the address again and again, and the last one is believed', () => {
    const lastWords: string[] = [];
    const believed = new Set<string>();
    for (const seed of SEEDS) {
      const world = new World(3, seed).cut(cutOf(['worker-2'], ['worker-1', 'worker-3']));
      world.until(40);
      const notes = world.cluster.kernel.journal.all().filter((it) => it.at > 10 * SECOND);
      const announced = notes.filter(({ action }) => action === 'announces');
      // From the first death to 5 s after the last one; every 1.1 s.
      expect(announced.length).to.be.within(2, 20);
      expect(announced.at(-1)!.at / SECOND).to.be.below(10 + 8 + 3 + 5 + 1.1);
      expect(announced.at(-1)!.detail).to.contain(`hosts send to ${world.announcement.nodes[0]}`);
      lastWords.push(world.believed);
      const halves = new World(4, seed);
      halves.cut(cutOf(['worker-2', 'worker-4'], ['worker-1', 'worker-3'])).until(60);
      believed.add(halves.believed);
    }
    // It has lost two, the second one later as a rule, and announces the address for each of them.
    expect(lastWords.filter((it) => it === 'worker-2').length).to.be.above(50);
    expect(believed.size, 'of two halves either may be the last').to.equal(2);
  });

  it('leave a node that is cut off from everybody alone with its announcement', () => {
    const everybody = { is: 'anyone' } as const;
    const [rule] = cutOf(['worker-2'], []);
    const world = new World(3, 1).cut([{ ...rule!, to: everybody }]).until(80);
    expect(world.announcement.announcers).to.deep.equal(['worker-1', 'worker-2']);
    expect(world.believed).to.equal('worker-1');
    expect(world.announcement.neighbours).to.deep.equal({ 'worker-2': 'worker-2' });
  });
});

describe('speakers that could hear each other again', function () {
  this.timeout(120_000);
  const worlds: World[] = [];

  before(() => {
    for (const seed of SEEDS) {
      const world = new World(3, seed).cut(cutOf(['worker-2'], ['worker-1', 'worker-3']));
      worlds.push(world.until(100).cut([]).until(165));
    }
  });

  it('do so when one calls on those that it misses, once a minute', () => {
    const found = worlds.map((it) => it.said('found').map(({ at }) => at - 90));
    for (const all of found) expect(all).to.have.length(4);
    for (const all of found) {
      expect(all[1], 'who calls and who is called find each other at once').to.equal(all[0]);
      expect(all.at(-1)! - all[0]!, 'and the third one hears of it').to.be.below(0.21);
    }
    const first = found.map((all) => all[0]!);
    expect(Math.min(...first)).to.be.within(0, 5);
    expect(Math.max(...first)).to.be.within(30, 60);
  });

  it('leave the address to the first of them, which all believe', () => {
    for (const { announcement } of worlds) {
      expect(announcement).to.deep.include({
        announcers: ['worker-2'],
        nodes: ['worker-2'],
        neighbours: {},
      });
    }
  });

  it('do so at the next instant of the call, if the cut was over before anybody was lost', () => {
    const world = new World(3, 1).cut(cutOf(['worker-2'], ['worker-1', 'worker-3']));
    world.until(13).cut([]).until(80);
    expect(world.said('suspects')).to.not.deep.equal([]);
    expect(world.said('lost'), 'the doubt is refuted').to.deep.equal([]);
    expect(world.announcement.announcers).to.deep.equal(['worker-2']);
  });
});

describe('speakers hear each other', function () {
  this.timeout(60_000);
  const pair = [['worker-2'], ['worker-1']] as const;

  it('by way of a third where only two of them are cut from each other', () => {
    const world = new World(3, 1).cut(cutOf(...pair)).until(100);
    expect(world.said('suspects')).to.deep.equal([]);
    expect(world.announcement.announcers).to.deep.equal(['worker-2']);
  });

  it('no longer when that third one loses its power, at whose own time it is missed', () => {
    const world = new World(3, 1).cut(cutOf(...pair)).until(30);
    world.cluster.handles.powerOff('worker-3');
    world.until(60);
    expect(world.said('lost').map(({ who }) => who)).to.have.members([
      'worker-1 worker-2',
      'worker-2 worker-1',
    ]);
    expect(world.announcement.announcers).to.deep.equal(['worker-1', 'worker-2']);
  });

  it('not at all over a line of one direction, where there is no third', () => {
    const cut = cutOf(...pair, { direction: 'to' });
    const world = new World(2, 1).cut(cut).until(60);
    expect(world.announcement.announcers).to.deep.equal(['worker-1', 'worker-2']);
  });

  it('through a cut of TCP alone, and through one that keeps what stands', () => {
    const sides = [['worker-2'], ['worker-1', 'worker-3']] as const;
    for (const more of [{ protocol: 'TCP' }, { established: 'keep' }] as const) {
      const world = new World(3, 1).cut(cutOf(...sides, more)).until(60);
      expect(world.said('suspects')).to.deep.equal([]);
    }
  });

  it('over TCP where UDP is cut, which a probe goes by at its end alone', () => {
    const cut = cutOf(['worker-2'], ['worker-1', 'worker-3'], { protocol: 'UDP' });
    const world = new World(3, 1).cut(cut);
    // Of the second of such a probe the half after its own ping is left.
    const waits: number[] = [];
    for (let at = 20; at < 60; at += 0.1) {
      world.until(at);
      const ends = world.cluster.kernel.pending().filter((it) => it.kind.endsWith('.unanswered'));
      waits.push(...ends.filter(({ a }) => a === 'worker-2').map((it) => it.at / SECOND - at));
    }
    expect(waits.length).to.be.within(190, 210);
    expect(Math.max(...waits)).to.be.at.most(0.5);
    expect(world.said('suspects')).to.deep.equal([]);
  });

  it('over a bad line with luck: they suspect, refute, and are found again', () => {
    const rule: Degradation = {
      ...between(['worker-2'], ['worker-1', 'worker-3'], 'both'),
      loss: ratio(6, 10),
    };
    const world = new World(3, 1);
    world.cluster.handles.degrade('split', [rule]);
    world.until(200);
    expect(world.said('suspects').length).to.be.above(5);
    const awaited = world.cluster.kernel.pending().filter(({ b }) => b === 'probe');
    expect(awaited, 'nobody waits for what is luck').to.deep.equal([]);
    world.cluster.handles.degrade('split', []);
    world.until(300);
    expect(world.announcement.announcers).to.deep.equal(['worker-2']);
  });
});

describe('a Service with two addresses', () => {
  const FILE = 'specs/two-addresses.yaml';

  it('is announced by one node, the one that comes first by its first address', () => {
    const announcedBy = (pool: string): readonly string[] => {
      const { cluster: spec } = planText(twoAddresses(pool), FILE);
      const cluster = createCluster(spec, { seed: 1 });
      cluster.kernel.runUntil((10 * SECOND) as Instant);
      const all = cluster.snapshot()['loadBalancers'] as readonly {
        readonly address: string;
        readonly nodes: readonly string[];
      }[];
      expect(all.map(({ address }) => address)).to.have.members([`192.168.1.${pool}`, 'fd00:9::1']);
      return all.flatMap(({ nodes }) => nodes);
    };
    const owners = ['240', '241', '242', '243', '244', '245'].map(announcedBy);
    for (const both of owners) expect(both).to.have.length(2);
    for (const [one, other] of owners) expect(one).to.equal(other);
    expect(new Set(owners.flat()).size, 'it is a matter of the first address').to.be.above(1);
  });
});

describe('a speaker that is cut off from the API server', () => {
  it('goes on by what it knew: its endpoints serve, though all others know better', () => {
    const manifests = SPEC.manifests.map((it) =>
      it.kind === 'Service' && it.metadata.name === 'web'
        ? { ...it, spec: { ...(it['spec'] as object), externalTrafficPolicy: 'Local' } }
        : it,
    );
    const world = new World(3, 1, { ...SPEC, manifests });
    expect(world.announcement.announcers).to.deep.equal(['worker-2']);
    const [rule] = cutOf(['worker-2'], []);
    world.cut([{ ...rule!, to: { is: 'anyone' } }]).until(100);
    const slices = world.cluster.api.store.list('EndpointSlice') as Iterable<EndpointSlice>;
    const own = [...slices].flatMap(({ endpoints }) =>
      endpoints.filter(({ nodeName }) => nodeName === 'worker-2'),
    );
    expect(own.map(({ conditions }) => conditions?.serving)).to.include(false);
    expect(world.announcement.announcers).to.deep.equal(['worker-1', 'worker-2']);
    expect(world.believed).to.equal('worker-1');
  });
});
