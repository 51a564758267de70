// Asks the network what becomes of one packet: every way that it can take, each with its exact
// probability, and the answer walked back on a way of its own. Nothing is changed by asking.

import type { FiveTuple, Port } from '../values/flow';
import { familyOf } from '../values/ip';
import type { IP } from '../values/ip';
import type { Destination, Origin } from '../values/origin';
import type { PacketKind } from '../values/packet';
import { CERTAIN } from '../values/ratio';
import type { Duration, Instant } from '../values/time';
import type { Disposition } from '../values/disposition';
import type { Trace } from '../values/trace';
import { isLoopback } from '../node/machine';
import type { PodSandbox } from '../node/pod-sandbox';
import { reachExternal, reachHost, reachPod } from './deliver';
import { hostName } from './fabric';
import { compareTurns, Flight } from './flight';
import type { Place } from './flight';
import { HopLog } from './hop-log';
import { enterHost, routeIn, routeOut, sendErrorFromHost, sendFromHost } from './host-walk';
import { isOnItsOwn, knownEndings } from './known-ways';
import type { Remember } from './known-ways';
import { carry, carryBalanced, leavePod } from './link-walk';
import { noteProcesses, rulesetsOn } from './node-readings';
import { passDialled } from './passage';
import { withMessages } from './path-mtu';
import { connectSocket } from './socket-walk';
import { bareFrames, withTransmission } from './transmission';
import { Walk } from './walk';
import type { Ending, Ground, Sender, Session, Visit } from './walk';

/**
 * The source port of a question. No connection is ever opened from it (connections.ts), so a
 * question is always about a new flow.
 */
export const PROBE_PORT = 40_000;

export interface SendOptions {
  /** The source port; the probe's own by default. */
  readonly sport?: number;
  /** The source address, where the sender has several; the one that routing chooses by default. */
  readonly src?: IP;
  /** The node to which a client outside is routed for an address that nobody announces. */
  readonly via?: string;
  /** Bytes of data in one message and in its answer; just a first small packet by default. */
  readonly size?: number;
  /** It stands for a stream of such packets: how often one leaves. */
  readonly interval?: Duration;
  /** An earlier connection of the same client, as if that one had been opened. */
  readonly since?: Visit;
  /** Whether it stands for a connection that is held open for long, so that cuts may keep it. */
  readonly isKept?: boolean;
  /** Whether hops are written down; verdict and tuples come in any case. Default: true. */
  readonly record?: boolean;
}

/** A packet that is put on its way. */
export interface Sending {
  readonly sender: Sender;
  readonly sent: FiveTuple;
  readonly kind: PacketKind;
  readonly session?: Session;
  readonly via?: string;
  readonly since?: Visit;
  /** Whether the source port is only the probe's, and a client could have any other. */
  readonly isAnyPort?: boolean;
  /** See SendOptions. */
  readonly isKept?: boolean;
  readonly interval?: Duration | undefined;
}

/** What the network must offer for a sender to be found. */
export interface SendGround extends Ground {
  readonly now: Instant;
  /** The same, for walks (Kernel.quietNow). */
  readonly quietNow: Instant;
  /** The running sandbox of a pod by `namespace/name`. */
  sandboxOf(podKey: string): PodSandbox | undefined;
  external(name: string): Sender | undefined;
}

/**
 * Every way of a new flow's first packet. The probabilities add up to 1. `remember`: so that only
 * those are walked that are not known.
 */
export function send(
  ground: SendGround,
  from: Origin,
  to: Destination,
  options: SendOptions = {},
  remember?: Remember,
): readonly Trace[] {
  const prepared = prepare(ground, from, to, options.sport ?? PROBE_PORT);
  if ('disposition' in prepared) return [prepared];
  const { src, via, since, size, sport, interval, isKept = false } = options;
  const record = size !== undefined || (options.record ?? true);
  const sent = src === undefined ? prepared.sent : { ...prepared.sent, src };
  const context = { ...(via !== undefined && { via }), ...(since !== undefined && { since }) };
  const isAnyPort = sport === undefined;
  const sending = { ...prepared, sent, isAnyPort, isKept, interval, ...context };
  // What a client was known by before is no part of what is remembered.
  const known = since === undefined ? remember : undefined;
  const frames = bareFrames(sent);
  const traces = walkPacket(ground, sending, record, known).map(({ trace }) =>
    withTransmission(trace, frames),
  );
  return size === undefined ? traces : traces.map((it) => withMessages(ground, it, size));
}

/** The ways in which a connection would be answered now, with what each would leave behind. */
export function visit(ground: SendGround, from: Origin, to: Destination): readonly Visit[] {
  const prepared = prepare(ground, from, to, PROBE_PORT);
  if ('disposition' in prepared) return [];
  return walkPacket(ground, { ...prepared, isAnyPort: true }, false)
    .filter(({ trace }) => trace.disposition === 'answered')
    .map(({ trace, flight }) => ({ at: ground.now, trace, notes: flight.recentSets }));
}

/** Who sends, and with which tuple; or the trace of a packet that never leaves. */
export function prepare(
  ground: SendGround,
  from: Origin,
  to: Destination,
  sport: Port,
): Sending | Trace {
  const sender = senderOf(ground, from);
  const tuple = { protocol: to.protocol, sport, dst: to.address, dport: to.port };
  const nowhere = (to.address.includes(':') ? '::' : '0.0.0.0') as IP;
  if (typeof sender === 'string') {
    return unsent('pod-gone', { ...tuple, src: nowhere }, sender);
  }
  if ('machine' in sender && !sender.machine.powered) {
    const { name } = sender.machine;
    return unsent(
      'node-down',
      { ...tuple, src: nowhere },
      `${name}, which should send it, has no power`,
    );
  }
  if ('machine' in sender && sender.machine.stoppedBy.size > 0) {
    const reason = `${sender.machine.name}, which should send it, is stopped`;
    return unsent('node-frozen', { ...tuple, src: nowhere }, reason);
  }
  const src = sourceOf(sender, to.address);
  if (src === undefined) {
    const reason = `the sender has no ${familyOf(to.address)} address or no route to ${to.address}`;
    return unsent('no-route', { ...tuple, src: nowhere }, reason);
  }
  return { sender, sent: { ...tuple, src }, kind: 'syn' };
}

