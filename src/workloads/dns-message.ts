// Questions and answers of the DNS as far as the model looks into them. Names are absolute and
// written without the trailing dot.

import type { Rcode } from '../values/resolution';

/** The types that the modelled servers answer. NS, MX, transfers and the rest are not modelled. */
export type RecordType = 'A' | 'AAAA' | 'CNAME' | 'SRV' | 'PTR' | 'TXT' | 'SOA';

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

export interface DnsAnswer {
  readonly rcode: Rcode;
  readonly answers: readonly ResourceRecord[];
  readonly additional: readonly ResourceRecord[];
  /** TTL in seconds of the SOA in the authority section; absent without one. */
  readonly negativeTtl?: number;
  readonly authoritative: boolean;
}

/** `name type`: how a resolution lists what it asked. */
export function formatQuestion(question: Question): string {
  return `${question.name} ${question.type}`;
}

/** Whether `name` is `zone` or lies below it. */
export function isWithin(name: string, zone: string): boolean {
  return zone === '' || name === zone || name.endsWith(`.${zone}`);
}

/** What is left of `name` when the zone at its end is taken away; empty for the zone itself. */
export function relativeTo(name: string, zone: string): string {
  return name === zone ? '' : name.slice(0, name.length - zone.length - 1);
}
