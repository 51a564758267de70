// Goal: a segment ahead of the TCP window is INVALID for every conntrack on its way: it is not
// translated back, and where nobody drops it, the client's RST ends the connection (services.md
// §11 and §21; kubernetes#74839).

import { expect } from 'chai';

import type { Connection } from '../../src/network/index';
import { ip } from '../../src/values/ip';
import { standardLab } from './lab';
import type { Lab } from './lab';

const TO = { address: ip('10.96.0.21'), port: 80, protocol: 'TCP' } as const;
const POD = { address: ip('10.244.2.8'), port: 8080, protocol: 'TCP' } as const;
const FROM = { pod: 'lab/p1' };

function opened(endpoint: string, from: Parameters<Lab['network']['open']>[0] = FROM) {
  const lab = standardLab();
  lab.service({ name: 'web', clusterIP: '10.96.0.21', endpoints: [endpoint] });
  const [connection] = lab.network.open(from, TO);
  return { lab, connection: connection! };
}

function fateOf({ network }: Lab, connection: Connection): string {
  return network
    .proceedOutOfWindow(connection)
    .map((it) => it.disposition)
    .join();
}

/** The machines without the rules of kube-proxy, or any others. */
function withoutRules({ network }: Lab): void {
  for (const machine of network.machines.values()) {
    machine.proxyRules.clear();
    machine.cniRules.clear();
  }
}

describe('a segment out of the window', () => {
  it('is dropped by KUBE-FORWARD, and the connection stands', () => {
    const { lab, connection } = opened('10.244.2.8:8080');
    const [trace] = lab.network.proceedOutOfWindow(connection);
    expect(trace!.disposition).to.equal('answered');
    expect(trace!.reason).to.include('DROP by filter/KUBE-FORWARD rule 1');
  });

  it('reaches the client untranslated where nobody drops it, and the RST ends all', () => {
    const { lab, connection } = opened('10.244.2.8:8080');
    withoutRules(lab);
    const [trace] = lab.network.proceedOutOfWindow(connection);
    expect(trace!.disposition).to.equal('connection-reset');
    expect(trace!.reason).to.include('from 10.244.2.8:8080');
  });

  it('does no harm where nothing is translated', () => {
    const lab = standardLab();
    const [connection] = lab.network.open(FROM, POD);
    withoutRules(lab);
    expect(fateOf(lab, connection!)).to.equal('answered');
  });

  it('is translated back by a liberal conntrack', () => {
    const { lab, connection } = opened('10.244.2.8:8080');
    withoutRules(lab);
    for (const machine of lab.network.machines.values()) machine.tcpBeLiberal = true;
    expect(fateOf(lab, connection)).to.equal('answered');
  });

  it('leaves the connection as it was for other questions', () => {
    const { lab, connection } = opened('10.244.2.8:8080');
    withoutRules(lab);
    expect(fateOf(lab, connection)).to.equal('connection-reset');
    expect(fateOf(lab, connection)).to.equal('connection-reset');
    expect(lab.network.proceed(connection)[0]!.disposition).to.equal('answered');
  });

  it('reaches a node that dialled by INPUT, where no rule drops it', () => {
    const far = opened('10.244.2.8:8080', { node: 'n1' });
    const near = opened('10.244.1.6:8080', { node: 'n1' });
    expect(fateOf(far.lab, far.connection)).to.equal('answered');
    expect(fateOf(near.lab, near.connection)).to.equal('connection-reset');
  });

  it('has no meaning without TCP', () => {
    const lab = standardLab();
    const [flow] = lab.network.open(FROM, { ...POD, port: 5353, protocol: 'UDP' });
    expect(fateOf(lab, flow!)).to.equal('not-modelled');
  });
});

// Measured on Linux 6.18 between three namespaces: a raw segment of the client far ahead of its
// window, through a DNAT on the node between, with and without the rule that drops INVALID.
describe('a segment of the client out of the window', () => {
  const fateOfClients = ({ network }: Lab, connection: Connection): string => {
    const traces = network.proceedOutOfWindow(connection, 'out-of-window-of-client');
    return traces.map(({ disposition }) => disposition).join();
  };
  const byNodePort = () => {
    const lab = standardLab();
    const endpoints = ['10.244.2.8:8080'];
    lab.service({ name: 'web', clusterIP: '10.96.0.21', nodePort: 30_080, endpoints });
    const [address] = lab.network.machines.get('n1')!.addresses;
    const to = { ...TO, address: address!, port: 30_080 };
    const [connection] = lab.network.open({ external: 'outside' }, to);
    return { lab, connection: connection! };
  };

  it('goes nowhere where a Service address was dialled, and the connection stands', () => {
    const { lab, connection } = opened('10.244.2.8:8080');
    expect(fateOfClients(lab, connection)).to.equal('answered');
    withoutRules(lab);
    expect(fateOfClients(lab, connection)).to.equal('answered');
  });

  it('is reset by the node where a node port was dialled: it comes by INPUT', () => {
    const { lab, connection } = byNodePort();
    const [trace] = lab.network.proceedOutOfWindow(connection, 'out-of-window-of-client');
    expect(trace!.disposition).to.equal('connection-reset');
    expect(trace!.reason).to.match(/came to node\/n1 untranslated for \S+:30080/);
    expect(lab.network.proceed(connection)[0]!.disposition).to.equal('answered');
  });

  it('is translated by a liberal conntrack', () => {
    const { lab, connection } = byNodePort();
    for (const machine of lab.network.machines.values()) machine.tcpBeLiberal = true;
    expect(fateOfClients(lab, connection)).to.equal('answered');
  });

  it('does no harm where nothing is translated', () => {
    const lab = standardLab();
    const [connection] = lab.network.open(FROM, POD);
    expect(fateOfClients(lab, connection!)).to.equal('answered');
  });

  it('is not known under IPVS, which keeps connections of its own', () => {
    const { lab, connection } = opened('10.244.2.8:8080');
    const { proxyRules } = lab.network.machines.get('n2')!;
    const none = { addresses: new Set<never>(), servers: new Map<never, never>() };
    const ipvs = { ...none, nodePorts: new Map<never, never>(), nodePortAddresses: [] };
    proxyRules.set('IPv4', { ...proxyRules.get('IPv4')!, ipvs });
    expect(fateOfClients(lab, connection)).to.equal('not-modelled');
  });
});