/** Follows the packet on all its ways; its ends in the order of the rules that part them. */
export function walkPacket(
  ground: SendGround,
  { kind, ...sending }: Sending,
  record: boolean,
  remember?: Remember,
): readonly Ending[] {
  const { sender, sent } = sending;
  const now = ground.quietNow;
  const walk = new Walk({ session: undefined, ...sending, ground, now, isRecorded: record });
  const begin = (own: Walk): readonly Flight[] => {
    const log = record ? new HopLog() : undefined;
    const first = new Flight({ tuple: sent, kind, mark: 0 }, startOf(sender), log);
    return passDialled(own, first) ?? connectSocket(own, first);
  };
  const endings =
    remember === undefined
      ? follow(walk, begin(walk))
      : knownEndings(walk, begin, follow, remember);
  return endings.toSorted(compareTurns);
}

/** Follows packets to all ends; those that are on their own go `apart`, where that is asked for. */
function follow(walk: Walk, flights: readonly Flight[], apart?: Flight[]): readonly Ending[] {
  const waiting = [...flights];
  for (let flight = waiting.pop(); flight !== undefined; flight = waiting.pop()) {
    if (apart !== undefined && isOnItsOwn(flight)) apart.push(flight);
    else waiting.push(...advance(walk, flight));
  }
  return walk.endings;
}

/** Handles the packet where it is; what comes back is where it can be next. */
function advance(walk: Walk, flight: Flight): readonly Flight[] {
  const { place } = flight;
  flight.isTurnedBack = false;
  switch (place.at) {
    case 'host-in':
      return enterHost(walk, flight, place.machine, place);
    case 'chosen-in':
      return routeIn(walk, flight, place.machine, place);
    case 'host-out':
      return sendFromHost(walk, flight, place.machine);
    case 'chosen-out':
      return routeOut(walk, flight, place.machine, place.device);
    case 'error-out':
      return sendErrorFromHost(walk, flight, place.machine);
    case 'host':
      return reachHost(walk, flight, place.machine);
    case 'pod-out':
      return leavePod(walk, flight, place.sandbox);
    case 'pod':
      return reachPod(walk, flight, place);
    case 'external-out':
      return leaveExternal(walk, flight, place);
    case 'external':
      return reachExternal(walk, flight, place.external);
  }
}

/** An external host knows the addresses of hosts; those of pods and Services mean nothing to it. */
function leaveExternal(
  walk: Walk,
  flight: Flight,
  { external }: Extract<Place, { at: 'external-out' }>,
): readonly Flight[] {
  const { tuple } = flight.packet;
  const name = hostName(external);
  flight.log?.enter(name, 'eth0', tuple);
  const { fabric, machines } = walk.ground;
  const host = fabric.hostAt(tuple.dst) ?? machines.get(walk.via ?? '');
  if (host !== undefined) return carry(walk, flight, name, host);
  const announced = carryBalanced(walk, flight, name);
  if (announced !== undefined) return announced;
  return walk.lose(flight, 'lost', `no router on the way from ${name} knows ${tuple.dst}`);
}

function senderOf(ground: SendGround, from: Origin): Sender | string {
  if ('external' in from) {
    return ground.external(from.external) ?? `there is no external/${from.external}`;
  }
  if ('node' in from) {
    const machine = ground.machines.get(from.node);
    return machine === undefined ? `there is no node ${from.node}` : { machine };
  }
  const sandbox = ground.sandboxOf(from.pod);
  const name = ground.nameOfPod(from.pod);
  if (sandbox === undefined) return `${name}, which should send it, is not running`;
  noteProcesses(sandbox);
  const processes = [...sandbox.processes.values()];
  const sending = processes.filter(
    (it) => from.container === undefined || it.container === from.container,
  );
  if (processes.length > 0 && sending.every(({ state }) => state === 'exited')) {
    return `${name}, which should send it, has no running container`;
  }
  if (!sandbox.hostNetwork) return { sandbox };
  return { machine: ground.machines.get(sandbox.node)! };
}

function sourceOf(sender: Sender, destination: IP): IP | undefined {
  if ('machine' in sender) {
    // Addresses that rules bind to the host are its own, too.
    rulesetsOn(sender.machine, familyOf(destination));
    return sender.machine.sourceFor(destination);
  }
  if ('sandbox' in sender && isLoopback(destination)) return destination;
  const family = familyOf(destination);
  const addresses = 'sandbox' in sender ? sender.sandbox.addresses : [sender.external.address];
  return addresses.find((address) => familyOf(address) === family);
}

function startOf(sender: Sender): Place {
  if ('machine' in sender) return { at: 'host-out', machine: sender.machine };
  if ('sandbox' in sender) return { at: 'pod-out', sandbox: sender.sandbox };
  return { at: 'external-out', external: sender.external };
}

/** The trace of a packet that nobody could send. */
export function unsent(disposition: Disposition, sent: FiveTuple, reason: string): Trace {
  const nothing = { hops: [], answerHops: [], translations: [], blames: [] };
  return { disposition, probability: CERTAIN, sent, reason, ...nothing };
}
