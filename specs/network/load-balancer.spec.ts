// Goal: packets from outside find a node for an address that no host has, with exact shares, and
// their answers come home as if the balancer had not been there (services.md §14).

import { expect } from 'chai';

import type { Announcement } from '../../src/network/index';
import { formatTuple } from '../../src/values/flow';
import { ip } from '../../src/values/ip';
import { formatRatio } from '../../src/values/ratio';
import type { Trace } from '../../src/values/trace';
import { pathOf, standardLab } from './lab';
import type { Lab } from './lab';

const VIP = ip('10.99.0.1');
const OUTSIDE = { external: 'outside' };
const TO = { address: VIP, port: 80, protocol: 'TCP' } as const;

const ANNOUNCEMENT: Announcement = {
  address: VIP,
  by: 'MetalLB (BGP)',
  nodes: ['n1', 'n2'],
  absence: '',
  how: 'pass',
  ports: [{ protocol: 'TCP', port: 80, nodePort: 30_081 }],
  rehashes: true,
};

function labWith(more: Partial<Announcement> = {}, isCaught = true): Lab {
  const lab = standardLab();
  lab.service({
    clusterIP: '10.96.0.21',
    nodePort: 30_081,
    endpoints: ['10.244.1.6:8080'],
    ...(isCaught && { vip: VIP }),
  });
  lab.network.balancers.announce({ ...ANNOUNCEMENT, ...more });
  return lab;
}

function ends(traces: readonly Trace[]): string[] {
  return traces.map(({ disposition, probability, translations, hops }) => {
    const first = translations[0] === undefined ? '' : formatTuple(translations[0].original);
    return `${disposition} ${formatRatio(probability)} ${first} by ${pathOf(hops)[1]}`;
  });
}

describe('an announced address', () => {
  it('leads to each of its nodes with the same share, as the packet was sent', () => {
    expect(ends(labWith().network.send(OUTSIDE, TO))).to.deep.equal([
      'answered 1/2 192.168.1.100:40000 → 10.99.0.1:80 by MetalLB (BGP)/eth0',
      'answered 1/2 192.168.1.100:40000 → 10.99.0.1:80 by MetalLB (BGP)/eth0',
    ]);
  });

  it('leads nowhere without a node, and says why', () => {
    const { network } = labWith({ nodes: [], absence: 'no node passes its health check' });
    const [trace, ...others] = network.send(OUTSIDE, TO);
    expect(others).to.deep.equal([]);
    expect(trace!.disposition).to.equal('lost');
    expect(trace!.reason).to.contain('no node passes its health check');
  });

  it('means nothing any more when it is withdrawn', () => {
    const { network } = labWith();
    network.balancers.withdraw(VIP);
    expect(network.send(OUTSIDE, TO)[0]!.disposition).to.equal('lost');
  });

  it('is not asked about by pods: their own node translates it', () => {
    const [trace] = labWith().network.send({ pod: 'lab/p1' }, TO);
    expect(trace!.disposition).to.equal('answered');
    expect(pathOf(trace!.hops).join()).to.not.contain('MetalLB');
  });
});

describe('an address that is found by ARP', () => {
  const found = { nodes: ['n1'], rehashes: false, by: 'MetalLB (layer 2)' } as const;
  const nodeOf = ([trace]: readonly Trace[]): string => pathOf(trace!.hops)[2]!.split('/')[0]!;

  it('leads each host to the node that it believes', () => {
    const others = labWith({ ...found, neighbours: { 'external/other': 'n2' } });
    expect(nodeOf(others.network.send(OUTSIDE, TO))).to.equal('n1');
    const own = labWith({ ...found, neighbours: { 'external/outside': 'n2' } });
    expect(nodeOf(own.network.send(OUTSIDE, TO))).to.equal('n2');
  });

  it('is reached over the link between client and node, of which a cut stops it', () => {
    const hosts = (name: string) => ({ is: 'hosts', hosts: new Set([name]) }) as const;
    const ends = { from: hosts('external/outside'), to: hosts('n1'), direction: 'to' } as const;
    const cut = { token: 'a', ...ends, mode: 'drop', established: 'break' } as const;
    const { network } = labWith({ ...found, neighbours: {} });
    network.fabric.cuts.set('a', [cut]);
    expect(network.send(OUTSIDE, TO)[0]!.disposition).to.equal('partitioned');
  });
});

describe('a balancer that forwards to node ports', () => {
  it('puts the node and its port in place of its own, and keeps the source', () => {
    const { network } = labWith({ how: 'forward', nodes: ['n2'], by: 'cloud' });
    const [trace] = network.send(OUTSIDE, TO);
    expect(trace!.disposition).to.equal('answered');
    expect(formatTuple(trace!.translations[0]!.original)).to.equal(
      '192.168.1.100:40000 → 192.168.1.11:30081',
    );
  });

  it('has nowhere to forward a Service without node ports, or a port that it does not know', () => {
    const ports = [{ protocol: 'TCP', port: 80, nodePort: undefined }] as const;
    const without = labWith({ how: 'forward', ports }).network.send(OUTSIDE, TO);
    expect(without[0]!.reason).to.contain('nothing to forward port 80 to');
    const other = labWith({ how: 'forward' }).network.send(OUTSIDE, { ...TO, port: 81 });
    expect(other[0]!.reason).to.contain('nothing to forward port 81 to');
  });

  it('speaks for itself where it is a proxy, also to pods', () => {
    const { network } = labWith({ how: 'proxy', nodes: ['n1'] }, false);
    for (const from of [OUTSIDE, { pod: 'lab/p1' }]) {
      const [trace] = network.send(from, TO);
      expect(trace!.disposition).to.equal('answered');
      const balanced = trace!.translations.find(({ original }) => original.dport === 30_081);
      expect(formatTuple(balanced!.original)).to.equal('10.99.0.1:any → 192.168.1.10:30081');
    }
  });
});

describe('an open connection through a balancer', () => {
  it('stays with its node while the set of nodes stays', () => {
    const { network } = labWith();
    const connections = network.open(OUTSIDE, TO);
    expect(connections).to.have.length(2);
    for (const connection of connections) {
      expect(ends(network.proceed(connection)).map((it) => it.split(' ')[0])).to.deep.equal([
        'answered',
      ]);
    }
  });

  it('is taken elsewhere by ECMP when the set changes, where nobody knows it', () => {
    const { network } = labWith();
    const [first] = network.open(OUTSIDE, TO);
    network.balancers.announce({ ...ANNOUNCEMENT, nodes: ['n2'] });
    const fates = network.proceed(first!).map(({ disposition }) => disposition);
    expect(fates).to.deep.equal(['connection-reset']);
  });

  it('is left alone by a balancer with a table of flows, as long as its node is there', () => {
    const { network } = labWith({ rehashes: false });
    const [first, second] = network.open(OUTSIDE, TO);
    network.balancers.announce({ ...ANNOUNCEMENT, rehashes: false, nodes: ['n1'] });
    expect(network.proceed(first!)[0]!.disposition).to.equal('answered');
    expect(network.proceed(second!)[0]!.disposition).to.equal('connection-reset');
  });
});
