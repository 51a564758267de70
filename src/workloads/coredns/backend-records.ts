// Records from what a backend knows of a name, by the type that was asked for.
// source: coredns plugin/backend_lookup.go

import { familyOf, parseIp } from '../../values/ip';
import type { IP } from '../../values/ip';
import { isSameName, isWithin, uniqueRecords } from '../dns-message';
import type { DnsReply, ResourceRecord } from '../dns-message';
import { isOfType, recordTypeOf } from '../reverse-name';
import type { Entry, Found } from './kubernetes-backend';

/** In-zone CNAME chains longer than this end without an answer. */
const CNAME_CHAIN_MAX = 10;

export interface Backend {
  readonly ttl: number;
  records(name: string, zone: string): Found;
  /** Asks for a name outside of the zone; undefined where that fails. */
  lookup(name: string, type: string): DnsReply | undefined;
}

/** Records and whether some of them are missing, or that the name does not exist. */
export type Answered =
  { readonly records: readonly ResourceRecord[]; readonly truncated?: boolean } | 'name-error';

/**
 * Addresses of a name, with the CNAMEs that lead to them. Inside of the zone a target without an
 * answer takes its CNAME with it; outside of it the CNAME stays, whatever the other server says.
 */
export function addressRecords(
  backend: Backend,
  name: string,
  zone: string,
  type: 'A' | 'AAAA',
  before: readonly ResourceRecord[] = [],
): Answered {
  const found = backend.records(name, zone);
  if (found === 'name-error') return found;
  const records: ResourceRecord[] = [];
  let truncated = false;
  for (const { host } of found) {
    const address = parseIp(host);
    if (address !== undefined) {
      if (isOfType(address, type)) records.push({ name, type, ttl: backend.ttl, data: address });
      continue;
    }
    const cname = { name, type: 'CNAME', ttl: backend.ttl, data: host };
    if (isSameName(host, name) || before.length > CNAME_CHAIN_MAX) continue;
    if (before.some((it) => isSameName(it.name, name) && it.data === host)) continue;
    if (isWithin(host, zone)) {
      const next = addressRecords(backend, host, zone, type, [...before, cname]);
      if (next === 'name-error' || next.records.length === 0) continue;
      records.push(cname, ...next.records);
      truncated ||= next.truncated === true;
      continue;
    }
    const reply = backend.lookup(host, type);
    if (reply === undefined) continue;
    records.push(cname, ...reply.answers);
    truncated ||= reply.truncated;
  }
  return { records: uniqueRecords(records), truncated };
}

/**
 * SRV records with the addresses of their targets. The weight shares 100 among all entries,
 * counted before duplicates are dropped and including those without a port.
 */
export function serviceRecords(
  name: string,
  ttl: number,
  entries: readonly Entry[],
): { readonly answers: ResourceRecord[]; readonly additional: ResourceRecord[] } {
  const weight = Math.max(1, Math.floor(100 / entries.length));
  const declared = entries.filter(({ port }) => port !== undefined);
  const answers = declared.map(({ owner, port }) => {
    return { name, type: 'SRV', ttl, data: `0 ${weight} ${port} ${owner}` };
  });
  const additional = declared.map(({ owner, host }) => addressRecord(owner, host as IP, ttl));
  return { answers: uniqueRecords(answers), additional: uniqueRecords(additional) };
}

/** An A or AAAA record, whichever the address needs. */
export function addressRecord(name: string, address: IP, ttl: number): ResourceRecord {
  return { name, type: recordTypeOf(familyOf(address)), ttl, data: address };
}
