// Goal: of the speakers of MetalLB that may announce an address, the one that comes first by the
// address does; who may, goes by the Service, its endpoints and the labels of the nodes.
// source: metallb speaker/layer2_controller.go ShouldAnnounce, sortL2Candidates
// Method: the list of members, the Service and the segment are played.

import { expect } from 'chai';

import type { SliceEndpoint } from '../../../src/apiserver/kinds/endpointslice';
import type { Node } from '../../../src/apiserver/kinds/node';
import type { Choice, EdgeService } from '../../../src/cluster/load-balancing/edge';
import {
  Layer2Speakers,
  NO_SPEAKER,
  NOTHING_SERVES,
} from '../../../src/cluster/load-balancing/layer2-speakers';
import type { Layer2Ground } from '../../../src/cluster/load-balancing/layer2-speakers';
import { Kernel } from '../../../src/kernel/kernel';
import { Timing } from '../../../src/timing';
import { ip } from '../../../src/values/ip';
import { NEWEST_VERSION } from '../../../src/values/kube-version';
import type { Instant } from '../../../src/values/time';

const VIP = ip('192.168.1.240');
const NAMES = ['worker-1', 'worker-2', 'worker-3'];
const EXCLUDED = 'node.kubernetes.io/exclude-from-external-load-balancers';

class World {
  readonly kernel = new Kernel(1);
  readonly speakers: Layer2Speakers;
  readonly labels: Record<string, Record<string, string>> = {};
  readonly absent = new Set<string>();
  /** Hosts that hear nobody. */
  readonly deaf = new Set<string>();
  policy = 'Cluster';
  isPerfect = true;
  unavailable = '';
  endpoints: Partial<SliceEndpoint>[] = [{ nodeName: 'worker-1' }];

  constructor() {
    const { kernel } = this;
    const options = { kubernetes: NEWEST_VERSION, profile: 'default', overrides: {} } as const;
    const fabric = {
      cuts: { at: (_: string, { to }: { to: { host: string } }) => this.cutsTo(to.host) },
      degradations: { at: () => [], has: () => false },
    };
    Object.defineProperty(fabric, 'isPerfect', { get: () => this.isPerfect });
    const externals = [
      { name: 'near', address: ip('192.168.1.9') },
      { name: 'far', address: ip('203.0.113.9') },
    ];
    const nodes = NAMES.map((name) => ({ name }));
    this.speakers = new Layer2Speakers({
      kernel,
      timing: new Timing(options, kernel.random),
      network: { fabric },
      spec: { nodes, externals, nodeCIDRs: ['192.168.1.0/24'] },
      nodes: () => this.nodes(),
      services: () => [this.service],
      refresh: () => void this.choose(),
      isPowered: () => true,
      isMember: (node: string) => !this.absent.has(node),
    } as unknown as Layer2Ground);
  }

  get service(): EdgeService {
    const service = { spec: { externalTrafficPolicy: this.policy } };
    const slices = [{ endpoints: this.endpoints }];
    const whole = { key: 'shop/web', service, addresses: [VIP], slices };
    return whole as unknown as EdgeService;
  }

  choose(): Choice {
    return this.speakers.choose(this.service, VIP);
  }

  /** The node that announces the address, or why there is none. */
  get announcer(): string {
    const { nodes, absence } = this.choose();
    return nodes[0] ?? absence ?? '';
  }

  until(seconds: number): this {
    this.kernel.runUntil((seconds * 1_000_000) as Instant);
    return this;
  }

  private nodes(): Node[] {
    return NAMES.map((name) => {
      const status = name === this.unavailable ? 'True' : 'False';
      const ready = { type: 'Ready', status: 'True' };
      const conditions = [ready, { type: 'NetworkUnavailable', status }];
      const labels = this.labels[name] ?? {};
      return { metadata: { name, labels }, status: { conditions } } as unknown as Node;
    });
  }

  private cutsTo(host: string): readonly object[] {
    return this.deaf.has(host) ? [{ established: 'break' }] : [];
  }
}

