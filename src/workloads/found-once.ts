// The cluster stands still while a lookup goes on: what comes back to a question on a path is found
// out once, for all courses of the lookup.

import type { IP } from '../values/ip';
import type { Weighted } from './courses';
import type { DnsTransport } from './dns-message';
import type { LookupRequest, NameserverPath, Shared } from './lookup';
import { reactionsOn } from './reactions';
import type { Way } from './reactions';

type Paths = readonly Weighted<NameserverPath>[];

/** The same request, which opens each path once and asks it each question once. */
export function foundOnce(
  request: LookupRequest,
): { readonly asking: LookupRequest } & Omit<Shared, 'join'> {
  const opened = new Map<string, Paths>();
  const reactions = new Map<Paths, Map<string, readonly Weighted<Way>[]>>();
  const numbers = new Map<object, number>();
  const open = (server: IP | undefined, transport: DnsTransport) => {
    const paths = request.open(server, transport);
    return paths.map(({ probability, value }) => ({ probability, value: askedOnce(value) }));
  };
  return {
    asking: {
      ...request,
      open: (server, transport) =>
        known(opened, `${server} ${transport}`, () => open(server, transport)),
    },
    reactionsOn: (paths, question, udpSize, counted) =>
      known(
        known(reactions, paths, () => new Map<string, readonly Weighted<Way>[]>()),
        JSON.stringify([question, udpSize, [...counted]]),
        () => reactionsOn(paths, question, udpSize, counted),
      ),
    numberOf: (it) => known(numbers, it, () => numbers.size),
  };
}

function askedOnce({ trace, ask }: NameserverPath): NameserverPath {
  const heard = new Map<string, ReturnType<NameserverPath['ask']>>();
  return {
    trace,
    ask: (question, udpSize, counted) =>
      known(heard, JSON.stringify([question, udpSize, [...counted]]), () =>
        ask(question, udpSize, counted),
      ),
  };
}

function known<K, V>(table: Map<K, V>, key: K, find: () => V): V {
  const old = table.get(key);
  if (old !== undefined) return old;
  const found = find();
  table.set(key, found);
  return found;
}
