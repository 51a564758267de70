// Messages of the model as octets, and octets as the model's questions. The packets themselves are
// the library's.

import {
  AUTHORITATIVE_ANSWER,
  encodingLength,
  RECURSION_AVAILABLE,
  RECURSION_DESIRED,
  TRUNCATED_RESPONSE,
} from 'dns-packet';
import type { Answer, Packet, RecordType } from 'dns-packet';
import type { DnsReply, Question, ResourceRecord } from '../../../src/workloads/index';

const RCODES: Readonly<Record<DnsReply['rcode'], number>> = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
};

/** What a message asks, and the size that it offers for answers; 0 without EDNS. */
export interface Query {
  readonly question: Question;
  readonly udpSize: number;
}

export function queryIn({ questions, additionals }: Packet): Query {
  const [question] = questions ?? [];
  if (question === undefined) throw new RangeError('a message without a question');
  const edns = additionals?.find((it) => it.type === 'OPT');
  return {
    question: { name: question.name === '.' ? '' : question.name, type: question.type },
    udpSize: edns?.type === 'OPT' ? edns.udpPayloadSize : 0,
  };
}

/** The reply to a message. With EDNS in the query there is EDNS in the reply. */
export function packetOf(query: Packet, reply: DnsReply): Packet {
  const { udpSize } = queryIn(query);
  const flags =
    RCODES[reply.rcode] |
    ((query.flags ?? 0) & RECURSION_DESIRED) |
    (reply.authoritative ? AUTHORITATIVE_ANSWER : 0) |
    (reply.recursive ? RECURSION_AVAILABLE : 0) |
    (reply.truncated ? TRUNCATED_RESPONSE : 0);
  return {
    type: 'response',
    ...(query.id !== undefined && { id: query.id }),
    flags,
    questions: query.questions ?? [],
    answers: reply.answers.map(recordOf),
    authorities: reply.authority.map(recordOf),
    additionals: [...reply.additional.map(recordOf), ...(udpSize > 0 ? [EDNS] : [])],
  };
}

/** Octets that a reply to a question takes. The library does not compress names. */
export function sizeOf({ name, type }: Question, reply: DnsReply): number {
  const query: Packet = { questions: [{ name, type: type as RecordType }] };
  return encodingLength(packetOf(query, reply));
}

const EDNS: Answer = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: 1_232,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
};

function recordOf({ name, type, ttl, data }: ResourceRecord): Answer {
  const words = data.split(' ');
  const common = { name: name === '' ? '.' : name, ttl, class: 'IN' as const };
  switch (type) {
    case 'A':
    case 'AAAA':
    case 'CNAME':
    case 'NS':
    case 'PTR':
      return { ...common, type, data };
    case 'SOA': {
      const [mname = '', rname = '', serial, refresh, retry, expire, minimum] = words;
      const numbers = { serial, refresh, retry, expire, minimum };
      return { ...common, type, data: { mname, rname, ...numeric(numbers) } };
    }
    default:
      throw new RangeError(`the lab has no ${type} records`);
  }
}

function numeric<K extends string>(words: Readonly<Record<K, string | undefined>>) {
  return Object.fromEntries(
    Object.entries(words).map(([key, word]) => [key, Number(word)]),
  ) as Record<K, number>;
}
