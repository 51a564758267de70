// What a segment out of the window does to an open connection. The server sends it; where nobody
// on its way translates or drops it, it comes to somebody who knows no such connection, and whose
// kernel answers with a RST that ends the server's side of it.
// source: kubernetes#74839; net/ipv4/tcp_ipv4.c tcp_v4_rcv (no socket), tcp_v4_send_reset

import { formatEndpoint } from '../values/ip';
import { reversed } from '../values/flow';
import type { Trace } from '../values/trace';
import type { Connection } from './connections';
import { walkPacket } from './send';
import type { SendGround } from './send';

/**
 * The fates of a connection whose server now sends a segment ahead of the window. Asking changes
 * nothing: other questions find the connection as it was.
 *
 * `standing` is what becomes of the connection's next packet otherwise: one whose ordinary packets
 * get no answer any more has no server that could send.
 */
export function sendStraySegment(
  ground: SendGround,
  connection: Connection,
  standing: readonly Trace[],
): readonly Trace[] {
  const [only] = standing;
  if (standing.length !== 1 || only!.disposition !== 'answered') return standing;
  const { responder: sender, tuple, client, session } = connection;
  if (tuple.protocol !== 'TCP') return [unknown(only!, `${tuple.protocol} has no segments`)];
  if (sender === undefined) return [unknown(only!, 'nobody knows who answered it')];
  const sent = reversed(session.serverTuple);
  // The packet's far end is the client: it knows the tuple that it has dialled, and no other.
  const clientSession = { serverTuple: reversed(tuple), server: client };
  const sending = { sender, sent, kind: 'out-of-window', session: clientSession } as const;
  return walkPacket(ground, sending, true).map(({ trace }) => fateOf(only!, trace));
}

/** Only a RST that gets home ends the connection; whatever is dropped, the server repeats. */
function fateOf(standing: Trace, stray: Trace): Trace {
  const { disposition, reason, responder, hops, answerHops } = stray;
  const seen = { hops, answerHops, probability: stray.probability, sent: stray.sent };
  if (disposition === 'not-modelled') return { ...standing, ...seen, disposition, reason };
  if (disposition !== 'connection-reset') {
    const why = `${standing.reason}; of a segment out of the window: ${reason}`;
    return { ...standing, ...seen, reason: why };
  }
  const from = responder && formatEndpoint(responder.seenSource, stray.sent.sport);
  const why =
    `a segment out of the window, INVALID for conntrack, came to ${responder?.name} untranslated ` +
    `from ${from}; the RST that answered it ended the connection`;
  return { ...standing, ...seen, disposition, reason: why };
}

function unknown(standing: Trace, reason: string): Trace {
  return { ...standing, disposition: 'not-modelled', reason };
}
