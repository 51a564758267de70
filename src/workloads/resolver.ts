// What the C library of a container does with a name: hosts file, search list, queries, patience.
// Every query is a packet that the network walks; where a packet has several possible paths, the
// lookup goes on along each of them.

import { compareIps, parseIp } from '../values/ip';
import type { IP } from '../values/ip';
import { add, CERTAIN } from '../values/ratio';
import type { Rcode, Resolution } from '../values/resolution';
import { ZERO } from '../values/time';
import type { LookupRequest, NameResult } from './lookup';
import { lookupGlibc } from './resolver-glibc';
import { lookupMusl } from './resolver-musl';

/** The C libraries whose resolvers are modelled. */
export const LIBCS = ['glibc', 'musl'] as const;

/** Every way that a lookup can go, the worst first. Probabilities add up to 1. */
export function resolve(request: LookupRequest): readonly Resolution[] {
  const literal = parseIp(request.name);
  if (literal !== undefined) return [answeredLocally([literal], `${request.name} is an address`)];
  const local = request.hosts.get(request.name.toLowerCase().replace(/\.$/, ''));
  if (local !== undefined) {
    return [answeredLocally(local, `${request.name} stands in the hosts file of the container`)];
  }
  const lookup = request.libc === 'musl' ? lookupMusl : lookupGlibc;
  const merged = mergeEqual(lookup(request));
  return merged.map((result) => describe(request, result)).sort(worstFirst);
}

function mergeEqual(results: readonly NameResult[]): NameResult[] {
  const merged = new Map<string, NameResult>();
  for (const result of results) {
    const { kind, took, server, addresses, ttl, queries } = result;
    const key = JSON.stringify([kind, took, server, addresses, ttl, queries]);
    const known = merged.get(key);
    merged.set(
      key,
      known === undefined
        ? result
        : {
            ...known,
            probability: add(known.probability, result.probability),
            traces: [...known.traces, ...result.traces.filter((it) => !known.traces.includes(it))],
          },
    );
  }
  return [...merged.values()];
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

function describe(request: LookupRequest, result: NameResult): Resolution {
  const { probability, kind, addresses, ttl, queries, took, server, traces } = result;
  const reason = reasonFor(request, result);
  return {
    probability,
    rcode: RCODES[kind],
    answers: addresses,
    ttl,
    queries,
    took,
    server,
    traces,
    reason,
  };
}

function reasonFor(request: LookupRequest, { kind, server, traces, queries }: NameResult): string {
  const who = server === undefined ? "the node's resolver" : `nameserver ${server}`;
  const { name, types } = request;
  switch (kind) {
    case 'found':
      return `${who} answered ${queries.at(-1)?.split(' ')[0] ?? name}`;
    case 'nodata':
      return `${who} knows ${name}, but no ${types.join(' or ')} record of it`;
    case 'nxdomain':
      return `${who} knows no name ${name}, neither as it stands nor along the search list`;
    case 'servfail':
      return `${who} answered SERVFAIL: it has not heard of everything in the cluster yet`;
    case 'refused':
      return `${who} refused to answer for ${name}`;
    case 'timeout':
      return `no answer from ${who}: ${traces[0]?.reason ?? 'no nameserver is set'}`;
    case 'unreachable':
      return `${who} cannot be reached: ${traces[0]?.reason ?? ''}`;
    case 'not-modelled':
      return traces[0]?.reason ?? `the resolver of ${request.libc} is not modelled`;
  }
}

function answeredLocally(addresses: readonly IP[], reason: string): Resolution {
  return {
    probability: CERTAIN,
    rcode: 'NOERROR',
    answers: [...addresses].sort(compareIps),
    ttl: undefined,
    queries: [],
    took: ZERO,
    server: undefined,
    traces: [],
    reason,
  };
}

const WORST_FIRST = ['none', 'SERVFAIL', 'REFUSED', 'NXDOMAIN', 'NOERROR'] as const;

/** Worst first: no answer, then errors, then emptiness, then whatever took longest. */
function worstFirst(a: Resolution, b: Resolution): number {
  const byRcode = WORST_FIRST.indexOf(a.rcode) - WORST_FIRST.indexOf(b.rcode);
  if (byRcode !== 0) return byRcode;
  const byEmptiness = Math.sign(a.answers.length) - Math.sign(b.answers.length);
  return byEmptiness !== 0 ? byEmptiness : b.took - a.took;
}
