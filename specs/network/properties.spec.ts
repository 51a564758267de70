// Goal: what must hold for every packet, tried on every sender and every destination of a small
// cluster: probabilities are exact, an answer is what the sender asked for, asking changes nothing.

import { expect } from 'chai';

import { ANY_PORT, reversed } from '../../src/values/flow';
import { add, CERTAIN, NEVER } from '../../src/values/ratio';
import type { Trace } from '../../src/values/trace';
import { standardLab, tcp } from './lab';
import type { Lab } from './lab';

const SENDERS = ['p1', 'p2', 'p3', 'host1', 'n1', 'n2', 'outside'] as const;
const DESTINATIONS = [
  '10.244.1.5:8080',
  '10.244.1.6:8080',
  '10.244.2.8:8080',
  '10.244.1.99:8080',
  '10.244.2.99:8080',
  '10.96.0.21:80',
  '10.96.0.22:80',
  '10.96.0.23:80',
  '10.96.0.24:80',
  '10.96.0.99:80',
  '192.168.1.10:30021',
  '192.168.1.10:30022',
  '192.168.1.11:30023',
  '192.168.1.11:30024',
  '192.168.1.10:9090',
  '192.168.1.11:9090',
  '192.168.1.99:80',
  '192.168.1.9:6443',
  '127.0.0.1:30021',
  '127.0.0.1:9090',
  '10.244.1.1:9090',
  '203.0.113.5:443',
  '203.0.113.9:443',
] as const;

function busyLab(cni: string, mode?: string): Lab {
  const lab = standardLab(mode === undefined ? { cni } : { cni, mode });
  lab.hostPod('host1', 'n1', [tcp(9090)]);
  const pods = ['10.244.1.6:8080', '10.244.2.8:8080'];
  lab.service({
    clusterIP: '10.96.0.21',
    nodePort: 30021,
    endpoints: [...pods, '10.244.1.5:8080'],
  });
  lab.service({ clusterIP: '10.96.0.22', nodePort: 30022, endpoints: [] });
  const local = { externalPolicyLocal: true, internalPolicyLocal: true };
  lab.service({ clusterIP: '10.96.0.23', nodePort: 30023, endpoints: pods, ...local });
  const mixed = ['192.168.1.10:9090', '10.244.2.8:8080', '10.244.2.99:8080'];
  lab.service({ clusterIP: '10.96.0.24', nodePort: 30024, endpoints: mixed });
  return lab;
}

for (const [cni, mode] of [['flannel', 'vxlan'], ['flannel', 'host-gw'], ['bridge']] as const) {
  describe(`every packet, with ${cni} ${mode ?? ''}`, () => {
    const lab = busyLab(cni, mode);
    const before = stateOf(lab);
    const all = SENDERS.flatMap((from) =>
      DESTINATIONS.map((to) => ({ says: `${from} → ${to}`, from, to, traces: lab.send(from, to) })),
    );

    it('has ways whose probabilities add up to 1', () => {
      for (const { says, traces } of all) {
        const sum = traces.reduce((total, { probability }) => add(total, probability), NEVER);
        expect(sum, says).to.deep.equal(CERTAIN);
      }
    });

    it('that is answered is answered to the very tuple that was sent', () => {
      let answered = 0;
      for (const { says, trace } of flat(all)) {
        if (trace.disposition !== 'answered') continue;
        answered++;
        expect(trace.answerHops.at(-1)!.after, says).to.deep.equal(reversed(trace.sent));
      }
      expect(answered).to.be.greaterThan(60);
    });

    it('tells why, and where it went', () => {
      for (const { says, trace } of flat(all)) {
        expect(trace.reason, says).to.not.equal('');
        expect(trace.hops.length, says).to.be.greaterThan(
          trace.disposition === 'no-route' ? -1 : 0,
        );
      }
    });

    it('passes hops that join on to each other on one host', () => {
      for (const { says, trace } of flat(all)) {
        for (const hops of [trace.hops, trace.answerHops]) {
          hops.slice(1).forEach((hop, index) => {
            expect(hop.before, says).to.deep.equal(hops[index]!.after);
          });
        }
      }
    });

    it('ends the same without a record', () => {
      for (const { says, from, to, traces } of all) {
        const origin = /^n\d$/.test(from)
          ? { node: from }
          : from === 'outside'
            ? { external: from }
            : { pod: `lab/${from}` };
        const [address, port] = to.split(':');
        const destination = {
          address: address as never,
          port: Number(port),
          protocol: 'TCP',
        } as const;
        const bare = lab.network.send(origin, destination, { record: false });
        expect(fatesOf(bare), says).to.deep.equal(fatesOf(traces));
        expect(
          bare.every(({ hops }) => hops.length === 0),
          says,
        ).to.equal(true);
      }
    });

    it('changes nothing by being asked about', () => {
      expect(stateOf(lab)).to.equal(before);
    });

    it('fails without conntrack: no translated connection has an answer', () => {
      const forgetful = busyLab(cni, mode);
      for (const { conntrack } of forgetful.network.machines.values()) {
        const { overlay } = conntrack;
        conntrack.overlay = () => {
          const table = overlay.call(conntrack);
          const { lookup } = table;
          table.lookup = (...args) => {
            const hit = lookup.apply(table, args);
            return hit?.direction === 'reply' ? undefined : hit;
          };
          return table;
        };
      }
      const fates = forgetful.send('p1', '10.96.0.21:80').map(({ disposition }) => disposition);
      expect(fates).to.not.include('answered');
    });
  });
}

function fatesOf(traces: readonly Trace[]) {
  return traces.map(({ disposition, responder }) => [disposition, responder]);
}

function flat(all: readonly { says: string; traces: readonly Trace[] }[]) {
  return all.flatMap(({ says, traces }) => traces.map((trace) => ({ says, trace })));
}

function stateOf({ network, kernel }: Lab): string {
  const machines = [...network.machines.values()].map((machine) => ({
    name: machine.name,
    entries: machine.conntrack.list(kernel.now),
    sandboxes: [...machine.sandboxes.keys()],
    routes: machine.routes,
    interfaces: machine.interfaces,
  }));
  return JSON.stringify({ machines, journal: kernel.journal.digest, now: kernel.now });
}

describe('a random port', () => {
  it('is shown as such, and only where a rule translates the source', () => {
    const lab = busyLab('flannel', 'vxlan');
    for (const { reply, original } of lab.send('p1', '10.244.2.8:8080')[0]!.translations) {
      expect([reply.dport, original.sport]).to.not.include(ANY_PORT);
    }
    const [masqueraded] = lab
      .send('n1', '10.96.0.24:80')
      .map(({ translations }) => translations[0]!);
    expect(masqueraded!.reply.dport).to.equal(ANY_PORT);
  });
});
