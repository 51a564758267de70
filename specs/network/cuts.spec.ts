// Goal: a cut stands where faults.md §4 says: on the link between hosts (where a tunnel shows as a
// tunnel), at the pods' own interfaces, or at the client that dials a virtual address. What its
// client sees depends on the mode, and each token takes back its own cuts alone (§4.4).

import { expect } from 'chai';

import type { Cut, End } from '../../src/network/index';
import { outcomeOf } from '../../src/values/disposition';
import { ip } from '../../src/values/ip';
import type { Trace } from '../../src/values/trace';
import { Lab, tcp } from './lab';

const VIP = '10.96.0.21';

const pods = (...names: readonly string[]): End => {
  return { is: 'pods', pods: new Set(names.map((name) => `lab/${name}`)) };
};
const hosts = (...names: readonly string[]): End => ({ is: 'hosts', hosts: new Set(names) });
const service = (port?: number): End => {
  return { is: 'addresses', addresses: new Set([ip(VIP)]), ...(port !== undefined && { port }) };
};
const ANYONE: End = { is: 'anyone' };

function cut(lab: Lab, from: End, to: End, more: Partial<Cut> = {}): void {
  const { token = 'cut' } = more;
  const plain = { direction: 'both', mode: 'drop', established: 'break' } as const;
  lab.network.fabric.cuts.set(token, [{ token, from, to, ...plain, ...more }]);
}

function outcome(lab: Lab, from: string, to: string, protocol: 'TCP' | 'UDP' = 'TCP'): string {
  return outcomeOf(lab.sendOne(from, to, { protocol }).disposition)!;
}

/** p1 and p2 on n1, p3 on n2, all of them listen; a Service whose only endpoint is p3. */
function lab(proxy = 'iptables'): Lab {
  const made = new Lab({ proxy });
  const listen = [tcp(8_080), { port: 5_353, protocol: 'UDP' }] as const;
  made.pod('p1', 'n1', '10.244.1.5', listen);
  made.pod('p2', 'n1', '10.244.1.6', listen);
  made.pod('p3', 'n2', '10.244.2.8', listen);
  made.service({ name: 'web', clusterIP: VIP, endpoints: ['10.244.2.8:8080'] });
  return made;
}

function openTo(made: Lab, to: string): () => string {
  const [address = '', port] = to.split(':');
  const target = { address: ip(address), port: Number(port), protocol: 'TCP' } as const;
  const [connection] = made.network.open({ pod: 'lab/p1' }, target);
  return () => outcomeOf(made.network.proceed(connection!)[0]!.disposition)!;
}

describe('a cut between pods', () => {
  it('holds in both directions, by address and through a Service, and for nobody else', () => {
    const made = lab();
    cut(made, pods('p1'), pods('p3'));
    expect(outcome(made, 'p1', '10.244.2.8:8080')).to.equal('timeout');
    expect(outcome(made, 'p1', `${VIP}:80`)).to.equal('timeout');
    expect(outcome(made, 'p3', '10.244.1.5:8080')).to.equal('timeout');
    expect(outcome(made, 'p2', '10.244.2.8:8080')).to.equal('ok');
    expect(outcome(made, 'p2', `${VIP}:80`)).to.equal('ok');
    expect(outcome(made, 'p1', '10.244.1.6:8080')).to.equal('ok');
  });

  it('is at the interface of the sender, so no host on the way knows of the packet', () => {
    const made = lab();
    cut(made, pods('p1'), pods('p3'));
    const direct = made.sendOne('p1', '10.244.2.8:8080');
    expect(direct.translations).to.deep.equal([]);
    expect(direct.reason).to.equal('the way from lab/p1 to 10.244.2.8:8080 is cut');
    const dialled = made.sendOne('p1', `${VIP}:80`);
    expect(dialled.translations.map(({ node }) => node)).to.deep.equal(['n1', 'n2']);
    expect(dialled.reason).to.equal('the way from lab/p1 to lab/p3 is cut');
  });

  it('swallows only what goes its way, where it has a direction', () => {
    const made = lab();
    cut(made, pods('p1'), pods('p3'), { direction: 'to' });
    expect(made.sendOne('p1', '10.244.2.8:8080').disposition).to.equal('partitioned');
    // p3 is heard by p1; it is the answer that goes from p1 to p3.
    expect(made.sendOne('p3', '10.244.1.5:8080').disposition).to.equal('answer-lost');
    cut(made, pods('p1'), pods('p3'), { direction: 'from' });
    expect(made.sendOne('p1', '10.244.2.8:8080').disposition).to.equal('answer-lost');
    expect(made.sendOne('p3', '10.244.1.5:8080').disposition).to.equal('partitioned');
  });

  it('means the ports that are called, after translation, and the answers from them', () => {
    const made = lab();
    cut(made, pods('p1'), pods('p3'), { ports: [80] });
    expect(outcome(made, 'p1', `${VIP}:80`), 'a port of the Service').to.equal('ok');
    cut(made, pods('p1'), pods('p3'), { ports: [8_080], direction: 'from' });
    expect(outcome(made, 'p1', `${VIP}:80`)).to.equal('timeout');
    expect(outcome(made, 'p1', '10.244.2.8:81')).to.equal('refused');
    cut(made, pods('p1'), pods('p3'), { protocol: 'UDP' });
    expect(outcome(made, 'p1', `${VIP}:80`)).to.equal('ok');
  });

  it('spares what a pod says to itself, also where everybody else is cut off', () => {
    const made = lab();
    cut(made, pods('p1'), ANYONE);
    expect(outcome(made, 'p1', '10.244.1.5:8080')).to.equal('ok');
    expect(outcome(made, 'p1', '10.244.1.6:8080')).to.equal('timeout');
    expect(outcome(made, 'n1', '10.244.1.5:8080')).to.equal('timeout');
    expect(outcome(made, 'p2', '10.244.2.8:8080')).to.equal('ok');
  });
});

