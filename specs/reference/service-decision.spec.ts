// Compiled rules and their evaluation against the obvious twin, over every combination of a small
// scope: policies, sources, destinations, detectors and sets of endpoints. Small worlds hold the
// mistakes that large ones would show.

import { expect } from 'chai';
import { iptables } from '../../src/node/proxy/iptables';
import type { Endpoint, ProxyNode, ServicePort } from '../../src/node/proxy/proxy-mode';
import { ip } from '../../src/values/ip';
import {
  endpoint,
  inputOf,
  nodeOf,
  servicePort,
  terminating,
  unready,
} from '../node/proxy/proxy-fixture';
import { PacketWalk } from '../vectors/first-packet';
import { decide } from './service-decision';
import type { Decision, Dialled } from './service-decision';

const BOOLEANS = [false, true] as const;
const LOCAL = { nodeName: 'worker-1' };
const REMOTE = { nodeName: 'worker-2' };

/** One endpoint of each kind; every subset of them is a world. */
const KINDS: readonly Endpoint[] = [
  endpoint('10.244.1.5', LOCAL),
  endpoint('10.244.2.5', REMOTE),
  terminating('10.244.1.6', LOCAL),
  terminating('10.244.2.6', REMOTE),
  unready('10.244.2.7', REMOTE),
];

const NODE_ADDRESS = ip('192.168.1.11');
const VIP = ip('1.2.3.4');

/** A pod that is an endpoint, one that is none, the node, the VIP itself, and outsiders. */
const SOURCES: readonly (readonly [string, boolean])[] = [
  ['10.244.1.5', false],
  ['10.244.3.9', false],
  ['192.168.1.11', true],
  ['1.2.3.4', false],
  ['192.168.1.12', false],
  ['203.0.113.5', false],
  ['203.0.113.200', false],
];

const DESTINATIONS: readonly (readonly [string, number])[] = [
  ['10.96.0.20', 80],
  ['10.96.0.20', 81],
  ['192.168.99.11', 80],
  ['1.2.3.4', 80],
  ['192.168.1.11', 30080],
  ['192.168.1.12', 30080],
];

function* services(): Generator<ServicePort> {
  for (const internalPolicyLocal of BOOLEANS) {
    for (const externalPolicyLocal of BOOLEANS) {
      for (const ranges of [[], ['203.0.113.0/25'], ['203.0.113.0/25', '192.168.1.0/24']]) {
        yield servicePort('ns1/svc1:p80', {
          nodePort: 30080,
          externalIPs: [ip('192.168.99.11')],
          loadBalancerVIPs: [VIP],
          loadBalancerSourceRanges: ranges,
          internalPolicyLocal,
          externalPolicyLocal,
        });
      }
    }
  }
}

function* nodes(): Generator<ProxyNode> {
  for (const clusterCIDR of ['10.244.0.0/16', undefined]) {
    for (const masqueradeAll of BOOLEANS) yield nodeOf('worker-1', { clusterCIDR, masqueradeAll });
  }
}

function* subsets(): Generator<Endpoint[]> {
  for (let bits = 0; bits < 2 ** KINDS.length; bits++) {
    yield KINDS.filter((_, index) => (bits >> index) % 2 === 1);
  }
}

function* packets(): Generator<Dialled> {
  for (const [src, isOwn] of SOURCES) {
    for (const [dst, port] of DESTINATIONS) yield { src: ip(src), dst: ip(dst), port, isOwn };
  }
}

/** The decision that the compiled rules make. */
function compiled(walk: PacketWalk, packet: Dialled): Decision {
  const from = packet.isOwn ? 'node' : 'external';
  const fates = walk.fates({ ...packet, from, protocol: 'TCP' });
  const verdicts = new Set(fates.map(({ verdict }) => verdict));
  expect(verdicts.size).to.equal(1);
  const targets = fates.map(({ endpoint: to, masquerade }) => {
    return masquerade ? `${to} masqueraded` : `${to}`;
  });
  const [verdict] = verdicts;
  if (verdict === 'accept') throw new Error('no rule of this mode accepts a first packet');
  return { verdict: verdict!, targets: verdict === 'dnat' ? targets.sort() : [] };
}

describe('compiled iptables rules and the decision procedure', () => {
  it('agree over every small world', function () {
    this.timeout(60_000);
    let worlds = 0;
    for (const service of services()) {
      for (const endpoints of subsets()) {
        for (const node of nodes()) {
          const walk = new PacketWalk(iptables.compile(inputOf([service, endpoints]), node), node);
          for (const packet of packets()) {
            worlds++;
            const wanted = decide(service, endpoints, node, packet);
            const given = compiled(walk, packet);
            if (JSON.stringify(given) === JSON.stringify(wanted)) continue;
            const world = JSON.stringify({ service, endpoints, node, packet });
            expect(given, world).to.deep.equal(wanted);
          }
        }
      }
    }
    expect(worlds).to.equal(12 * 32 * 4 * 42);
  });

  it('refuse exactly where no endpoint can serve, whatever the policy', () => {
    const packet = { src: ip('10.244.3.9'), dst: ip('10.96.0.20'), port: 80, isOwn: false };
    for (const service of services()) {
      for (const endpoints of subsets()) {
        const node = nodeOf('worker-1');
        const walk = new PacketWalk(iptables.compile(inputOf([service, endpoints]), node), node);
        const canServe = endpoints.some((it) => it.ready || (it.serving && it.terminating));
        expect(compiled(walk, packet).verdict === 'reject').to.equal(!canServe);
      }
    }
  });

  it('send an outsider to endpoints of this node only, under externalTrafficPolicy Local', () => {
    const packet = { src: ip('203.0.113.5'), dst: NODE_ADDRESS, port: 30080, isOwn: false };
    const service = servicePort('ns1/svc1:p80', { nodePort: 30080, externalPolicyLocal: true });
    for (const endpoints of subsets()) {
      const node = nodeOf('worker-1');
      const walk = new PacketWalk(iptables.compile(inputOf([service, endpoints]), node), node);
      const { targets } = compiled(walk, packet);
      expect(targets.every((target) => target.startsWith('10.244.1.'))).to.equal(true);
    }
  });
});
