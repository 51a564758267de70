// Where a packet ends: at a socket that answers, at a port where nothing listens, or back at the
// one who sent it.

import type { Daemon, Machine } from '../node/machine';
import type { PodSandbox } from '../node/pod-sandbox';
import type { Disposition } from '../values/disposition';
import { reversed } from '../values/flow';
import { formatEndpoint } from '../values/ip';
import { ZERO } from '../values/time';
import type { Duration } from '../values/time';
import { explainHostSilence, explainSilence } from './explain';
import { hostName } from './fabric';
import type { ExternalHost } from './fabric';
import type { Flight, Outcome, Place } from './flight';
import { join, workOf } from './impairments';
import { isOwn } from './link-walk';
import { noteListeners, noteProcesses } from './node-readings';
import { passAnswer, passIn } from './passage';
import type { Walk } from './walk';

/** In the network namespace of a pod. */
export function reachPod(
  walk: Walk,
  flight: Flight,
  { sandbox, looped }: Extract<Place, { at: 'pod' }>,
): readonly Flight[] {
  const name = walk.ground.nameOfPod(sandbox.podKey);
  const { tuple } = flight.packet;
  if (!looped) {
    flight.log?.enter(sandbox.node, 'veth', tuple);
    // source: net/ipv4/fib_frontend.c fib_validate_source (a martian source)
    if (isOwn(sandbox, tuple.src)) {
      const reason = `${name} discarded it: it claims to come from the pod's own ${tuple.src}`;
      return walk.lose(flight, 'dropped', reason);
    }
    const { podKey: pod, node: host } = sandbox;
    const stopped = passIn(walk, flight, { pod, host }, { at: 'pod-out', sandbox });
    if (stopped !== undefined) return stopped;
  }
  const isSender = 'sandbox' in walk.sender && walk.sender.sandbox === sandbox;
  if (flight.leg === 'answer') return comeHome(walk, flight, isSender, name);
  const port = Number(tuple.dport);
  noteProcesses(sandbox);
  const process = sandbox.listenerOn(tuple.protocol, port, tuple.dst);
  const silence = process === undefined ? explainSilence(sandbox, tuple.protocol, port) : '';
  flight.server = sandbox;
  const isStopped = (process?.stoppedBy.size ?? 0) > 0;
  const blames = [`Pod/${sandbox.podKey}`];
  const lateness = sandbox.answerDelay();
  const socket = { name, key: sandbox.podKey, silence, isStopped, blames, lateness };
  return respond(walk, flight, socket, { at: 'pod-out', sandbox });
}

/** At the sockets of a host: host-network pods and the node's own processes. */
export function reachHost(walk: Walk, flight: Flight, machine: Machine): readonly Flight[] {
  const { sender } = walk;
  const stopped = passIn(walk, flight, { host: machine.name }, { at: 'host-out', machine });
  if (stopped !== undefined) return stopped;
  const isSender = 'machine' in sender && sender.machine === machine;
  if (flight.leg === 'answer') return comeHome(walk, flight, isSender, machine.name);
  const { protocol, dport, dst } = flight.packet.tuple;
  noteListeners(machine);
  const listener = machine.hostListener(protocol, Number(dport), dst);
  const isSilent = listener === undefined;
  const silence = isSilent ? explainHostSilence(machine, protocol, Number(dport)) : '';
  flight.server = listener !== undefined && 'podKey' in listener ? listener : machine;
  const socket = socketOf(walk, machine, listener);
  const process =
    listener !== undefined && 'podKey' in listener
      ? listener.listenerOn(protocol, Number(dport), dst)
      : undefined;
  const isStopped = (process?.stoppedBy.size ?? 0) > 0;
  const lateness = 'answerDelay' in flight.server ? flight.server.answerDelay() : ZERO;
  const taken = { ...socket, silence, isStopped, lateness };
  return respond(walk, flight, taken, { at: 'host-out', machine });
}

export function reachExternal(
  walk: Walk,
  flight: Flight,
  external: ExternalHost,
): readonly Flight[] {
  const name = hostName(external);
  const { sender } = walk;
  const { tuple } = flight.packet;
  flight.log?.enter(name, 'eth0', tuple);
  const stopped = passIn(walk, flight, { host: name }, { at: 'external-out', external });
  if (stopped !== undefined) return stopped;
  const isSender = 'external' in sender && sender.external === external;
  if (flight.leg === 'answer') return comeHome(walk, flight, isSender, name);
  const { protocol, dport } = tuple;
  const listens = external.listen.some((it) => it.port === dport && it.protocol === protocol);
  const silence = listens ? '' : `nothing listens on ${dport}`;
  const place = { at: 'external-out', external } as const;
  const socket = { name, key: name, silence, isStopped: false, blames: [], lateness: ZERO };
  return respond(walk, flight, socket, place);
}

/** Who takes the packet; `silence` says why nobody does, empty where somebody does. */
interface Socket {
  /** As people call it. */
  readonly name: string;
  /** As the trace names the responder. */
  readonly key: string;
  readonly silence: string;
  /** Whether the process that took the port is stopped: the kernel answers, and nobody else. */
  readonly isStopped: boolean;
  /** How long the process takes to answer. */
  readonly lateness: Duration;
  readonly blames: readonly string[];
}

