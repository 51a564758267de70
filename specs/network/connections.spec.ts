// Goal: an open connection follows the entry that its first packet made, whatever the rules say
// later, and breaks when the far end or the entry is gone (services.md §11, tutorials.md T14).

import { expect } from 'chai';

import type { Connection, Network } from '../../src/network/index';
import { timeoutsBy } from '../../src/node/netfilter/conntrack-entry';
import { ip } from '../../src/values/ip';
import type { Instant } from '../../src/values/time';
import { between, later, seconds } from '../../src/values/time';
import { standardLab, tcp } from './lab';
import type { Lab } from './lab';

const TO = { address: ip('10.96.0.21'), port: 80, protocol: 'TCP' } as const;
const FROM = { pod: 'lab/p1' };
const DNS = { name: 'dns', clusterIP: '10.96.0.10', protocol: 'UDP', port: 53 } as const;
const WEB = { name: 'web', clusterIP: '10.96.0.21' };

function labWith(...endpoints: readonly string[]): Lab {
  const lab = standardLab();
  lab.service({ ...WEB, endpoints });
  return lab;
}

function fateOf(network: Network, connection: Connection): string {
  const traces = network.proceed(connection);
  return [...new Set(traces.map(({ disposition }) => disposition))].join();
}

describe('opening', () => {
  it('gives one connection for each possible path, on different ports', () => {
    const { network } = labWith('10.244.1.6:8080', '10.244.2.8:8080');
    const connections = network.open(FROM, TO);
    expect(connections.map(({ opened }) => opened.responder?.name)).to.deep.equal([
      'lab/p2',
      'lab/p3',
    ]);
    const [first, second] = connections.map(({ tuple }) => Number(tuple.sport));
    expect(first).to.not.equal(second);
    for (const port of [first, second]) expect(port).to.be.within(32_768, 60_999);
  });

  it('leaves established entries with concrete ports on every host of the path', () => {
    const { network } = labWith('10.244.2.8:8080');
    network.open({ node: 'n1' }, TO);
    for (const name of ['n1', 'n2']) {
      const [entry, ...others] = network.machines.get(name)!.conntrack.list(network.now);
      expect(others).to.deep.equal([]);
      expect(entry).to.deep.include({ state: 'ESTABLISHED', unreplied: false, assured: true });
      expect(entry!.reply.dport).to.be.a('number');
    }
  });

  it('gives none where nobody answers, and leaves nothing', () => {
    const { network } = labWith('10.244.2.77:8080');
    expect(network.open(FROM, TO)).to.deep.equal([]);
    expect(network.machines.get('n1')!.conntrack.size).to.equal(0);
  });

  it('draws the same ports for the same seed', () => {
    const [first, second] = [1, 2].map(() => labWith('10.244.2.8:8080').network.open(FROM, TO));
    expect(first![0]!.tuple.sport).to.equal(second![0]!.tuple.sport);
  });

  it('writes session affinity, which a question does not', () => {
    const lab = standardLab();
    const endpoints = ['10.244.1.6:8080', '10.244.2.8:8080'];
    lab.service({ ...WEB, endpoints, affinitySeconds: 10_800 });
    expect(lab.send('p1', '10.96.0.21:80')).to.have.length(2);
    expect(lab.send('p1', '10.96.0.21:80')).to.have.length(2);
    lab.network.open(FROM, TO);
    const stuck = lab.send('p1', '10.96.0.21:80');
    expect(stuck).to.have.length(1);
    expect(stuck[0]!.responder?.name).to.equal('lab/p2');
    expect(lab.send('p3', '10.96.0.21:80')).to.have.length(2);
  });
});

