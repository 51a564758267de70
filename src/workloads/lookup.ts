// The parts that the resolvers of all C libraries have in common: candidates of the search list,
// sockets and what comes back on them.

import { outcomeOf } from '../values/disposition';
import { compareIps } from '../values/ip';
import { compareText } from '../values/order';
import type { IP } from '../values/ip';
import { add, CERTAIN, multiply } from '../values/ratio';
import type { Ratio } from '../values/ratio';
import { seconds, ZERO } from '../values/time';
import type { Duration } from '../values/time';
import type { Trace } from '../values/trace';
import type { Upstream } from './coredns';
import { formatQuestion } from './dns-message';
import type { DnsAnswer, Question } from './dns-message';
import type { ResolvConf } from './resolv-conf';

/** One way that questions sent from one socket can go. They share it: conntrack sees one flow. */
export interface QueryPath {
  readonly trace: Trace;
  /** One answer for each question; undefined where no modelled DNS server was reached. */
  readonly answers: readonly (DnsAnswer | undefined)[];
}

/** Sends questions from one new socket to a nameserver: every way that they can go. */
export type SendQuery = (server: IP, questions: readonly Question[]) => readonly QueryPath[];

export interface LookupRequest {
  /** As the application says it, perhaps with a trailing dot. */
  readonly name: string;
  /** Both for an application that takes either family. */
  readonly types: readonly ('A' | 'AAAA')[];
  readonly conf: ResolvConf;
  readonly hosts: ReadonlyMap<string, readonly IP[]>;
  readonly libc: string;
  readonly send: SendQuery;
  readonly upstream: Upstream;
  /** How long the C library waits unless resolv.conf says otherwise. */
  readonly timeout: Duration;
}

/** What became of the queries for one name, along one path. */
export interface NameResult {
  readonly probability: Ratio;
  readonly kind:
    | 'found'
    | 'nodata'
    | 'nxdomain'
    | 'servfail'
    | 'refused'
    | 'timeout'
    | 'unreachable'
    | 'not-modelled';
  readonly took: Duration;
  readonly server: IP | undefined;
  readonly traces: readonly Trace[];
  /** Addresses in canonical order, and the least TTL on the way to them. */
  readonly addresses: readonly string[];
  readonly ttl: number | undefined;
  readonly queries: readonly string[];
}

/** The names that a lookup may ask for, in order, when the search list applies. */
export function candidates(request: LookupRequest): {
  readonly name: string;
  readonly asIs: boolean;
}[] {
  const { name, conf } = request;
  const plain = name.replace(/\.$/, '');
  const asIs = { name: plain, asIs: true };
  if (name.endsWith('.')) return [asIs];
  const searched = conf.search.map((domain) =>
    domain === '.' ? asIs : { name: `${plain}.${domain}`, asIs: false },
  );
  const asIsFirst = plain.split('.').length - 1 >= numberOption(conf, 'ndots', 1, 15);
  const all = asIsFirst ? [asIs, ...searched] : [...searched, asIs];
  return all.filter((it, index) => !it.asIs || all.findIndex((other) => other.asIs) === index);
}

export function numberOption(
  conf: ResolvConf,
  name: string,
  fallback: number,
  max: number,
): number {
  const value = Number(conf.options.get(name) ?? fallback);
  return Number.isInteger(value) && value >= 0 ? Math.min(value, max) : fallback;
}

/** The time that one query waits; `max` in seconds is the library's own limit. */
export function timeoutOf(request: LookupRequest, max: number): Duration {
  const { conf, timeout } = request;
  if (!conf.options.has('timeout')) return timeout;
  return seconds(Math.max(1, numberOption(conf, 'timeout', 5, max)));
}

export function questionsFor(name: string, request: LookupRequest): Question[] {
  return request.types.map((type) => ({ name, type }));
}

/** What a server's answers to the questions of one name come to. */
export interface Reply {
  readonly probability: Ratio;
  readonly kind: NameResult['kind'];
  readonly traces: readonly Trace[];
  readonly answers: readonly DnsAnswer[];
}

