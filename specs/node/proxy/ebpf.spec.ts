// Cilium in place of kube-proxy: what sockets and devices translate, and what they leave alone
// (services §15).

import { expect } from 'chai';
import { balanceSocket } from '../../../src/node/netfilter/ebpf';
import { traverse } from '../../../src/node/netfilter/evaluate';
import type { Branch, HookContext } from '../../../src/node/netfilter/evaluate';
import { ebpf } from '../../../src/node/proxy/ebpf';
import type { ServicePort } from '../../../src/node/proxy/proxy-mode';
import { ip } from '../../../src/values/ip';
import type { Packet } from '../../../src/values/packet';
import { formatRatio } from '../../../src/values/ratio';
import { endpoint, inputOf, nodeOf, servicePort } from './proxy-fixture';

const TWO = [
  endpoint('10.244.1.5', { nodeName: 'worker-1' }),
  endpoint('10.244.2.6', { nodeName: 'worker-2' }),
];
const NODES = [ip('192.168.1.11'), ip('192.168.1.12')];

const CONTEXT: HookContext = {
  state: 'NEW',
  isDnat: false,
  isLocal: (address) => address === '192.168.1.11' || address === '127.0.0.1',
  recent: () => false,
  inInterface: 'eth0',
  masqueradeAddress: ip('192.168.1.11'),
};

function packet(src: string, dst: string, dport: number): Packet {
  const tuple = { protocol: 'TCP', src: ip(src), sport: 40_000, dst: ip(dst), dport } as const;
  return { tuple, kind: 'syn', mark: 0 };
}

function compiled(service: Partial<ServicePort> = {}, endpoints = TWO, options = {}) {
  const node = nodeOf('worker-1', { nodeAddresses: NODES, options });
  return ebpf.compile(inputOf([servicePort('ns1/svc1:p80', service), endpoints]), node);
}

/** `10.244.1.5:8080 1/2`, with the new source where there is one; or the verdict. */
function waysOf(branches: readonly Branch[], sent: Packet): string[] {
  return branches.map(({ verdict, packet: { tuple }, probability }) => {
    if (verdict !== 'accept') return verdict;
    const source = tuple.src === sent.tuple.src ? '' : ` from ${tuple.src}`;
    return `${tuple.dst}:${tuple.dport} ${formatRatio(probability)}${source}`;
  });
}

function connect(dst: string, dport: number, service: Partial<ServicePort> = {}) {
  const sent = packet('10.244.1.9', dst, dport);
  const ways = balanceSocket([compiled(service)], sent, CONTEXT);
  return ways === undefined ? 'untouched' : waysOf(ways, sent);
}

function inbound(dst: string, dport: number, service: Partial<ServicePort>, endpoints = TWO) {
  const sent = packet('203.0.113.5', dst, dport);
  const ruleset = compiled(service, endpoints);
  return waysOf(traverse([ruleset], 'nat', 'PREROUTING', sent, CONTEXT), sent);
}

const EVENLY = ['10.244.1.5:8080 1/2', '10.244.2.6:8080 1/2'];