describe('the mode of a cut', () => {
  const MODES = [
    ['drop', 'timeout', 'timeout', 'timeout'],
    ['reject', 'refused', 'timeout', 'refused'],
    ['reset', 'refused', 'reset', 'refused'],
  ] as const;
  for (const [mode, fresh, open, udp] of MODES) {
    for (const [place, to, from, target] of [
      ['at the interface of the sender', '10.244.2.8:8080', pods('p1'), pods('p3')],
      ['at the interface of the receiver', `${VIP}:80`, pods('p1'), pods('p3')],
      ['on the link', `${VIP}:80`, hosts('n1'), hosts('n2')],
      ['at the client', `${VIP}:80`, pods('p1'), service(80)],
    ] as const) {
      it(`${mode}, ${place}, is ${fresh} for a new connection and ${open} for an old one`, () => {
        const made = lab();
        const next = openTo(made, to);
        cut(made, from, target, { mode });
        expect(outcome(made, 'p1', to)).to.equal(fresh);
        expect(next()).to.equal(open);
        made.network.fabric.cuts.set('cut', []);
        expect(next()).to.equal('ok');
      });
    }

    it(`${mode} is ${udp} for a datagram`, () => {
      const made = lab();
      cut(made, pods('p1'), pods('p3'), { mode });
      expect(outcome(made, 'p1', '10.244.2.8:5353', 'UDP')).to.equal(udp);
    });
  }

  it('of answers is silence for the client: the error goes to the one who answered', () => {
    for (const mode of ['reject', 'reset'] as const) {
      const made = lab();
      cut(made, pods('p1'), pods('p3'), { mode, direction: 'from' });
      expect(outcome(made, 'p1', `${VIP}:80`)).to.equal('timeout');
    }
  });

  it('tells nobody where another cut swallows the error', () => {
    const made = lab();
    cut(made, pods('p1'), pods('p3'), { mode: 'reject' });
    cut(made, hosts('n2'), hosts('n1'), { token: 'other', direction: 'to' });
    expect(outcome(made, 'p1', `${VIP}:80`)).to.equal('timeout');
  });
});

describe('a cut that keeps what is established', () => {
  it('stops what begins, and nothing else', () => {
    const made = lab();
    const next = openTo(made, `${VIP}:80`);
    cut(made, pods('p1'), pods('p3'), { established: 'keep' });
    expect(next()).to.equal('ok');
    expect(outcome(made, 'p1', `${VIP}:80`)).to.equal('timeout');
  });

  it('lets the answers to a direction that is free pass', () => {
    const made = lab();
    cut(made, pods('p1'), pods('p3'), { established: 'keep', direction: 'from' });
    expect(outcome(made, 'p1', '10.244.2.8:8080')).to.equal('ok');
    expect(outcome(made, 'p3', '10.244.1.5:8080')).to.equal('timeout');
  });

  it('stops a connection that its host has forgotten', () => {
    const made = lab();
    const next = openTo(made, '10.244.2.8:8080');
    cut(made, hosts('n1'), hosts('n2'), { established: 'keep' });
    expect(next()).to.equal('ok');
    made.network.machines.get('n1')!.conntrack.flush();
    expect(next()).to.equal('timeout');
  });
});

