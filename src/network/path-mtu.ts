// Whether messages of some size fit through the links of a path that a first, small packet has
// taken: what each sender makes of them, where a packet is too large for a device or a link, and
// whether the sender learns of it.
//
// TCP sends what both ends' interfaces take, with DF, and sends smaller packets when it is told
// to. A UDP datagram goes in fragments where it is larger than the sender's own interface, and
// with DF where it is not; one that is too large on the way is gone, though its sender is told.
// A host tells; a link between hosts that takes less is a black hole.
// source: Linux net/ipv4/ip_forward.c ip_exceeds_mtu, ip_output.c __ip_make_skb, tcp_output.c
// tcp_current_mss; Documentation/networking/ip-sysctl.rst ip_no_pmtu_disc, tcp_mtu_probing (0)

import type { Machine } from '../node/machine';
import { familyOf } from '../values/ip';
import type { IP } from '../values/ip';
import type { Disposition } from '../values/disposition';
import type { Encapsulation } from '../values/packet';
import type { Hop, Step, Trace } from '../values/trace';
import type { Party, Sighting } from './ends';
import { hostName } from './fabric';
import type { Fabric } from './fabric';
import { leastMtu } from './impairments';
import { bareFrames, framesOf, withTransmission } from './transmission';

export interface MtuGround {
  readonly fabric: Fabric;
  readonly machines: ReadonlyMap<string, Machine>;
}

/** Of a link that nobody has said anything about. source: IEEE 802.3 */
const ETHERNET = 1_500;

const IP_HEADER = { IPv4: 20, IPv6: 40 } as const;

/** Linux sends TCP timestamps: 20 bytes and 12 of them. */
const TRANSPORT = { TCP: 32, UDP: 8 } as const;

/** What a tunnel adds over IPv4; the outer header of IPv6 is 20 bytes longer. */
const OVERHEAD: Readonly<Record<Encapsulation['kind'], number>> = {
  geneve: 50,
  ipip: 20,
  vxlan: 50,
};

/** One direction of the exchange. */
type Leg = 'request' | 'answer';

/** A packet under way: its length, and whether somebody on the way may cut it up. */
interface Load {
  length: number;
  readonly mayFragment: boolean;
  readonly isTcp: boolean;
}

interface Stop {
  readonly disposition: Disposition;
  readonly reason: string;
}

/**
 * The same trace where messages of `size` bytes of data get through in both directions; else one
 * that ends where they do not. Only an answered trace with its hops is looked at.
 */
export function withMessages(ground: MtuGround, trace: Trace, size: number): Trace {
  if (trace.disposition !== 'answered') return trace;
  const { protocol } = trace.sent;
  if (protocol !== 'TCP' && protocol !== 'UDP') {
    const reason = `what becomes of large messages over ${protocol} is not modelled`;
    return { ...trace, disposition: 'not-modelled', reason };
  }
  const walker = new MessageWalk(ground, trace, size);
  const hops = walker.send('request', trace.hops);
  const answerHops = walker.stop === undefined ? walker.send('answer', trace.answerHops) : [];
  const passed = { ...trace, ...walker.stop, hops, answerHops };
  if (walker.stop !== undefined) return passed;
  return withTransmission(passed, walker.frames, bareFrames(trace.sent));
}

class MessageWalk {
  stop: Stop | undefined;
  /** What the messages put on the wire, beyond the first packet and its answer. */
  frames = { there: 0, back: 0 };
  private readonly ground: MtuGround;
  private readonly trace: Trace;
  private readonly size: number;

  constructor(ground: MtuGround, trace: Trace, size: number) {
    this.ground = ground;
    this.trace = trace;
    this.size = size;
  }

  /** The hops of one direction with what was done to the message; up to where it is stopped. */
  send(leg: Leg, hops: readonly Hop[]): readonly Hop[] {
    const steps: Step[][] = hops.map(() => []);
    const load = this.loadOf(leg, hops, (step) => steps[0]?.push(step));
    const passed: Hop[] = [];
    this.crossSides(leg, load, (step) => steps[0]?.push(step));
    for (const [index, hop] of hops.entries()) {
      const last = hops[index - 1];
      const notes = steps[index]!;
      if (this.stop === undefined && last !== undefined && last.node !== hop.node) {
        this.passLink(leg, load, last, hop, (step) => steps[index - 1]!.push(step));
      }
      // What comes in at the first device of a host is not measured, only what goes out.
      if (this.stop === undefined && last?.node === hop.node) {
        this.passDevice(leg, load, hop, notes);
      }
      passed.push(hop);
      if (this.stop !== undefined) break;
    }
    if (this.stop === undefined) this.count(leg, load.length);
    return passed.map((hop, index) =>
      steps[index]!.length === 0 ? hop : { ...hop, steps: [...hop.steps, ...steps[index]!] },
    );
  }