describe('a socket in ebpf mode', () => {
  it('is given its backend for every address of the Service', () => {
    const service = { externalIPs: [ip('198.51.100.7')], nodePort: 30_080 };
    expect(connect('10.96.0.20', 80, service)).to.deep.equal(EVENLY);
    expect(connect('198.51.100.7', 80, service)).to.deep.equal(EVENLY);
  });

  it('is given one for a NodePort on any node, and on loopback of the host', () => {
    const service = { nodePort: 30_080, externalPolicyLocal: true };
    expect(connect('192.168.1.12', 30_080, service)).to.deep.equal(EVENLY);
    expect(connect('127.0.0.1', 30_080, service)).to.deep.equal(EVENLY);
    expect(connect('192.168.1.99', 30_080, service)).to.equal('untouched');
  });

  it('is left alone on what no Service has', () => {
    expect(connect('10.96.0.20', 81)).to.equal('untouched');
    expect(connect('10.244.2.6', 8080)).to.equal('untouched');
  });

  it('cannot connect where the policy leaves no backend', () => {
    const elsewhere = nodeOf('worker-3', { nodeAddresses: NODES });
    const service = servicePort('ns1/svc1:p80', { internalPolicyLocal: true });
    const ruleset = ebpf.compile(inputOf([service, TWO]), elsewhere);
    const sent = packet('10.244.3.9', '10.96.0.20', 80);
    expect(waysOf(balanceSocket([ruleset], sent, CONTEXT)!, sent)).to.deep.equal(['reject']);
  });

  it('does not ask source ranges, which hold for outsiders', () => {
    const service = {
      loadBalancerVIPs: [ip('198.51.100.8')],
      loadBalancerSourceRanges: ['192.0.2.0/24'],
    };
    expect(connect('198.51.100.8', 80, service)).to.deep.equal(EVENLY);
    expect(inbound('198.51.100.8', 80, service)).to.deep.equal(['drop']);
  });

  it('stays with its backend where the Service has affinity', () => {
    const ruleset = compiled({ affinitySeconds: 600 });
    const sent = packet('10.244.1.9', '10.96.0.20', 80);
    const [, second] = balanceSocket([ruleset], sent, CONTEXT)!;
    const { list } = second!.recentSets[0]!;
    const recent: HookContext['recent'] = (asked) => asked === list;
    const again = balanceSocket([ruleset], sent, { ...CONTEXT, recent })!;
    expect(waysOf(again, sent)).to.deep.equal(['10.244.2.6:8080 1']);
  });
});

describe('a packet from outside in ebpf mode', () => {
  const nodePort = { nodePort: 30_080 };

  it('keeps its source on the way to a backend of this node only', () => {
    expect(inbound('192.168.1.11', 30_080, nodePort)).to.deep.equal([
      '10.244.1.5:8080 1/2',
      '10.244.2.6:8080 1/2 from 192.168.1.11',
    ]);
  });

  it('is dropped where a Local policy finds nobody, and refused where there is nobody', () => {
    const local = { ...nodePort, externalPolicyLocal: true };
    expect(inbound('192.168.1.11', 30_080, local, TWO.slice(1))).to.deep.equal(['drop']);
    expect(inbound('192.168.1.11', 30_080, local, [])).to.deep.equal(['reject']);
  });

  it('does not reach a clusterIP', () => {
    expect(inbound('10.96.0.20', 80, {})).to.deep.equal(['drop']);
  });

  it('is translated by no rule again on its way out', () => {
    const sent = packet('192.168.1.11', '10.244.2.6', 8080);
    const masquerade = { do: 'masquerade', randomFully: false } as const;
    const chain = { name: 'POSTROUTING', rules: [{ matches: [], target: masquerade }] };
    const table = { name: 'nat', chains: new Map([['POSTROUTING', chain]]) } as const;
    const cni = { tables: new Map([['nat', table] as const]) };
    const leave = (isDnat: boolean) => {
      const context = { ...CONTEXT, isDnat, masqueradeAddress: ip('192.0.2.77') };
      const [branch] = traverse([compiled(), cni], 'nat', 'POSTROUTING', sent, context);
      return branch!.packet.tuple.src;
    };
    expect([leave(true), leave(false)]).to.deep.equal(['192.168.1.11', '192.0.2.77']);
  });
});

/** What comes in for a NodePort, by the settings of Cilium. */
function balanced(options: object, sent: Packet, context: Partial<HookContext> = {}) {
  const service = { nodePort: 30_080, id: { ...SERVICE, protocol: sent.tuple.protocol } };
  const ruleset = compiled(service, TWO, options);
  return traverse([ruleset], 'nat', 'PREROUTING', sent, { ...CONTEXT, ...context });
}

const SERVICE = servicePort('ns1/svc1:p80').id;
const SENT = packet('203.0.113.5', '192.168.1.11', 30_080);

