// From "who asks for what" to packet walks: resolves the destination as each source would, sends
// one packet for every way in which that can go, and gives the walks with exact probabilities.

import type { Cluster, ClusterSendOptions } from '../cluster/cluster';
import { parseDestination } from '../language/reference';
import type { DestinationText, Reference } from '../language/reference';
import { ANY_PORT } from '../values/flow';
import type { FiveTuple } from '../values/flow';
import { parseIp } from '../values/ip';
import type { IP } from '../values/ip';
import type { KubeObject } from '../values/kube-object';
import type { Destination } from '../values/origin';
import { CERTAIN, multiply, ratio } from '../values/ratio';
import type { Ratio } from '../values/ratio';
import type { Resolution } from '../values/resolution';
import type { Trace } from '../values/trace';
import { addressesOf } from './pods';
import { podsOfReference, sourcesOf, UnknownTargetError } from './targets';
import type { OriginArgs, Source } from './targets';

/** One possible walk of one source's packet. Probabilities of a source add up to 1. */
export interface Walk {
  readonly source: Source;
  readonly trace: Trace;
}

export interface Walks {
  readonly walks: readonly Walk[];
  /** Why nothing was sent; set where `walks` is empty. */
  readonly missing?: string;
  /** Whether the missing thing is a selection that may be empty (see Sources.single). */
  readonly single: boolean;
}

/**
 * Every possible walk from every source that `from` means to `to`. Changes nothing. `size`: bytes
 * of data in one message; `timeout`: how long the client waits; `interval`: how often it sends.
 */
export function walksOf(
  cluster: Cluster,
  from: OriginArgs,
  to: string,
  options: Pick<ClusterSendOptions, 'size' | 'timeout' | 'interval'> = {},
): Walks {
  const { sources, missing, single } = sourcesOf(cluster, from);
  if (missing !== undefined) return { walks: [], missing, single };
  const walks = sources.flatMap((source) =>
    waysTo(cluster, source, to).flatMap((way): readonly Walk[] => {
      if (way.destination === undefined) return [unresolved(source, way)];
      return cluster
        .send(source.origin, way.destination, options)
        .map((trace) => ({ source, trace: named(trace, source, way.share) }));
    }),
  );
  if (walks.length > 0) return { walks, single };
  return { walks, missing: `${to} has no address`, single: true };
}

/** Where a source's packets to `to` may go: the destinations that the text leads to. */
export function destinationsOf(
  cluster: Cluster,
  source: Source,
  to: string,
): readonly Destination[] {
  return waysTo(cluster, source, to).flatMap(({ destination }) => destination ?? []);
}

/** What was read; a claim asks for the same text at every look. */
const destinations = new Map<string, DestinationText>();

/** Reads a destination that the language has checked. */
export function readDestination(to: string): DestinationText {
  let destination = destinations.get(to);
  if (destination !== undefined) return destination;
  const reading = parseDestination(to);
  if (!reading.ok) throw new UnknownTargetError(reading.message);
  destination = reading.value;
  destinations.set(to, destination);
  return destination;
}

/** Addresses of an object that a destination names; empty where it has none now. */
export function addressesOfObject(cluster: Cluster, reference: Reference): readonly IP[] {
  const { kind, name, namespace } = reference;
  if (kind === 'Node') {
    const addresses = cluster.machines.get(name)?.addresses ?? [];
    return addresses.slice(0, 1);
  }
  if (kind === 'External') {
    return cluster.spec.externals.filter((it) => it.name === name).map(({ address }) => address);
  }
  if (kind === 'Service') {
    const service = cluster.api.store.get('Service', `${namespace ?? 'default'}/${name}`);
    return clusterIPsOf(service).slice(0, 1);
  }
  return podsOfReference(cluster, reference).flatMap((pod) =>
    addressesOf(cluster, pod).slice(0, 1),
  );
}

/** One way in which the text of a destination can be understood, and how likely it is. */
type Way =
  | { readonly share: Ratio; readonly destination: Destination }
  | {
      readonly share: Ratio;
      readonly destination?: undefined;
      readonly host: string;
      readonly resolution: Resolution;
    };

