// From "who asks for what" to packet walks: resolves the destination as each source would, sends
// one packet for every way in which that can go, and gives the walks with exact probabilities.

import type { Cluster, ClusterSendOptions } from '../cluster/cluster';
import type { LookUpOptions } from '../cluster/lookups/names';
import { parseDestination } from '../language/reference';
import type { DestinationText, Reference } from '../language/reference';
import { ANY_PORT } from '../values/flow';
import type { FiveTuple } from '../values/flow';
import { parseIp } from '../values/ip';
import type { Family, IP } from '../values/ip';
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
  const lists: (readonly Walk[])[] = [];
  for (const source of sources) {
    for (const way of waysTo(cluster, source, to)) {
      if (way.destination === undefined) lists.push([unresolved(source, way)]);
      else lists.push(walksOn(source, way, cluster.send(source.origin, way.destination, options)));
    }
  }
  const walks = lists.length === 1 ? lists[0]! : lists.flat();
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

/** A destination, and the address in it where it is none that has to be looked up. */
interface Read {
  readonly said: DestinationText;
  readonly literal: IP | undefined;
}

/** What was read; a claim asks for the same text at every look. */
const reads = new Map<string, Read>();

/** Reads a destination that the language has checked. */
export function readDestination(to: string): DestinationText {
  return readingOf(to).said;
}

function readingOf(to: string): Read {
  let read = reads.get(to);
  if (read !== undefined) return read;
  const reading = parseDestination(to);
  if (!reading.ok) throw new UnknownTargetError(reading.message);
  read = { said: reading.value, literal: literalIn(reading.value) };
  reads.set(to, read);
  return read;
}

function literalIn(said: DestinationText): IP | undefined {
  if (said.is === 'object') return undefined;
  return said.is === 'address' ? said.ip : parseIp(said.host.replace(/^\[(.*)\]$/, '$1'));
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
  const { said, literal } = readingOf(to);
  const { port } = said;
  const protocol = said.is === 'url' ? 'TCP' : said.protocol;
  if (said.is === 'object') {
    // All of an object's addresses are asked for; none of them is a choice of the network's.
    const addresses = addressesOfObject(cluster, said.reference);
    const share = addresses.length === 0 ? CERTAIN : ratio(1, addresses.length);
    return addresses.map((address) => ({ share, destination: { address, port, protocol } }));
  }
  if (literal !== undefined) {
    return [{ share: CERTAIN, destination: { address: literal, port, protocol } }];
  }
  const { host } = said as { readonly host: string };
  const resolutions = lookUp(cluster, source, host);
  const known = knownWays.get(resolutions);
  if (known?.to === to) return known.ways;
  const ways = resolutions.flatMap((resolution): readonly Way[] => {
    const addresses = resolution.answers.flatMap((answer) => parseIp(answer) ?? []);
    const { probability } = resolution;
    if (addresses.length === 0) return [{ share: probability, host, resolution }];
    // A client takes any of the answers: CoreDNS shuffles them.
    // source: coredns plugin/loadbalance/loadbalance.go
    const share = multiply(probability, ratio(1, addresses.length));
    return addresses.map((address) => ({ share, destination: { address, port, protocol } }));
  });
  if (Object.isFrozen(resolutions)) knownWays.set(resolutions, { to, ways });
  return ways;
}

/** By what a lookup has brought, which comes back as it was; and for which text that was read. */
const knownWays = new WeakMap<
  readonly Resolution[],
  { readonly to: string; readonly ways: readonly Way[] }
>();

/** How the addresses of a family are asked for. */
const ASKING: Readonly<Record<Family, LookUpOptions>> = {
  IPv4: Object.freeze({ types: ['A'] }),
  IPv6: Object.freeze({ types: ['AAAA'] }),
};

/** Asks for addresses of the cluster's first family, then of its second one. */
function lookUp(cluster: Cluster, source: Source, host: string): readonly Resolution[] {
  let resolutions: readonly Resolution[] = [];
  for (const family of cluster.spec.ipFamilies) {
    resolutions = cluster.resolve(source.origin, host, ASKING[family]);
    if (resolutions.some(({ answers }) => answers.length > 0)) break;
  }
  return resolutions;
}

/** What forks have told each other comes back as the same frozen traces, run after run. */
const knownWalks = new WeakMap<readonly Trace[], readonly Walk[]>();

/** The walks of one source to one destination, of which a list of traces that comes back is. */
function walksOn(source: Source, { share }: Way, traces: readonly Trace[]): readonly Walk[] {
  const comesBack = Object.isFrozen(traces) && share.numerator === share.denominator;
  const known = comesBack ? knownWalks.get(traces) : undefined;
  if (known?.[0]?.source.name === source.name) return known;
  const walks = traces.map((trace): Walk => {
    const probability = multiply(trace.probability, share);
    const own = { ...trace, sender: source.name, probability };
    return { source, trace: comesBack ? Object.freeze(own) : own };
  });
  if (comesBack) knownWalks.set(traces, Object.freeze(walks));
  return walks;
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
