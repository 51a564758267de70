// Goal: each way in which a packet can fail gives the fate that a client of a real cluster
// observes (services.md §10), and a reason that names what did it.

import { expect } from 'chai';

import type { Cut, End } from '../../src/network/index';
import { outcomeOf } from '../../src/values/disposition';
import { formatRatio } from '../../src/values/ratio';
import { milliseconds, START } from '../../src/values/time';
import type { Instant } from '../../src/values/time';
import { newEntry } from '../../src/node/netfilter/conntrack-entry';
import { ip } from '../../src/values/ip';
import { pathOf, standardLab, tcp } from './lab';
import type { Lab } from './lab';

const SERVICE = { name: 'web', clusterIP: '10.96.0.21', nodePort: 30081 };

function labWith(endpoints: readonly string[], more: object = {}): Lab {
  const lab = standardLab();
  lab.service({ ...SERVICE, endpoints, ...more });
  return lab;
}

describe('a Service without endpoints', () => {
  for (const [from, to] of [
    ['p1', '10.96.0.21:80'],
    ['n1', '10.96.0.21:80'],
    ['p1', '192.168.1.10:30081'],
    ['n1', '192.168.1.10:30081'],
    ['outside', '192.168.1.10:30081'],
    ['p3', '192.168.1.10:30081'],
  ] as const) {
    it(`refuses ${from} at ${to} at once and names the rule`, () => {
      const trace = labWith([]).sendOne(from, to);
      expect(trace.disposition, trace.reason).to.equal('no-endpoints');
      expect(trace.reason).to.match(/^n1: REJECT by filter\/KUBE-.*"lab\/web has no endpoints"$/);
      expect(trace.blames).to.deep.equal(['Service/lab/web']);
    });
  }

  it('drops what comes in silence where policy Local finds none on the node', () => {
    const lab = labWith(['10.244.2.8:8080'], { externalPolicyLocal: true });
    const trace = lab.sendOne('outside', '192.168.1.10:30081');
    expect(trace.disposition).to.equal('no-local-endpoints');
    expect(outcomeOf(trace.disposition)).to.equal('timeout');
    expect(trace.answerHops).to.deep.equal([]);
  });
});

describe('a process that is gone', () => {
  it('is refused by a reset that is translated back, and the reason tells its exit', () => {
    const lab = standardLab();
    lab.service({ ...SERVICE, endpoints: ['10.244.2.8:8080'] });
    const process = lab.network.sandboxOf('lab/p3')!.processes.get('main')!;
    Object.assign(process, { state: 'exited', exitCode: 137, exitedAt: 10_000_000 as Instant });
    const trace = lab.sendOne('p1', '10.96.0.21:80');
    expect(trace.disposition).to.equal('refused-by-listener');
    const why = 'nothing listens on 8080, its container exited (137) at t=10s';
    expect(trace.reason).to.equal(`lab/p3 refused it: ${why}`);
    expect(trace.hops.at(-1)!.steps).to.deep.equal([
      { place: 'pod lab/p3', action: 'RST', detail: why },
    ]);
    expect(trace.answerHops.at(-1)!.after.src).to.equal('10.96.0.21');
  });

  it('that has not begun to listen is refused as well', () => {
    const lab = standardLab();
    lab.network.sandboxOf('lab/p3')!.processes.get('main')!.state = 'starting';
    const trace = lab.sendOne('p1', '10.244.2.8:8080');
    expect(trace.disposition).to.equal('refused-by-listener');
    expect(trace.reason).to.include('still starting');
  });

  it('of a host-network pod is told apart from a port that nobody ever had', () => {
    const lab = standardLab();
    const process = lab.hostPod('host2', 'n2', [tcp(9090)]).processes.get('main')!;
    Object.assign(process, { state: 'exited', exitCode: 1, exitedAt: START });
    const { reason } = lab.sendOne('p1', '192.168.1.11:9090');
    expect(reason).to.include('its container exited (1) at t=0s (pod lab/host2)');
    expect(lab.sendOne('p1', '192.168.1.11:9091').reason).to.include('nothing on the node');
  });

  it('cannot send either', () => {
    const lab = standardLab();
    lab.network.sandboxOf('lab/p1')!.processes.get('main')!.state = 'exited';
    expect(lab.sendOne('p1', '10.244.2.8:8080').reason).to.include('no running container');
    expect(lab.sendOne('nobody', '10.244.2.8:8080').reason).to.include('is not running');
  });

  it('is refused for UDP by an ICMP error from the pod', () => {
    const trace = standardLab().sendOne('p1', '10.244.2.8:9', { protocol: 'UDP' });
    expect(trace.disposition).to.equal('refused-by-listener');
    expect(trace.hops.at(-1)!.steps[0]!.action).to.equal('ICMP error');
  });
});