function waysTo(cluster: Cluster, source: Source, to: string): readonly Way[] {
  const read = readDestination(to);
  const { port } = read;
  const protocol = read.is === 'url' ? 'TCP' : read.protocol;
  if (read.is === 'object') {
    // All of an object's addresses are asked for; none of them is a choice of the network's.
    const addresses = addressesOfObject(cluster, read.reference);
    const share = addresses.length === 0 ? CERTAIN : ratio(1, addresses.length);
    return addresses.map((address) => ({ share, destination: { address, port, protocol } }));
  }
  const literal = read.is === 'address' ? read.ip : parseIp(read.host.replace(/^\[(.*)\]$/, '$1'));
  if (literal !== undefined) {
    return [{ share: CERTAIN, destination: { address: literal, port, protocol } }];
  }
  const { host } = read as { readonly host: string };
  return lookUp(cluster, source, host).flatMap((resolution): readonly Way[] => {
    const addresses = resolution.answers.flatMap((answer) => parseIp(answer) ?? []);
    const { probability } = resolution;
    if (addresses.length === 0) return [{ share: probability, host, resolution }];
    // A client takes any of the answers: CoreDNS shuffles them.
    // source: coredns plugin/loadbalance/loadbalance.go
    const share = multiply(probability, ratio(1, addresses.length));
    return addresses.map((address) => ({ share, destination: { address, port, protocol } }));
  });
}

/** Asks for addresses of the cluster's first family, then of its second one. */
function lookUp(cluster: Cluster, source: Source, host: string): readonly Resolution[] {
  let resolutions: readonly Resolution[] = [];
  for (const family of cluster.spec.ipFamilies) {
    const types = [family === 'IPv6' ? 'AAAA' : 'A'];
    resolutions = cluster.resolve(source.origin, host, { types });
    if (resolutions.some(({ answers }) => answers.length > 0)) break;
  }
  return resolutions;
}

/** What forks have told each other comes back as the same frozen trace, run after run. */
const namedTraces = new WeakMap<Trace, Trace>();

function named(trace: Trace, source: Source, share: Ratio): Trace {
  const comesBack = Object.isFrozen(trace) && share.numerator === share.denominator;
  const known = comesBack ? namedTraces.get(trace) : undefined;
  if (known?.sender === source.name) return known;
  const own = { ...trace, sender: source.name, probability: multiply(trace.probability, share) };
  if (comesBack) namedTraces.set(trace, Object.freeze(own));
  return own;
}

const NOWHERE = '0.0.0.0' as IP;
const NOT_SENT: FiveTuple = {
  protocol: 'UDP',
  src: NOWHERE,
  sport: ANY_PORT,
  dst: NOWHERE,
  dport: 53,
};

/** A walk that ended before its first step: its name led nowhere. */
function unresolved(source: Source, way: Extract<Way, { readonly host: string }>): Walk {
  const { host, resolution, share } = way;
  const [query] = resolution.traces;
  const { notModelled, traces } = resolution;
  const isUnknown =
    notModelled === true || traces.some(({ disposition }) => disposition === 'not-modelled');
  const last = resolution.queries.at(-1);
  const asked = last === undefined ? '' : ` (last query: ${last})`;
  const trace: Trace = {
    disposition: isUnknown ? 'not-modelled' : 'unresolved-name',
    probability: share,
    sent: query?.sent ?? NOT_SENT,
    sender: source.name,
    hops: query?.hops ?? [],
    answerHops: query?.answerHops ?? [],
    translations: [],
    reason: `${host} is ${tellRcode(resolution.rcode)}${asked}: ${resolution.reason}`,
    blames: query?.blames ?? [],
  };
  return { source, trace };
}

function tellRcode(rcode: Resolution['rcode']): string {
  if (rcode === 'none') return 'unanswered';
  return rcode === 'NOERROR' ? 'without an address' : rcode;
}

function clusterIPsOf(service: KubeObject | undefined): readonly IP[] {
  const spec = service?.spec as { clusterIP?: string; clusterIPs?: readonly string[] } | undefined;
  const all = spec?.clusterIPs ?? (spec?.clusterIP === undefined ? [] : [spec.clusterIP]);
  return all.filter((text) => text !== 'None' && text !== '') as IP[];
}
