// Goal: a connection whose answers go past the node that chose its backend: what both nodes write
// down, by which way the answer goes, and which packets find their connection again
// (services.md §15; cilium bpf/lib/nodeport.h).

import { expect } from 'chai';
import { timeoutsBy } from '../../src/node/netfilter/conntrack-entry';
import { between, later, seconds } from '../../src/values/time';
import type { Trace } from '../../src/values/trace';
import { entriesOf, pathOf, standardLab } from './lab';
import type { Lab } from './lab';

/** `far` is a pod of n2, `host` a process of n2 itself; clients ask n1. */
function labOf(loadBalancer: object): Lab {
  const lab = standardLab({ cni: 'bridge', proxy: 'ebpf', proxyOptions: { loadBalancer } });
  lab.hostPod('h2', 'n2', [{ port: 9090, protocol: 'TCP' }]);
  const names = { clusterIP: '10.96.0.24', nodePort: 30_084 };
  lab.service({ name: 'far', ...names, endpoints: ['10.244.2.8:8080'] });
  const udp = { protocol: 'UDP', clusterIP: '10.96.0.25', port: 53, nodePort: 30_053 } as const;
  lab.service({ name: 'dns', ...udp, endpoints: ['10.244.2.8:5353'] });
  const host = { clusterIP: '10.96.0.26', nodePort: 30_086 };
  lab.service({ name: 'host', ...host, endpoints: ['192.168.1.11:9090'] });
  const closed = { clusterIP: '10.96.0.27', nodePort: 30_087 };
  lab.service({ name: 'closed', ...closed, endpoints: ['10.244.2.8:8081'] });
  return lab;
}

function nodesOf(hops: Trace['hops']): string[] {
  return [...new Set(pathOf(hops).map((place) => place.slice(0, place.lastIndexOf('/'))))];
}

function openFrom(lab: Lab, port: number, protocol: 'TCP' | 'UDP' = 'TCP') {
  const to = { address: '192.168.1.10', port, protocol } as never;
  const [connection] = lab.network.open({ external: 'outside' }, to);
  return connection!;
}

function fates(lab: Lab, connection: ReturnType<typeof openFrom>): string[] {
  return lab.network.proceed(connection).map(({ disposition }) => disposition);
}

describe('a connection with direct server return', () => {
  it('shows the client to the backend, whose node answers from the dialled address', () => {
    const trace = labOf({ mode: 'dsr' }).sendOne('outside', '192.168.1.10:30084');
    expect(trace.disposition).to.equal('answered');
    expect(trace.responder!.seenSource).to.equal('192.168.1.100');
    expect(nodesOf(trace.hops)).to.deep.equal(['external/outside', 'n1', 'n2']);
    expect(nodesOf(trace.answerHops)).to.deep.equal(['n2', 'external/outside']);
    const entry =
      '192.168.1.100:40000 → 192.168.1.10:30084 | 10.244.2.8:8080 → 192.168.1.100:40000';
    expect(entriesOf(trace)).to.deep.equal([`n1 ${entry}`, `n2 ${entry}`]);
  });

  it('is the same with a backend in the network of its node', () => {
    const trace = labOf({ mode: 'dsr' }).sendOne('outside', '192.168.1.10:30086');
    expect([trace.disposition, trace.responder!.seenSource]).to.deep.equal([
      'answered',
      '192.168.1.100',
    ]);
    expect(nodesOf(trace.answerHops)).to.deep.equal(['n2', 'external/outside']);
  });

  it('is refused from the dialled address, too', () => {
    const trace = labOf({ mode: 'dsr' }).sendOne('outside', '192.168.1.10:30087');
    expect(trace.disposition).to.equal('refused-by-listener');
  });

  it('stands on the node that chose, which sees none of its answers', () => {
    const lab = labOf({ mode: 'dsr' });
    openFrom(lab, 30_084);
    for (const name of ['n1', 'n2']) {
      const { conntrack } = lab.network.machines.get(name)!;
      const states = conntrack.list(lab.kernel.now).map(({ state }) => state);
      expect(states, name).to.deep.equal(['ESTABLISHED']);
    }
  });

  it('goes on by either node, once the backend knows it', () => {
    const lab = labOf({ mode: 'dsr' });
    const connection = openFrom(lab, 30_084);
    expect(fates(lab, connection)).to.deep.equal(['answered']);
    lab.network.machines.get('n1')!.conntrack.flush();
    expect(fates(lab, connection)).to.deep.equal(['answered']);
    lab.network.machines.get('n2')!.conntrack.flush();
    // Only a SYN tells where to answer from: the backend's node answers from the pod.
    expect(fates(lab, connection)).to.deep.equal(['answer-untranslated']);
  });

  it('of UDP has the dialled address on board of each datagram', () => {
    const lab = labOf({ mode: 'dsr' });
    const connection = openFrom(lab, 30_053, 'UDP');
    lab.network.machines.get('n2')!.conntrack.flush();
    expect(fates(lab, connection)).to.deep.equal(['answered']);
  });

  it('is kept fresh on both nodes by each packet of the client', () => {
    const lab = labOf({ mode: 'dsr' });
    const connection = openFrom(lab, 30_053, 'UDP');
    for (let half = 0; half < 4; half++) {
      lab.kernel.runUntil((lab.kernel.now + seconds(20)) as never);
      expect(fates(lab, connection)).to.deep.equal(['answered']);
    }
    const { conntrack } = lab.network.machines.get('n1')!;
    expect(conntrack.count(lab.kernel.now)).to.equal(1);
  });
});

describe('a connection with direct server return, by the timeouts of the node that chose', () => {
  for (const [protocol, port] of [
    ['TCP', 30_084],
    ['UDP', 30_053],
  ] as const) {
    it(`stays there as long as they say: ${protocol}`, () => {
      const lab = labOf({ mode: 'dsr' });
      const { conntrack } = lab.network.machines.get('n1')!;
      conntrack.timeouts = timeoutsBy(() => seconds(7));
      const left = () =>
        conntrack.list(lab.kernel.now).map((it) => between(lab.kernel.now, it.expires));
      const connection = openFrom(lab, port, protocol);
      expect(left()).to.deep.equal([seconds(7)]);
      lab.kernel.runUntil(later(lab.kernel.now, seconds(5)));
      expect(fates(lab, connection)).to.deep.equal(['answered']);
      expect(left()).to.deep.equal([seconds(7)]);
    });
  }
});

describe('a connection in hybrid mode', () => {
  it('comes back over the first node where it is of UDP', () => {
    const lab = labOf({ mode: 'hybrid' });
    const back = (to: string, protocol: 'TCP' | 'UDP') =>
      nodesOf(lab.sendOne('outside', to, { protocol }).answerHops);
    expect(back('192.168.1.10:30084', 'TCP')).to.deep.equal(['n2', 'external/outside']);
    expect(back('192.168.1.10:30053', 'UDP')).to.deep.equal(['n2', 'n1', 'external/outside']);
  });
});
