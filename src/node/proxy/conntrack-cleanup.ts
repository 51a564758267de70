// Which UDP entries kube-proxy removes after a sync. An entry outlives the rule that made it, so
// a client that keeps its port would go on talking to an endpoint that is gone. TCP is left
// alone: a connection to a dead endpoint ends by itself.
//
//   >= 1.32  every entry to a UDP Service whose answers come from no serving endpoint of it. A
//            Service without any serving endpoint is passed over (kubernetes#139628), and nothing
//            is looked at where no endpoints of a UDP port changed.
//   <= 1.31  by event: entries to an endpoint that left, and all entries of a Service that went
//            from no endpoint to some.
//
// Both ask what changed since the sync before, even if that one failed: what was stale by then
// stays until endpoints change again.
//
// source: pkg/proxy/conntrack/cleanup.go CleanStaleEntries; pkg/proxy/endpointschangetracker.go
// EndpointsMap.Update (ConntrackCleanupRequired)

import { familyOf, formatEndpoint } from '../../values/ip';
import type { Family } from '../../values/ip';
import { isAtLeast } from '../../values/kube-version';
import type { KubeVersion } from '../../values/kube-version';
import type { ConntrackEntry } from '../netfilter/conntrack';
import { endpointText } from './categorize-endpoints';
import type { Endpoint, ProxyInput, ServicePort } from './proxy-mode';

const NOTHING: ProxyInput = { servicePorts: new Map(), endpoints: new Map() };

/** A sync, as far as the cleanup after it asks. */
export interface Synced {
  readonly family: Family;
  readonly kubernetes: KubeVersion;
  /** What the rules were made from. */
  readonly input: ProxyInput;
  /** What the sync before was made from; undefined for the first sync of a process. */
  readonly before: ProxyInput | undefined;
}

/** The entries among `entries` that are removed. */
export function staleEntries(entries: readonly ConntrackEntry[], sync: Synced): ConntrackEntry[] {
  const isOurs = ({ original }: ConntrackEntry) =>
    original.protocol === 'UDP' && familyOf(original.dst) === sync.family;
  const own = entries.filter(isOurs);
  if (own.length === 0) return [];
  if (!isAtLeast(sync.kubernetes, '1.32')) return own.filter(byEvents(sync));
  return touchesUdp(sync) ? own.filter(byServing(sync.input)) : [];
}

function touchesUdp({ input, before = NOTHING }: Synced): boolean {
  const { endpoints } = input;
  const keys = [...before.endpoints.keys(), ...endpoints.keys()];
  const isUdp = (key: string) => key.endsWith('/UDP');
  return keys.some((key) => isUdp(key) && before.endpoints.get(key) !== endpoints.get(key));
}

type Judgement = (entry: ConntrackEntry) => boolean;

function byServing(input: ProxyInput): Judgement {
  const services = servingByFront(input);
  return ({ original, reply }) => {
    const serving =
      services.get(formatEndpoint(original.dst, original.dport)) ??
      services.get(String(original.dport));
    return serving !== undefined && !serving.has(formatEndpoint(reply.src, reply.sport));
  };
}

/** Serving endpoints of UDP Services by what clients dial. */
type ServingByFront = ReadonlyMap<string, ReadonlySet<string>>;

const known = new WeakMap<ProxyInput, ServingByFront>();

function servingByFront(input: ProxyInput): ServingByFront {
  const ready = known.get(input);
  if (ready !== undefined) return ready;
  const serving = new Map<string, ReadonlySet<string>>();
  for (const [key, service] of input.servicePorts) {
    if (service.id.protocol !== 'UDP') continue;
    const endpoints = (input.endpoints.get(key) ?? []).filter((it) => it.serving);
    if (endpoints.length === 0) continue;
    const texts = new Set(endpoints.map(endpointText));
    for (const front of frontsOf(service)) serving.set(front, texts);
  }
  known.set(input, serving);
  return serving;
}

/** What clients dial: `ip:port` for each address of the Service, and the bare node port. */
function frontsOf(service: ServicePort): string[] {
  const { clusterIP, externalIPs, loadBalancerVIPs, port, nodePort } = service;
  const fronts = [clusterIP, ...externalIPs, ...loadBalancerVIPs].map((address) => {
    return formatEndpoint(address, port);
  });
  return nodePort === undefined ? fronts : [...fronts, String(nodePort)];
}

/** What was ready in one input and is so no longer, and the Services that came to life. */
function byEvents({ input, before = NOTHING }: Synced): Judgement {
  const left = new Map<string, Set<string>>();
  const revived = new Set<string>();
  for (const [key, service] of [...before.servicePorts, ...input.servicePorts]) {
    if (service.id.protocol !== 'UDP') continue;
    const was = readyTexts(before.endpoints.get(key));
    const is = readyTexts(input.endpoints.get(key));
    const gone = [...was].filter((endpoint) => !is.has(endpoint));
    for (const front of frontsOf(service)) {
      if (was.size === 0 && is.size > 0) revived.add(front);
      left.set(front, new Set([...(left.get(front) ?? []), ...gone]));
    }
  }
  return ({ original, reply }) => {
    const fronts = [formatEndpoint(original.dst, original.dport), String(original.dport)];
    const answers = formatEndpoint(reply.src, reply.sport);
    return fronts.some((front) => revived.has(front) || left.get(front)?.has(answers));
  };
}

function readyTexts(endpoints: readonly Endpoint[] | undefined): Set<string> {
  return new Set((endpoints ?? []).filter((it) => it.ready).map(endpointText));
}
