// Goal: what the CNI sets up on a host when somebody looks at it is what it would have set up at
// once, whatever has become of the node meanwhile. Each world is lived through twice: in one of
// them somebody looks at every host after each step.

import { expect } from 'chai';
import { CNI_PLUGINS } from '../../src/node/cni/index';
import type { CniNetwork } from '../../src/node/cni/index';
import { Machine } from '../../src/node/machine';
import { Random } from '../../src/kernel/random';
import type { Stream } from '../../src/kernel/random';
import { renderIptables } from '../../src/node/netfilter/render-iptables';
import type { IP } from '../../src/values/ip';

interface World {
  readonly cni: CniNetwork;
  readonly machines: readonly Machine[];
}

const CLUSTER = {
  ipFamilies: ['IPv4'],
  podCIDRs: ['10.244.0.0/16'],
  nodeCIDRs: ['192.168.1.0/24'],
} as const;

function worldOf(plugin: string): World {
  const cni = CNI_PLUGINS.get(plugin)!.create(CLUSTER, {});
  const machines = [1, 2, 3].map((index) => {
    const addresses = [`192.168.1.1${index}` as IP];
    const gateways = ['192.168.1.1' as IP];
    const { nodeCIDRs } = CLUSTER;
    return new Machine({ name: `worker-${index}`, addresses, nodeCIDRs, gateways });
  });
  return { cni, machines };
}

/** All that anybody can see of a host's network. */
function seenOf({ machines }: World): unknown {
  return machines.map((machine) => ({
    routes: machine.routes,
    interfaces: machine.interfaces,
    rules: [...machine.cniRules.values()].map((it) => renderIptables(it)),
    isLocal: machine.isLocal('10.244.2.1' as IP),
    tunnel: machine.tunnel('IPv4'),
    connections: machine.hasConnections,
  }));
}

/** One thing that happens to a node, drawn once for both worlds. */
function stepFrom(stream: Stream, number: number): (world: World) => unknown {
  const [kind, place] = [stream.below(6), stream.below(3)];
  const range = `10.244.${stream.below(6)}.0/24`;
  return ({ cni, machines }) => {
    const machine = machines[place]!;
    if (kind === 0) return cni.leave(machine);
    if (kind === 1) return machine.powerOff();
    if (kind === 2) return machine.powerOn();
    if (kind < 5 && machine.powered) return cni.join(machine, [range]);
    return machine.powered && cni.attach(machine, `default/pod-${number}`);
  };
}

describe('a host that nobody has looked at', () => {
  for (const plugin of ['flannel', 'bridge', 'kindnet', 'calico']) {
    it(`is as it would be had somebody looked all along (${plugin})`, () => {
      for (let seed = 1; seed <= 60; seed++) {
        const stream = new Random(seed).stream('steps');
        const [late, watched] = [worldOf(plugin), worldOf(plugin)];
        const count = 1 + stream.below(9);
        for (let number = 0; number < count; number++) {
          const step = stepFrom(stream, number);
          expect(step(late), `seed ${seed}`).to.deep.equal(step(watched));
          seenOf(watched);
        }
        expect(seenOf(late), `seed ${seed}`).to.deep.equal(seenOf(watched));
      }
    });
  }

  it('has no tables, also with pods', () => {
    const { cni, machines } = worldOf('flannel');
    const [machine] = machines;
    cni.join(machine!, ['10.244.1.0/24']);
    cni.attach(machine!, 'default/a');
    cni.attach(machine!, 'default/b');
    expect(machine!['made']).to.equal(undefined);
    expect(machine!.interfaces.map(({ name }) => name)).to.deep.equal([
      'lo',
      'eth0',
      'flannel.1',
      'cni0',
    ]);
  });

  it('has nothing without power, and what the operating system brings with it again', () => {
    const [machine] = worldOf('flannel').machines;
    machine!.powerOff();
    expect([machine!.routes, machine!.interfaces]).to.deep.equal([[], []]);
    machine!.powerOn();
    expect(machine!.interfaces.map(({ name }) => name)).to.deep.equal(['lo', 'eth0']);
  });

  it('has the very rules of the same range elsewhere: forks know them again', () => {
    const { cni, machines } = worldOf('flannel');
    for (const machine of machines) cni.join(machine, ['10.244.1.0/24']);
    const rules = machines.map(({ cniRules }) => cniRules.get('IPv4'));
    expect(new Set(rules).size).to.equal(1);
  });
});