  /** A handshake goes before the messages; a datagram is the message. */
  private count(leg: Leg, length: number): void {
    const { sent } = this.trace;
    const before = sent.protocol === 'TCP' ? 0 : bareFrames(sent).there;
    const bytes = framesOf(sent, this.size, length);
    this.frames[leg === 'request' ? 'there' : 'back'] = bytes - before;
    const isWhole = this.size + IP_HEADER[familyOf(sent.src)] + TRANSPORT.UDP <= length;
    if (sent.protocol === 'UDP' && !isWhole) this.crossQueues(leg, bytes);
  }

  /**
   * The fragments of a datagram come all at once, and one that finds no room is missed by all. TCP
   * sends again what was lost, and then less at once.
   * source: net/sched/sch_fifo.c bfifo_enqueue
   */
  private crossQueues(leg: Leg, bytes: number): void {
    const lines = this.trace.stretch?.lines ?? [];
    const own = lines.flatMap((line) => (line.leg === leg ? (line.room ?? []) : []));
    const room = Math.floor(Math.min(...own) / 8);
    if (bytes <= room) return;
    const what = `${sayLeg(leg)} of ${this.size} bytes comes as fragments of ${bytes} bytes`;
    const reason = `${what} at once, and the queue of a bad link has room for ${room}`;
    this.stop = { disposition: 'link-loss', reason };
  }

  /** What the sender makes of the message. */
  private loadOf(leg: Leg, hops: readonly Hop[], note: (step: Step) => void): Load {
    const [first] = hops;
    const { protocol, src } = first?.before ?? this.trace.sent;
    const isTcp = protocol === 'TCP';
    const header = IP_HEADER[familyOf(src)];
    const whole = this.size + header + TRANSPORT[isTcp ? 'TCP' : 'UDP'];
    const own = first === undefined ? ETHERNET : this.ownMtu(first);
    if (isTcp) {
      // Each end says in its SYN what its own interface takes.
      const other = this.otherMtu(leg);
      return { length: Math.min(whole, own, other), mayFragment: false, isTcp };
    }
    const length = Math.min(whole, own);
    if (whole > own) {
      const pieces = Math.ceil((whole - header) / (own - header));
      note(noteOf('fragmented', `by its sender, ${pieces} fragments of at most ${own} bytes`));
    }
    return { length, mayFragment: whole > own && header === IP_HEADER.IPv4, isTcp };
  }

  private passLink(leg: Leg, load: Load, from: Hop, to: Hop, note: (step: Step) => void): void {
    const { encapsulation } = from;
    let wire = load.length;
    if (encapsulation !== undefined) {
      const outer = OVERHEAD[encapsulation.kind] + outerExtra(encapsulation.src);
      const uplink = this.ground.machines.get(from.node)?.device('eth0')?.mtu ?? ETHERNET;
      wire += outer;
      if (wire > uplink && mayCut(encapsulation)) {
        // The outer header has no DF; the other end of the tunnel puts the pieces together.
        // source: drivers/net/vxlan/vxlan_core.c vxlan_xmit_one (df unset)
        note(noteOf('fragmented', `the ${encapsulation.kind} packet of ${wire} bytes`));
        wire = uplink;
      } else if (wire > uplink) {
        this.tell(leg, load, { who: from.node, device: 'eth0', mtu: uplink - outer }, note);
        if (this.stop !== undefined) return;
        wire = load.length + outer;
      }
    }
    this.crossFabric(leg, load, { from: from.node, to: to.node, wire }, note);
  }

  /** Between two hosts there is nobody who would tell; before an external there are routers. */
  private crossFabric(
    leg: Leg,
    load: Load,
    { from, to, wire }: { readonly from: string; readonly to: string; readonly wire: number },
    note: (step: Step) => void,
  ): void {
    const isOutside = [from, to].some((name) => name.startsWith('external/'));
    if (isOutside && wire > ETHERNET) {
      this.tell(leg, load, { who: 'a router', device: 'the way', mtu: ETHERNET }, note);
    }
    const link = this.ground.fabric.mtuOf(from, to);
    if (this.stop !== undefined || link === undefined || wire <= link) return;
    note(noteOf('lost', `${wire} bytes, the link to ${to} takes ${link}`));
    const what = `${sayLeg(leg)} of ${this.size} bytes makes a packet of ${wire} bytes`;
    this.end(`${what}, the link from ${from} to ${to} takes ${link}, and nobody says so`);
  }

