// What the model's client does in a scenario: every way in which it can go.

import { hostsFrom } from '../../../src/workloads/resolv-conf';
import type { ResolvConf } from '../../../src/workloads/resolv-conf';
import { ip } from '../../../src/values/ip';
import type { IP } from '../../../src/values/ip';
import { CERTAIN, NEVER } from '../../../src/values/ratio';
import { seconds } from '../../../src/values/time';
import { formatRecord } from '../../../src/workloads/dns-text';
import { coursesOf } from '../../../src/workloads/index';
import type { Choose, LookupRequest, NameserverPath, Reaction } from '../../../src/workloads/index';
import { dataIn } from '../../../src/workloads/lookup-result';
import type { NameResult } from '../../../src/workloads/lookup-result';
import { localAddresses, lookUpInTurn } from '../../../src/workloads/resolver';
import { Nameservers } from './answers';
import type { Response } from './answers';
import type { Scenario } from './scenarios';

/** A query as a nameserver sees it. */
export interface SeenQuery {
  /** Milliseconds since the first one. */
  readonly at: number;
  /** Which of the nameservers, from 0. */
  readonly server: number;
  readonly transport: 'UDP' | 'TCP';
  /** Equal numbers share a source port; counted in the order of their first use. */
  readonly socket: number;
  /** `name type`. */
  readonly query: string;
  readonly udpSize: number;
}

/** One run of a scenario, of the model or of a real client. */
export interface Run {
  readonly queries: readonly SeenQuery[];
  /** For each lookup what the application is told. */
  readonly results: readonly string[];
  /** For each lookup, in milliseconds; undefined where nobody measures it. */
  readonly took: readonly (number | undefined)[];
}

const SEARCH = ['shop.svc.cluster.local', 'svc.cluster.local', 'cluster.local'];
/** Lines that every hosts file of the lab has. */
export const HOSTS = [{ address: ip('10.244.1.9'), names: ['me'] }] as const;

/** The resolv.conf of a scenario, for nameservers at the addresses. */
export function confOf({ search, options }: Scenario, nameservers: readonly IP[]): ResolvConf {
  return {
    nameservers,
    search: search ?? SEARCH,
    options: new Map(Object.entries({ ndots: '5', ...options })),
    isNodes: false,
  };
}

/** Every run that the model thinks possible. */
export function modelledRuns(scenario: Scenario, libc: string, at: readonly IP[]): Run[] {
  return coursesOf((choose) => modelledRun(scenario, libc, at, choose)).map(({ value }) => value);
}

function modelledRun(scenario: Scenario, libc: string, at: readonly IP[], choose: Choose): Run {
  const servers = new Nameservers(scenario);
  const requests = scenario.names.map((name) => requestFor(scenario, name, { libc, at, servers }));
  const asking = requests.filter((request) => localAddresses(request) === undefined);
  const courses = [...lookUpInTurn(asking, choose)];
  // What leaves for a closed port, nobody sees.
  const queries = courses
    .flatMap(({ sent }) => sent)
    .filter(({ server, transport }) => servers.listens(at.indexOf(server!), transport));
  const told = requests.map((request) => {
    const local = localAddresses(request)?.addresses;
    if (local !== undefined) return { result: ['ok', ...local].join(' '), took: 0 };
    const course = courses.shift()!;
    const isTcp = course.sent.at(-1)?.transport === 'TCP';
    const result = resultText(request, course.result, isTcp);
    return { result, took: libc === 'dig' ? undefined : course.took / 1_000 };
  });
  return {
    queries: withSocketsCounted(
      queries.map((query) => ({
        at: (query.at - queries[0]!.at) / 1_000,
        server: at.indexOf(query.server!),
        transport: query.transport,
        socket: query.socket,
        query: `${query.question.name} ${query.question.type}`,
        udpSize: query.udpSize,
      })),
    ),
    results: told.map(({ result }) => result),
    took: told.map(({ took }) => took),
  };
}

interface Asking {
  readonly libc: string;
  readonly at: readonly IP[];
  readonly servers: Nameservers;
}

function requestFor(scenario: Scenario, name: string, { libc, at, servers }: Asking) {
  const request: LookupRequest = {
    name,
    types: scenario.types ?? ['A', 'AAAA'],
    conf: confOf(scenario, at),
    hosts: hostsFrom(HOSTS),
    libc,
    timeout: seconds(5),
    connectTimeout: seconds(127),
    race: NEVER,
    open: (server, transport) => {
      const value: NameserverPath = {
        trace: undefined,
        ask: (question, udpSize) => {
          const response = servers.respond(at.indexOf(server!), transport, question, udpSize);
          return [{ probability: CERTAIN, value: reactionTo(response) }];
        },
      };
      return [{ probability: CERTAIN, value }];
    },
  };
  return request;
}

function reactionTo(response: Response): Reaction {
  if (response === 'silence') return { kind: 'lost', reason: 'the server is silent' };
  if (response === 'closed') return { kind: 'unreachable', reason: 'nobody listens' };
  return { kind: 'reply', reply: response };
}

/** Numbers in the order of first use, whatever the numbers were. */
export function withSocketsCounted(queries: readonly SeenQuery[]): readonly SeenQuery[] {
  const sockets = new Map<string, number>();
  return queries.map((query) => {
    const key = `${query.transport} ${query.socket}`;
    const socket = sockets.get(key) ?? sockets.size + 1;
    sockets.set(key, socket);
    return { ...query, socket };
  });
}

function resultText({ libc, types }: LookupRequest, result: NameResult, isTcp: boolean): string {
  if (libc === 'dig') return digText(result);
  const addresses = result.kind === 'found' ? dataIn(result.replies, types).answers : [];
  return [codeOf(result.kind, libc, isTcp), ...addresses].join(' ');
}

/** What `dig` prints of a reply: rcode, flags, records. */
function digText({ replies }: NameResult): string {
  const reply = replies.at(-1);
  if (reply === undefined) return 'none';
  const records = [...reply.answers, ...reply.authority, ...reply.additional];
  const flags = [
    'qr',
    ...(reply.authoritative ? ['aa'] : []),
    ...(reply.truncated ? ['tc'] : []),
    'rd',
    ...(reply.recursive ? ['ra'] : []),
  ];
  return [reply.rcode, flags.join(' '), ...records.map(formatRecord)].join('; ');
}

/**
 * What getaddrinfo returns.
 * source: glibc nss/getaddrinfo.c (gaih_inet), resolv/nss_dns/dns-host.c; musl
 * src/network/lookup_name.c (name_from_dns)
 */
function codeOf(kind: NameResult['kind'], libc: string, isTcp: boolean): string {
  switch (kind) {
    case 'found':
      return 'ok';
    case 'nodata':
      // The code is known to musl since 1.2.4.
      return libc === 'musl-1.2.3' ? 'EAI_NONAME' : 'EAI_NODATA';
    case 'nxdomain':
      return 'EAI_NONAME';
    case 'refused':
      // Over TCP it is an answer that means NO_RECOVERY; over UDP all servers have been given up.
      return isTcp ? 'EAI_NONAME' : 'EAI_AGAIN';
    case 'not-modelled':
      return 'not-modelled';
    default:
      return 'EAI_AGAIN';
  }
}