/**
 * The replies that one socket can get from a server, equal ones merged. A nameserver of the node
 * itself answers without a packet.
 */
export function repliesOf(
  request: LookupRequest,
  server: IP | undefined,
  questions: readonly Question[],
): Reply[] {
  if (server === undefined) {
    const answers = questions.map((question) => request.upstream(question));
    return [{ probability: CERTAIN, kind: 'found', traces: [], answers }];
  }
  const merged = new Map<string, Reply>();
  for (const path of request.send(server, questions)) {
    const reply = replyOf(path);
    const key = JSON.stringify([reply.kind, reply.answers]);
    const known = merged.get(key);
    merged.set(
      key,
      known === undefined
        ? reply
        : {
            ...known,
            probability: add(known.probability, reply.probability),
            traces: [...known.traces, ...reply.traces],
          },
    );
  }
  return [...merged.values()];
}

function replyOf({ trace, answers }: QueryPath): Reply {
  const { probability, disposition } = trace;
  const outcome = outcomeOf(disposition);
  const given = answers.flatMap((answer) => answer ?? []);
  if (outcome === 'ok' && given.length === answers.length) {
    return { probability, kind: 'found', traces: [trace], answers: given };
  }
  if (outcome === 'ok' || outcome === undefined) {
    const reason =
      outcome === undefined
        ? trace.reason
        : 'The server that was reached is no modelled DNS server.';
    const traces: Trace[] = [{ ...trace, disposition: 'not-modelled', reason }];
    return { probability, kind: 'not-modelled', traces, answers: [] };
  }
  // An ICMP error reaches a UDP socket that is connected, as the C library's is.
  const isError = outcome === 'refused' || outcome === 'unreachable';
  return { probability, kind: isError ? 'unreachable' : 'timeout', traces: [trace], answers: [] };
}

/** Addresses that the answers hold, and the least TTL on the way to them. */
export function addressesIn(answers: readonly DnsAnswer[]): Pick<NameResult, 'addresses' | 'ttl'> {
  const records = answers.filter(hasAddress).flatMap((answer) => answer.answers);
  const addresses = records
    .filter(({ type }) => type === 'A' || type === 'AAAA')
    .map(({ data }) => data as IP);
  if (addresses.length > 0) {
    const ttl = Math.min(...records.map((record) => record.ttl));
    return { addresses: [...new Set(addresses)].sort(compareIps), ttl };
  }
  // A CNAME that leads nowhere is all there is to see.
  const names = answers.flatMap((answer) => answer.answers).filter(({ type }) => type === 'CNAME');
  const ttls = [
    ...names.map(({ ttl }) => ttl),
    ...answers.flatMap(({ negativeTtl }) => negativeTtl ?? []),
  ];
  return {
    addresses: [...new Set(names.map(({ data }) => data))].sort(compareText),
    ttl: ttls.length === 0 ? undefined : Math.min(...ttls),
  };
}

export function hasAddress(answer: DnsAnswer): boolean {
  return answer.answers.some(({ type }) => type === 'A' || type === 'AAAA');
}

/** What was tried before, then this: times add up, queries follow each other. */
export function precededBy(before: readonly NameResult[], last: NameResult): NameResult {
  const all = [...before, last];
  return {
    ...last,
    probability: all.reduce((product, { probability }) => multiply(product, probability), CERTAIN),
    took: all.reduce<number>((sum, { took }) => sum + took, 0) as Duration,
    queries: all.flatMap(({ queries }) => queries),
  };
}

export function asQueries(questions: readonly Question[], times: number): string[] {
  return Array.from({ length: times }, () => questions.map(formatQuestion)).flat();
}

/** A result without any server to ask. */
export function nobodyToAsk(): NameResult {
  const nothing = { server: undefined, traces: [], addresses: [], ttl: undefined, queries: [] };
  return { probability: CERTAIN, kind: 'timeout', took: ZERO, ...nothing };
}
