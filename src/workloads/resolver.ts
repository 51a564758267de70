// What the C library of a container does with a name: hosts file, search list, queries, patience.
// Every query is a packet that the network walks; where a packet has several possible paths, the
// lookup goes on along each of them.
//
// A lookup is judged in the state of the cluster in which it begins, however long it takes.

import { compareIps, parseIp } from '../values/ip';
import type { IP } from '../values/ip';
import { CERTAIN } from '../values/ratio';
import type { Rcode, Resolution } from '../values/resolution';
import { formatDuration, ZERO } from '../values/time';
import type { Duration } from '../values/time';
import { coursesOf, merged, TooManyCourses } from './courses';
import type { Choose, Weighted } from './courses';
import { mostOf } from './dns-failures';
import type { Counts } from './dns-failures';
import { formatQuestion } from './dns-message';
import type { DnsReply } from './dns-message';
import { formatRecord } from './dns-text';
import { foundOnce } from './found-once';
import { Course } from './lookup';
import type { LookupRequest, SentQuery, Shared } from './lookup';
import { dataIn, refusalOf, waitOf } from './lookup-result';
import type { NameResult } from './lookup-result';
import { lookUpCAres, lookUpDig } from './resolver-direct';
import { lookUpGlibc } from './resolver-glibc';
import { lookUpGo } from './resolver-go';
import { lookUpMusl } from './resolver-musl';

type LookUp = (course: Course, request: LookupRequest, memory: ResolverMemory) => NameResult;

const RESOLVERS: Readonly<Record<string, LookUp>> = {
  glibc: lookUpGlibc,
  musl: lookUpMusl,
  'musl-1.2.3': lookUpMusl,
  go: lookUpGo,
  'c-ares': lookUpCAres,
  dig: lookUpDig,
};

/** The resolvers that are modelled. `musl` is 1.2.4 or newer, which falls back to TCP. */
export const LIBCS: readonly string[] = Object.keys(RESOLVERS);

/** What a process remembers from one lookup to the next. */
export interface ResolverMemory {
  /** glibc: one question at a time, after an answer was lost once. */
  single: boolean;
  /** glibc: each of them from a port of its own, after an answer was lost twice. */
  reopen: boolean;
  /** At which server the next name begins, with `rotate`; undefined until the first one. */
  rotation: number | undefined;
}

/** One lookup as it went, along one course. */
export interface LookupCourse {
  readonly result: NameResult;
  readonly sent: readonly SentQuery[];
  readonly took: Duration;
  /** Questions that faults have counted. */
  readonly counted?: Counts;
}

/**
 * Lookups of one process, one after the other, along one course. Names in the hosts file and
 * addresses need no query. Only the courses of a single lookup may share anything.
 */
export function lookUpInTurn(
  requests: readonly LookupRequest[],
  choose: Choose,
  shared?: Shared,
): readonly LookupCourse[] {
  const memory: ResolverMemory = { single: false, reopen: false, rotation: undefined };
  const begin = { now: ZERO, sockets: 0 };
  return requests.map((request) => {
    const course = new Course(request, choose, begin, shared);
    const { now } = begin;
    const result = RESOLVERS[request.libc]!(course, request, memory);
    begin.now = course.now;
    begin.sockets = course.socketCount;
    return {
      result,
      sent: course.sentInOrder,
      took: (course.now - now) as Duration,
      counted: course.counted,
    };
  });
}

/**
 * Every way that a lookup can go, the worst first. Probabilities add up to 1. A lookup with more
 * ways than can be followed is told as not modelled.
 */
export function resolve(request: LookupRequest): readonly Resolution[] {
  const local = localAddresses(request);
  if (local !== undefined) return [answeredLocally(local.addresses, local.reason)];
  if (RESOLVERS[request.libc] === undefined) {
    const reason = `the resolver "${request.libc}" is not modelled`;
    return [describe(request, NOT_MODELLED(reason), CERTAIN)];
  }
  const courses = everyCourse(request);
  if (courses === undefined) {
    const reason = `a lookup of ${request.name} can go too many ways to be followed to their ends`;
    return [describe(request, NOT_MODELLED(reason), CERTAIN)];
  }
  request.made?.(mostOf(courses.map(({ value }) => value.counted ?? new Map<string, number>())));
  const described = courses.map(({ probability, value }) => {
    return { probability, value: describe(request, value, probability) };
  });
  return merged(described, keyOf, joined)
    .map(({ probability, value }) => ({ ...value, probability }))
    .sort(worstFirst);
}

/** Undefined where there are too many, be it of the lookup or of a server that it asks. */
function everyCourse(request: LookupRequest): readonly Weighted<LookupCourse>[] | undefined {
  const { asking, ...found } = foundOnce(request);
  try {
    return coursesOf((choose, join) => lookUpInTurn([asking], choose, { join, ...found })[0]!);
  } catch (error) {
    if (error instanceof TooManyCourses) return undefined;
    throw error;
  }
}

/** What needs no nameserver; undefined where one has to be asked. */
export function localAddresses({
  name,
  hosts,
  libc,
}: Pick<LookupRequest, 'name' | 'hosts' | 'libc'>):
  { readonly addresses: readonly IP[]; readonly reason: string } | undefined {
  // These ask nameservers and nothing else.
  if (libc === 'c-ares' || libc === 'dig') return undefined;
  const literal = parseIp(name);
  if (literal !== undefined) return { addresses: [literal], reason: `${name} is an address` };
  const addresses = hosts.get(hostsKey(name, libc));
  if (addresses === undefined) return undefined;
  return { addresses, reason: `${name} stands in the hosts file of the container` };
}