describe('an endpoint whose pod is gone', () => {
  const gone = ['10.244.1.77:8080'];

  it('leaves a client on the same bridge without any answer', () => {
    expect(labWith(gone).sendOne('p1', '10.96.0.21:80').disposition).to.equal('pod-gone');
  });

  for (const [from, to] of [
    ['p3', '10.96.0.21:80'],
    ['n1', '10.96.0.21:80'],
    ['outside', '192.168.1.10:30081'],
    ['outside', '192.168.1.11:30081'],
  ] as const) {
    it(`is told to ${from} at ${to} by the endpoint's node`, () => {
      const trace = labWith(gone).sendOne(from, to);
      expect(trace.disposition, trace.reason).to.equal('host-unreachable');
      expect(trace.reason).to.include('no pod on n1 has the address 10.244.1.77');
    });
  }

  it('is noticed by the client itself where it calls the address in its own subnet', () => {
    const trace = standardLab().sendOne('p1', '10.244.1.77:8080');
    expect(trace.disposition).to.equal('host-unreachable');
    expect(pathOf(trace.hops)).to.deep.equal(['n1/veth']);
  });
});

// As specs/lab found it in a real kernel.
describe('what conntrack and sockets make of a refusal', () => {
  it('leaves no entry on any node where a reset is the only answer', () => {
    for (const [from, to] of [
      ['p1', '10.96.0.21:80'],
      ['outside', '192.168.1.10:30081'],
    ] as const) {
      const trace = labWith(['10.244.2.8:9']).sendOne(from, to);
      expect(trace.disposition).to.equal('refused-by-listener');
      expect(trace.translations).to.deep.equal([]);
    }
  });

  it('keeps the unanswered entry where UDP is refused: an ICMP error is no answer', () => {
    const trace = standardLab().sendOne('p1', '10.244.2.8:9', { protocol: 'UDP' });
    expect(trace.translations.map(({ unreplied }) => unreplied)).to.deep.equal([true, true]);
  });

  it('confirms no entry for what a bridge does not send back by the port it came in', () => {
    const lab = standardLab({ cni: 'bridge' });
    lab.service({ clusterIP: '10.96.0.21', endpoints: ['10.244.1.6:8080'] });
    const trace = lab.sendOne('p2', '10.96.0.21:80');
    expect(trace.disposition).to.equal('dropped');
    expect(trace.translations).to.deep.equal([]);
  });

  it('does not tell a UDP socket that a host is unreachable', () => {
    const udp = { protocol: 'UDP' } as const;
    for (const from of ['p1', 'p3', 'n1'] as const) {
      const trace = standardLab().sendOne(from, '10.244.1.77:5353', udp);
      expect(trace.disposition, from).to.equal('pod-gone');
    }
    expect(standardLab().sendOne('p3', '10.244.1.77:5353').disposition).to.equal(
      'host-unreachable',
    );
  });
});

describe('a node without power', () => {
  it('swallows its share of the connections', () => {
    const lab = labWith(['10.244.1.6:8080', '10.244.2.8:8080']);
    lab.network.powerOff('n2');
    const fates = lab
      .send('p1', '10.96.0.21:80')
      .map(({ disposition, probability }) => `${disposition} ${formatRatio(probability)}`);
    expect(fates).to.deep.equal(['answered 1/2', 'node-down 1/2']);
  });

  it('forgets rules, connections and sandboxes, and keeps its pod addresses on disk', () => {
    const lab = labWith(['10.244.1.6:8080']);
    lab.network.open({ pod: 'lab/p3' }, { address: ip('10.96.0.21'), port: 80, protocol: 'TCP' });
    const machine = lab.network.machines.get('n2')!;
    expect(machine.conntrack.size).to.be.greaterThan(0);
    lab.network.powerOff('n2');
    lab.network.powerOn('n2');
    expect(machine.conntrack.size).to.equal(0);
    expect(machine.sandboxes.size).to.equal(0);
    expect(machine.proxyRules.size).to.equal(0);
    expect(machine.cniRules.size).to.equal(1);
    expect(lab.network.sandboxOf('lab/p3')).to.equal(undefined);
    expect(lab.pod('p5', 'n2').addresses).to.deep.equal(['10.244.2.9']);
  });

  it('sends nothing', () => {
    const lab = standardLab();
    lab.network.powerOff('n1');
    expect(lab.sendOne('n1', '10.244.2.8:8080').disposition).to.equal('node-down');
  });
});

