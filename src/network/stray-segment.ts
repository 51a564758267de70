// What a segment out of the window does to an open connection. Where nobody on its way translates
// or drops it, it comes to somebody who knows no such connection, and whose kernel answers with a
// RST. To a segment of the server that RST ends the server's side; to one of the client it comes
// from the very address that the client has dialled, and ends the client's.
// source: kubernetes#74839; net/ipv4/tcp_ipv4.c tcp_v4_rcv (no socket), tcp_v4_send_reset

import { familyOf, formatEndpoint } from '../values/ip';
import { reversed } from '../values/flow';
import type { Trace } from '../values/trace';
import type { Connection } from './connections';
import { rulesetsOn } from './node-readings';
import { walkPacket } from './send';
import type { Sending, SendGround } from './send';

/** Who sends it: the server, or the client. */
export type StraySegment = 'out-of-window' | 'out-of-window-of-client';

/**
 * The fates of a connection of which one side now sends a segment ahead of the window. Asking
 * changes nothing: other questions find the connection as it was.
 *
 * `standing` is what becomes of the connection's next packet otherwise: one whose ordinary packets
 * get no answer any more has no server that could send.
 */
export function sendStraySegment(
  ground: SendGround,
  connection: Connection,
  segment: StraySegment,
  standing: readonly Trace[],
): readonly Trace[] {
  const [only] = standing;
  if (standing.length !== 1 || only!.disposition !== 'answered') return standing;
  const { tuple, responder } = connection;
  if (tuple.protocol !== 'TCP') return [unknown(only!, `${tuple.protocol} has no segments`)];
  if (responder === undefined) return [unknown(only!, 'nobody knows who answered it')];
  const isOfServer = segment === 'out-of-window';
  if (!isOfServer && hasIpvs(ground, connection)) {
    return [unknown(only!, 'IPVS keeps connections of its own: what it does with such a segment')];
  }
  const sending = isOfServer ? ofServer(connection) : ofClient(connection);
  const endings = walkPacket(ground, { ...sending, kind: 'out-of-window' }, true);
  return endings.map(({ trace }) => fateOf(only!, trace, segment));
}

function ofServer({ responder, tuple, client, session }: Connection): Omit<Sending, 'kind'> {
  const sent = reversed(session.serverTuple);
  // The packet's far end is the client: it knows the tuple that it has dialled, and no other.
  const clientSession = { serverTuple: reversed(tuple), server: client };
  return { sender: responder!, sent, session: clientSession };
}

function ofClient({ sender, tuple, session }: Connection): Omit<Sending, 'kind'> {
  return { sender, sent: tuple, session };
}

function hasIpvs({ machines }: SendGround, { tuple }: Connection): boolean {
  return [...machines.values()].some((machine) => {
    return rulesetsOn(machine, familyOf(tuple.dst)).some(({ ipvs }) => ipvs !== undefined);
  });
}

/** Only a RST that gets home ends the connection; whatever is dropped, its sender repeats. */
function fateOf(standing: Trace, stray: Trace, segment: StraySegment): Trace {
  const { disposition, reason, responder, hops, answerHops } = stray;
  const seen = { hops, answerHops, probability: stray.probability, sent: stray.sent };
  if (disposition === 'not-modelled') return { ...standing, ...seen, disposition, reason };
  if (disposition !== 'connection-reset') {
    const why = `${standing.reason}; of a segment out of the window: ${reason}`;
    return { ...standing, ...seen, reason: why };
  }
  const end = segment === 'out-of-window' ? 'from' : 'for';
  const place =
    segment === 'out-of-window'
      ? responder && formatEndpoint(responder.seenSource, stray.sent.sport)
      : formatEndpoint(stray.sent.dst, stray.sent.dport);
  const why =
    `a segment out of the window, INVALID for conntrack, came to ${responder?.name} untranslated ` +
    `${end} ${place}; the RST that answered it ended the connection`;
  return { ...standing, ...seen, disposition, reason: why };
}

function unknown(standing: Trace, reason: string): Trace {
  return { ...standing, disposition: 'not-modelled', reason };
}
