// One way in which a lookup of a resolver in a container can go, with all that it did. Where the
// data plane chooses among several servers, a lookup has several such ways.

import type { IP } from './ip';
import type { Ratio } from './ratio';
import type { Duration } from './time';
import type { Trace } from './trace';

export type Rcode = 'NOERROR' | 'NXDOMAIN' | 'SERVFAIL' | 'REFUSED' | 'NOTIMP' | 'FORMERR';

/** One query as it left the client. */
export interface DnsExchange {
  /** Counted from the beginning of the lookup. */
  readonly at: Duration;
  /** Undefined for the resolver of the node. */
  readonly server: IP | undefined;
  readonly transport: 'UDP' | 'TCP';
  /** Queries with the same number share a source port. */
  readonly socket: number;
  /** `name type`. */
  readonly query: string;
}

/** The sections of a reply, each record as `name ttl TYPE data`. */
export interface DnsMessageText {
  readonly flags: readonly string[];
  readonly answer: readonly string[];
  readonly authority: readonly string[];
  readonly additional: readonly string[];
}

export interface Resolution {
  /** How likely the lookup goes this way, among all the ways that it can go. */
  readonly probability: Ratio;
  /** `none`: no server answered. */
  readonly rcode: Rcode | 'none';
  /** Data of the last records, sorted: addresses, or a name where a CNAME leads nowhere. */
  readonly answers: readonly string[];
  /** Seconds; undefined without an answer. */
  readonly ttl: number | undefined;
  /** `name type` of each query, in sending order. */
  readonly queries: readonly string[];
  /**
   * The same queries with time, server and socket. Where ways differ in nothing but times and
   * sockets of these, they are one, and this is how one of them went.
   */
  readonly exchanges: readonly DnsExchange[];
  readonly took: Duration;
  /** The nameserver that gave the deciding answer. */
  readonly server: IP | undefined;
  /** The walks of the query that decided: all that are possible. */
  readonly traces: readonly Trace[];
  /** One sentence: why it ended so. */
  readonly reason: string;
  /** Nothing can be said of how it ends, not even that it ends without an answer. */
  readonly notModelled?: true;
  /** The last reply as it came; absent where none did. */
  readonly message?: DnsMessageText;
}