describe('direct server return', () => {
  const services = (loadBalancer: object, protocol: 'TCP' | 'UDP' = 'TCP') => {
    const sent: Packet = { ...SENT, tuple: { ...SENT.tuple, protocol } };
    return balanced({ loadBalancer }, sent).map(({ packet: { service, tuple } }) => {
      if (service === undefined) return `from ${tuple.src}`;
      return `${service.by} ${service.address}:${service.port} from ${tuple.src}`;
    });
  };

  it('sends the dialled address along, to backends of other nodes only', () => {
    expect(services({ mode: 'dsr' })).to.deep.equal([
      'from 203.0.113.5',
      'opt 192.168.1.11:30080 from 203.0.113.5',
    ]);
  });

  it('does so in a header of Geneve where that is asked for', () => {
    const [, far] = services({ mode: 'dsr', dsrDispatch: 'geneve' }, 'UDP');
    expect(far).to.equal('geneve 192.168.1.11:30080 from 203.0.113.5');
  });

  it('is for TCP alone in hybrid mode', () => {
    expect(services({ mode: 'hybrid' })[1]).to.contain('opt');
    expect(services({ mode: 'hybrid' }, 'UDP')[1]).to.equal('from 192.168.1.11');
  });
});

describe('maglev in ebpf mode', () => {
  const maglev = { loadBalancer: { algorithm: 'maglev' }, maglev: { tableSize: 251 } };

  it('gives a known connection a known backend', () => {
    const ways = balanced(maglev, SENT);
    expect(ways).to.have.length(1);
    expect(formatRatio(ways[0]!.probability)).to.equal('1');
  });

  it('gives a connection from any port the share of the slots', () => {
    const ways = balanced(maglev, SENT, { isAnyPort: true });
    expect(waysOf(ways, SENT).map((it) => it.replace(/ from.*/, ''))).to.deep.equal([
      '10.244.1.5:8080 126/251',
      '10.244.2.6:8080 125/251',
    ]);
    expect(ways.map(({ turn }) => turn)).to.deep.equal([0, 1]);
  });

  it('leaves sockets to chance', () => {
    const sent = packet('10.244.1.9', '10.96.0.20', 80);
    const ways = balanceSocket([compiled({}, TWO, maglev)], sent, CONTEXT)!;
    expect(waysOf(ways, sent)).to.deep.equal(EVENLY);
  });

  it('comes after affinity, which remembers', () => {
    const service = { nodePort: 30_080, affinitySeconds: 600 };
    const ruleset = compiled(service, TWO, maglev);
    const context = { ...CONTEXT, isAnyPort: true };
    const [first, ...others] = traverse([ruleset], 'nat', 'PREROUTING', SENT, context);
    expect(others).to.deep.equal([]);
    const other = 1 - first!.turn!;
    const list = `cilium ns1/svc1:p80 ${TWO[other]!.ip} 8080`;
    const recent: HookContext['recent'] = (asked) => asked === list;
    const [again] = traverse([ruleset], 'nat', 'PREROUTING', SENT, { ...context, recent });
    expect(again!.turn).to.equal(other);
  });
});

describe('ebpf mode', () => {
  it('leaves SCTP alone', () => {
    const { id } = servicePort('ns1/svc1:p80');
    const sctp = { id: { ...id, protocol: 'SCTP' } } as const;
    expect(compiled(sctp).ebpf!.sockets.size).to.equal(0);
  });

  it('lists its frontends with their backends', () => {
    const lines = ebpf.render(compiled({ nodePort: 30_080 })).split('\n');
    expect(lines.slice(1, 3)).to.deep.equal([
      'socket   TCP *:30080                  10.244.1.5:8080, 10.244.2.6:8080',
      'socket   TCP 10.96.0.20:80            10.244.1.5:8080, 10.244.2.6:8080',
    ]);
    const told = { loadBalancer: { mode: 'hybrid', algorithm: 'maglev' } };
    expect(
      ebpf
        .render(compiled({}, TWO, told))
        .split('\n')
        .slice(0, 3),
    ).to.deep.equal([
      'Mode: Hybrid',
      'DSR Dispatch Mode: IP Option/Extension',
      'Backend Selection: Maglev (Table Size: 16381)',
    ]);
    expect(ebpf.endpointsOf(compiled(), servicePort('ns1/svc1:p80').id)).to.deep.equal([
      '10.244.1.5:8080',
      '10.244.2.6:8080',
    ]);
  });
});
