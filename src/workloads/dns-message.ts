// Questions and replies of the DNS as far as the model looks into them. Names are absolute,
// written without the trailing dot, and keep the letter case in which they were said; the root is
// the empty name.

import type { Rcode } from '../values/resolution';
import { ZERO } from '../values/time';
import type { Duration } from '../values/time';

/** `A`, `SRV`, … in capitals. Types that no modelled server knows are asked about all the same. */
export type RecordType = string;

export type DnsTransport = 'UDP' | 'TCP';

export interface Question {
  readonly name: string;
  readonly type: RecordType;
}

export interface ResourceRecord {
  readonly name: string;
  readonly type: RecordType;
  /** Seconds. */
  readonly ttl: number;
  /** An address, a name, or `priority weight port target`, as `dig +short` prints it. */
  readonly data: string;
}

/** The body of a message from a server. */
export interface DnsReply {
  readonly rcode: Rcode;
  readonly answers: readonly ResourceRecord[];
  readonly authority: readonly ResourceRecord[];
  readonly additional: readonly ResourceRecord[];
  /** AA: from the server's own data. */
  readonly authoritative: boolean;
  /** RA: an answer that came from a resolver. */
  readonly recursive: boolean;
  /** TC: records are missing. */
  readonly truncated: boolean;
  /** How long the server takes to answer, from the arrival of the question. */
  readonly delay: Duration;
  /** Nothing is sent: the server keeps what it would say to itself. */
  readonly silent?: true;
  /** Faults that count the questions which they meet, each as often as it counted this one. */
  readonly counted?: readonly string[];
}

/** A reply without records. */
export function emptyReply(rcode: Rcode, authoritative = false): DnsReply {
  return {
    rcode,
    answers: [],
    authority: [],
    additional: [],
    authoritative,
    recursive: false,
    truncated: false,
    delay: ZERO,
  };
}

/** `name type`: how a resolution lists what it asked. */
export function formatQuestion(question: Question): string {
  return `${question.name} ${question.type}`;
}

/** Whether two names are the same: letter case does not matter. */
export function isSameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** Whether `name` is `zone` or lies below it. */
export function isWithin(name: string, zone: string): boolean {
  if (zone === '') return true;
  const [lower, suffix] = [name.toLowerCase(), zone.toLowerCase()];
  return lower === suffix || lower.endsWith(`.${suffix}`);
}

/** The longest of the zones that `name` lies in, written as the name writes it. */
export function zoneOf(name: string, zones: readonly string[]): string | undefined {
  let longest: string | undefined;
  for (const zone of zones) {
    if (isWithin(name, zone) && zone.length >= (longest?.length ?? 0)) longest = zone;
  }
  return longest === undefined ? undefined : name.slice(name.length - longest.length);
}

/** What is left of `name` when the zone at its end is taken away; empty for the zone itself. */
export function relativeTo(name: string, zone: string): string {
  if (zone === '') return name;
  return name.slice(0, Math.max(0, name.length - zone.length - 1));
}

/** A name in a zone; the zone itself for an empty name. */
export function joinNames(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('.');
}

/** A zone as a configuration writes it: lower case, without the trailing dot. */
export function normalName(text: string): string {
  return text.replace(/\.$/, '').toLowerCase();
}

/** Records of every section. */
export function recordsOf(reply: DnsReply): readonly ResourceRecord[] {
  return [...reply.answers, ...reply.authority, ...reply.additional];
}

/** Records that differ, in their first order. */
export function uniqueRecords(records: readonly ResourceRecord[]): ResourceRecord[] {
  const keyOf = ({ name, type, data }: ResourceRecord) => `${name.toLowerCase()} ${type} ${data}`;
  return [...new Map(records.map((record) => [keyOf(record), record])).values()];
}

/** Addresses in records of a type, in their order. */
export function addressData(reply: DnsReply): readonly ResourceRecord[] {
  return reply.answers.filter(({ type }) => type === 'A' || type === 'AAAA');
}
