// Goal: a message fits or does not, as the devices and links of its path say: TCP finds its size,
// a datagram is cut up by its sender or lost on the way, and a link that takes less than it should
// swallows in silence. Figures: dns-ipam.md §18.

import { expect } from 'chai';
import { ip } from '../../src/values/ip';
import type { Trace } from '../../src/values/trace';
import { Lab } from './lab';
import type { LabOptions } from './lab';

const LISTEN = [
  { port: 8080, protocol: 'TCP' },
  { port: 53, protocol: 'UDP' },
] as const;

interface Sent {
  readonly from?: 'p1' | 'n1' | 'outside';
  readonly protocol?: 'TCP' | 'UDP';
  /** What the link between the two nodes takes. */
  readonly link?: number;
  readonly options?: LabOptions;
}

/** A message to a pod on another node and its answer. */
function sent(cni: string, size: number, { from = 'p1', protocol = 'TCP', ...more }: Sent = {}) {
  const lab = new Lab({ cni, ...more.options });
  lab.pod('p1', 'n1');
  const [address] = lab.pod('p3', 'n2', undefined, LISTEN).addresses;
  if (more.link !== undefined) narrow(lab, more.link);
  const port = protocol === 'TCP' ? 8080 : 53;
  const origin = { p1: { pod: 'lab/p1' }, n1: { node: 'n1' }, outside: { external: 'outside' } };
  const [trace] = lab.network.send(origin[from], { address: address!, port, protocol }, { size });
  return trace!;
}

function narrow({ network }: Lab, mtu: number): void {
  const side = (name: string) => ({ is: 'hosts', hosts: new Set([name]) }) as const;
  const rule = {
    token: 'narrow',
    from: side('n1'),
    to: side('n2'),
    direction: 'both',
    mtu,
  } as const;
  network.fabric.degradations.set('narrow', [rule]);
}

/** What was done to the message for its size, in both directions. */
function notes({ hops, answerHops }: Trace): readonly string[] {
  return [...hops, ...answerHops].flatMap(({ steps }) =>
    steps.filter(({ place }) => place === 'mtu').map(({ action, detail }) => `${action} ${detail}`),
  );
}

describe('a TCP connection', () => {
  for (const cni of ['flannel', 'calico', 'cilium', 'weave', 'kindnet', 'bridge']) {
    it(`sends what both interfaces take, and nobody complains (${cni})`, () => {
      const trace = sent(cni, 60_000);
      expect(trace.disposition, trace.reason).to.equal('answered');
      expect(notes(trace)).to.deep.equal([]);
    });
  }

  it('hangs with large messages alone where a link takes less than VXLAN needs', () => {
    const fits = 1_400 - 50 - 52;
    expect(sent('flannel', fits, { link: 1_400 }).disposition).to.equal('answered');
    const trace = sent('flannel', fits + 1, { link: 1_400 });
    expect(trace.disposition).to.equal('too-big');
    expect(trace.reason).to.equal(
      'a message of 1299 bytes makes a packet of 1401 bytes, the link from n1 to n2 takes 1400, ' +
        'and nobody says so',
    );
    expect(trace.answerHops, 'it never got an answer').to.deep.equal([]);
  });

  it('loses as much to the header of each tunnel as that one is long', () => {
    const most = (cni: string, overhead: number) =>
      [0, 1].map((more) => sent(cni, 1_400 - overhead - 52 + more, { link: 1_400 }).disposition);
    for (const [cni, overhead] of [
      ['flannel', 50],
      ['weave', 50],
      ['calico', 20],
      ['kindnet', 0],
    ] as const) {
      expect(most(cni, overhead), cni).to.deep.equal(['answered', 'too-big']);
    }
  });
});

