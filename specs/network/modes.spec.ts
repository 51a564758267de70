// The same flows through whole nodes in every mode of kube-proxy: who answers, what the nodes on
// the way have written down, and where the modes differ for a client (services §6, §6b, §9, §15).

import { expect } from 'chai';
import { PROXY_MODES } from '../../src/node/proxy/index';
import { entriesOf, standardLab } from './lab';
import type { Lab, LabOptions } from './lab';

function labOf(proxy: string, options: LabOptions = {}): Lab {
  const lab = standardLab({ cni: 'bridge', hairpinMode: true, proxy, ...options });
  const endpoints = ['10.244.1.6:8080', '10.244.2.8:8080'];
  lab.service({ name: 'web', clusterIP: '10.96.0.21', nodePort: 30_081, endpoints });
  lab.service({ name: 'empty', clusterIP: '10.96.0.22', nodePort: 30_082, endpoints: [] });
  lab.service({ name: 'near', clusterIP: '10.96.0.23', endpoints: ['10.244.1.6:8080'] });
  lab.service({
    name: 'far',
    clusterIP: '10.96.0.24',
    nodePort: 30_084,
    endpoints: ['10.244.2.8:8080'],
  });
  return lab;
}

function respondersOf(lab: Lab, from: string, to: string): (string | undefined)[] {
  return lab.send(from, to).map(({ disposition, responder }) => {
    return disposition === 'answered' ? responder?.name : disposition;
  });
}

const BOTH = ['lab/p2', 'lab/p3'];

for (const { name: mode } of PROXY_MODES) {
  describe(`nodes in ${mode} mode`, () => {
    const lab = labOf(mode);

    it('take pods, hosts and outsiders to every endpoint and back', () => {
      expect(respondersOf(lab, 'p1', '10.96.0.21:80')).to.deep.equal(BOTH);
      expect(respondersOf(lab, 'n1', '10.96.0.21:80')).to.deep.equal(BOTH);
      expect(respondersOf(lab, 'outside', '192.168.1.10:30081')).to.deep.equal(BOTH);
      expect(respondersOf(lab, 'p1', '192.168.1.11:30081')).to.deep.equal(BOTH);
      expect(respondersOf(lab, 'n2', '192.168.1.10:30081')).to.deep.equal(BOTH);
    });

    it('let a pod reach itself', () => {
      expect(respondersOf(lab, 'p2', '10.96.0.23:80')).to.deep.equal(['lab/p2']);
    });

    it('say that a Service has no endpoints', () => {
      const inside = mode === 'ebpf' ? 'host-unreachable' : 'no-endpoints';
      expect(respondersOf(lab, 'p1', '10.96.0.22:80')).to.deep.equal([inside]);
      expect(respondersOf(lab, 'n1', '10.96.0.22:80')).to.deep.equal([inside]);
      expect(respondersOf(lab, 'outside', '192.168.1.10:30082')).to.deep.equal(['no-endpoints']);
      expect(lab.sendOne('p1', '10.96.0.22:80').blames).to.deep.equal(['Service/lab/empty']);
    });

    it('keep an open connection when its endpoint leaves the rules', () => {
      const own = labOf(mode);
      const to = { address: '10.96.0.24', port: 80, protocol: 'TCP' } as never;
      const [connection] = own.network.open({ pod: 'lab/p1' }, to);
      own.reprogram([{ name: 'far', clusterIP: '10.96.0.24', endpoints: ['10.244.1.6:8080'] }]);
      const fates = own.network.proceed(connection!).map(({ disposition }) => disposition);
      expect(fates).to.deep.equal(['answered']);
    });
  });
}