/** Cuts what n1 sends to n2, or a part of it. True where that is new. */
function cutLink(lab: Lab, token: string, only: Partial<Cut> = {}): boolean {
  const side = (name: string): End => ({ is: 'hosts', hosts: new Set([name]) });
  const cut = { token, from: side('n1'), to: side('n2'), direction: 'to', ...only } as const;
  return lab.network.fabric.cuts.set(token, [{ mode: 'drop', established: 'break', ...cut }]);
}

describe('a cut link', () => {
  it('loses the packet in its direction, and the answer in the other', () => {
    const lab = standardLab();
    cutLink(lab, 'a');
    expect(lab.sendOne('p1', '10.244.2.8:8080').disposition).to.equal('partitioned');
    const back = lab.sendOne('p3', '10.244.1.6:8080');
    expect(back.disposition).to.equal('answer-lost');
    expect(back.reason).to.equal(
      'lab/p2 answered on 10.244.1.6:8080, but on the way back the link from n1 to n2 is cut',
    );
  });

  it('heals when every cut of it is taken back, not before', () => {
    const lab = standardLab();
    const { cuts } = lab.network.fabric;
    cutLink(lab, 'a');
    expect(cutLink(lab, 'b')).to.equal(true);
    expect(cutLink(lab, 'b'), 'again').to.equal(false);
    cuts.set('a', []);
    expect(lab.sendOne('p1', '10.244.2.8:8080').disposition).to.equal('partitioned');
    cuts.set('b', []);
    expect(lab.sendOne('p1', '10.244.2.8:8080').disposition).to.equal('answered');
  });

  it('of the tunnel alone spares what hosts say to each other', () => {
    const lab = standardLab();
    lab.hostPod('host2', 'n2', [tcp(9090)]);
    cutLink(lab, 'a', { ports: [8_472], protocol: 'UDP' });
    expect(lab.sendOne('p1', '10.244.2.8:8080').disposition).to.equal('partitioned');
    expect(lab.sendOne('n1', '192.168.1.11:9090').disposition).to.equal('answered');
  });
});

describe('addresses outside of the cluster', () => {
  it('are reached through the router with the node as the source', () => {
    const trace = standardLab().sendOne('p1', '203.0.113.5:443');
    expect(trace.disposition).to.equal('answered');
    expect(trace.responder).to.deep.include({
      name: 'external/internet',
      seenSource: '192.168.1.10',
    });
  });

  it('refuse where nothing listens, and are silent where nobody is modelled', () => {
    const lab = standardLab();
    expect(lab.sendOne('p1', '203.0.113.5:80').disposition).to.equal('refused-by-listener');
    expect(lab.sendOne('p1', '198.51.100.1:443').disposition).to.equal('lost');
  });

  it('are unreachable on the node network where no host has them', () => {
    const trace = standardLab().sendOne('p1', '192.168.1.77:80');
    expect(trace.disposition).to.equal('host-unreachable');
  });

  it('know neither pods nor ClusterIPs', () => {
    const lab = labWith(['10.244.1.6:8080']);
    expect(lab.sendOne('outside', '10.244.1.6:8080').disposition).to.equal('lost');
    expect(lab.sendOne('outside', '10.96.0.21:80').disposition).to.equal('lost');
  });

  it('cannot answer a pod whose CNI does not masquerade', () => {
    const lab = standardLab({ cni: 'bridge' });
    const trace = lab.sendOne('p1', '203.0.113.5:443');
    expect(trace.disposition).to.equal('answer-lost');
    expect(trace.reason).to.include('no router on the way from external/internet knows 10.244.1.5');
  });
});

describe('an answer that takes another way', () => {
  // services.md §4, note f: a pod calls the NodePort of another node under policy Local; pods are
  // short-circuited to all endpoints, and the endpoint's node answers past the translating one.
  const local = { ...SERVICE, externalPolicyLocal: true };

  it("reaches the client from an address that it never called, by the client's own bridge", () => {
    const lab = standardLab({ cni: 'bridge' });
    lab.service({ ...local, endpoints: ['10.244.1.6:8080'] });
    const trace = lab.sendOne('p1', '192.168.1.11:30081');
    expect(trace.disposition).to.equal('answer-untranslated');
    expect(trace.reason).to.include('from 10.244.1.6:8080, an address that it never called');
  });

  it("is dropped as INVALID on the client's node when it comes from a third one", () => {
    const lab = standardLab({ cni: 'bridge', nodes: 3 });
    lab.pod('p9', 'n3', undefined, [tcp(8080)]);
    lab.service({ ...local, endpoints: ['10.244.3.2:8080'] });
    const trace = lab.sendOne('p1', '192.168.1.11:30081');
    expect(trace.disposition, trace.reason).to.equal('answer-untranslated');
    expect(trace.reason).to.include('n1 dropped it by filter/KUBE-FORWARD');
  });

  it('is none where the endpoint is on the node that was called', () => {
    const lab = standardLab({ cni: 'bridge' });
    lab.service({ ...local, endpoints: ['10.244.2.8:8080'] });
    expect(lab.sendOne('p1', '192.168.1.11:30081').disposition).to.equal('answered');
  });
});