/**
 * How a name is looked for in the hosts file. A trailing dot is part of it for the C libraries, and
 * musl compares letter by letter.
 * source: glibc nss/nss_files/files-hosts.c; musl src/network/lookup_name.c (name_from_hosts); go
 * src/net/hosts.go (lookupStaticHost)
 */
function hostsKey(name: string, libc: string): string {
  if (libc === 'go') return name.toLowerCase().replace(/\.$/, '');
  return libc.startsWith('musl') ? name : name.toLowerCase();
}

const NOT_MODELLED = (reason: string): LookupCourse => ({
  result: { kind: 'not-modelled', server: undefined, traces: [], replies: [], reason },
  sent: [],
  took: ZERO,
});

/** When each question left, and from which port, makes no way another one. */
function keyOf({ rcode, answers, ttl, exchanges, took, server, reason }: Resolution): string {
  const asked = exchanges.map((it) => [it.server, it.transport, it.query]);
  return JSON.stringify([rcode, answers, ttl, asked, took, server, reason]);
}

function joined(known: Resolution, other: Resolution): Resolution {
  const more = other.traces.filter((trace) => !known.traces.includes(trace));
  return { ...known, traces: [...known.traces, ...more] };
}

const RCODES: Readonly<Record<NameResult['kind'], Rcode | 'none'>> = {
  found: 'NOERROR',
  nodata: 'NOERROR',
  nxdomain: 'NXDOMAIN',
  servfail: 'SERVFAIL',
  refused: 'REFUSED',
  timeout: 'none',
  unreachable: 'none',
  'not-modelled': 'none',
};

function rcodeOf(result: NameResult): Rcode | 'none' {
  return refusalOf(result)?.rcode ?? RCODES[result.kind];
}

function describe(
  request: LookupRequest,
  { result, sent, took }: LookupCourse,
  probability: Resolution['probability'],
): Resolution {
  const { kind, server, traces, replies } = result;
  const decided = replies.at(-1);
  return {
    probability,
    rcode: rcodeOf(result),
    ...dataIn(replies, request.types),
    queries: sent.map(({ question }) => formatQuestion(question)),
    exchanges: sent.map(({ at, server: to, transport, socket, question }) => {
      return { at, server: to, transport, socket, query: formatQuestion(question) };
    }),
    took,
    server,
    traces: kind === 'not-modelled' ? unmodelled(result) : traces,
    reason: reasonFor(request, result, sent),
    ...(kind === 'not-modelled' && { notModelled: true }),
    ...(decided !== undefined && { message: messageOf(decided) }),
  };
}

/** Walks that ended where nothing can be said. */
function unmodelled({ traces, reason }: NameResult): Resolution['traces'] {
  return traces.map((trace) => ({ ...trace, disposition: 'not-modelled', reason }));
}

function messageOf(reply: DnsReply): NonNullable<Resolution['message']> {
  const flags = [
    'qr',
    ...(reply.authoritative ? ['aa'] : []),
    ...(reply.truncated ? ['tc'] : []),
    'rd',
    ...(reply.recursive ? ['ra'] : []),
  ];
  return {
    flags,
    answer: reply.answers.map(formatRecord),
    authority: reply.authority.map(formatRecord),
    additional: reply.additional.map(formatRecord),
  };
}

function reasonFor(
  { name, types, libc }: LookupRequest,
  { kind, server, reason, replies }: NameResult,
  sent: readonly SentQuery[],
): string {
  const who = server === undefined ? "the node's resolver" : `nameserver ${server}`;
  const wait = waitOf(replies);
  switch (kind) {
    case 'found':
      return `${who} answered ${sent.at(-1)?.question.name ?? name}`;
    case 'nodata':
      return `${who} knows ${name}, but no ${types.join(' or ')} record of it`;
    case 'nxdomain':
      return `${who} knows no name ${name}, ${whereTried(libc)}`;
    case 'servfail':
      return (
        `${who} answered SERVFAIL${wait === 0 ? '' : ` after ${formatDuration(wait)}`}: ` +
        `it could not find out whether ${name} exists`
      );
    case 'refused':
      return `${who} refused to answer for ${name}`;
    case 'timeout':
      return `no answer from ${who} for ${sent.at(-1)?.question.name ?? name}: ${reason}`;
    case 'unreachable':
      return `${who} cannot be reached: ${reason}`;
    case 'not-modelled':
      return reason;
  }
}

function whereTried(libc: string): string {
  if (libc === 'c-ares' || libc === 'dig') return 'and no search list was tried';
  return 'neither as it stands nor along the search list';
}

function answeredLocally(addresses: readonly IP[], reason: string): Resolution {
  return {
    probability: CERTAIN,
    rcode: 'NOERROR',
    answers: [...addresses].sort(compareIps),
    ttl: undefined,
    queries: [],
    exchanges: [],
    took: ZERO,
    server: undefined,
    traces: [],
    reason,
  };
}

const WORST_FIRST = [
  'none',
  'SERVFAIL',
  'NOTIMP',
  'FORMERR',
  'REFUSED',
  'NXDOMAIN',
  'NOERROR',
] as const;

/** Worst first: no answer, then errors, then emptiness, then whatever took longest. */
function worstFirst(a: Resolution, b: Resolution): number {
  const byRcode = WORST_FIRST.indexOf(a.rcode) - WORST_FIRST.indexOf(b.rcode);
  if (byRcode !== 0) return byRcode;
  const byEmptiness = Math.sign(a.answers.length) - Math.sign(b.answers.length);
  return byEmptiness !== 0 ? byEmptiness : b.took - a.took;
}
