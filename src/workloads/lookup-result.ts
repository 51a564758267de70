// What a lookup comes to, and the parts that the resolvers of all C libraries have in common.

import { compareIps } from '../values/ip';
import type { IP } from '../values/ip';
import { compareText } from '../values/order';
import { seconds, ZERO } from '../values/time';
import type { Duration } from '../values/time';
import type { Trace } from '../values/trace';
import { addressData } from './dns-message';
import type { DnsReply, Question } from './dns-message';
import type { Arrival, LookupRequest } from './lookup';
import type { ResolvConf } from './resolv-conf';

export type ResultKind =
  | 'found'
  | 'nodata'
  | 'nxdomain'
  | 'servfail'
  | 'refused'
  | 'timeout'
  | 'unreachable'
  | 'not-modelled';

/** What became of the queries for a name. */
export interface NameResult {
  readonly kind: ResultKind;
  /** The nameserver that decided. */
  readonly server: IP | undefined;
  readonly traces: readonly Trace[];
  readonly replies: readonly DnsReply[];
  /** Why nothing came back; empty where something did. */
  readonly reason: string;
}

/**
 * What an application hears of a result, and what is said of it: results for which all of this is
 * equal are one.
 */
export function toldBy(result: NameResult, types: readonly string[]): readonly unknown[] {
  const { kind, server, replies, reason } = result;
  const wait = kind === 'servfail' ? waitOf(replies) : ZERO;
  return [kind, server, reason, dataIn(replies, types), refusalOf(result)?.rcode, wait];
}

/** A server that refuses does so by a code of its own choice. */
export function refusalOf({ kind, replies }: NameResult): DnsReply | undefined {
  if (kind !== 'refused') return undefined;
  return replies.find(({ rcode }) => rcode === 'NOTIMP' || rcode === 'FORMERR');
}

/** How long the last answer was on the way, where that was longer than a server thinks. */
export function waitOf(replies: readonly DnsReply[]): Duration {
  const delay = replies.at(-1)?.delay ?? ZERO;
  return delay < seconds(1) ? ZERO : delay;
}

/** What a resolver that knows no server says. */
export const NOBODY_TO_ASK: NameResult = {
  kind: 'timeout',
  server: undefined,
  traces: [],
  replies: [],
  reason: 'no nameserver is set',
};

/** A name that a lookup may ask for. */
export interface Candidate {
  readonly name: string;
  /** Whether it is the name as it was said. */
  readonly asIs: boolean;
}

/** The names that a lookup may ask for, in order, when the search list applies. */
export function candidates({ name, conf }: LookupRequest): readonly Candidate[] {
  const plain = name.replace(/\.$/, '');
  const asIs = { name: plain, asIs: true };
  if (name.endsWith('.')) return [asIs];
  const searched = conf.search.map((domain) =>
    domain === '.' ? asIs : { name: `${plain}.${domain}`, asIs: false },
  );
  const asIsFirst = dotsIn(plain) >= numberOption(conf, 'ndots', 1, 15);
  const all = asIsFirst ? [asIs, ...searched] : [...searched, asIs];
  return all.filter((it, index) => !it.asIs || all.findIndex((other) => other.asIs) === index);
}

export function dotsIn(name: string): number {
  return name.split('.').length - 1;
}

export function numberOption(
  conf: ResolvConf,
  name: string,
  fallback: number,
  max: number,
): number {
  const text = conf.options.get(name);
  const value = Number(text);
  const isNumber = text !== undefined && Number.isInteger(value) && value >= 0;
  return isNumber ? Math.min(value, max) : fallback;
}

/** The time that one query waits; `max` in seconds is the library's own limit. */
export function timeoutOf({ conf, timeout }: LookupRequest, max: number): Duration {
  if (!conf.options.has('timeout')) return timeout;
  return seconds(Math.max(1, numberOption(conf, 'timeout', 5, max)));
}

export function questionsFor(name: string, { types }: LookupRequest): readonly Question[] {
  return types.map((type) => ({ name, type }));
}

/** How many nameservers of a file the resolvers know. source: resolv.h MAXNS */
export const SERVERS_MAX = 3;

/** The nameservers to ask; one that needs no packet where the file is the node's own. */
export function serversOf({ conf }: LookupRequest): readonly (IP | undefined)[] {
  return conf.isNodes ? [undefined] : conf.nameservers;
}

/** Whether replies hold what was asked for. */
export function hasAnswer(reply: DnsReply, type: string): boolean {
  return reply.rcode === 'NOERROR' && reply.answers.some((record) => record.type === type);
}

/** The replies among arrivals, with what they answer. */
export function repliesAmong(
  arrivals: readonly Arrival[],
): readonly { readonly question: Question; readonly reply: DnsReply }[] {
  return arrivals.flatMap(({ question, reaction }) =>
    reaction.kind === 'reply' ? [{ question, reply: reaction.reply }] : [],
  );
}

/** Why nothing came of a question; empty where something did. */
export function reasonOf(arrivals: readonly Arrival[]): string {
  for (const { reaction } of arrivals) if (reaction.kind !== 'reply') return reaction.reason;
  return '';
}

/** What the records at the end of the chain say, and the least TTL on the way to them. */
export function dataIn(
  replies: readonly DnsReply[],
  types: readonly string[],
): { readonly answers: readonly string[]; readonly ttl: number | undefined } {
  const answered = replies.filter((reply) => types.some((type) => hasAnswer(reply, type)));
  const records = answered.flatMap(({ answers }) => answers);
  if (records.length > 0) {
    const ttl = Math.min(...records.map((record) => record.ttl));
    const wanted = records.filter(({ type }) => types.includes(type)).map(({ data }) => data);
    const isAddresses = answered.every((reply) => addressData(reply).length > 0);
    const sorted = [...new Set(wanted)];
    if (isAddresses) sorted.sort((a, b) => compareIps(a as IP, b as IP));
    else sorted.sort(compareText);
    return { answers: sorted, ttl };
  }
  // A CNAME that leads nowhere is all there is to see.
  const names = replies.flatMap(({ answers }) => answers).filter(({ type }) => type === 'CNAME');
  const negative = replies
    .flatMap(({ authority }) => authority)
    .filter(({ type }) => type === 'SOA');
  const ttls = [...names, ...negative].map(({ ttl }) => ttl);
  return {
    answers: [...new Set(names.map(({ data }) => data))].sort(compareText),
    ttl: ttls.length === 0 ? undefined : Math.min(...ttls),
  };
}
