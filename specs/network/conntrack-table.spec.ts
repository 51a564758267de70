// Goal: the entries that each host holds for a connection are those that `conntrack -L` showed on
// a real kernel, case by case. The rows are the measured table of services.md §9; `any` stands
// for a random port.

import { expect } from 'chai';

import { entriesOf, standardLab, tcp } from './lab';
import type { Lab } from './lab';

interface Row {
  readonly says: string;
  readonly from: string;
  readonly to: string;
  readonly protocol?: 'UDP';
  /** With routes between the nodes (host-gw). */
  readonly entries: readonly string[];
  /** Where the tunnel makes a difference. */
  readonly vxlan?: readonly string[];
  /** The source that the responder sees, with host-gw. */
  readonly seen: string;
}

const P1_TO_P3 = 'n2 10.244.1.5:40000 → 10.244.2.8:8080 | 10.244.2.8:8080 → 10.244.1.5:40000';
const N1_TO_P3 = 'n2 192.168.1.10:any → 10.244.2.8:8080 | 10.244.2.8:8080 → 192.168.1.10:any';
const N1_TO_P3_VXLAN = 'n2 10.244.1.0:any → 10.244.2.8:8080 | 10.244.2.8:8080 → 10.244.1.0:any';

const ROWS: readonly Row[] = [
  {
    says: 'a pod to a ClusterIP whose endpoint is on its node',
    from: 'p1',
    to: '10.96.0.21:80',
    entries: ['n1 10.244.1.5:40000 → 10.96.0.21:80 | 10.244.1.6:8080 → 10.244.1.5:40000'],
    seen: '10.244.1.5',
  },
  {
    says: 'a pod to a ClusterIP whose endpoint is on another node',
    from: 'p1',
    to: '10.96.0.22:80',
    entries: ['n1 10.244.1.5:40000 → 10.96.0.22:80 | 10.244.2.8:8080 → 10.244.1.5:40000', P1_TO_P3],
    seen: '10.244.1.5',
  },
  {
    says: 'a host to a ClusterIP whose endpoint is on it',
    from: 'n1',
    to: '10.96.0.21:80',
    entries: ['n1 192.168.1.10:40000 → 10.96.0.21:80 | 10.244.1.6:8080 → 10.244.1.1:any'],
    seen: '10.244.1.1',
  },
  {
    says: 'a host to a ClusterIP whose endpoint is on another node',
    from: 'n1',
    to: '10.96.0.22:80',
    entries: [
      'n1 192.168.1.10:40000 → 10.96.0.22:80 | 10.244.2.8:8080 → 192.168.1.10:any',
      N1_TO_P3,
    ],
    vxlan: [
      'n1 192.168.1.10:40000 → 10.96.0.22:80 | 10.244.2.8:8080 → 10.244.1.0:any',
      N1_TO_P3_VXLAN,
    ],
    seen: '192.168.1.10',
  },
  {
    says: 'a pod to its own ClusterIP and back to itself',
    from: 'p2',
    to: '10.96.0.21:80',
    entries: ['n1 10.244.1.6:40000 → 10.96.0.21:80 | 10.244.1.6:8080 → 10.244.1.1:any'],
    seen: '10.244.1.1',
  },
  {
    says: 'outside to a NodePort, the endpoint on that node',
    from: 'outside',
    to: '192.168.1.10:30081',
    entries: ['n1 192.168.1.100:40000 → 192.168.1.10:30081 | 10.244.1.6:8080 → 10.244.1.1:any'],
    seen: '10.244.1.1',
  },
  {
    says: 'outside to a NodePort, the endpoint on another node',
    from: 'outside',
    to: '192.168.1.10:30082',
    entries: [
      'n1 192.168.1.100:40000 → 192.168.1.10:30082 | 10.244.2.8:8080 → 192.168.1.10:any',
      N1_TO_P3,
    ],
    vxlan: [
      'n1 192.168.1.100:40000 → 192.168.1.10:30082 | 10.244.2.8:8080 → 10.244.1.0:any',
      N1_TO_P3_VXLAN,
    ],
    seen: '192.168.1.10',
  },
  {
    says: 'outside to a NodePort with externalTrafficPolicy Local keeps its source',
    from: 'outside',
    to: '192.168.1.10:30083',
    entries: [
      'n1 192.168.1.100:40000 → 192.168.1.10:30083 | 10.244.1.6:8080 → 192.168.1.100:40000',
    ],
    seen: '192.168.1.100',
  },
  {
    says: "a pod to its node's NodePort, the endpoint on another node",
    from: 'p1',
    to: '192.168.1.10:30082',
    entries: [
      'n1 10.244.1.5:40000 → 192.168.1.10:30082 | 10.244.2.8:8080 → 192.168.1.10:any',
      N1_TO_P3,
    ],
    vxlan: [
      'n1 10.244.1.5:40000 → 192.168.1.10:30082 | 10.244.2.8:8080 → 10.244.1.0:any',
      N1_TO_P3_VXLAN,
    ],
    seen: '192.168.1.10',
  },
  {
    says: "a pod to its node's NodePort with policy Local, the endpoint on another node",
    from: 'p1',
    to: '192.168.1.10:30084',
    entries: [
      'n1 10.244.1.5:40000 → 192.168.1.10:30084 | 10.244.2.8:8080 → 10.244.1.5:40000',
      P1_TO_P3,
    ],
    seen: '10.244.1.5',
  },
  {
    says: "a pod to another node's load balancer address is translated on its own node",
    from: 'p3',
    to: '10.99.0.1:80',
    entries: [
      'n2 10.244.2.8:40000 → 10.99.0.1:80 | 10.244.1.6:8080 → 192.168.1.11:any',
      'n1 192.168.1.11:any → 10.244.1.6:8080 | 10.244.1.6:8080 → 192.168.1.11:any',
    ],
    vxlan: [
      'n2 10.244.2.8:40000 → 10.99.0.1:80 | 10.244.1.6:8080 → 10.244.2.0:any',
      'n1 10.244.2.0:any → 10.244.1.6:8080 | 10.244.1.6:8080 → 10.244.2.0:any',
    ],
    seen: '192.168.1.11',
  },
  {
    says: 'a pod to a load balancer address whose endpoint is on its node',
    from: 'p1',
    to: '10.99.0.1:80',
    entries: ['n1 10.244.1.5:40000 → 10.99.0.1:80 | 10.244.1.6:8080 → 10.244.1.1:any'],
    seen: '10.244.1.1',
  },
  {
    says: 'a host to a NodePort of its own loopback',
    from: 'n1',
    to: '127.0.0.1:30082',
    entries: [
      'n1 127.0.0.1:40000 → 127.0.0.1:30082 | 10.244.2.8:8080 → 192.168.1.10:any',
      N1_TO_P3,
    ],
    vxlan: [
      'n1 127.0.0.1:40000 → 127.0.0.1:30082 | 10.244.2.8:8080 → 10.244.1.0:any',
      N1_TO_P3_VXLAN,
    ],
    seen: '192.168.1.10',
  },
  {
    says: 'a host to a NodePort of another node',
    from: 'n2',
    to: '192.168.1.10:30081',
    entries: [
      'n2 192.168.1.11:40000 → 192.168.1.10:30081 | 192.168.1.10:30081 → 192.168.1.11:40000',
      'n1 192.168.1.11:40000 → 192.168.1.10:30081 | 10.244.1.6:8080 → 10.244.1.1:any',
    ],
    seen: '10.244.1.1',
  },
  {
    says: 'a host to its own NodePort, the endpoint on another node',
    from: 'n2',
    to: '192.168.1.11:30081',
    entries: [
      'n2 192.168.1.11:40000 → 192.168.1.11:30081 | 10.244.1.6:8080 → 192.168.1.11:any',
      'n1 192.168.1.11:any → 10.244.1.6:8080 | 10.244.1.6:8080 → 192.168.1.11:any',
    ],
    vxlan: [
      'n2 192.168.1.11:40000 → 192.168.1.11:30081 | 10.244.1.6:8080 → 10.244.2.0:any',
      'n1 10.244.2.0:any → 10.244.1.6:8080 | 10.244.1.6:8080 → 10.244.2.0:any',
    ],
    seen: '192.168.1.11',
  },
  {
    says: 'outside to a NodePort whose endpoint is that very host: no SNAT',
    from: 'outside',
    to: '192.168.1.10:30087',
    entries: [
      'n1 192.168.1.100:40000 → 192.168.1.10:30087 | 192.168.1.10:9090 → 192.168.1.100:40000',
    ],
    seen: '192.168.1.100',
  },
  {
    says: 'outside to a NodePort whose endpoint is another host',
    from: 'outside',
    to: '192.168.1.10:30088',
    entries: [
      'n1 192.168.1.100:40000 → 192.168.1.10:30088 | 192.168.1.11:9090 → 192.168.1.10:any',
      'n2 192.168.1.10:any → 192.168.1.11:9090 | 192.168.1.11:9090 → 192.168.1.10:any',
    ],
    seen: '192.168.1.10',
  },
  {
    says: 'a host to a ClusterIP whose endpoint is that very host',
    from: 'n1',
    to: '10.96.0.27:80',
    entries: ['n1 192.168.1.10:40000 → 10.96.0.27:80 | 192.168.1.10:9090 → 192.168.1.10:any'],
    seen: '192.168.1.10',
  },
  {
    says: 'a pod to a ClusterIP for UDP',
    from: 'p1',
    to: '10.96.0.30:53',
    protocol: 'UDP',
    entries: ['n1 10.244.1.5:40000 → 10.96.0.30:53 | 10.244.1.6:5353 → 10.244.1.5:40000'],
    seen: '10.244.1.5',
  },
];