describe('an open connection', () => {
  it('goes on when its endpoint leaves the Service, and when the Service is emptied', () => {
    const lab = labWith('10.244.2.8:8080');
    const [connection] = lab.network.open(FROM, TO);
    lab.reprogram([{ ...WEB, endpoints: ['10.244.1.6:8080'] }]);
    expect(fateOf(lab.network, connection!)).to.equal('answered');
    lab.reprogram([{ ...WEB, endpoints: [] }]);
    expect(fateOf(lab.network, connection!)).to.equal('answered');
    expect(lab.sendOne('p1', '10.96.0.21:80').disposition).to.equal('no-endpoints');
  });

  it('is reset when the process exits, and stays reset when another one takes its place', () => {
    const { network } = labWith('10.244.2.8:8080');
    const [connection] = network.open(FROM, TO);
    const process = network.sandboxOf('lab/p3')!.processes.get('main')!;
    process.state = 'exited';
    expect(fateOf(network, connection!)).to.equal('connection-reset');
    Object.assign(process, { state: 'running', startedAt: 5_000_000 as Instant });
    expect(fateOf(network, connection!)).to.equal('connection-reset');
    expect(network.send(FROM, TO)[0]!.disposition).to.equal('answered');
  });

  it('leaves a CLOSE entry behind when it is reset', () => {
    const { network } = labWith('10.244.2.8:8080');
    const [connection] = network.open(FROM, TO);
    network.sandboxOf('lab/p3')!.processes.get('main')!.state = 'exited';
    network.proceed(connection!);
    const [entry] = network.machines.get('n1')!.conntrack.list(network.now);
    expect(entry!.state).to.equal('CLOSE');
    expect(entry!.expires).to.equal(seconds(10));
  });

  it('hangs when the node of its pod is gone', () => {
    const { network } = labWith('10.244.2.8:8080');
    const [connection] = network.open(FROM, TO);
    network.powerOff('n2');
    expect(fateOf(network, connection!)).to.equal('node-down');
  });

  it('is reset when its entry is forgotten: it is translated anew, to anyone', () => {
    // services.md §11, nf_conntrack_tcp_loose: a segment in midstream is re-evaluated as new.
    const lab = labWith('10.244.1.6:8080', '10.244.2.8:8080');
    const [, connection] = lab.network.open(FROM, TO);
    for (const machine of lab.network.machines.values()) machine.conntrack.flush();
    const fates = lab.network.proceed(connection!).map(({ disposition }) => disposition);
    expect(fates).to.deep.equal(['connection-reset', 'answered']);
  });

  it('that was masqueraded never survives a forgotten entry', () => {
    const { network } = labWith('10.244.2.8:8080');
    const [connection] = network.open({ node: 'n1' }, TO);
    network.machines.get('n1')!.conntrack.flush();
    expect(fateOf(network, connection!)).to.equal('connection-reset');
  });

  it('keeps its entry from running out', () => {
    const { kernel, network } = labWith('10.244.2.8:8080');
    const [connection] = network.open(FROM, TO);
    const day = seconds(86_400);
    kernel.runUntil((day - 1) as Instant);
    expect(fateOf(network, connection!)).to.equal('answered');
    kernel.runUntil((2 * day - 2) as Instant);
    expect(fateOf(network, connection!)).to.equal('answered');
    expect(network.machines.get('n1')!.conntrack.list(network.now)).to.have.length(1);
  });

  it('for UDP sticks to its entry while that lives, though the pod is gone', () => {
    const lab = standardLab();
    lab.service({ ...DNS, endpoints: ['10.244.1.6:5353'] });
    const to = { address: ip('10.96.0.10'), port: 53, protocol: 'UDP' } as const;
    const [connection] = lab.network.open({ pod: 'lab/p3' }, to);
    lab.network.detachPod('n1', 'lab/p2');
    lab.pod('p7', 'n1', undefined, [{ port: 5353, protocol: 'UDP' }]);
    lab.reprogram([{ ...DNS, endpoints: ['10.244.1.7:5353'] }]);
    expect(fateOf(lab.network, connection!)).to.equal('pod-gone');
    expect(lab.sendOne('p3', '10.96.0.10:53', { protocol: 'UDP' }).disposition).to.equal(
      'answered',
    );
    lab.kernel.runUntil(seconds(31) as number as Instant);
    expect(fateOf(lab.network, connection!)).to.equal('answered');
  });

  it('for UDP stays for two minutes of silence once it has been answered for over two seconds', () => {
    const lab = standardLab();
    lab.service({ ...DNS, endpoints: ['10.244.2.8:5353'] });
    const to = { address: ip('10.96.0.10'), port: 53, protocol: 'UDP' } as const;
    const [short, long] = [1, 2].map(() => lab.network.open(FROM, to)[0]!);
    const { conntrack } = lab.network.machines.get('n1')!;
    const entryOf = ({ tuple }: Connection) => conntrack.lookup(tuple, lab.network.now)?.entry;
    const at = (second: number) => lab.kernel.runUntil(seconds(second) as number as Instant);
    at(2);
    lab.network.proceed(short!);
    at(3);
    lab.network.proceed(long!);
    expect([entryOf(short!)?.assured, entryOf(long!)?.assured]).to.deep.equal([false, true]);
    at(32);
    expect(entryOf(short!)).to.equal(undefined);
    at(122);
    expect(entryOf(long!)).to.not.equal(undefined);
    at(123);
    expect(entryOf(long!)).to.equal(undefined);
  });

  it('ends with its client, and a new process of the client does not have it', () => {
    const { network } = labWith('10.244.2.8:8080');
    const [connection] = network.open(FROM, TO);
    const process = network.sandboxOf('lab/p1')!.processes.get('main')!;
    process.state = 'exited';
    expect(fateOf(network, connection!)).to.equal('pod-gone');
    Object.assign(process, { state: 'running', startedAt: 5_000_000 as Instant });
    const [trace] = network.proceed(connection!);
    expect(trace!.reason).to.include('runs no longer');
  });

  it('to a process of a host ends with the power of that host', () => {
    const lab = standardLab();
    const api = { address: ip('192.168.1.11'), port: 10_250, protocol: 'TCP' } as const;
    const machine = lab.network.machines.get('n2')!;
    machine.daemons.set('kubelet', { name: 'kubelet', listen: [tcp(10_250)] });
    const [connection] = lab.network.open(FROM, api);
    expect(fateOf(lab.network, connection!)).to.equal('answered');
    lab.network.powerOff('n2');
    expect(fateOf(lab.network, connection!)).to.equal('node-down');
    lab.network.powerOn('n2');
    expect(fateOf(lab.network, connection!)).to.equal('connection-reset');
  });

  it('shows its own port on every hop, and its entries have no random one', () => {
    const { network } = labWith('10.244.2.8:8080');
    const [{ opened, tuple }] = network.open(FROM, TO) as [Connection];
    expect(opened.sent).to.deep.equal(tuple);
    expect(opened.hops[0]!.before).to.deep.equal(tuple);
    expect(opened.answerHops.at(-1)!.after.dport).to.equal(tuple.sport);
    expect(JSON.stringify(opened.hops)).to.not.include(':40000');
  });

  it('of a pod to itself within its namespace goes on as well', () => {
    const lab = standardLab();
    lab.hostPod('h', 'n1', [tcp(9090)]);
    const self = { address: ip('127.0.0.1'), port: 8080, protocol: 'TCP' } as const;
    const [connection] = lab.network.open({ pod: 'lab/p2' }, self);
    expect(fateOf(lab.network, connection!)).to.equal('answered');
  });
});

// The sysctls are those of each host: net/netfilter/nf_conntrack_standalone.c nf_ct_sysctl_table.
describe('a connection through hosts that forget after different times', () => {
  const timeoutsOf = (span: number) => timeoutsBy(() => seconds(span));

  it('stays on each as long as that says, from its last packet on', () => {
    const lab = labWith('10.244.2.8:8080');
    const { network, kernel } = lab;
    for (const [name, span] of [
      ['n1', 7],
      ['n2', 9],
    ] as const) {
      network.machines.get(name)!.conntrack.timeouts = timeoutsOf(span);
    }
    const left = () =>
      ['n1', 'n2'].map((name) => {
        const [entry] = network.machines.get(name)!.conntrack.list(kernel.now);
        return entry && between(kernel.now, entry.expires);
      });
    const [connection] = network.open(FROM, TO);
    expect(left()).to.deep.equal([seconds(7), seconds(9)]);
    kernel.runUntil(later(kernel.now, seconds(5)));
    expect(fateOf(network, connection!)).to.equal('answered');
    expect(left()).to.deep.equal([seconds(7), seconds(9)]);
    kernel.runUntil(later(kernel.now, seconds(8)));
    expect(left()).to.deep.equal([undefined, seconds(1)]);
  });
});