describe('a cut between hosts', () => {
  it('cuts the tunnels between them with everything in them', () => {
    const made = lab();
    cut(made, hosts('n1'), hosts('n2'));
    expect(outcome(made, 'p1', '10.244.2.8:8080')).to.equal('timeout');
    expect(outcome(made, 'p1', '10.244.1.6:8080')).to.equal('ok');
  });

  it('sees the port of the tunnel, not what is in it', () => {
    const made = lab();
    cut(made, hosts('n1'), hosts('n2'), { ports: [8_080] });
    expect(outcome(made, 'p1', '10.244.2.8:8080')).to.equal('ok');
    cut(made, hosts('n1'), hosts('n2'), { ports: [8_472], protocol: 'UDP' });
    expect(outcome(made, 'p1', '10.244.2.8:8080')).to.equal('timeout');
    made.hostPod('host2', 'n2', [tcp(9_090)]);
    expect(outcome(made, 'n1', '192.168.1.11:9090')).to.equal('ok');
  });

  it('is about the port of the side that is called', () => {
    const made = lab();
    made.hostPod('host2', 'n2', [tcp(9_090), tcp(9_091)]);
    cut(made, hosts('n1'), { is: 'hosts', hosts: new Set(['n2']), port: 9_090 });
    expect(outcome(made, 'n1', '192.168.1.11:9090')).to.equal('timeout');
    expect(outcome(made, 'n1', '192.168.1.11:9091')).to.equal('ok');
  });

  it('takes a pod along with its host where the other side is a pod', () => {
    const made = lab();
    cut(made, hosts('n1'), pods('p3'));
    expect(outcome(made, 'p1', `${VIP}:80`)).to.equal('timeout');
    expect(outcome(made, 'n1', '10.244.2.8:8080')).to.equal('timeout');
    expect(outcome(made, 'n2', '10.244.2.8:8080')).to.equal('ok');
  });
});

describe('a cut of a virtual address', () => {
  for (const proxy of ['iptables', 'ipvs', 'nftables', 'ebpf']) {
    it(`is at the client, before ${proxy} translates`, () => {
      const made = lab(proxy);
      cut(made, pods('p1'), service(80));
      const stopped: Trace = made.sendOne('p1', `${VIP}:80`);
      expect(stopped.disposition).to.equal('partitioned');
      expect(stopped.translations).to.deep.equal([]);
      expect(outcome(made, 'p1', '10.244.2.8:8080'), 'the pod itself').to.equal('ok');
      expect(outcome(made, 'p2', `${VIP}:80`)).to.equal('ok');
    });
  }

  it('has a direction too: the answers come from the address that was dialled', () => {
    const made = lab();
    cut(made, pods('p1'), service(), { direction: 'from' });
    expect(made.sendOne('p1', `${VIP}:80`).disposition).to.equal('answer-lost');
  });
});

describe('two cuts', () => {
  it('are a union, and each recovers by itself', () => {
    const made = lab();
    const { cuts } = made.network.fabric;
    cut(made, pods('p1'), pods('p3'), { token: 'a' });
    cut(made, pods('p1', 'p2'), pods('p3'), { token: 'b' });
    cuts.set('a', []);
    expect(outcome(made, 'p1', `${VIP}:80`)).to.equal('timeout');
    expect(outcome(made, 'p2', `${VIP}:80`)).to.equal('timeout');
    cuts.set('b', []);
    expect(cuts.isEmpty).to.equal(true);
    expect(outcome(made, 'p1', `${VIP}:80`)).to.equal('ok');
  });

  it('of one token replace each other, and what is the same changes nothing', () => {
    const made = lab();
    const { cuts } = made.network.fabric;
    cut(made, pods('p1'), pods('p3'));
    expect(cuts.set('cut', [...cuts.of('cut')])).to.equal(false);
    cut(made, pods('p2'), pods('p3'));
    expect(outcome(made, 'p1', `${VIP}:80`)).to.equal('ok');
    expect(outcome(made, 'p2', `${VIP}:80`)).to.equal('timeout');
  });
});