describe('a datagram', () => {
  it('is cut up by its sender where its own interface is too small, and arrives', () => {
    const trace = sent('flannel', 4_000, { protocol: 'UDP' });
    expect(trace.disposition, trace.reason).to.equal('answered');
    const cut = 'fragmented by its sender, 3 fragments of at most 1450 bytes';
    expect(notes(trace)).to.deep.equal([cut, cut]);
  });

  it('passes whole up to the last byte of the interface', () => {
    expect(notes(sent('flannel', 1_450 - 28, { protocol: 'UDP' }))).to.deep.equal([]);
    expect(notes(sent('flannel', 1_450 - 27, { protocol: 'UDP' }))).to.have.length(2);
  });

  it('is lost in fragments and whole alike on a link that takes less', () => {
    for (const size of [1_400, 4_000]) {
      expect(sent('kindnet', size, { protocol: 'UDP', link: 1_400 }).disposition).to.equal(
        'too-big',
      );
    }
  });

  it('of a host that fits its own interface and not the pod is lost once, and its sender told', () => {
    const lab = new Lab({ cni: 'flannel' });
    const [address] = lab.pod('p1', 'n1', undefined, LISTEN).addresses;
    lab.network.machines.get('n2')!.routing.add({
      destination: `${address}/32`,
      device: 'eth0',
      via: ip('192.168.1.10'),
    });
    const to = { address: address!, port: 53, protocol: 'UDP' } as const;
    const [trace] = lab.network.send({ node: 'n2' }, to, { size: 1_460 });
    expect(trace!.disposition, trace!.reason).to.equal('too-big');
    expect(trace!.reason).to.equal(
      'a message of 1460 bytes is one packet of 1488 bytes, cni0 of n1 takes 1450; its sender ' +
        'is told, and would send the next one in fragments',
    );
    const [fragmented] = lab.network.send({ node: 'n2' }, to, { size: 3_000 });
    expect(notes(fragmented!)).to.include('fragmented by n1, cni0 takes 1450 bytes');
    const [connection] = lab.network.send(
      { node: 'n2' },
      { ...to, port: 8080, protocol: 'TCP' },
      {
        size: 9_000,
      },
    );
    expect(connection!.disposition).to.equal('answered');
    expect(notes(connection!), 'its SYN said 1450').to.deep.equal([]);
  });
});

describe('jumbo frames', () => {
  it('carry large messages within a VPC', () => {
    expect(notes(sent('aws-vpc', 9_001 - 28, { protocol: 'UDP' }))).to.deep.equal([]);
    expect(notes(sent('aws-vpc', 9_001, { protocol: 'UDP' }))).to.have.length(2);
  });
});

describe('a way between pods that takes less', () => {
  it('is one for every packet of theirs, and for no other one', () => {
    const lab = new Lab({ cni: 'flannel' });
    lab.pod('p1', 'n1');
    lab.pod('p2', 'n1');
    const [address] = lab.pod('p3', 'n2', undefined, LISTEN).addresses;
    const side = (name: string) => ({ is: 'pods', pods: new Set([`lab/${name}`]) }) as const;
    lab.network.fabric.degradations.set('narrow', [
      { token: 'narrow', from: side('p1'), to: side('p3'), direction: 'from', mtu: 1_000 },
    ]);
    const ask = (pod: string, size: number) =>
      lab.network.send({ pod: `lab/${pod}` }, { address: address!, ...LISTEN[0] }, { size })[0]!;
    expect(ask('p1', 1_000 - 52).disposition).to.equal('answered');
    expect(ask('p2', 5_000).disposition).to.equal('answered');
    const trace = ask('p1', 1_000 - 51);
    expect(trace.disposition).to.equal('too-big');
    expect(trace.reason).to.match(/^an answer of 949 bytes makes a packet of 1001 bytes, the way/);
    expect(trace.hops, 'the request got through').to.have.length.greaterThan(3);
  });
});

describe('what is not known', () => {
  it('is said: a refused connection sends no message, and SCTP has rules of its own', () => {
    const lab = new Lab({ cni: 'flannel' });
    lab.pod('p1', 'n1');
    const [address] = lab.pod('p3', 'n2', undefined, [{ port: 1, protocol: 'SCTP' }]).addresses;
    const ask = (port: number, protocol: 'TCP' | 'SCTP') =>
      lab.network.send(
        { pod: 'lab/p1' },
        { address: address!, port, protocol },
        { size: 9_000 },
      )[0]!;
    expect(ask(2, 'TCP').disposition).to.equal('refused-by-listener');
    expect(ask(1, 'SCTP').disposition).to.equal('not-modelled');
  });
});
