// Rules made from the rules before are the rules made from nothing; and making them so costs what
// the Service costs whose endpoints changed, however many other Services there are.

import { expect } from 'chai';
import { Random } from '../../../src/kernel/random';
import type { Stream } from '../../../src/kernel/random';
import { ChainIndex, indexOf } from '../../../src/node/netfilter/chain-index';
import type { Chain, Rule, Ruleset } from '../../../src/node/netfilter/ruleset';
import { virtualServerAt, virtualServerKey } from '../../../src/node/netfilter/virtual-server';
import { proxyMode } from '../../../src/node/proxy';
import type { Endpoint, ProxyInput, ServicePort } from '../../../src/node/proxy/proxy-mode';
import { servicePortKey } from '../../../src/node/proxy/proxy-mode';
import { OverlayMap } from '../../../src/values/overlay-map';
import { ip } from '../../../src/values/ip';
import { endpoint, nodeOf, servicePort, terminating, unready } from './proxy-fixture';

const NODES = [nodeOf('worker-1'), nodeOf('worker-2'), nodeOf('worker-3', { kubernetes: '1.34' })];
const STEPS = 60;

/** Of every shape that adds something of its own to what Services share. */
const SHAPES: readonly Partial<ServicePort>[] = [
  {},
  { nodePort: 30_080 },
  { affinitySeconds: 10_800 },
  { internalPolicyLocal: true },
  { externalPolicyLocal: true, nodePort: 30_081, healthCheckNodePort: 32_000 },
  { loadBalancerVIPs: [ip('5.6.7.8')], loadBalancerSourceRanges: ['10.0.0.0/8'] },
];

describe('rules made from the rules before', () => {
  for (const name of ['iptables', 'nftables', 'ipvs', 'ebpf']) {
    const mode = proxyMode(name)!;

    it(`are those made from nothing, after any changes of endpoints, in ${name} mode`, () => {
      const draw = new Random(11).stream(name);
      let input = clusterOf(SHAPES.length);
      let fromBefore = 0;
      for (let step = 0; step < STEPS; step++) {
        input = changed(input, draw.below(SHAPES.length), someEndpoints(draw));
        for (const node of NODES) {
          const revised = mode.compile(input, node);
          const whole = mode.compile(copyOf(input), node);
          expect(mode.render(revised)).to.equal(mode.render(whole));
          expect(looked(revised)).to.deep.equal(looked(whole));
          if (revised !== whole) fromBefore++;
        }
      }
      expect(fromBefore).to.equal(STEPS * NODES.length);
    });

    it(`cost as much among 1,000 Services as among 100, in ${name} mode`, () => {
      const [few, many] = [100, 1_000].map((services) => {
        const before = clusterOf(services);
        const node = NODES[0]!;
        visit(mode.compile(before, node));
        const after = changed(before, 0, [endpoint('10.244.2.6')]);
        return costOf(() => visit(mode.compile(after, node)));
      });
      expect(few!.listed).to.equal(0);
      expect(many).to.deep.equal(few);
    });
  }
});

describe('an endpoint that stays', () => {
  it('has one chain before and after another one goes', () => {
    const [mode, node] = [proxyMode('iptables')!, NODES[0]!];
    const [stays, goes] = [endpoint('10.244.1.4'), endpoint('10.244.1.5')];
    const before = changed(clusterOf(1), 0, [stays, goes]);
    const after = changed(before, 0, [stays]);
    const [was, is] = [before, after].map((input) => natOf(mode.compile(input, node)));
    const endpointChains = [...is!.keys()].filter((name) => name.startsWith('KUBE-SEP-'));
    expect(endpointChains).to.have.length(1);
    expect(is!.get(endpointChains[0]!)).to.equal(was!.get(endpointChains[0]!));
    expect(is!.get('KUBE-SERVICES')).to.equal(was!.get('KUBE-SERVICES'));
  });

  it('has a chain without comments once the cluster is large', () => {
    const [mode, node] = [proxyMode('iptables')!, NODES[0]!];
    const stays = endpoint('10.244.1.4');
    const others = Array.from({ length: 1_000 }, (_, index) => {
      return endpoint(`10.245.${index >> 8}.${index & 255}`);
    });
    const small = changed(clusterOf(1), 0, [stays]);
    for (const [input, expected] of [
      [small, 'ns/svc-00000'],
      [changed(small, 0, [stays, ...others]), undefined],
      [small, 'ns/svc-00000'],
    ] as const) {
      const chains = natOf(mode.compile(input, node));
      const own = [...chains.values()].find((it) => it.rules.some((rule) => isTo(rule, stays)))!;
      expect(own.rules.map((it) => it.comment)).to.deep.equal([expected, expected]);
    }
  });

  it('has a chain for each Service port that it serves, with the comment of that port', () => {
    const [mode, node] = [proxyMode('iptables')!, NODES[0]!];
    const shared = endpoint('10.244.1.4');
    const input = changed(changed(clusterOf(2), 0, [shared]), 1, [shared]);
    const text = mode.render(mode.compile(input, node));
    for (const name of ['svc-00000', 'svc-00001']) {
      expect(text).to.match(new RegExp(`-A KUBE-SEP-.*ns/${name}.* -j DNAT`));
    }
  });
});