function socketOf(
  walk: Walk,
  machine: Machine,
  listener: PodSandbox | Daemon | undefined,
): Omit<Socket, 'silence' | 'isStopped' | 'lateness'> {
  if (listener === undefined || !('podKey' in listener)) {
    const name = `node/${machine.name}`;
    return { name, key: name, blames: [`Node/${machine.name}`] };
  }
  const { podKey } = listener;
  return { name: walk.ground.nameOfPod(podKey), key: podKey, blames: [`Pod/${podKey}`] };
}

/** The socket answers, or the kernel does in its place; the answer goes back by itself. */
function respond(walk: Walk, flight: Flight, socket: Socket, from: Place): readonly Flight[] {
  const { tuple } = flight.packet;
  const { dst, dport, src, protocol } = tuple;
  const place = `${'sandbox' in from ? 'pod' : 'host'} ${socket.name}`;
  flight.responder = { name: socket.key, address: dst, port: Number(dport), seenSource: src };
  if (flight.packet.kind === 'out-of-window' && knows(walk, flight)) {
    return walk.end(flight, outcome('answered', socket, `${socket.name} knows its connection`));
  }
  // An echo request needs no listener.
  const isTaken = socket.silence === '' || protocol === 'ICMP';
  if (isTaken && !knows(walk, flight)) {
    const why = 'its process knows no such connection';
    flight.log?.step(place, 'RST', why);
    const ending = outcome('connection-reset', socket, `${socket.name} reset it: ${why}`);
    return reply(walk, flight, 'reset', ending, from);
  }
  if (isTaken && socket.isStopped && protocol !== 'ICMP') return stall(walk, flight, socket, from);
  if (isTaken) {
    flight.log?.step(place, 'answered', `on ${formatEndpoint(dst, dport)}`);
    const reason = `${socket.name} answered on ${formatEndpoint(dst, dport)}`;
    const { lateness } = socket;
    if (lateness > 0) flight.stretch = join(flight.stretch, workOf(lateness));
    return reply(walk, flight, 'answer', outcome('answered', socket, reason), from);
  }
  const word = protocol === 'TCP' ? 'RST' : 'ICMP error';
  flight.log?.step(place, word, socket.silence);
  const isOpen = walk.session !== undefined && protocol === 'TCP';
  const disposition = isOpen ? 'connection-reset' : 'refused-by-listener';
  const reason = `${socket.name} refused it: ${socket.silence}`;
  const kind = protocol === 'TCP' ? 'reset' : 'icmp-error';
  return reply(walk, flight, kind, outcome(disposition, socket, reason), from);
}

/** The process is stopped: the kernel takes the connection for it, and no datagram is read. */
function stall(walk: Walk, flight: Flight, socket: Socket, from: Place): readonly Flight[] {
  const { tuple } = flight.packet;
  const reason = `the process of ${socket.name} is stopped and does not answer`;
  flight.log?.step(`${'sandbox' in from ? 'pod' : 'host'} ${socket.name}`, 'no answer', reason);
  if (tuple.protocol !== 'TCP') return walk.lose(flight, 'unanswered', reason, socket.blames);
  return reply(walk, flight, 'answer', outcome('unanswered', socket, reason), from);
}

function outcome(disposition: Disposition, { blames }: Socket, reason: string): Outcome {
  return { disposition, otherwise: 'answer-lost', reason, blames };
}

function reply(
  walk: Walk,
  flight: Flight,
  kind: 'answer' | 'reset' | 'icmp-error',
  ending: Outcome,
  from: Place,
): readonly Flight[] {
  walk.answer(flight, kind, reversed(flight.packet.tuple), ending);
  return flight.to(from);
}

/** Whether the server's socket belongs to the connection that the packet claims to be of. */
function knows(walk: Walk, flight: Flight): boolean {
  const { session } = walk;
  const { tuple } = flight.packet;
  if (session === undefined || tuple.protocol !== 'TCP') return true;
  const { serverTuple } = session;
  const isSame =
    tuple.src === serverTuple.src &&
    tuple.sport === serverTuple.sport &&
    tuple.dst === serverTuple.dst &&
    tuple.dport === serverTuple.dport;
  return isSame && session.server.isAlive();
}

/** The answer is back at a sender; it must be the right one, and look as its socket expects. */
function comeHome(walk: Walk, flight: Flight, isSender: boolean, name: string): readonly Flight[] {
  const { tuple } = flight.packet;
  if (!isSender) {
    return walk.lose(flight, 'answer-lost', `it went to ${name}, which had asked nothing`);
  }
  if (!walk.isExpected(flight)) {
    const from = formatEndpoint(tuple.src, tuple.sport);
    const reason = `it reached ${name} from ${from}, an address that it never called`;
    return walk.lose(flight, 'answer-untranslated', reason);
  }
  return passAnswer(walk, flight) ?? walk.end(flight, flight.outcome!);
}