describe('the speaker that announces an address', () => {
  it('is one of any node, endpoints or not, and the same each time', () => {
    const world = new World();
    const announcers = NAMES.map((nodeName) => {
      world.endpoints = [{ nodeName }];
      return world.announcer;
    });
    expect(new Set(announcers).size).to.equal(1);
    expect(NAMES).to.include(announcers[0]);
  });

  it('is the next one where the first is no member', () => {
    const world = new World();
    const order = NAMES.map(() => {
      const { announcer } = world;
      world.absent.add(announcer);
      return announcer;
    });
    expect(order).to.have.members(NAMES);
    expect(world.announcer).to.equal(NO_SPEAKER);
  });

  it('is of no node with the label that keeps load balancers away, whatever it says', () => {
    const world = new World();
    const first = world.announcer;
    world.labels[first] = { [EXCLUDED]: '' };
    expect(world.announcer).to.not.equal(first);
    world.labels[first] = { 'example.com/other': '' };
    expect(world.announcer).to.equal(first);
  });

  it('is of no node whose network is unavailable', () => {
    const world = new World();
    const first = world.announcer;
    world.unavailable = first;
    expect(world.announcer).to.not.equal(first);
  });

  it('is nobody where no endpoint serves, also where any node would do', () => {
    const world = new World();
    world.endpoints = [{ nodeName: 'worker-1', conditions: { ready: false } }];
    expect(world.announcer).to.equal(NOTHING_SERVES);
  });

  it('is of a node with an endpoint where traffic stays on its node', () => {
    const world = new World();
    world.policy = 'Local';
    for (const nodeName of NAMES) {
      world.endpoints = [{ nodeName }];
      expect(world.announcer).to.equal(nodeName);
    }
    world.labels['worker-3'] = { [EXCLUDED]: '' };
    expect(world.announcer).to.equal(NO_SPEAKER);
  });

  it('is there where an endpoint serves, or is ready where nothing is said of serving', () => {
    const world = new World();
    world.policy = 'Local';
    const nodeName = 'worker-2';
    const isServed = (conditions?: SliceEndpoint['conditions']): boolean => {
      world.endpoints = [conditions === undefined ? { nodeName } : { nodeName, conditions }];
      const { announcer } = world;
      expect([nodeName, NOTHING_SERVES]).to.include(announcer);
      return announcer === nodeName;
    };
    expect(isServed()).to.equal(true);
    expect(isServed({ ready: true })).to.equal(true);
    expect(isServed({ ready: false })).to.equal(false);
    expect(isServed({ ready: false, serving: true, terminating: true })).to.equal(true);
    expect(isServed({ ready: true, serving: false })).to.equal(false);
  });
});

describe('what a speaker says on a segment that is not whole', () => {
  it('concerns hosts on it, and its router for those that are elsewhere', () => {
    const believedByAll = (deaf: readonly string[]): Choice['neighbours'] => {
      const world = new World();
      const first = world.announcer;
      for (const host of deaf) world.deaf.add(host);
      world.isPerfect = false;
      // Two that have lost sight of each other, of which the second one is new.
      const second = NAMES.find((it) => it !== first)!;
      Object.assign(world.speakers, { announcersOf: () => [first, second] });
      const { nodes, neighbours } = world.choose();
      expect(nodes).to.deep.equal([second]);
      expect(Object.values(neighbours!).every((it) => it === first)).to.equal(true);
      return neighbours;
    };
    const deafTo = (...hosts: string[]): string[] => Object.keys(believedByAll(hosts)!);
    expect(deafTo()).to.deep.equal([]);
    expect(deafTo('external/near')).to.deep.equal(['external/near']);
    expect(deafTo('external/far'), 'it is not there').to.deep.equal([]);
    expect(deafTo('router')).to.deep.equal(['external/far']);
  });

  const silent = (): World => {
    const world = new World();
    world.isPerfect = false;
    world.choose();
    world.until(60);
    expect(world.kernel.nextAt, 'it has said it often enough').to.equal(undefined);
    return world;
  };

  it('is said again when it has looked at all Services anew, and its Service at that', () => {
    const world = silent();
    const { announcer } = world;
    world.choose();
    expect(world.kernel.nextAt, 'nothing has changed').to.equal(undefined);
    const sync = (node: string): void => world.speakers['sync'](node);
    sync(NAMES.find((it) => it !== announcer)!);
    expect(world.kernel.nextAt, 'another one has looked').to.equal(undefined);
    sync(announcer);
    expect(world.kernel.nextAt).to.equal(61_100_000);
    world.until(120);
    world.choose();
    expect(world.kernel.nextAt, 'it has looked once').to.equal(undefined);
    world.speakers.serviceChanged('shop/web');
    world.choose();
    expect(world.kernel.nextAt).to.equal(121_100_000);
    world.speakers.refreshed();
    world.until(180);
    world.choose();
    expect(world.kernel.nextAt, 'it has looked at that once, too').to.equal(undefined);
  });

  it('is said anew of an address that was nobody’s in between', () => {
    const world = silent();
    world.speakers.forget('shop/web');
    world.choose();
    expect(world.kernel.nextAt).to.equal(61_100_000);
  });

  it('is not said anew when a Service goes that has had the address before another one', () => {
    const world = silent();
    world.speakers.forget('shop/web');
    const other = (): Choice => world.speakers.choose({ ...world.service, key: 'shop/other' }, VIP);
    other();
    world.until(120);
    world.speakers.forget('shop/web');
    other();
    expect(world.kernel.nextAt).to.equal(undefined);
  });
});