function labWithServices(mode: string): Lab {
  const lab = standardLab({ mode });
  lab.hostPod('host1', 'n1', [tcp(9090)]);
  lab.hostPod('host2', 'n2', [tcp(9090)]);
  const p2 = { endpoints: ['10.244.1.6:8080'] };
  const p3 = { endpoints: ['10.244.2.8:8080'] };
  lab.service({ clusterIP: '10.96.0.21', nodePort: 30081, vip: '10.99.0.1', ...p2 });
  lab.service({ clusterIP: '10.96.0.22', nodePort: 30082, ...p3 });
  lab.service({ clusterIP: '10.96.0.23', nodePort: 30083, externalPolicyLocal: true, ...p2 });
  lab.service({ clusterIP: '10.96.0.24', nodePort: 30084, externalPolicyLocal: true, ...p3 });
  lab.service({ clusterIP: '10.96.0.27', nodePort: 30087, endpoints: ['192.168.1.10:9090'] });
  lab.service({ clusterIP: '10.96.0.28', nodePort: 30088, endpoints: ['192.168.1.11:9090'] });
  const dns = { protocol: 'UDP', port: 53, endpoints: ['10.244.1.6:5353'] } as const;
  lab.service({ clusterIP: '10.96.0.30', ...dns });
  return lab;
}

