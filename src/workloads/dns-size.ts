// How large a message is on the wire, and what is left of it when it is too large.
// source: coredns request/request.go (Size, Scrub); github.com/miekg/dns msg_truncate.go

import { parseIp } from '../values/ip';
import type { DnsReply, DnsTransport, Question, ResourceRecord } from './dns-message';

/** The most that a client takes over UDP without EDNS. */
export const UDP_SIZE = 512;
/** What clients with EDNS usually offer. */
export const EDNS_SIZE = 1_232;

const HEADER = 12;
const QUESTION_FIXED = 4;
/** Type, class, TTL and the length of the data. */
const RECORD_FIXED = 10;
const POINTER = 2;

/** Cuts records from the end until the reply fits, and marks it as truncated. */
export function fitTo(
  reply: DnsReply,
  question: Question,
  transport: DnsTransport,
  udpSize: number,
): DnsReply {
  const limit = transport === 'TCP' ? 65_535 : Math.max(UDP_SIZE, udpSize);
  let { answers, authority, additional } = reply;
  const size = () => sizeOf(question, [...answers, ...authority, ...additional]);
  if (size() <= limit) return reply;
  while (additional.length > 0 && size() > limit) additional = additional.slice(0, -1);
  while (authority.length > 0 && size() > limit) authority = authority.slice(0, -1);
  while (answers.length > 0 && size() > limit) answers = answers.slice(0, -1);
  return { ...reply, answers, authority, additional, truncated: true };
}

/** Octets of a compressed message. */
function sizeOf(question: Question, records: readonly ResourceRecord[]): number {
  const known = new Set<string>();
  let size = HEADER + nameSize(question.name, known) + QUESTION_FIXED;
  for (const { name, type, data } of records) {
    size += nameSize(name, known) + RECORD_FIXED + dataSize(type, data, known);
  }
  return size;
}

/** A name costs its new labels, and a pointer to the rest where that was written before. */
function nameSize(name: string, known: Set<string>): number {
  const labels = name === '' ? [] : name.toLowerCase().split('.');
  let size = 0;
  for (let index = 0; index < labels.length; index++) {
    const rest = labels.slice(index).join('.');
    if (known.has(rest)) return size + POINTER;
    known.add(rest);
    size += labels[index]!.length + 1;
  }
  return size + 1;
}

function dataSize(type: string, data: string, known: Set<string>): number {
  const words = data.split(' ');
  switch (type) {
    case 'A':
      return 4;
    case 'AAAA':
      return parseIp(data) === undefined ? data.length : 16;
    case 'CNAME':
    case 'NS':
    case 'PTR':
      return nameSize(data, known);
    case 'MX':
      return 2 + nameSize(words[1] ?? '', known);
    case 'SRV':
      // The target of an SRV record is never compressed (RFC 2782).
      return 6 + (words[3] ?? '').length + 2;
    case 'SOA':
      return 20 + nameSize(words[0] ?? '', known) + nameSize(words[1] ?? '', known);
    default:
      return data.length + 1;
  }
}
