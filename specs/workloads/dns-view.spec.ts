// Goal: what a DNS server knows of the cluster is the same whether its tables were there before an
// object came, changed or went, or are made when somebody asks for the first time. Method: two
// views of one API server through random changes, of which one is asked after each.

import { expect } from 'chai';

import { Stream } from '../../src/kernel/random';
import { ip } from '../../src/values/ip';
import { DnsView } from '../../src/workloads/index';
import { DnsWorld } from './dns-world';

const NAMES = ['a', 'b', 'c'];
const ADDRESSES = ['10.96.0.7', '10.96.0.8', '10.96.0.9'];
const PODS = ['10.244.1.5', '10.244.1.6'];

/** All that a view says. */
function wordsOf(view: DnsView): string {
  const all = [...ADDRESSES, ...PODS].map((address) => [
    view.serviceAt(ip(address)),
    view.servicesWithExternal(ip(address)),
    view.endpointsAt(ip(address)),
  ]);
  return JSON.stringify([all, NAMES.map((name) => [name, view.endpoints('shop', name)])]);
}

/** A Service or a slice comes, becomes another one, or goes. */
function change(world: DnsWorld, stream: Stream): void {
  const at = stream.below(NAMES.length);
  const name = NAMES[at]!;
  const externalIPs = PODS.filter(() => stream.below(2) === 0);
  switch (stream.below(4)) {
    case 0:
      return world.service(name, {
        selector: { app: name },
        clusterIP: ADDRESSES[at],
        externalIPs,
      });
    case 1:
      return world.slice(name, [{ addresses: [PODS[stream.below(2)]] }]);
    case 2:
      return world.slice(name, [{ addresses: [PODS[0]], conditions: { ready: false } }], 'two');
    default:
      return remove(world, stream.below(2) === 0 ? 'Service' : 'EndpointSlice', name);
  }
}

function remove({ api, kernel }: DnsWorld, kind: string, name: string): void {
  const key = kind === 'Service' ? `shop/${name}` : `shop/${name}-abc`;
  api.commitNow({ verb: 'delete', kind, key, actor: 'spec' });
  kernel.runInstant();
}

describe('what a DNS server knows', () => {
  it('is the same from the first question on, whenever that comes', () => {
    const said = new Set<string>();
    for (let seed = 0; seed < 40; seed++) {
      const world = new DnsWorld();
      const late = new DnsView(world.api, 'coredns@two');
      late.sync();
      const stream = new Stream(seed * 7919);
      for (let step = stream.below(12); step >= 0; step--) {
        change(world, stream);
        wordsOf(world.view);
      }
      const words = wordsOf(world.view);
      expect(wordsOf(late)).to.equal(words);
      said.add(words);
    }
    expect(said.size).to.be.greaterThan(20);
  });

  it('is nothing of what it knew before it started anew', () => {
    const world = new DnsWorld();
    world.service('a', { selector: { app: 'a' }, clusterIP: ADDRESSES[0], externalIPs: PODS });
    world.slice('a', [{ addresses: [PODS[0]] }]);
    const before = wordsOf(world.view);
    world.view.restart();
    const nothing = wordsOf(world.view);
    expect(nothing).to.not.contain('shop');
    world.view.sync();
    expect(wordsOf(world.view)).to.equal(before);
    world.view.restart();
    remove(world, 'Service', 'a');
    remove(world, 'EndpointSlice', 'a');
    world.service('b', { selector: { app: 'b' }, clusterIP: ADDRESSES[0] });
    world.view.sync();
    expect(world.view.serviceAt(ip(ADDRESSES[0]!))!.name).to.equal('b');
  });
});
