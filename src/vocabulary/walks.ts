// From "who asks for what" to packet walks: resolves the destination as each source would, sends
// one packet for every way in which that can go, and gives the walks with exact probabilities.

import type { Cluster } from '../cluster/cluster';
import { parseDestination } from '../language/reference';
import type { DestinationText, Reference } from '../language/reference';
import type { Protocol } from '../values/flow';
import type { IP } from '../values/ip';
import type { KubeObject } from '../values/kube-object';
import { multiply, ratio } from '../values/ratio';
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

/** Every possible walk from every source that `from` means to `to`. Changes nothing. */
export function walksOf(cluster: Cluster, from: OriginArgs, to: string): Walks {
  const { sources, missing, single } = sourcesOf(cluster, from);
  if (missing !== undefined) return { walks: [], missing, single };
  const destination = readDestination(to);
  if (destination.is === 'object') return objectWalks(cluster, sources, destination);
  const walks = sources.flatMap((source) => textWalks(cluster, source, destination));
  return { walks, single };
}

/** Reads a destination that the language has checked. */
export function readDestination(to: string): DestinationText {
  const reading = parseDestination(to);
  if (!reading.ok) throw new UnknownTargetError(reading.message);
  return reading.value;
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
  return podsOfReference(cluster, reference).flatMap((pod) => addressesOf(cluster, pod).slice(0, 1));
}

/** The walks to each of an object's addresses: all of them are asked for, none is a choice. */
function objectWalks(
  cluster: Cluster,
  sources: readonly Source[],
  { reference, port, protocol }: Extract<DestinationText, { is: 'object' }>,
): Walks {
  const addresses = addressesOfObject(cluster, reference);
  if (addresses.length === 0) {
    return { walks: [], missing: `${reference.text} has no address`, single: true };
  }
  const walks = sources.flatMap((source) =>
    addresses.flatMap((address) => {
      const share = ratio(1, addresses.length);
      return send(cluster, source, address, port, protocol, share);
    }),
  );
  return { walks, single: true };
}

function textWalks(
  cluster: Cluster,
  source: Source,
  destination: Exclude<DestinationText, { is: 'object' }>,
): readonly Walk[] {
  const protocol = destination.is === 'url' ? 'TCP' : destination.protocol;
  if (destination.is === 'address') {
    return send(cluster, source, destination.ip, destination.port, protocol, ratio(1, 1));
  }
  return lookUp(cluster, source, destination.host).flatMap((resolution) => {
    const addresses = resolution.answers.filter((answer) => /^[\d.]+$|:/.test(answer)) as IP[];
    if (addresses.length === 0) return [unresolved(source, destination.host, resolution)];
    // A client takes any of the answers: CoreDNS shuffles them (plugin loadbalance).
    const share = multiply(resolution.probability, ratio(1, addresses.length));
    return addresses.flatMap((address) =>
      send(cluster, source, address, destination.port, protocol, share),
    );
  });
}

/** Asks for addresses of the cluster's first family, then of its second one. */
function lookUp(cluster: Cluster, source: Source, host: string): readonly Resolution[] {
  const types = cluster.spec.ipFamilies.map((family) => (family === 'IPv6' ? 'AAAA' : 'A'));
  let resolutions: readonly Resolution[] = [];
  for (const type of types) {
    resolutions = cluster.resolve(source.origin, host, type);
    if (resolutions.some(({ answers }) => answers.length > 0)) break;
  }
  return resolutions;
}

function send(
  cluster: Cluster,
  source: Source,
  address: IP,
  port: number,
  protocol: Protocol,
  share: Ratio,
): readonly Walk[] {
  return cluster.send(source.origin, { address, port, protocol }).map((trace) => ({
    source,
    trace: {
      ...trace,
      sender: source.name,
      probability: multiply(trace.probability, share),
    },
  }));
}

/** A walk that ended before its first step: its name led nowhere. */
function unresolved(source: Source, host: string, resolution: Resolution): Walk {
  const unknown = resolution.traces.find(({ disposition }) => disposition === 'not-modelled');
  const sent = resolution.traces[0]?.sent ?? {
    protocol: 'UDP',
    src: '0.0.0.0' as IP,
    sport: 'any',
    dst: '0.0.0.0' as IP,
    dport: 53,
  };
  const query = resolution.queries.at(-1);
  const asked = query === undefined ? '' : ` (last query ${query})`;
  const trace: Trace = {
    disposition: unknown === undefined ? 'unresolved-name' : 'not-modelled',
    probability: resolution.probability,
    sent,
    sender: source.name,
    hops: resolution.traces[0]?.hops ?? [],
    answerHops: resolution.traces[0]?.answerHops ?? [],
    translations: [],
    reason: `${host} is ${tellRcode(resolution.rcode)}${asked}: ${resolution.reason}`,
    blames: resolution.traces[0]?.blames ?? [],
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
