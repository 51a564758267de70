// Records as the vectors write them: `name ttl TYPE data`, where `*` stands for any field.

import { isWithin } from '../../src/workloads/dns-message';
import type { DnsReply, ResourceRecord } from '../../src/workloads/dns-message';
import { formatRecord } from '../../src/workloads/dns-text';

export interface ExpectedReply {
  readonly rcode?: string;
  readonly answer?: readonly string[];
  readonly additional?: readonly string[];
  readonly authority?: 'soa' | 'none' | readonly string[];
  readonly tc?: boolean;
}

/** A reply in the words of the expectation, where it fits them. */
export function told(reply: DnsReply, expected: ExpectedReply, name: string) {
  return {
    rcode: reply.rcode,
    answer: inWordsOf(reply.answers, expected.answer ?? []),
    additional: inWordsOf(reply.additional, expected.additional ?? []),
    authority: tellAuthority(reply, expected.authority, name),
    tc: reply.truncated,
  };
}

function tellAuthority(
  { authority }: DnsReply,
  expected: ExpectedReply['authority'],
  name: string,
): unknown {
  if (typeof expected === 'object') return inWordsOf(authority, expected);
  if (authority.length === 0) return 'none';
  const [first] = authority;
  const isSoa = authority.length === 1 && first!.type === 'SOA';
  if (isSoa && isWithin(name.replace(/\.$/, ''), first!.name)) return 'soa';
  return authority.map(formatRecord);
}

/** Each record as the pattern that it fits, else as it is. */
function inWordsOf(records: readonly ResourceRecord[], patterns: readonly string[]): string[] {
  const left = [...patterns];
  return records.map((record) => {
    const text = formatRecord(record);
    const index = left.findIndex((pattern) => fits(text, pattern));
    return index < 0 ? text : left.splice(index, 1)[0]!;
  });
}

function fits(text: string, pattern: string): boolean {
  const [fields, wanted] = [text.split(' '), pattern.split(' ')];
  for (const [index, want] of wanted.entries()) {
    const isLast = index === wanted.length - 1;
    if (want === '*' && isLast) return fields.length >= wanted.length;
    if (want !== '*' && want !== fields[index]) return false;
  }
  return fields.length === wanted.length;
}
