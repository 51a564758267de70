// What the lab builds is read off the model: no address or route of its own may slip in.

import { expect } from 'chai';
import { labCluster } from './cluster';
import { flowsOf } from './flows';
import { ruleTexts } from './rules';
import { SABOTAGES, spoil } from './sabotage';
import { SERVICES } from './services';
import { topologyOf } from './topology';

const VXLAN = { cni: 'flannel', options: { mode: 'vxlan' } };

describe('the topology of the lab', () => {
  const cluster = labCluster({ ...VXLAN, proxy: 'iptables' }, []);
  const { rooms, cables } = topologyOf(cluster);
  const lines = (name: string): readonly string[] => rooms.find((it) => it.name === name)!.links;

  it('has a room for each node, each pod with an address, and each host outside', () => {
    expect(rooms.map(({ name }) => name).sort()).to.deep.equal([
      'control-plane',
      'external-internet',
      'external-outside',
      'n1',
      'n2',
      ...['a1', 'a2', 'b1', 'b2', 'dead-a', 'dead-b', 'p1', 'p2'].map((pod) => `pod-lab-${pod}`),
      'router',
      'switch',
    ]);
    expect(cables).to.have.length(rooms.length - 1);
  });

  it('gives a node exactly the routes that the model has for it', () => {
    const { routes } = cluster.machines.get('n1')!;
    expect(lines('n1').filter((line) => line.startsWith('route'))).to.have.length(routes.length);
    expect(lines('n1')).to.include('route add 10.244.2.0/24 via 10.244.2.0 onlink dev flannel.1');
  });

  it('leads a tunnel to the other node, and a pod to its bridge', () => {
    expect(rooms.find(({ name }) => name === 'n1')!.forwarding).to.include(
      'fdb append 02:42:0a:f4:02:00 dev flannel.1 dst 192.168.1.11',
    );
    expect(lines('pod-lab-p1')).to.include('route add default via 10.244.1.1 dev eth0');
  });

  it('gives a pod without a bridge a pair of devices of its own, and a gateway that nobody has', () => {
    const setting = { cni: 'calico', options: { mode: 'bgp' }, proxy: 'iptables' };
    const calico = labCluster(setting, []);
    const built = topologyOf(calico);
    const room = (name: string) => built.rooms.find((it) => it.name === name)!;
    const [address] = calico.machines
      .get('n1')!
      .routes.filter(({ device }) => device.startsWith('cali'));
    const { destination, device } = address!;
    expect(room('n1').links).to.include(`route add ${destination} dev ${device}`);
    expect(room('n1').deviceSettings).to.include({ [`net/ipv4/conf/${device}/proxy_arp`]: 1 });
    expect(
      room('n1').links.filter((line) => line.startsWith('route add blackhole')),
    ).to.have.length(1);
    expect(room('pod-lab-p1').links).to.include.members([
      'route add 169.254.1.1/32 dev eth0 scope link',
      'route add default via 169.254.1.1 dev eth0',
    ]);
  });

  it('sends nothing back by the port it came in where the CNI has no hairpin mode', () => {
    const setting = { cni: 'bridge', options: { hairpinMode: false }, proxy: 'iptables' };
    const [node] = topologyOf(labCluster(setting, [])).rooms.filter(({ name }) => name === 'n1');
    expect(node!.links.filter((line) => line.endsWith('hairpin off'))).to.have.length(4);
  });
});

describe('the table of flows', () => {
  const cluster = labCluster({ ...VXLAN, proxy: 'iptables' }, SERVICES);
  const flows = flowsOf(cluster, SERVICES);

  it('asks each question once, and is as large as the lab promises', () => {
    expect(new Set(flows.map(({ title }) => title)).size).to.equal(flows.length);
    expect(flows.length).to.be.at.least(200);
  });

  it('meets every outcome that the data plane can have', () => {
    const bridged = { cni: 'bridge', options: { hairpinMode: false }, proxy: 'iptables' };
    const fates = [cluster, labCluster(bridged, SERVICES)].flatMap((model) =>
      flowsOf(model, SERVICES).flatMap(({ from, to }) => model.send(from, to)),
    );
    const dispositions = new Set(fates.map(({ disposition }) => disposition));
    for (const fate of [
      'answered',
      'refused-by-listener',
      'dropped',
      'no-endpoints',
      'no-local-endpoints',
      'lost',
      'pod-gone',
      'host-unreachable',
      'answer-untranslated',
    ] as const) {
      expect(dispositions, fate).to.include(fate);
    }
  });
});

describe('sabotage', () => {
  for (const sabotage of SABOTAGES) {
    it(`finds a rule to spoil: ${sabotage.title}, ${sabotage.proxy}`, () => {
      const cluster = labCluster({ ...VXLAN, proxy: sabotage.proxy }, SERVICES);
      const texts = ruleTexts(cluster.machines.get('n1')!);
      expect(spoil(texts, sabotage)).not.to.deep.equal(texts);
    });
  }
});