describe('the modes differ for a client', () => {
  const fates = (from: string, to: string) =>
    Object.fromEntries(
      PROXY_MODES.map(({ name }) => [name, labOf(name).sendOne(from, to).disposition]),
    );

  it('on a port that the Service does not have', () => {
    expect(fates('p1', '10.96.0.21:81')).to.deep.equal({
      ebpf: 'lost',
      iptables: 'lost',
      ipvs: 'rejected',
      nftables: 'rejected',
    });
  });

  it('on an address of the Service range that no Service has', () => {
    expect(fates('p1', '10.96.99.99:80')).to.deep.equal({
      ebpf: 'lost',
      iptables: 'lost',
      ipvs: 'lost',
      nftables: 'dropped',
    });
  });

  it('in what the node of a pod writes down', () => {
    const entries = (from: string) =>
      Object.fromEntries(
        PROXY_MODES.map(({ name }) => {
          return [name, entriesOf(labOf(name).sendOne(from, '10.96.0.24:80'))[0]];
        }),
      );
    const translated = 'n1 10.244.1.5:40000 → 10.96.0.24:80 | 10.244.2.8:8080 → 10.244.1.5:40000';
    expect(entries('p1')).to.deep.equal({
      ebpf: 'n1 10.244.1.5:40000 → 10.244.2.8:8080 | 10.244.2.8:8080 → 10.244.1.5:40000',
      iptables: translated,
      ipvs: translated,
      nftables: translated,
    });
    const masqueraded =
      'n1 192.168.1.10:40000 → 10.96.0.24:80 | 10.244.2.8:8080 → 192.168.1.10:any';
    expect(entries('n1')).to.deep.equal({
      ebpf: 'n1 192.168.1.10:40000 → 10.244.2.8:8080 | 10.244.2.8:8080 → 192.168.1.10:40000',
      iptables: masqueraded,
      // The address is the host's own, so it is also what the host calls itself.
      ipvs: 'n1 10.96.0.24:40000 → 10.96.0.24:80 | 10.244.2.8:8080 → 192.168.1.10:any',
      nftables: masqueraded,
    });
  });

  it('in whose address an endpoint of the entered node sees', () => {
    const seen = Object.fromEntries(
      PROXY_MODES.map(({ name }) => {
        const [near] = labOf(name).send('outside', '192.168.1.10:30081');
        return [name, near!.responder!.seenSource];
      }),
    );
    expect(seen).to.deep.equal({
      ebpf: '192.168.1.100',
      iptables: '10.244.1.1',
      ipvs: '10.244.1.1',
      nftables: '10.244.1.1',
    });
  });
});

describe('a pod that dials the NodePort of another node and is its own endpoint', () => {
  const self = { name: 'self', clusterIP: '10.96.0.25', nodePort: 30_085 };
  const fate = (proxy: string, kubernetes?: string) => {
    const version = kubernetes === undefined ? {} : { kubernetes: kubernetes as never };
    const lab = labOf(proxy, version);
    lab.service({ ...self, endpoints: ['10.244.1.6:8080'], externalPolicyLocal: true });
    return lab.sendOne('p2', '192.168.1.11:30085').disposition;
  };

  it('is answered in iptables mode, and not by the hairpin set of nftables since 1.36', () => {
    expect(fate('iptables')).to.equal('answered');
    expect(fate('nftables', '1.35')).to.equal('answered');
    expect(fate('nftables', '1.36')).to.not.equal('answered');
  });
});

describe('a scheduler that counts', () => {
  it('sends the next connection where fewer stand', () => {
    const lab = labOf('ipvs', { scheduler: 'lc' });
    const to = { address: '10.96.0.24', port: 80, protocol: 'TCP' } as never;
    lab.reprogram([{ name: 'far', clusterIP: '10.96.0.24', endpoints: ['10.244.2.8:8080'] }]);
    lab.network.open({ pod: 'lab/p1' }, to);
    const endpoints = ['10.244.1.6:8080', '10.244.2.8:8080'];
    lab.reprogram([{ name: 'far', clusterIP: '10.96.0.24', endpoints }]);
    expect(respondersOf(lab, 'p1', '10.96.0.24:80')).to.deep.equal(['lab/p2']);
  });
});