function isTo({ target }: Rule, { ip: address }: Endpoint): boolean {
  return target.do === 'dnat' && target.address === address;
}

function natOf({ tables }: Ruleset): ReadonlyMap<string, Chain> {
  return tables.get('nat')!.chains;
}

/** So many Services, each of a shape and with one endpoint. */
function clusterOf(services: number): ProxyInput {
  const ports = Array.from({ length: services }, (_, index) => {
    const fields = index < SHAPES.length ? SHAPES[index]! : {};
    const clusterIP = ip(`10.96.${index >> 8}.${index & 255}`);
    return servicePort(`ns/svc-${String(index).padStart(5, '0')}`, { clusterIP, ...fields });
  });
  return {
    servicePorts: new Map(ports.map((port) => [servicePortKey(port.id), port])),
    endpoints: OverlayMap.of(
      new Map(ports.map(({ id }) => [servicePortKey(id), [endpoint('10.244.1.4')]])),
    ),
  };
}

function changed(before: ProxyInput, index: number, endpoints: Endpoint[]): ProxyInput {
  const key = [...before.servicePorts.keys()][index]!;
  const changes = new Map([[key, endpoints.length === 0 ? undefined : endpoints]]);
  return { ...before, endpoints: OverlayMap.of(before.endpoints).with(changes) };
}

/** Equal, but nothing that was made for the original is known of it. */
function copyOf({ servicePorts, endpoints }: ProxyInput): ProxyInput {
  const ports = [...servicePorts].map(([key, port]) => [key, { ...port }] as const);
  const lists = [...endpoints].map(([key, list]) => [key, list.map((it) => ({ ...it }))] as const);
  return { servicePorts: new Map(ports), endpoints: new Map(lists) };
}

/** What stays as it was is the same object, as kube-proxy has it. */
const seen = new Map<string, Endpoint>();

function someEndpoints(draw: Stream): Endpoint[] {
  const makers = [endpoint, endpoint, terminating, unready];
  return Array.from({ length: draw.below(4) }, (_, index) => {
    const fields = {
      nodeName: `worker-${1 + draw.below(3)}`,
      nodeHints: draw.below(4) === 0 ? ['worker-1'] : [],
    };
    const made = makers[draw.below(makers.length)]!(
      `10.244.${index}.${10 + draw.below(3)}`,
      fields,
    );
    const text = JSON.stringify(made);
    if (!seen.has(text)) seen.set(text, made);
    return seen.get(text)!;
  });
}

/** What a look for each chain by its name finds, or for each address that is dialled. */
function looked({ ipvs, ebpf, ...ruleset }: Ruleset): (readonly [string, unknown])[] {
  const servers = ipvs === undefined ? [] : [ipvs.servers, ipvs.nodePorts];
  const fronts = ebpf === undefined ? [] : [ebpf.sockets, ebpf.inbound];
  const maps: readonly ReadonlyMap<string, unknown>[] = [
    ...tablesOf(ruleset),
    ...servers,
    ...fronts,
  ];
  return maps.flatMap((map) => [...map.keys()].map((name) => [name, map.get(name)] as const));
}

/** What a packet does with the chains that all Services share. */
function visit(ruleset: Ruleset): void {
  for (const chains of tablesOf(ruleset)) {
    for (const name of ['KUBE-SERVICES', 'KUBE-NODEPORTS', 'services']) {
      const chain = chains.get(name);
      if (chain !== undefined) indexOf(chain);
    }
  }
  const { ipvs, ebpf } = ruleset;
  if (ipvs !== undefined) virtualServerAt(ipvs, 'TCP', ip('10.96.0.0'), 80);
  ebpf?.sockets.get(virtualServerKey('TCP', ip('10.96.0.0'), 80));
}

function tablesOf({ tables, nft }: Ruleset): ReadonlyMap<string, Chain>[] {
  const own = [...tables.values()].map(({ chains }) => chains);
  return nft === undefined ? own : [...own, nft.chains];
}

/** How often maps were read, written and listed, and rules put into an index. */
function costOf(work: () => void): Record<'read' | 'written' | 'listed' | 'indexed', number> {
  const cost = { read: 0, written: 0, listed: 0, indexed: 0 };
  const restore = [
    counted(Map.prototype, 'get', () => cost.read++),
    counted(Map.prototype, 'set', () => cost.written++),
    counted(OverlayMap.prototype, 'entries', () => cost.listed++),
    counted(ChainIndex.prototype as unknown as { add(): void }, 'add', () => cost.indexed++),
  ];
  try {
    work();
  } finally {
    for (const undo of restore) undo();
  }
  return cost;
}

/** Calls `count` at every call of a method. Returns what puts the method back. */
function counted<T extends object>(owner: T, name: keyof T, count: () => void): () => void {
  const original = owner[name] as (...args: unknown[]) => unknown;
  owner[name] = function replaced(this: unknown, ...args: unknown[]) {
    count();
    return original.apply(this, args);
  } as T[keyof T];
  return () => {
    owner[name] = original as T[keyof T];
  };
}