describe('the conntrack entries of a connection', () => {
  for (const mode of ['host-gw', 'vxlan'] as const) {
    describe(`with ${mode}`, () => {
      const lab = labWithServices(mode);
      for (const { says, from, to, protocol, entries, vxlan, seen } of ROWS) {
        it(says, () => {
          const trace = lab.sendOne(from, to, protocol === undefined ? {} : { protocol });
          expect(trace.disposition, trace.reason).to.equal('answered');
          const expected = mode === 'vxlan' ? (vxlan ?? entries) : entries;
          expect(entriesOf(trace)).to.deep.equal(expected);
          if (mode === 'host-gw') expect(trace.responder?.seenSource).to.equal(seen);
        });
      }
    });
  }

  it('pass another node untranslated on the way to its NodePort', () => {
    // p3 → n1:30081, services.md §9: n2 only forwards. Flannel itself masquerades what leaves the
    // pod network for a node address; the measured row was without a rule of the CNI.
    const lab = labWithServices('host-gw');
    for (const machine of lab.network.machines.values()) machine.cniRules.clear();
    expect(entriesOf(lab.sendOne('p3', '192.168.1.10:30081'))).to.deep.equal([
      'n2 10.244.2.8:40000 → 192.168.1.10:30081 | 192.168.1.10:30081 → 10.244.2.8:40000',
      'n1 10.244.2.8:40000 → 192.168.1.10:30081 | 10.244.1.6:8080 → 10.244.1.1:any',
    ]);
  });

  it('show the rule of the CNI where a pod calls a Service of another host', () => {
    // services.md §9: the port is kept there by a rule without --random-fully; flannel's has it.
    const lab = labWithServices('host-gw');
    const [first] = entriesOf(lab.sendOne('p1', '10.96.0.28:80'));
    const reply = '192.168.1.11:9090 → 192.168.1.10:any';
    expect(first).to.equal(`n1 10.244.1.5:40000 → 10.96.0.28:80 | ${reply}`);
  });

  it('stay unanswered for an undefined port of a ClusterIP', () => {
    const lab = standardLab({ mode: 'host-gw' });
    for (const machine of lab.network.machines.values()) machine.cniRules.clear();
    lab.service({ clusterIP: '10.96.0.21', endpoints: ['10.244.1.6:8080'] });
    const trace = lab.sendOne('p1', '10.96.0.21:81');
    expect(trace.disposition).to.equal('lost');
    expect(entriesOf(trace)).to.deep.equal([
      'n1 10.244.1.5:40000 → 10.96.0.21:81 | 10.96.0.21:81 → 10.244.1.5:40000',
    ]);
    expect(trace.translations[0]?.unreplied).to.equal(true);
  });

  it('are none where kube-proxy rejects the packet', () => {
    const lab = standardLab();
    lab.service({ name: 'empty', clusterIP: '10.96.0.21', endpoints: [] });
    expect(lab.sendOne('p1', '10.96.0.21:80').translations).to.deep.equal([]);
  });
});
