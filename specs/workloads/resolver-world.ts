// A nameserver, or several, that answer as a spec tells them to, and lookups against them.

import type { Disposition } from '../../src/values/disposition';
import { ip } from '../../src/values/ip';
import type { IP } from '../../src/values/ip';
import { CERTAIN, NEVER, ratio } from '../../src/values/ratio';
import type { Ratio } from '../../src/values/ratio';
import { seconds } from '../../src/values/time';
import type { Trace } from '../../src/values/trace';
import { resolve } from '../../src/workloads/index';
import { emptyReply } from '../../src/workloads/dns-message';
import type {
  DnsReply,
  LookupRequest,
  NameserverPath,
  Question,
  Reaction,
  Weighted,
} from '../../src/workloads/index';

export const DNS = ip('10.96.0.10');
export const SECOND = ip('10.96.0.11');
const SEARCH = ['default.svc.cluster.local', 'svc.cluster.local', 'cluster.local'];

/** What one path does with a question: an rcode, addresses, or the fate of the packet. */
type Reacting = DnsReply['rcode'] | Disposition | 'truncated' | readonly string[];
export type Server = (question: Question) => Reacting;

export const knows =
  (table: Readonly<Record<string, readonly string[]>>): Server =>
  ({ name, type }) => {
    const addresses = table[name];
    if (addresses === undefined) return 'NXDOMAIN';
    return addresses.filter((it) => it.includes(':') === (type === 'AAAA'));
  };

const RCODES = ['NOERROR', 'NXDOMAIN', 'SERVFAIL', 'REFUSED', 'NOTIMP'];

/** Fates of which the sender hears by an ICMP error. */
const UNREACHABLE = ['no-endpoints', 'rejected', 'refused-by-listener', 'no-route'];

function reactionTo(question: Question, reacting: Reacting): Reaction {
  if (typeof reacting !== 'string') {
    const { name, type } = question;
    const answers = reacting.map((data) => ({ name, type, ttl: 30, data }));
    return { kind: 'reply', reply: { ...emptyReply('NOERROR', true), answers } };
  }
  if (reacting === 'truncated') {
    return { kind: 'reply', reply: { ...emptyReply('NOERROR'), truncated: true } };
  }
  if (RCODES.includes(reacting)) {
    return { kind: 'reply', reply: emptyReply(reacting as DnsReply['rcode']) };
  }
  const reason = `it was ${reacting}`;
  if (reacting === 'answered') return { kind: 'not-modelled', reason };
  return { kind: UNREACHABLE.includes(reacting) ? 'unreachable' : 'lost', reason };
}

function traceOf(disposition: Disposition, share: number): Trace {
  const tuple = {
    protocol: 'UDP',
    src: ip('10.244.1.2'),
    sport: 40_000,
    dst: DNS,
    dport: 53,
  } as const;
  return {
    disposition,
    probability: ratio(1, share),
    sent: tuple,
    hops: [],
    answerHops: [],
    translations: [],
    reason: `it was ${disposition}`,
    blames: [],
  };
}

const TRANSLATION = {
  node: 'worker-1',
  original: traceOf('answered', 1).sent,
  reply: traceOf('answered', 1).sent,
  unreplied: false,
} as const;

export interface Asking {
  readonly name: string;
  readonly types?: LookupRequest['types'];
  readonly libc?: string;
  readonly options?: Readonly<Record<string, string>>;
  readonly nameservers?: readonly IP[];
  readonly search?: readonly string[];
  /** What answers over TCP, where that differs. */
  readonly tcp?: Server;
  readonly race?: Ratio;
}

/** `paths` are the equally likely ways to the nameserver; several nameservers each have one. */
export function ask(asking: Asking, ...paths: readonly Server[]): ReturnType<typeof resolve> {
  const nameservers = asking.nameservers ?? [DNS];
  return resolve({
    name: asking.name,
    types: asking.types ?? ['A', 'AAAA'],
    conf: {
      nameservers,
      search: asking.search ?? SEARCH,
      options: new Map(Object.entries({ ndots: '5', ...asking.options })),
      isNodes: false,
    },
    hosts: new Map([['me', [ip('10.244.1.2')]]]),
    libc: asking.libc ?? 'glibc',
    open: (server, transport) => {
      if (transport === 'TCP') return [pathOf(asking.tcp ?? paths[0]!, 1)];
      const ways = nameservers.length > 1 ? [paths[nameservers.indexOf(server!)]!] : paths;
      return ways.map((way) => pathOf(way, ways.length));
    },
    timeout: seconds(5),
    connectTimeout: seconds(127),
    race: asking.race ?? NEVER,
  });
}

function pathOf(way: Server, share: number): Weighted<NameserverPath> {
  // Every path is translated: nameservers are addresses of Services.
  const trace = { ...traceOf('answered', share), translations: [TRANSLATION] };
  const react = (question: Question) => reactionTo(question, way(question));
  const value: NameserverPath = {
    trace,
    ask: (question) => [{ probability: CERTAIN, value: react(question) }],
  };
  return { probability: ratio(1, share), value };
}

export const TABLE = knows({
  'svc1.default.svc.cluster.local': ['10.96.0.1'],
  'svc2.other.svc.cluster.local': ['10.96.0.2'],
  'www.example.com': ['203.0.113.5'],
  'a.b.c.d.e.example.com': ['203.0.113.6'],
});
