// Goal: what the tutorials teach about pods and nodes holds packet by packet: no NAT between
// pods, none from nodes to pods, the way over bridge and tunnel, and thirds for three endpoints.
// The rows are T1-T4, T7, T8 and T10 of tutorials.md.

import { expect } from 'chai';

import { formatTuple } from '../../src/values/flow';
import { formatRatio } from '../../src/values/ratio';
import { pathOf, standardLab, tcp } from './lab';

describe('pods and nodes (T1)', () => {
  for (const [from, to, source] of [
    ['p1', '10.244.1.6:8080', '10.244.1.5'],
    ['p1', '10.244.2.8:8080', '10.244.1.5'],
    ['p3', '10.244.1.6:8080', '10.244.2.8'],
    ['n1', '10.244.1.6:8080', '10.244.1.1'],
    ['n1', '10.244.2.8:8080', '10.244.1.0'],
    ['n2', '10.244.1.6:8080', '10.244.2.0'],
  ] as const) {
    it(`${from} reaches ${to} without NAT`, () => {
      const trace = standardLab().sendOne(from, to);
      expect(trace.disposition, trace.reason).to.equal('answered');
      expect(trace.responder?.seenSource).to.equal(source);
      for (const hop of [...trace.hops, ...trace.answerHops]) {
        expect(hop.after).to.deep.equal(hop.before);
      }
    });
  }
});

describe('containers of one pod (T2)', () => {
  it('share localhost: the packet never leaves the pod', () => {
    const trace = standardLab().sendOne('p2', '127.0.0.1:8080');
    expect(trace.disposition).to.equal('answered');
    expect(pathOf(trace.hops)).to.deep.equal(['n1/lo']);
    expect(trace.responder?.seenSource).to.equal('127.0.0.1');
  });

  it('reach each other by the pod address too, and refuse where nobody listens', () => {
    const lab = standardLab();
    expect(lab.sendOne('p2', '10.244.1.6:8080').disposition).to.equal('answered');
    expect(lab.sendOne('p2', '127.0.0.1:8081').disposition).to.equal('refused-by-listener');
    expect(lab.sendOne('p1', '127.0.0.1:8080').disposition).to.equal('refused-by-listener');
  });
});

describe('a pod on the same node (T3)', () => {
  const trace = standardLab().sendOne('p1', '10.244.1.6:8080');

  it('is reached by veth, bridge and veth, and so is the way back', () => {
    expect(pathOf(trace.hops)).to.deep.equal(['n1/veth', 'n1/cni0', 'n1/veth']);
    expect(pathOf(trace.answerHops)).to.deep.equal(['n1/veth', 'n1/cni0', 'n1/veth']);
  });

  it('is found on the bridge by ARP', () => {
    const bridge = trace.hops[1]!;
    expect(bridge.steps).to.deep.include({
      place: 'cni0',
      action: 'ARP',
      detail: '10.244.1.6 is lab/p2',
    });
  });
});

describe('a pod on another node (T4)', () => {
  it('is reached through the VXLAN tunnel: outer node addresses, inner pod addresses', () => {
    const { hops, answerHops } = standardLab().sendOne('p1', '10.244.2.8:8080');
    const there = ['n1/veth', 'n1/cni0', 'n1/flannel.1', 'n2/flannel.1', 'n2/cni0', 'n2/veth'];
    expect(pathOf(hops)).to.deep.equal(there);
    expect(pathOf(answerHops)).to.deep.equal(there.map(swapNodes).reverse().map(swapNodes));
    const tunnel = hops[2]!;
    expect(tunnel.encapsulation).to.deep.equal({
      kind: 'vxlan',
      src: '192.168.1.10',
      dst: '192.168.1.11',
    });
    expect(formatTuple(tunnel.before)).to.equal('10.244.1.5:40000 → 10.244.2.8:8080');
    expect(hops[0]!.encapsulation).to.equal(undefined);
    expect(hops[5]!.encapsulation).to.equal(undefined);
  });

  it('is reached by plain routes with host-gw', () => {
    const { hops } = standardLab({ mode: 'host-gw' }).sendOne('p1', '10.244.2.8:8080');
    const path = ['n1/veth', 'n1/cni0', 'n1/eth0', 'n2/eth0', 'n2/cni0', 'n2/veth'];
    expect(pathOf(hops)).to.deep.equal(path);
    expect(hops.every(({ encapsulation }) => encapsulation === undefined)).to.equal(true);
  });
});

describe('a pod that was created anew (T7)', () => {
  it('has a new address; the old one fails, the Service does not', () => {
    const lab = standardLab();
    lab.network.detachPod('n2', 'lab/p3');
    const anew = lab.pod('p3', 'n2', undefined, [tcp(8080)]);
    expect(anew.addresses).to.deep.equal(['10.244.2.9']);
    lab.service({ clusterIP: '10.96.0.21', endpoints: ['10.244.2.9:8080'] });
    expect(lab.sendOne('p1', '10.244.2.8:8080').disposition).to.equal('host-unreachable');
    expect(lab.sendOne('p1', '10.96.0.21:80').disposition).to.equal('answered');
  });
});

describe('a ClusterIP (T8)', () => {
  it('becomes the pod on the way there and itself again on the way back', () => {
    const lab = standardLab();
    lab.service({ clusterIP: '10.96.0.20', endpoints: ['10.244.2.8:8080'] });
    const { hops, answerHops } = lab.sendOne('p1', '10.96.0.20:80', { sport: 54_321 });
    expect(formatTuple(hops[0]!.before)).to.equal('10.244.1.5:54321 → 10.96.0.20:80');
    expect(formatTuple(hops.at(-1)!.after)).to.equal('10.244.1.5:54321 → 10.244.2.8:8080');
    expect(formatTuple(answerHops[0]!.before)).to.equal('10.244.2.8:8080 → 10.244.1.5:54321');
    expect(formatTuple(answerHops.at(-1)!.after)).to.equal('10.96.0.20:80 → 10.244.1.5:54321');
  });
});

describe('three endpoints (T10)', () => {
  it('get exactly one third each, in the order of the rules', () => {
    const lab = standardLab();
    lab.pod('p4', 'n2', undefined, [tcp(8080)]);
    const endpoints = ['10.244.1.6:8080', '10.244.2.8:8080', '10.244.2.9:8080'];
    lab.service({ name: 'backend', clusterIP: '10.96.0.20', endpoints });
    const traces = lab.send('p1', '10.96.0.20:80');
    expect(traces.map(({ responder }) => responder?.name)).to.deep.equal([
      'lab/p2',
      'lab/p3',
      'lab/p4',
    ]);
    expect(traces.map(({ probability }) => formatRatio(probability))).to.deep.equal([
      '1/3',
      '1/3',
      '1/3',
    ]);
    const chosen = traces[1]!.hops[1]!.steps[0]!;
    expect(chosen.place).to.equal('nat/PREROUTING');
    expect(chosen.action).to.equal('DNAT');
    expect(chosen.detail).to.match(
      /^to 10\.244\.2\.8:8080 {2}KUBE-SVC-[A-Z2-7]{16} lab\/backend, 2 of 3$/,
    );
  });
});

/** The same device on the other node. */
function swapNodes(place: string): string {
  return place.startsWith('n1') ? place.replace('n1', 'n2') : place.replace('n2', 'n1');
}