  /** A bad way between pods, or to the address that was called, is one as a whole. */
  private crossSides(leg: Leg, load: Load, note: (step: Step) => void): void {
    const { degradations } = this.ground.fabric;
    const { sent, responder } = this.trace;
    const client = this.partyAt(sent.src);
    const server = responder === undefined ? {} : this.partyAt(responder.address);
    const at = (place: 'veth' | 'dial', called: Party, port: unknown): number | undefined => {
      if (!degradations.has(place)) return undefined;
      const [by, to] = leg === 'request' ? [[client], called] : [[called], client];
      const number = typeof port === 'number' ? port : undefined;
      const sighting: Sighting = { by, to, protocol: sent.protocol, port: number, leg };
      return leastMtu(degradations.at(place, sighting));
    };
    const found = [
      at('veth', server, responder?.port) ?? Infinity,
      at('dial', { address: sent.dst }, sent.dport) ?? Infinity,
    ];
    const mtu = Math.min(...found);
    if (load.length <= mtu) return;
    note(noteOf('lost', `${load.length} bytes, the way takes ${mtu}`));
    const what = `${sayLeg(leg)} of ${this.size} bytes makes a packet of ${load.length} bytes`;
    this.end(`${what}, the way between the two takes ${mtu}, and nobody says so`);
  }

  private partyAt(address: IP): Party {
    const { machines, fabric } = this.ground;
    for (const { name, sandboxes } of machines.values()) {
      const sandbox = sandboxes.get(address);
      if (sandbox !== undefined) return { pod: sandbox.podKey, host: name, address };
    }
    const host = fabric.hostAt(address);
    return host === undefined ? { address } : { host: hostName(host), address };
  }

  private passDevice(leg: Leg, load: Load, hop: Hop, notes: Step[]): void {
    const mtu = this.mtuAt(hop, hop.after.dst);
    if (mtu === undefined || load.length <= mtu) return;
    this.tell(leg, load, { who: hop.node, device: hop.device, mtu }, (step) => notes.push(step));
  }

  /** Too large for a device: cut up where that is allowed, else the sender is told the size. */
  private tell(
    leg: Leg,
    load: Load,
    at: { readonly who: string; readonly device: string; readonly mtu: number },
    note: (step: Step) => void,
  ): void {
    const { who, device, mtu } = at;
    if (load.mayFragment) {
      note(noteOf('fragmented', `by ${who}, ${device} takes ${mtu} bytes`));
      load.length = mtu;
      return;
    }
    note(noteOf('fragmentation needed', `${who} tells the sender: ${device} takes ${mtu} bytes`));
    if (load.isTcp) {
      load.length = mtu;
      return;
    }
    const what = `${sayLeg(leg)} of ${this.size} bytes is one packet of ${load.length} bytes`;
    const next = 'its sender is told, and would send the next one in fragments';
    this.end(`${what}, ${device} of ${who} takes ${mtu}; ${next}`);
  }

  private end(reason: string): void {
    this.stop = { disposition: 'too-big', reason };
  }

  /** What the interface of whoever sends takes. */
  private ownMtu(first: Hop): number {
    return this.mtuAt(first, first.before.src) ?? ETHERNET;
  }

  /** What the interface at the other end takes. */
  private otherMtu(leg: Leg): number {
    const { hops, answerHops } = this.trace;
    const [first] = leg === 'request' ? answerHops : hops;
    return first === undefined ? ETHERNET : this.ownMtu(first);
  }

  /** A device of the hop's host; `veth` is the interface of the pod with that address. */
  private mtuAt({ node, device }: Hop, pod: IP): number | undefined {
    const machine = this.ground.machines.get(node);
    if (machine === undefined) return ETHERNET;
    const own = machine.device(device);
    if (own !== undefined || device !== 'veth') return own?.mtu;
    // Both ends of its pair, or the bridge with all of its ports, have the same size.
    return machine.device(machine.routing.lookup(pod)?.device ?? '')?.mtu;
  }
}

function mayCut({ kind, src }: Encapsulation): boolean {
  return kind !== 'ipip' && familyOf(src) === 'IPv4';
}

function outerExtra(outer: IP): number {
  return IP_HEADER[familyOf(outer)] - IP_HEADER.IPv4;
}

function noteOf(action: string, detail: string): Step {
  return { place: 'mtu', action, detail };
}

function sayLeg(leg: Leg): string {
  return leg === 'request' ? 'a message' : 'an answer';
}