describe('a pod that calls its own Service', () => {
  it('is lost on a bridge without hairpin mode', () => {
    const lab = standardLab({ cni: 'bridge' });
    lab.service({ ...SERVICE, endpoints: ['10.244.1.6:8080'] });
    const trace = lab.sendOne('p2', '10.96.0.21:80');
    expect(trace.disposition).to.equal('dropped');
    expect(trace.reason).to.include('hairpin');
  });

  it('reaches itself with hairpin mode', () => {
    const lab = standardLab({ cni: 'bridge', hairpinMode: true });
    lab.service({ ...SERVICE, endpoints: ['10.244.1.6:8080'] });
    expect(lab.sendOne('p2', '10.96.0.21:80').disposition).to.equal('answered');
  });

  it('discards its own packet where nothing masquerades it', () => {
    const lab = standardLab();
    lab.service({ ...SERVICE, endpoints: ['10.244.1.6:8080'] });
    for (const machine of lab.network.machines.values()) {
      const rules = machine.proxyRules.get('IPv4')!;
      const nat = rules.tables.get('nat')!;
      const chains = new Map(nat.chains).set('KUBE-MARK-MASQ', {
        name: 'KUBE-MARK-MASQ',
        rules: [],
      });
      const tables = new Map(rules.tables).set('nat', { ...nat, chains });
      machine.proxyRules.set('IPv4', { tables });
    }
    const trace = lab.sendOne('p2', '10.96.0.21:80');
    expect(trace.disposition).to.equal('dropped');
    expect(trace.reason).to.include("the pod's own 10.244.1.6");
  });
});

describe('a full conntrack table', () => {
  it('drops new flows and lets known ones pass', () => {
    const lab = standardLab();
    const { conntrack } = lab.network.machines.get('n1')!;
    const to = { address: ip('10.244.2.8'), port: 8080, protocol: 'TCP' } as const;
    const [connection] = lab.network.open({ pod: 'lab/p1' }, to);
    conntrack.limit = 1;
    const trace = lab.sendOne('p1', '10.244.2.8:8080');
    expect(trace.disposition).to.equal('conntrack-full');
    expect(trace.reason).to.include('conntrack table is full (1 entries)');
    expect(lab.network.proceed(connection!)[0]!.disposition).to.equal('answered');
  });
});

describe('a network policy', () => {
  it('is asked after DNAT, at the sender and at the receiver, and ends the way', () => {
    const lab = standardLab();
    lab.service({ ...SERVICE, endpoints: ['10.244.2.8:8080'] });
    const asked: string[] = [];
    lab.network.policy = {
      verdict: ({ tuple }, direction, { podKey }) => {
        asked.push(`${direction} ${podKey} ${tuple.src} ${tuple.dst}:${tuple.dport}`);
        const allowed = direction === 'egress';
        return { allowed, reason: allowed ? '' : 'NetworkPolicy/lab/db denies it', blames: [] };
      },
    };
    const trace = lab.sendOne('p1', '10.96.0.21:80');
    expect(asked).to.deep.equal([
      'egress lab/p1 10.244.1.5 10.244.2.8:8080',
      'ingress lab/p3 10.244.1.5 10.244.2.8:8080',
    ]);
    expect(trace.disposition).to.equal('denied-by-policy');
    expect(trace.reason).to.equal('NetworkPolicy/lab/db denies it');
  });
});

describe('an entry of another flow', () => {
  it("that holds the answer's tuple moves the new flow to another port", () => {
    // services.md §8: two clients with one source port; the second one gets another.
    const lab = standardLab();
    lab.service({ ...SERVICE, endpoints: ['10.244.2.8:8080'] });
    const original = {
      protocol: 'TCP',
      src: ip('10.244.1.5'),
      sport: 40_000,
      dst: ip('10.96.0.99'),
      dport: 80,
    } as const;
    const reply = {
      ...original,
      src: ip('10.244.2.8'),
      sport: 8080,
      dst: original.src,
      dport: 40_000,
    };
    const { conntrack } = lab.network.machines.get('n1')!;
    conntrack.put(newEntry(original, reply, (START + milliseconds(1)) as Instant));
    const trace = lab.sendOne('p1', '10.96.0.21:80');
    expect(trace.disposition).to.equal('answered');
    expect(trace.translations[0]!.reply.dport).to.equal('any');
  });
});
